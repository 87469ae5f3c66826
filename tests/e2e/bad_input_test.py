"""Nonsense for every program, file and socket: a clear error, a sensible status, nothing frozen."""

import array
import os
import random
import signal
import socket
import time

from harness.reporting import wait_until
from harness.sandbox import Volume
from harness.service import CONFIG, STATE, Service, ServiceError
from harness.testing import EndToEndTest, main

NOBODY = (65534, 65534)
WRITERS_USER = (1000, 1000, 990)    # in group vss
ADMINISTRATOR = (1001, 1001, 991)   # in group vss-admin
USAGE, NOT_RUN = 2, 125


class CommandLines(EndToEndTest):
    LINES = {
        "vssd": (["--nonsense"], ["surplus"], ["--runtime-dir"], ["--log-level", "loud"],
                 ["--hv-vss-device"], ["--capture"], ["--vmbus-shm", "a", "b"]),
        "vss-freezer": (["--nonsense"], ["surplus"], ["--runtime-dir"], ["--only"],
                        ["--only", "relative"], ["--namespace", "mars"], ["--force"],
                        ["--exclude", "/mnt/a"], ["--policy", "sync"], ["--runtime-dir", "here"],
                        ["--plan", "--nonsense"], ["--plan", "--exclude"],
                        ["--plan", "--policy", "maybe"], ["--plan", "--require", "perfect"],
                        ["--plan", "--only", "relative"], ["--plan", "--force"],
                        ["--plan", "--thaw"], ["--thaw", "--nonsense"], ["--thaw", "/mnt/a"],
                        ["--thaw", "--exclude", "/mnt/a"], ["--thaw", "--runtime-dir"]),
        "hv_vss_daemon": (["-x"], ["--nonsense"], ["surplus"], ["-n", "surplus"], ["-nx"],
                          ["--runtime-dir"], ["-n", "--only", "relative"]),
        "vss-guardian": (["--nonsense"], ["surplus"], ["--runtime-dir"]),
        "vss-writer": ([], ["nonsense"], ["exec"], ["exec", "--name", "a/b", "--freeze", "true"],
                       ["sqlite"], ["sqlite", "--nonsense", "/tmp/x"]),
        "vssctl": ([], ["nonsense"], ["status", "--nonsense"], ["explain", "not-an-id"],
                   ["hold", "--hold-max", "-1"], ["hold", "--hold-max", "soon"],
                   ["hold", "--require", "perfect"], ["release", "12-"],
                   ["plan", "--filesystems", "all", "/mnt/a"]),
    }

    def test_every_program(self):
        with self.sandbox([Volume("a")]) as box:
            os.symlink("vss-freezer", box.path("/bin/hv_vss_daemon"))
            for program, lines in self.LINES.items():
                for words in lines:
                    child = box.run(program, *words)
                    what = f"{program} {' '.join(words)}"
                    self.assertEqual(child.status, USAGE, f"{what}: {child.errors}")
                    self.assertTrue(child.errors.strip(), what)
                    self.assertEqual(child.output, "", what)
                    self.say(f"{what}: {child.errors.splitlines()[0]}")
            for words in (["--hold-max", "0.x", "--", "true"], [], ["--"]):
                child = box.run("vssctl", "snapshot", *words)
                self.assertEqual(child.status, NOT_RUN, child.errors)

    def test_plan_of_what_is_not_there(self):
        with self.sandbox([Volume("a")]) as box:
            for words in (["--only", "/mnt/nowhere"], ["--only", "/mnt/a/file"]):
                child = box.run("vss-freezer", "--plan", *words)
                self.assertEqual(child.status, USAGE, child.output + child.errors)
                self.assertIn(words[1], child.errors)
                self.say(f"--plan {' '.join(words)}: {child.errors.strip()}")

    def test_thaw_of_what_is_not_there(self):
        """Nothing to do is no failure; a place where slots cannot lie is one, and is named."""
        with self.sandbox([Volume("a")]) as box:
            for directory, status in (("/run/nowhere", 0), ("/etc/passwd", 1), ("/mnt/a", 77)):
                child = box.run("vss-freezer", "--thaw", "--runtime-dir", directory)
                self.say(f"--thaw --runtime-dir {directory}: {child.status} {child.errors.strip()}")
                self.assertEqual(child.status, status, child.output + child.errors)
                self.assertIn(directory, child.output + child.errors)

    def test_a_daemon_that_cannot_start(self):
        """It goes to the background only after everything that can go wrong has been tried."""
        with self.sandbox([Volume("a")]) as box:
            os.symlink("vss-freezer", box.path("/bin/hv_vss_daemon"))
            for words in (["-n"], []):
                child = box.run("hv_vss_daemon", *words, "--runtime-dir", "/mnt/a/run")
                self.assertEqual(child.status, 77, child.errors)
                self.assertIn("/mnt/a/run", child.errors)

    def test_nobody_is_there(self):
        """vssctl and writers without a vssd."""
        with self.sandbox([Volume("a")]) as box:
            for verb in ("status", "thaw", "release"):
                child = box.run("vssctl", verb)
                self.assertEqual(child.status, 1, child.errors)
                self.assertIn("/run/openvss", child.errors)
            self.assertEqual(Service(box).hold()[0], 1)
            child = box.run("vssctl", "snapshot", "--", "touch", "/run/ran")
            self.assertEqual(child.status, NOT_RUN)
            self.assertFalse(box.exists("/run/ran"))

    def test_commands_that_cannot_run(self):
        with self.sandbox([Volume("a")]) as box:
            service = Service(box).start()
            for command, status in (("/nonexistent", 127), ("/etc", 126)):
                child = service.ctl("snapshot", "--", command)
                self.assertEqual(child.status, status, child.errors)
                self.assertIn(command, child.errors)
            self.assertEqual(service.ctl("snapshot", "--", "sh", "-c", "exit 42").status, 42)
            for path in ("/mnt/nowhere", "/mnt/a/file"):
                child = service.ctl("snapshot", "--filesystems", path, "--", "true")
                self.assertEqual(child.status, NOT_RUN, child.errors)
                self.assertIn(path, child.errors)
                self.say(child.errors.strip())
            nothing = service.ctl("snapshot", "--filesystems", "/run", "--", "true")
            self.assertEqual(nothing.status, NOT_RUN, "a tmpfs is nothing to freeze")


