"""The Debian packages on a Debian machine with systemd, whose own root is what freezes."""

import json
import os
import re
import time

from harness.disks import Disk
from harness.guest_agent import guest_agent
from harness.install import SERVICES, SOCKETS, InstallTest, Machine
from harness.packages import LATER, PLACE, take_packages
from harness.testing import main

SECURITY_AT_MOST = {"vssd.service": 2.0, "vss-guardian.service": 3.6, "vss-freezer.service": 4.1}
LOG_LINES = 1500
LOG_LINES_AT_LEAST = 1000  # a signal that comes before the last one was taken makes no line
VSS_AGENTS = "vssd|hv_vss_daemon|hypervvssd"
THAWED_S = 60     # for what is told to thaw, under software emulation


class Installed(InstallTest):
    """Installed in one machine, looked at in a second that was booted from what the first left."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        image = os.path.join(cls.folder, "installed.img")
        with cls.debian(log="install_test.first") as vm:
            take_packages(vm)
            cls.install(cls(), vm, "libvss0", "openvss", "openvss-testhost")
            cls.expect_running(cls(), vm)
            vm.keep_root(image)
        # /home on a disk of its own: what a unit with ProtectHome= would not see.
        cls.vm = cls.enterClassContext(cls.debian(
            image=image, disks=[Disk(size_mib=64, format="ext4")], log="install_test.installed"))
        cls.vm.mount("/dev/vdc", "ext4", "/home")
        take_packages(cls.vm)
        cls.machine = Machine(cls.vm)

    def tearDown(self):
        # Whatever a test has left, the next one begins with everything running.
        self.vm.run("vssctl", "thaw", timeout=90)
        self.expect_running(self.vm)

    # -- what is there --------------------------------------------------------------------------

    def test_after_the_boot_everything_is_active_and_in_order(self):
        self.assertEqual(self.vm.state(), "running", self.vm.run("systemctl", "--failed").output)
        self.expect_running(self.vm)
        moments = [int(self.vm.property(unit, "ActiveEnterTimestampMonotonic")) for unit in
                   (SOCKETS[0], *SERVICES)]
        self.assertEqual(moments, sorted(moments), "sockets, guardian, freezer, vssd")
        for path, facts in {"/run/openvss": "root vss 751", "/run/openvss/freezer": "root root 700",
                            "/run/openvss/driver": "vss vss 700", "/var/lib/openvss": "vss vss 750",
                            "/run/openvss/app.sock": "root vss 660",
                            "/run/openvss/freezer.sock": "root root 600",
                            "/run/openvss/control.sock": "root root 666",
                            "/dev/cuse": "root root 600"}.items():
            self.assertEqual(self.vm.must("stat", "-c", "%U %G %a", path).strip(), facts, path)

    def test_vssd_has_no_privilege_and_keeps_none(self):
        status = self.vm.read(f"/proc/{self.machine.pid('vssd.service')}/status")
        facts = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
        for kind in ("CapPrm", "CapEff", "CapAmb"):
            self.assertEqual(int(facts[kind], 16), 0, kind)
        self.assertNotIn("0", facts["Uid"].split())
        self.assertEqual(facts["NoNewPrivs"], "1")
        self.assertGreater(int(facts["VmLck"].split()[0]), 1000)
        journal = self.vm.journal("-b", *[word for unit in SERVICES for word in ("-u", unit)])
        self.assertNotIn("not permitted", journal)
        self.assertNotIn("Operation not permitted", journal)

    def test_the_units_please_systemd_and_their_scores_are_known(self):
        checked = self.vm.run("systemd-analyze", "verify", "--man=no", "openvss.target", *SERVICES,
                              *SOCKETS, timeout=120)
        self.assertEqual((checked.status, checked.output + checked.errors), (0, ""))
        for unit, at_most in SECURITY_AT_MOST.items():
            report = self.vm.must("systemd-analyze", "security", "--no-pager", unit, timeout=120)
            line = [each for each in report.splitlines() if "Overall exposure" in each][0]
            score = float(line.split(": ")[1].split()[0])
            self.say(f"{unit}: {score}")
            self.assertLessEqual(score, at_most, report)

    def test_the_plan_is_that_of_process_1(self):
        of_process_1 = self.vm.must("readlink", "/proc/1/ns/mnt")
        for unit in ("vss-freezer.service", "vss-guardian.service"):
            place = f"/proc/{self.machine.pid(unit)}/ns/mnt"
            self.assertEqual(self.vm.must("readlink", place), of_process_1, unit)
        self.machine.wait_until_ready()
        served = json.loads(self.vm.must("vssctl", "plan", "--json"))
        seen = self.vm.must("/usr/libexec/openvss/vss-freezer", "--plan", "--verbose", "--allow-root",
                            "--namespace", "self")
        planned = {each["mount_point"]: each["action"] for each in served["mounts"]}
        drawn = re.compile(r"^  (?:-|\d+) +(\w+) +[^/\n]*(/\S*)", re.MULTILINE)
        by_hand = {mount_point: action for action, mount_point in drawn.findall(seen)}
        self.assertEqual(planned, by_hand)
        self.assertEqual((planned["/"], planned["/home"]), ("freeze", "freeze"))

    # -- the device nodes -----------------------------------------------------------------------

    def test_the_nodes_come_back_and_user_vss_can_make_none(self):
        refused = self.vm.run("setpriv", "--reuid=vss", "--regid=vss", "--clear-groups",
                              "sh", "-c", "exec 3<>/dev/cuse")
        self.assertNotEqual(refused.status, 0)
        self.assertIn("Permission denied", refused.errors)
        self._expect_nodes()
        client = self._in_a_read()
        before = self.machine.pid("vssd.service")
        self.vm.must("sh", "-c", f"kill -KILL {before}")
        # At once: systemd has no copy that would keep the connection.
        self.assertNotEqual(client.wait(30), 0, client.output)
        self.vm.wait_until(lambda: self.machine.pid("vssd.service") not in (0, before), 60, "vssd")
        self.vm.wait_until(lambda: self.vm.exists("/dev/hv_fsvss_dev"), 60, "the nodes")
        self.machine.wait_until_ready()
        self._expect_nodes()
        client = self._in_a_read()
        writers = json.loads(self.vm.must("vssctl", "status", "--json"))["writers"]
        self.assertEqual(writers, 1)
        client.kill()
        self.machine.wait_until_ready()

    def _in_a_read(self):
        """A client of the applications' node that waits; it takes part as long as it lives."""
        client = self.vm.start("head", "-c", "64", "/dev/hv_appvss_dev")
        self.vm.wait_until(lambda: self.vm.read(f"/proc/{client.pid}/wchan") ==
                           "request_wait_answer", 30, "a client's read")
        return client

    def _expect_nodes(self):
        status = json.loads(self.vm.must("vssctl", "status", "--json"))
        self.assertEqual(status["nodes"],
                         "/dev/hv_appvss_dev: served, /dev/hv_fsvss_dev: served")
        for node, facts in {"hv_appvss_dev": "root vss 660", "hv_fsvss_dev": "root root 600"}.items():
            self.vm.wait_until(lambda: self.vm.must("stat", "-c", "%U %G %a", f"/dev/{node}").strip()
                               == facts, 30, f"udev's rule for {node}")
        self.assertEqual(self.vm.property("vssd.service", "NFileDescriptorStore"), "0")
        open_files = self.vm.must("ls", "-l", f"/proc/{self.machine.pid('vssd.service')}/fd")
        # For writing only. It was opened in process 1's mount namespace: the path is cut here.
        self.assertRegex(open_files, r"l-wx\S* .* -> /(dev/)?kmsg\n")

    # -- a wrong configuration ------------------------------------------------------------------

    def test_a_mistake_in_the_configuration_is_said_and_a_restart_heals(self):
        file, good = "/etc/openvss/openvss.toml", "/run/good.toml"
        since = [self.vm.property(unit, "ActiveEnterTimestampMonotonic") for unit in SOCKETS]
        self.vm.must("cp", file, good)
        self.vm.must("sh", "-c", f"echo 'mistake = 1' >> {file}")
        try:
            self.vm.must("systemctl", "restart", "vssd.service", timeout=60)
            told = self.vm.must("systemctl", "status", "--no-pager", "--full", "vssd.service")
            self.assertIn(f"Status: \"the configuration is wrong: {file}:", told)
            # vssctl reads the file too, and says the same.
            self.assertIn(f"{file}:", self.vm.run("vssctl", "status").errors)
        finally:
            self.vm.must("cp", good, file)
        self._expect_veto(file)
        before = self.machine.pid("vssd.service")
        self.vm.must("systemctl", "restart", "vssd.service", timeout=60)
        self.machine.wait_until_ready()
        self.assertEqual(self.vm.run("vssctl", "check", timeout=90).status, 0)
        self.assertNotIn(self.machine.pid("vssd.service"), (0, before))
        self.assertEqual([self.vm.property(unit, "ActiveEnterTimestampMonotonic")
                          for unit in SOCKETS], since, "a socket was closed")
        self.assertEqual(self.vm.journal(f"_PID={before}").count("was not used: " + file), 1)

    def _expect_veto(self, file):
        """The correction alone changes nothing: all that is asked of this vssd is refused."""
        refused = self.vm.run("vssctl", "check", timeout=90)
        self.assertNotEqual(refused.status, 0)
        self.assertIn(f"the configuration is wrong: {file}:", refused.output + refused.errors)
        status = json.loads(self.vm.must("vssctl", "status", "--json"))
        self.assertIn("correct it, then systemctl restart vssd", status["not_ready"])
        self.say(status["not_ready"])

    # -- what it does ---------------------------------------------------------------------------

    def test_doctor_is_green_and_a_rehearsal_on_root_succeeds(self):
        self.machine.wait_until_ready()
        rehearsed = json.loads(self.vm.must("sh", "-c", "vssctl rehearse --json | cat", timeout=120))
        self.assertTrue(rehearsed["success"], rehearsed)
        self.assertIn("/", [stall["mount_point"] for stall in rehearsed["stalls"]])
        told = self.vm.must("sh", "-c", "vssctl rehearse | cat", timeout=120)
        self.say("\n  ".join(told.splitlines()))
        examined = self.vm.run("vssctl", "doctor", timeout=90)
        self.say("\n  ".join(examined.output.splitlines()))
        self.assertEqual(examined.status, 0, examined.errors)

    def test_root_is_frozen_for_a_snapshot_and_a_database_holds(self):
        self.vm.must("sh", "-c", "mkdir -p /srv/shop && sqlite3 /srv/shop/shop.db "
                                 "'PRAGMA journal_mode=wal; CREATE TABLE sale(n);'")
        shop = self.vm.start("vss-writer", "sqlite", "--name", "shop",
                             "/srv/shop/shop.db")
        self.vm.wait_until(lambda: "shop" in self.vm.run("vssctl", "writers").output,
                           what="the writer's registration")
        self.machine.wait_until_ready()
        transaction = self.machine.hold("--require", "application", "--hold-max", "60")
        sale = self.vm.start("sqlite3", "/srv/shop/shop.db", "INSERT INTO sale VALUES(1)")
        time.sleep(2)
        self.assertIsNone(sale.status, "a sale went through a held database")
        self.assertEqual(self.vm.run("vssctl", "release", transaction).status, 0,
                         self.machine.explain())
        self.assertEqual(sale.wait(), 0, sale.errors)
        taken = self.vm.run("vssctl", "snapshot", "--require", "application", "--", "/bin/true",
                            timeout=120)
        self.assertEqual(taken.status, 0, taken.errors + self.machine.explain())
        self.say(self.machine.record()["sentence"])
        self.assertTrue(shop.signal(15))
        self.assertEqual(shop.wait(), 0)

    def test_log_lines_by_the_thousand_do_not_block_it_while_root_is_frozen(self):
        vssd = self.machine.pid("vssd.service")
        before = self._lines_of(vssd)
        transaction = self.machine.hold("--hold-max", "200")
        others = self.vm.start("sh", "-c", f"seq {LOG_LINES} | logger")
        # One line each; between them is the pause in which vssd takes the signal.
        flood = self.vm.start("perl", "-e", f"for (1..{LOG_LINES}) {{ kill HUP => {vssd}; "
                                            "select(undef, undef, undef, 0.03) }")
        self.assertEqual(flood.wait(150), 0)
        # It took all the signals before it answers: what it has to say it has said, to its memory.
        self.assertEqual(self.vm.run("vssctl", "status", timeout=30).status, 0)
        self.assertIsNone(others.status, "the journal was not blocked: nothing was tested")
        self.assertEqual(self._lines_of(vssd), before, "lines reached the journal in the hold")
        self.assertEqual(self.vm.run("vssctl", "release", transaction, timeout=60).status, 0,
                         self.machine.explain())
        self.assertEqual(others.wait(60), 0)
        self.vm.wait_until(lambda: self._lines_of(vssd) - before > LOG_LINES_AT_LEAST,
                           what="vssd's lines in the journal")
        # Its memory holds 2048; of what does not fit there it says how many they were.
        self.assertNotIn("log lines were dropped", self.vm.journal(f"_PID={vssd}"))
        self.assertNotIn("Suppressed", self.vm.journal("-b", "-u", "systemd-journald"))
        self.say(f"of {LOG_LINES} signals in the hold {self._lines_of(vssd) - before} lines waited "
                 "in vssd's memory, and are in the journal since the thaw")

    def _lines_of(self, process):
        return self.vm.journal(f"_PID={process}").count("SIGHUP")

    def test_qemu_guest_agent_goes_on_beside_it_and_is_no_second_agent_for_vss(self):
        with guest_agent(self.vm) as ask:
            agent = self.machine.pid("qemu-guest-agent")
            self.vm.must("systemctl", "restart", "openvss.target", timeout=120)
            transaction = self.machine.hold("--hold-max", "60")
            self.assertEqual(ask("guest-fsfreeze-status"), "thawed", "it froze what OpenVSS holds")
            self.assertEqual(self.vm.run("vssctl", "release", transaction).status, 0)
            self.assertEqual(self.vm.must("dpkg-query", "-W", "-f=${db:Status-Abbrev}",
                                          "qemu-guest-agent"), "ii ")
            self.assertEqual(self.machine.pid("qemu-guest-agent"), agent, "it was started again")
            named = self.vm.must("pgrep", "-l", "-x", VSS_AGENTS).split()[1:]
            self.assertEqual(named, ["vssd"])
            self.assertIn(f"qemu-ga (process {agent})", self.vm.run("vssctl", "doctor").output)

    def test_no_process_holds_a_file_of_a_disk_open_for_writing_while_held(self):
        transaction = self.machine.hold("--hold-max", "60")
        device = self.vm.must("stat", "-c", "%d", "/etc/hostname").strip()
        for unit in SERVICES:
            listing = self.vm.must("sh", "-c", f"cd /proc/{self.machine.pid(unit)}/fd; "
                                   "for f in *; do echo $(stat -L -c '%d %F' $f) "
                                   "$(grep flags ../fdinfo/$f); done")
            for line in listing.splitlines():
                words = line.split()
                if words[0] == device and "directory" not in line:
                    self.assertEqual(int(words[-1], 8) & 3, 0, f"{unit}: {line}")
        self.assertEqual(self.vm.run("vssctl", "release", transaction).status, 0)

    # -- how it ends ----------------------------------------------------------------------------

    def test_sigterm_of_any_service_thaws_root_and_the_service_comes_back(self):
        for unit in SERVICES:
            with self.subTest(unit=unit):
                transaction = self.machine.hold("--hold-max", "200")
                writer = self.machine.writer()
                before = self.machine.pid(unit)
                self.vm.must("systemctl", "kill", "--kill-who=main", "--signal=SIGTERM", unit)
                self.assertEqual(writer.wait(THAWED_S), 0)
                self.vm.wait_until(lambda: self.machine.pid(unit) not in (0, before), what=unit)
                self.assertEqual(self.vm.run("vssctl", "release", transaction).status, 1)
                self.say(f"{unit}: {self.machine.record()['sentence']}")

    def test_the_stop_hook_alone_thaws_what_all_three_have_left(self):
        for unit in SERVICES:
            self.vm.must("mkdir", "-p", f"/run/systemd/system/{unit}.d")
            self.vm.write(f"/run/systemd/system/{unit}.d/test.conf", "[Service]\nRestart=no\n")
        self.vm.must("systemctl", "daemon-reload")
        try:
            self.machine.hold("--hold-max", "200")
            writer = self.machine.writer()
            victims = " ".join(str(self.machine.pid(unit)) for unit in SERVICES)
            # Stopped before: none may act on another one's end.
            self.vm.must("sh", "-c", f"kill -STOP {victims}; kill -KILL {victims}")
            self.assertEqual(writer.wait(THAWED_S), 0)
            said = self.vm.journal("-u", "vss-freezer.service", "-n", "8")
            self.assertIn("/ (ext4", said)
            self.say([line for line in said.splitlines() if "/ (ext4" in line][0])
        finally:
            self.vm.must("sh", "-c", "rm /run/systemd/system/vss*.service.d/test.conf")
            self.vm.must("systemctl", "daemon-reload")
            self.vm.must("systemctl", "start", *SERVICES, timeout=120)

    def test_all_killed_at_once_come_back_and_thaw(self):
        self.machine.hold("--hold-max", "200")
        writer = self.machine.writer()
        victims = " ".join(str(self.machine.pid(unit)) for unit in SERVICES)
        self.vm.must("sh", "-c", f"kill -STOP {victims}; kill -KILL {victims}")
        self.assertEqual(writer.wait(THAWED_S), 0)
        self.machine.wait_until_ready()

    def test_vssd_starts_while_root_is_frozen_by_somebody_else(self):
        self.vm.must("fsfreeze", "--freeze", "/")
        try:
            writer = self.machine.writer()
            self.vm.must("systemctl", "restart", "vssd.service", timeout=60)
            self.assertEqual(self.vm.run("vssctl", "status").status, 0)
            self.assertIsNone(writer.status, "root was not frozen")
        finally:
            self.vm.must("fsfreeze", "--unfreeze", "/")
        self.assertEqual(writer.wait(), 0)

    def test_one_edit_turns_it_off_and_on(self):
        self.vm.must("systemctl", "disable", "--now", "openvss.target", timeout=120)
        self.vm.wait_until(lambda: all(self.vm.active(unit) == "inactive" for unit in
                                       ("openvss.target", *SOCKETS, *SERVICES)), what="all stopped")
        self.assertFalse(self.vm.exists("/run/openvss/app.sock"))
        self.vm.must("systemctl", "enable", "--now", "openvss.target", timeout=120)
        self.expect_running(self.vm)


