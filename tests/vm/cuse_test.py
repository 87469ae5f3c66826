"""The two device nodes, which only a kernel with CUSE has: the conformance suite at both doors, the
programs written for the original, and what clients find when their server hangs, dies or is second.
"""

import contextlib
import json
import signal

from harness.disks import Disk
from harness.testing import VmTest, main

MODULES = ("fuse", "cuse")
PROGRAMS = ("vssd", "vssctl", "node_steps")
APP, FILESYSTEM = "/dev/hv_appvss_dev", "/dev/hv_fsvss_dev"
SERVED = f"{APP}: served, {FILESYSTEM}: served"
PATIENCE_S = 30
LEFT_FROZEN = "may be frozen still, and nobody thaws it"


class Driver:
    """A vssd in the guest, with a runtime directory of its own."""

    def __init__(self, vm, name="openvss", cuse="", state=""):
        self.vm = vm
        self.runtime = f"/run/{name}"
        self._config = f"/run/{name}.toml"
        self._state = state or f"/var/lib/{name}"
        vm.write(self._config, f'[devices]\ncuse = "{cuse}"\n' if cuse else "")
        self.job = None
        self.start()

    def start(self):
        self.job = self.vm.start("vssd", "--runtime-dir", self.runtime, "--state-dir", self._state,
                                 "--config", self._config)

    def ready(self):
        self.vm.wait_until(lambda: self.job.status is not None or "serving" in self.job.errors,
                           PATIENCE_S, f"vssd's start: {self.job.errors}")
        if self.job.status is not None:
            raise AssertionError(f"vssd ended at its start: {self.job.errors}")
        return self

    def ctl(self, verb, *options):
        return self.vm.run("vssctl", verb, "--runtime-dir", self.runtime, *options)

    def start_ctl(self, verb, *options):
        return self.vm.start("vssctl", verb, "--runtime-dir", self.runtime, *options)

    def status(self):
        return json.loads(self.ctl("status", "--json").output)

    def nodes(self):
        return self.status()["nodes"]

    def records(self):
        """How many there are on the disk: reading does not wait, also where that is frozen."""
        return len(self.vm.must("ls", f"{self._state}/records").split())