class Files(EndToEndTest):
    def test_configuration(self):
        texts = {"[requesters.local]\nhodl = 3\n": "hold", "= = =\n": "1", "\0\1\2\3": "1",
                 "writers = 3\n": "writers", "[requesters.local]\nhold = \"x\"\n": "hold",
                 "[requesters.local]\nfreeze = 40\nhold = 30\n": "freeze"}
        with self.sandbox([Volume("a")]) as box:
            service = Service(box)
            for text, named in texts.items():
                box.write(CONFIG, text)
                child = box.run("vssd", "--runtime-dir", service.runtime, "--state-dir", STATE,
                                "--config", CONFIG)
                self.assertEqual(child.status, USAGE, child.errors)
                self.assertIn(CONFIG, child.errors)
                self.assertIn(named, child.errors)
                self.say(child.errors.splitlines()[0])
            child = box.run("vssd", "--config", "/nonexistent")
            self.assertEqual(child.status, USAGE, child.errors)

    def test_files_of_the_runtime_directory(self):
        """Overwritten while nothing runs: refused or ignored by name, and `--thaw` ends."""
        noise = random.Random(1).randbytes(65536)
        for name in ("freezer/slots", "freezer/thawed", "driver/note"):
            for size in (0, 1, 4096, 65536):
                with self.sandbox([Volume("a")]) as box:
                    service = Service(box).start()
                    for process in service.processes():
                        process.kill()
                        process.wait()
                    with open(box.path(f"{service.runtime}/{name}"), "wb") as file:
                        file.write(noise[:size])
                    hook = service.start_stop_hook()
                    self.assertIn(hook.wait(20), (0, 1), f"{name} {size}: {hook.errors}")
                    began = time.monotonic()
                    try:
                        service.start()
                        result = "started"
                    except ServiceError:  # whoever does not start must say why
                        failed = [process for process in service.processes() if process.status]
                        self.assertTrue(failed, service.complaints())
                        for process in failed:
                            self.assertGreater(process.status, 0, f"a signal: {process.name}")
                            self.assertIn(name, process.errors)
                        result = service.complaints()
                    self.say(f"{name}, {size} bytes: --thaw exit {hook.status}; {result} "
                             f"({time.monotonic() - began:.1f} s)")

    def test_records(self):
        with self.sandbox([Volume("a")]) as box:
            service = Service(box).start()
            self.assertEqual(service.ctl("snapshot", "--", "true").status, 0)
            service.vssd.signal(15)
            service.vssd.wait()
            records = box.path(STATE + "/records")
            self.assertNotEqual(os.listdir(records), [], "there is no record to spoil")
            for file in os.listdir(records):
                with open(os.path.join(records, file), "wb") as out:
                    out.write(b"\0{[nonsense")
            service.start_vssd()
            service.wait_until_ready(timeout=20)
            history = service.ctl("history")
            self.assertEqual(history.status, 0, history.errors)
            self.assertEqual(service.ctl("snapshot", "--", "true").status, 0)