class Upgrade(InstallTest):
    def test_in_a_hold_it_waits_at_most_for_the_deadline(self):
        with self.debian() as vm:
            take_packages(vm)
            machine = Machine(vm)
            self.install(vm, "libvss0", "openvss")
            machine.hold("--hold-max", "20")
            upgrade = vm.start("dpkg", "-i", f"{PLACE}/openvss-later.deb")
            self.assertEqual(upgrade.wait(240), 0, upgrade.errors)
            self.assertEqual(vm.must("dpkg-query", "-W", "-f=${Version}", "openvss"),
                             f"{self.packages.version}+{LATER}")
            self.expect_running(vm)
            self.say(machine.record()["sentence"])
            self._elsewhere(vm, machine)

    def _elsewhere(self, vm, machine):
        """A hold that does not stop dpkg is ended by the restart: nothing stays frozen."""
        vm.must("sh", "-c", "truncate -s 32M /data && mkfs.ext4 -q /data && "
                            "mount -o loop /data /mnt")
        transaction = machine.hold("--filesystems", "/mnt", "--hold-max", "200")
        writer = machine.writer("/mnt")
        vm.must("dpkg", "-i", f"{PLACE}/openvss.deb", timeout=240)
        self.assertEqual(writer.wait(THAWED_S), 0)
        self.expect_running(vm)
        self.assertEqual(vm.run("vssctl", "release", transaction).status, 1)
        self.say(machine.record()["sentence"])


if __name__ == "__main__":
    main()