class Cuse(VmTest):
    def steps(self, vm, path, *steps):
        """What came of each step."""
        return self.results(vm.must("node_steps", path, *steps, timeout=PATIENCE_S))

    @staticmethod
    def results(output):
        return [line.split(": ", 1)[1] for line in output.splitlines()]

    def in_a_read(self, vm, *more):
        """A client that waits in a read; then the steps in `more`."""
        client = vm.start("node_steps", APP, "open", "read", *more)
        vm.wait_until(lambda: "open: ok" in client.output, PATIENCE_S, "a client's open")
        vm.wait_until(lambda: vm.read(f"/proc/{client.pid}/wchan") == "request_wait_answer",
                      PATIENCE_S, "a client's read")
        return client

    # -- the suite ----------------------------------------------------------------------------

    def test_the_conformance_suite_holds_at_the_nodes_as_at_the_sockets(self):
        with self.vm(modules=MODULES, programs=("node_conformance",)) as vm:
            suite = vm.run("node_conformance", "--gtest_color=no", timeout=150)
            lines = suite.output.splitlines()
            self.assertEqual(suite.status, 0, "\n".join(lines[-80:]) + suite.errors)
            for door in ("Sockets", "Nodes"):
                self.assertTrue(any("[       OK ]" in line and f"/{door} " in line for line in lines),
                                f"nothing ran at {door}")
            self.say(next(line for line in lines if " ran. (" in line))

    # -- programs written for the original ----------------------------------------------------

    def test_the_originals_programs_work_together_and_each_alone(self):
        with self.vm(modules=(*MODULES, "ext4"), disks=[Disk(size_mib=32, format="ext4")],
                     programs=(*PROGRAMS, "freebsd_app", "freebsd_daemon")) as vm:
            vm.mount("/dev/vda", "ext4", "/mnt/disk")
            driver = Driver(vm, cuse="on").ready()
            app = self.start_program(vm, driver, "freebsd_app", writers=1)
            self.hold_and_release(vm, driver, "--filesystems", "none")
            self.assertIn("freeze: flushing, and holding still\nthaw: going on", app.output)
            daemon = self.start_program(vm, driver, "freebsd_daemon", "/mnt/disk", writers=1)
            self.hold_and_release(vm, driver, frozen="/mnt/disk")
            self.assertEqual(app.output.count("thaw: going on"), 2)
            check = driver.ctl("check")
            self.assertEqual(check.status, 0, check.errors)
            self.end(vm, app)
            vm.wait_until(lambda: driver.status()["writers"] == 0, PATIENCE_S, "the app's end")
            self.hold_and_release(vm, driver, frozen="/mnt/disk")
            self.end(vm, daemon)
            vm.must("umount", "/mnt/disk")
            vm.must("sh", "-c", "mount -t ext4 /dev/vda /mnt/disk && umount /mnt/disk")

    def start_program(self, vm, driver, *words, writers):
        program = vm.start(*words)
        wants_freezer = words[0] == "freebsd_daemon"
        def takes_part():
            self.assertIsNone(program.status, program.errors)
            status = driver.status()
            return status["writers"] == writers and status["freezer"]["connected"] >= wants_freezer
        vm.wait_until(takes_part, PATIENCE_S, f"{words[0]} taking part")
        return program

    def hold_and_release(self, vm, driver, *options, frozen=""):
        held = driver.ctl("hold", *options)
        self.assertEqual(held.status, 0, held.errors)
        writer = vm.start("sh", "-c", f"echo written > {frozen}/file") if frozen else None
        if writer:
            vm.run("sleep", "1")
            self.assertIsNone(writer.status, "a write went through a frozen filesystem")
        released = driver.ctl("release")
        self.assertEqual(released.status, 0, released.errors)
        if writer:
            self.assertEqual(writer.wait(PATIENCE_S), 0)

    @staticmethod
    def end(vm, program):
        program.signal(signal.SIGTERM)
        program.wait(PATIENCE_S)

    # -- a daemon that dies -------------------------------------------------------------------

    def test_a_daemon_that_is_killed_in_a_hold_is_thawed_for_by_the_next(self):
        """On Linux its filesystem stays frozen, and vssd's records lie on it."""
        with self.left_frozen() as (vm, driver, records):
            successor = self.start_program(vm, driver, "freebsd_daemon", "/mnt/disk", writers=0)
            vm.wait_until(lambda: driver.status()["not_ready"] == "", PATIENCE_S,
                          f"the successor's thaw: {driver.status()}")
            self.assertIn("is frozen any more", vm.must("dmesg"))
            vm.must("sh", "-c", "echo written > /mnt/disk/file")
            vm.wait_until(lambda: driver.records() > records, PATIENCE_S, "the records")
            self.hold_and_release(vm, driver, frozen="/mnt/disk")
            self.end(vm, successor)

    def test_what_a_killed_daemon_left_frozen_is_settled_by_the_administrator(self):
        with self.left_frozen("vss-freezer") as (vm, driver, records):
            early = driver.ctl("thaw", "--force")
            self.assertEqual(early.status, 1, early.errors)
            self.assertIn("fsfreeze -u /mnt/disk", early.errors)
            self.still_frozen(vm, driver, records)
            vm.must("fsfreeze", "--unfreeze", "/mnt/disk")
            forced = driver.ctl("thaw", "--force")
            self.assertEqual(forced.status, 0, forced.errors)
            self.assertNotIn(LEFT_FROZEN, driver.status()["not_ready"])
            vm.wait_until(lambda: driver.records() > records, PATIENCE_S, "the records")

    @contextlib.contextmanager
    def left_frozen(self, *more_programs):
        """By a daemon that was killed in a hold; the number of records before it."""
        with self.vm(modules=(*MODULES, "ext4"), disks=[Disk(size_mib=32, format="ext4")],
                     programs=(*PROGRAMS, "freebsd_daemon", *more_programs)) as vm:
            vm.mount("/dev/vda", "ext4", "/mnt/disk")
            driver = Driver(vm, cuse="on", state="/mnt/disk/records").ready()
            records = driver.records()
            daemon = self.start_program(vm, driver, "freebsd_daemon", "/mnt/disk", writers=0)
            self.lose_in_hold(vm, driver, daemon)
            self.still_frozen(vm, driver, records)
            yield vm, driver, records

    def lose_in_hold(self, vm, driver, daemon):
        held = driver.ctl("hold", "--hold-max", "4")
        self.assertEqual(held.status, 0, held.errors)
        daemon.kill()
        daemon.wait(PATIENCE_S)
        vm.wait_until(lambda: LEFT_FROZEN in vm.must("dmesg"), PATIENCE_S, "the kernel's log")
        vm.wait_until(lambda: not driver.status()["transaction"], PATIENCE_S, "the end")

    def still_frozen(self, vm, driver, records):
        for _ in range(5):
            self.assertIn(LEFT_FROZEN, driver.status()["not_ready"])
            self.assertNotIn("\nState:\tD", vm.read(f"/proc/{driver.job.pid}/status"))
            refused = driver.ctl("hold", "--filesystems", "none")
            self.assertEqual(refused.status, 1)
            self.assertIn(LEFT_FROZEN, refused.errors)
            vm.run("sleep", "0.3")
        self.assertEqual(driver.records(), records)

    # -- servers that hang, die, or are second ------------------------------------------------

    def test_what_clients_find_when_their_server_hangs_or_dies(self):
        with self.vm(modules=MODULES, programs=PROGRAMS) as vm:
            vm.must("chmod", "666", "/dev/cuse")  # so that user vss can make a node again
            driver = Driver(vm, cuse="on").ready()
            self.assertEqual(vm.must("stat", "-c", "%n %a %U:%G", FILESYSTEM, APP),
                             f"{FILESYSTEM} 600 root:root\n{APP} 660 root:vss\n")
            self.assertEqual(driver.nodes(), SERVED)
            self.server_hangs(vm, driver)
            self.server_is_killed(vm, driver)
            client = self.in_a_read(vm)
            driver.job.signal(signal.SIGTERM)
            self.assertEqual(driver.job.wait(PATIENCE_S), 0)
            self.assertEqual(client.wait(PATIENCE_S), 0)
            self.assertEqual(self.results(client.output), ["ok", "ECONNABORTED"])

    def server_hangs(self, vm, driver):
        client = self.in_a_read(vm, "ioctl-read", "poll:100", "open")
        poller = vm.start("node_steps", APP, "open", "sleep:1000", "poll:100")
        vm.wait_until(lambda: "open: ok" in poller.output, PATIENCE_S, "the poller's open")
        driver.job.signal(signal.SIGSTOP)
        opener = vm.start("node_steps", APP, "open")
        vm.wait_until(lambda: "sleep: ok" in poller.output.replace(":1000", ""), PATIENCE_S,
                      "the poller's sleep")
        vm.run("sleep", "1")
        self.assertEqual((poller.status, opener.status), (None, None))
        opener.kill()  # vssd has not taken its request yet
        self.assertEqual(opener.wait(PATIENCE_S), -9)
        vm.write("/sys/class/cuse/hv_appvss_dev/abort", "1")
        self.assertEqual(client.wait(PATIENCE_S), 0)
        self.assertEqual(poller.wait(PATIENCE_S), 0)
        self.assertEqual(self.results(poller.output), ["ok", "ok", "ERR"])
        # The node stays until its server lets go of it.
        self.assertEqual(self.results(client.output), ["ok", "ECONNABORTED", "ENOTCONN", "ERR",
                                                       "ENOTCONN"])
        driver.job.signal(signal.SIGCONT)
        vm.wait_until(lambda: "hv_appvss_dev is served again" in driver.job.errors, PATIENCE_S,
                      f"the node being made again: {driver.job.errors}")
        self.assertIn("hv_appvss_dev is gone", driver.job.errors)
        self.assertEqual(driver.nodes(), SERVED)
        self.assertEqual(self.steps(vm, APP, "open", "ioctl-read"), ["ok", "opt 0 status 1"])

    def server_is_killed(self, vm, driver):
        client = self.in_a_read(vm, "ioctl-read", "poll:100", "open")
        driver.job.kill()
        self.assertEqual(client.wait(PATIENCE_S), 0)
        self.assertEqual(self.results(client.output), ["ok", "ECONNABORTED", "ENOTCONN", "ERR",
                                                       "ENOENT"])
        driver.start()
        driver.ready()
        self.assertEqual(self.steps(vm, APP, "open", "ioctl-read"), ["ok", "opt 0 status 1"])

    def test_a_second_server_does_not_serve_the_nodes(self):
        with self.vm(modules=MODULES, programs=PROGRAMS) as vm:
            first = Driver(vm).ready()
            client = self.in_a_read(vm)
            demanding = Driver(vm, "demanding", cuse="on")
            self.assertEqual(demanding.job.wait(PATIENCE_S), 1)
            self.assertIn("another vssd serves the device nodes", demanding.job.errors)
            content = Driver(vm, "content").ready()
            self.assertIn("another vssd serves the device nodes", content.nodes())
            without = Driver(vm, "without", cuse="off").ready()
            self.assertIn('devices.cuse is "off"', without.nodes())
            self.assertEqual(first.nodes(), SERVED)
            self.assertIsNone(client.status, client.output)
            self.assertEqual(first.status()["writers"], 1)
            client.kill()

    def test_without_cuse_all_else_works(self):
        with self.vm(programs=PROGRAMS) as vm:
            driver = Driver(vm).ready()
            self.assertIn("cannot open /dev/cuse", driver.nodes())
            self.assertIn("the device nodes are not served: cannot open /dev/cuse",
                          driver.job.errors)
            self.assertEqual(driver.ctl("hold", "--filesystems", "none").status, 1)  # no writer
            demanding = Driver(vm, "demanding", cuse="on")
            self.assertEqual(demanding.job.wait(PATIENCE_S), 77)
            self.assertIn("cannot open /dev/cuse", demanding.job.errors)


if __name__ == "__main__":
    main()