class Doors(EndToEndTest):
    """What vssd is told about hosts. A door that does not open is no reason to end: it is named,
    and tried again."""

    def setUp(self):
        self.box = self.enterContext(self.sandbox([Volume("a")]))
        self.box.write("/run/file", "not a socket")
        self.service = Service(self.box)

    def start(self, *options):
        self.service.start_vssd(*options)
        self.service.start_guardian()
        self.service.start_freezer()
        self.service.wait_until_ready()

    def assert_named(self, *words):
        """In the log and in the status, once; and everything else works."""
        def standing():
            return self.service.json("status")["hosts"]
        wait_until(lambda: all(word in self.service.vssd.errors for word in words), 5)
        for word in words:
            self.assertIn(word, self.service.vssd.errors)
        time.sleep(1)
        lines = [line for line in self.service.vssd.errors.splitlines() if words[0] in line]
        self.assertEqual(len(lines), 1, lines)
        self.assertEqual(len(standing()), 1)
        self.assertIn(words[0], standing()[0])
        self.say(lines[0])
        self.say(standing()[0])
        snapshot = self.service.start_snapshot()
        self.assertEqual(snapshot.wait(30), 0, snapshot.errors)
        self.stop()

    def stop(self):
        self.service.vssd.signal(signal.SIGTERM)
        self.assertEqual(self.service.vssd.wait(10), 0)

    def assert_refused(self, status, *options, words):
        before = self.left_behind()
        child = self.box.run("vssd", "--runtime-dir", self.service.runtime, "--state-dir", STATE,
                             "--config", CONFIG, *options)
        self.assertEqual(child.status, status, child.errors)
        self.assertEqual(len(child.errors.splitlines()), 1, child.errors)
        for word in words:
            self.assertIn(word, child.errors)
        self.assertEqual(self.left_behind(), before)
        self.say(child.errors.strip())

    def left_behind(self):
        """In /run, but for what every vssd keeps in its runtime directory."""
        return sorted(set(os.listdir(self.box.path("/run"))) -
                      {os.path.basename(self.service.runtime)})

    def test_path_that_is_no_socket(self):
        self.start("--vmbus-shm", "/run/file")
        self.assert_named("/run/file", "must be a socket on which a host listens")
        self.assertEqual(self.box.read("/run/file"), "not a socket")

    def test_path_that_is_too_long(self):
        path = "/run/" + 300 * "x"
        self.start("--vmbus-shm", path)
        self.assert_named(200 * "x")

    def test_host_that_is_not_there(self):
        self.start("--vmbus-shm", "/run/nowhere")
        self.assert_named("/run/nowhere", "No such file")
        self.assertFalse(self.box.exists("/run/nowhere"))

    def test_host_of_another_user(self):
        """Whose host is believed can freeze the machine."""
        host = self.box.start("vss-hostsim", "--listen", "/tmp/host", "--wait", "2", "run",
                              "negotiate", "hot_backup", "freeze", "thaw", user=NOBODY)
        self.assertTrue(wait_until(lambda: self.box.exists("/tmp/host"), 5), host.errors)
        self.start("--vmbus-shm", "/tmp/host")
        self.assertTrue(wait_until(lambda: "is refused" in self.service.vssd.errors, 5),
                        self.service.vssd.errors)
        self.assertEqual(host.wait(20), 1, host.output)
        for line in host.output.splitlines():
            self.assertIn(" NONE ", line)
        self.assertEqual(self.service.json("history")["transactions"], [])
        self.say(next(line for line in self.service.vssd.errors.splitlines() if "refused" in line))
        snapshot = self.service.start_snapshot()
        self.assertEqual(snapshot.wait(30), 0, snapshot.errors)
        self.stop()

    def test_host_of_root_after_one_of_another_user(self):
        stranger = self.box.start("vss-hostsim", "--listen", "/tmp/host", "run", "sleep=60",
                                  user=NOBODY)
        self.start("--vmbus-shm", "/tmp/host")
        self.assertTrue(wait_until(lambda: "is refused" in self.service.vssd.errors, 5))
        stranger.signal(signal.SIGTERM)
        stranger.wait(5)
        host = self.box.run("vss-hostsim", "--listen", "/tmp/host", "backup")
        self.assertEqual(host.status, 0, host.output + host.errors)
        self.stop()

    def test_device_that_is_not_there(self):
        self.start("--hv-vss-device", "/dev/nowhere")
        self.assert_named("/dev/nowhere", "not there")

    def test_device_that_carries_no_messages(self):
        self.start("--hv-vss-device", "/dev/null")
        self.assert_named("/dev/null", "not a device that carries messages")

    def test_what_is_no_device(self):
        """It is refused, and stays its owner's: vssd gives nothing away but the kernel's device."""
        os.mkdir(self.box.path("/run/place"))
        for path in ("/run/file", "/run/place"):
            with self.subTest(path=path):
                self.assert_refused(USAGE, "--hv-vss-device", path, words=[path, "no character"])
                self.assertEqual(os.stat(self.box.path(path)).st_uid, 0)
        self.assertEqual(self.box.read("/run/file"), "not a socket")

    def test_capture(self):
        """A trace is of one door, and a new file."""
        shm = "--vmbus-shm"
        self.assert_refused(1, shm, "--capture", "/run/file", words=["/run/file", "File exists"])
        self.assertEqual(self.box.read("/run/file"), "not a socket")
        self.assert_refused(1, shm, "--capture", "/run/nowhere/trace", words=["/run/nowhere"])
        self.assert_refused(USAGE, "--capture", "/run/trace", words=["no door", shm])
        self.assert_refused(USAGE, shm, "--hv-vss-device", "/dev/nowhere", "--capture",
                            "/run/trace", words=["one door", shm])
        os.symlink("/run/elsewhere", self.box.path("/run/trace"))
        self.assert_refused(1, shm, "--capture", "/run/trace", words=["/run/trace"])


class Sockets(EndToEndTest):
    NAMES = ("app.sock", "freezer.sock", "control.sock", "freezer/guardian.sock")

    def frames(self):
        noise = random.Random(2)
        yield b""
        yield b"\0"
        yield bytes(64)
        yield b"\xff" * 64
        for size in (1, 7, 63, 64, 65, 72, 128, 1024, 65536):
            for _ in range(5):
                yield noise.randbytes(size)

    def attack(self, path, frame, descriptors=0):
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as client:
            client.settimeout(2)
            client.connect(path)
            try:
                if descriptors:
                    with open("/dev/null", "rb") as null:
                        rights = array.array("i", [null.fileno()] * descriptors)
                        client.sendmsg([frame or b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS,
                                                          rights)])
                else:
                    client.send(frame)
            except (BrokenPipeError, ConnectionResetError, OSError):
                pass

    def test_noise_on_every_socket(self):
        with self.sandbox([Volume("a")]) as box:
            service = Service(box).start()
            before = self.open_descriptors(service)
            for name in self.NAMES:
                path = box.path(f"{service.runtime}/{name}")
                for frame in self.frames():
                    self.attack(path, frame)
                    self.attack(path, frame, descriptors=20)
                for process in service.processes():
                    self.assertIsNone(process.status, f"{process.name} died of {name}: "
                                      f"{process.errors}")
                service.wait_until_ready(timeout=20)
                answer = service.start_snapshot()
                self.assertEqual(answer.wait(30), 0, answer.errors)
                self.say(f"{name}: noise, and a snapshot after it")
            self.assertTrue(wait_until(
                lambda: all(now <= was for now, was in zip(self.open_descriptors(service), before)),
                2), f"descriptors were left open: {before}, {self.open_descriptors(service)}")

    def open_descriptors(self, service):
        return [len(os.listdir(f"/proc/{process.pid}/fd")) for process in service.processes()]

    def test_noise_while_held(self):
        with self.sandbox([Volume("a")]) as box:
            service = Service(box).start()
            requester = service.hold_until_told()
            for name in self.NAMES:
                for frame in self.frames():
                    self.attack(box.path(f"{service.runtime}/{name}"), frame)
            self.assertEqual(service.release(requester), 0, requester.errors)

    def test_rights(self):
        with self.sandbox([Volume("a")]) as box:
            service = Service(box).start()
            refused = service.ctl("snapshot", "--", "touch", "/tmp/ran", user=NOBODY)
            self.assertEqual(refused.status, NOT_RUN, refused.errors)
            self.assertIn("vss-admin", refused.errors)
            self.assertFalse(box.exists("/tmp/ran"))
            self.assertEqual(service.hold(user=NOBODY)[0], 1)
            for verb in ("thaw", "release", "check"):
                self.assertEqual(service.ctl(verb, user=NOBODY).status, 1, verb)
            for verb in ("status", "writers", "plan", "history"):
                self.assertEqual(service.ctl(verb, user=NOBODY).status, 0, verb)
            allowed = service.ctl("snapshot", "--", "true", user=ADMINISTRATOR)
            self.assertEqual(allowed.status, 0, allowed.errors)
            writer = box.start("lying_writer", service.runtime, "mine", user=WRITERS_USER)
            service.wait_until_ready(writers=1)
            self.assertIsNone(writer.status)
            for program in ("vss-freezer", "vss-guardian"):
                child = box.run(program, "--runtime-dir", service.runtime, user=NOBODY)
                self.assertEqual(child.status, 77, child.errors)
                self.say(child.errors.strip())


if __name__ == "__main__":
    main()
