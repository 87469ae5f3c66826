"""docs/when-frozen.md, statement by statement, on a machine whose own root is frozen."""

import os
import re
import signal
import time

from harness.disks import Disk
from harness.own_root import serving, write_waits
from harness.page import numbers_tried_in
from harness.statements import Statements
from harness.testing import VmTest, main

LONG = {"prepare": 30, "freeze": 20, "hold": 250}
SHORT = {"prepare": 30, "freeze": 10, "hold": 15}
LATE_S = 10  # more than it says, under software emulation
PATIENCE_S = 60
WAITS_IN_D = "for p in /proc/[0-9]*; do grep -q '^State:.D' $p/status && echo ${p#/proc/}; done; true"


class OnOwnRoot(Statements):
    def hold(self, service, *options):
        """The deadline, on the guest's clock."""
        service.wait_until_ready()
        held = service.ctl("hold", *options)
        self.assertEqual(held.status, 0, f"{held.errors}\n{service.complaints()}")
        return service.box.now() + service.json("status")["hold_left_us"] / 1e6

    def writer(self, service):
        """A process that shows when root is thawed."""
        process, waits = write_waits(service.box)
        self.assertTrue(waits, "a write went through: root is not frozen")
        return process

    def thawed_at(self, service, writer):
        service.box.vm.wait_until(lambda: writer.status is not None, PATIENCE_S, "the thaw")
        return service.box.now()

    def check_thawed(self, writer):
        self.assertEqual(writer.wait(PATIENCE_S), 0)

    def begin_again(self, service):
        """All three, for the next statement."""
        for process in service.processes():
            process.kill()
            process.wait(PATIENCE_S)
        service.start()


class ThePage(VmTest):
    def test_has_no_statement_that_is_not_tried(self):
        tried = numbers_tried_in(__file__, os.path.join(os.path.dirname(__file__),
                                                       "when_frozen_debian_test.py"))
        numbers = Statements.page.numbers()
        self.assertEqual(numbers, list(range(1, len(numbers) + 1)))
        self.assertEqual(sorted(set(tried)), numbers)


class WhatHelps(OnOwnRoot):
    def test_the_list_of_what_to_do(self):
        with serving(self, "ext4", LONG, {"timeout": 600}) as (vm, service):
            self.by_asking(service)
            self.by_force(service)
            self.what_others_have_frozen(vm, service)
            self.by_the_kernel(vm, service)

    def by_asking(self, service):
        service.wait_until_ready()
        requester = service.hold_until_told()
        writer = self.writer(service)
        with self.tried(1):
            status = service.ctl("status")
            self.assertRegex(status.output, r"held, asked by \S+, thaws itself in [\d.]+ s")
        with self.tried(2):
            self.assertEqual(service.ctl("thaw").status, 0)
            self.check_thawed(writer)
        with self.tried(13):
            self.assertIn("aborted by", service.ctl("explain").output)
        with self.tried(14):
            self.assertEqual(service.release(requester), 124)
            self.say(requester.errors.strip())

    def by_force(self, service):
        with self.tried(3):
            self.force(service, "vssctl", "thaw", "--force")
        with self.tried(4):
            self.force(service, "vss-freezer", "--thaw", "--force")

    def force(self, service, *command):
        self.hold(service)
        writer = self.writer(service)
        for process in service.processes():
            process.signal(signal.SIGSTOP)
        forced = service.box.run(*command)
        self.assertEqual(forced.status, 0, forced.errors)
        self.assertIn("/ (ext4", forced.output)
        self.check_thawed(writer)
        self.begin_again(service)

    def what_others_have_frozen(self, vm, service):
        vm.must("fsfreeze", "--freeze", "/")
        writer = self.writer(service)
        with self.tried(8):
            self.assertIn("open transaction   none", service.ctl("status").output)
        with self.tried(9):
            vm.must("fsfreeze", "--unfreeze", "/")
            self.check_thawed(writer)

    def by_the_kernel(self, vm, service):
        self.hold(service)
        writer = self.writer(service)
        with self.tried(10):
            vm.write("/proc/sysrq-trigger", "j")
            self.check_thawed(writer)
        service.ctl("release")
        self.hold(service)
        writer = self.writer(service)
        with self.tried(12):
            self.assertEqual(vm.read("/proc/sys/kernel/sysrq").strip(), "438")
            vm.send_sysrq_at_console("j")
            vm.wait_until(lambda: "This sysrq operation is disabled" in vm.kernel_log(),
                          what="the refusal")
            self.assertIsNone(writer.status)
        with self.tried(11):
            vm.write("/proc/sys/kernel/sysrq", "1")
            vm.send_sysrq_at_console("j")
            self.check_thawed(writer)
        service.ctl("release")


class WhatGoesOn(OnOwnRoot):
    def test_in_the_machine(self):
        # The message is what statement 15 is about.
        allowed = [r"blocked for more than \d0 seconds"]
        with serving(self, "ext4", LONG, {"allowed": allowed}) as (vm, service):
            vm.must("sh", "-c", "mkdir /srv; cp /bin/busybox /srv/echo; echo text > /srv/file; sync")
            vm.write("/proc/sys/kernel/hung_task_timeout_secs", "10")
            self.hold(service)
            writer = self.writer(service)
            killed = self.how_to_tell(vm, writer)
            self.what_works(vm)
            waiting = self.what_waits(vm)
            self.assertEqual(service.ctl("thaw").status, 0)
            self.check_thawed(writer)
            self.assertEqual(killed.wait(PATIENCE_S), -signal.SIGKILL)
            for job in waiting:
                job.wait(PATIENCE_S)

    def how_to_tell(self, vm, writer):
        """One that was killed and waits all the same."""
        with self.tried(15):
            self.assertIn(str(writer.pid), vm.must("sh", "-c", WAITS_IN_D).split())
            listing = vm.run("sh", "-c", "grep -l '^State:.D' /proc/[0-9]*/status").output
            self.assertIn(f"/proc/{writer.pid}/status", listing)
        with self.tried(16):
            self.assertEqual(vm.read(f"/proc/{writer.pid}/wchan"), "percpu_rwsem_wait")
        with self.tried(18):
            vm.wait_until(lambda: "blocked for more than 10 seconds" in vm.kernel_log(), 120,
                          "the kernel's message")
        with self.tried(17):
            killed = self.check_waits(vm, "touch", "/srv/file")
            killed.kill()
            vm.run("sleep", "1")
            self.assertIsNone(killed.status, "it was killed")
        return killed

    def what_works(self, vm):
        with self.tried(20):
            self.assertEqual(vm.must("cat", "/srv/file"), "text\n")
            vm.must("ls", "-la", "/srv")
        with self.tried(21):
            vm.must("sh", "-c", "echo 3 > /proc/sys/vm/drop_caches")
            self.assertEqual(vm.must("/srv/echo", "cold", timeout=20), "cold\n")
        with self.tried(22):
            vm.must("sh", "-c", "echo text > /run/file && rm /run/file", timeout=20)
        with self.tried(23):
            for words in (("dmesg",), ("ps",), ("df",), ("cat", "/proc/mounts"), ("ls", "/sys/block")):
                vm.must(*words, timeout=20)
        with self.tried(24):
            vm.must("sync", timeout=20)

    def what_waits(self, vm):
        with self.tried(25):
            waiting = [self.check_waits(vm, *words) for words in (
                ("sh", "-c", "echo more >> /srv/file"), ("sh", "-c", "echo > /srv/new"),
                ("mv", "/srv/file", "/srv/other"), ("rm", "/srv/file"), ("chmod", "600", "/srv/file"),
                ("touch", "/srv/file"))]
        with self.tried(26):
            waiting.append(self.check_waits(vm, "mkdir", "/srv"))
        with self.tried(27):
            remount = vm.run("mount", "-o", "remount,ro", "/", timeout=20)
            self.assertNotEqual(remount.status, 0)
            self.assertIn("busy", remount.errors)
        return waiting


class WhoThaws(OnOwnRoot):
    def test_who_thaws_and_when(self):
        with serving(self, "ext4", SHORT, {"timeout": 600}) as (vm, service):
            self.at_the_deadline(vm, service)
            self.when_one_goes(service)
            self.when_all_are_gone(service)
            self.when_the_machine_is_paused(vm, service)

    def check_late_by(self, service, writer, deadline, seconds):
        late = self.thawed_at(service, writer) - deadline
        self.assertGreater(late, seconds - 1)
        self.assertLess(late, seconds + LATE_S)

    def at_the_deadline(self, vm, service):
        with self.tried(34):
            deadline = self.hold(service)
            writer = self.writer(service)
            service.vssd.signal(signal.SIGSTOP)
            with self.tried(5):
                told = service.box.run("vss-freezer", "--thaw")
                self.assertEqual(told.status, 1)
                self.assertRegex(told.errors, r"is alive and will thaw by itself in \d+ s")
            self.check_late_by(service, writer, deadline, 0)
            service.vssd.signal(signal.SIGCONT)
        with self.tried(35):
            deadline = self.hold(service)
            writer = self.writer(service)
            service.freezer.signal(signal.SIGSTOP)
            self.check_late_by(service, writer, deadline, 2)
            self.assertEqual(service.freezer.wait(PATIENCE_S), -signal.SIGKILL)
            service.start_freezer()
        with self.tried(36):
            mark = "/run/let-go"
            app = service.start_writer("exec", "--name", "app", "--freeze", "true",
                                       "--thaw", f"echo > {mark}")
            service.wait_until_ready(writers=1)
            deadline = self.hold(service)
            writer = self.writer(service)
            service.freezer.signal(signal.SIGSTOP)
            service.guardian.signal(signal.SIGSTOP)
            vm.wait_until(lambda: vm.exists(mark), PATIENCE_S, "the application's release")
            late = service.box.now() - deadline
            self.assertGreater(late, 3)
            self.assertLess(late, 4 + LATE_S)
            self.assertIsNone(writer.status, "somebody has thawed")
            self.assertEqual(service.box.run("vss-freezer", "--thaw", "--force").status, 0)
            self.check_thawed(writer)
            app.kill()
            self.begin_again(service)

    def when_one_goes(self, service):
        with self.tried(37):
            self.ended_by(service, "freezer", signal.SIGKILL)
        with self.tried(38):
            self.ended_by(service, "vssd", signal.SIGKILL)
            self.ended_by(service, "guardian", signal.SIGKILL)
        with self.tried(39):
            for name in ("vssd", "freezer", "guardian"):
                self.ended_by(service, name, signal.SIGTERM)

    def ended_by(self, service, victim, number):
        deadline = self.hold(service, "--hold-max", "200")
        writer = self.writer(service)
        process = getattr(service, victim)
        process.signal(number)
        self.check_thawed(writer)
        self.assertLess(service.box.now(), deadline, f"{victim}: it was the deadline that thawed")
        process.wait(PATIENCE_S)
        self.begin_again(service)

    def when_all_are_gone(self, service):
        with self.tried(40):
            writer = self.all_killed(service)
            self.assertEqual(service.box.run("vss-freezer", "--thaw").status, 0)
            self.check_thawed(writer)
        self.begin_again(service)
        with self.tried(41):
            writer = self.all_killed(service)
            service.start_freezer()
            self.check_thawed(writer)
        self.begin_again(service)

    def all_killed(self, service):
        """Who waits for root, which nobody is left to thaw."""
        self.hold(service, "--hold-max", "200")
        writer = self.writer(service)
        # Stopped first: else one thaws before the next is killed.
        for number in (signal.SIGSTOP, signal.SIGKILL):
            for process in service.processes():
                process.signal(number)
        for process in service.processes():
            process.wait(PATIENCE_S)
        self.assertIsNone(writer.status)
        return writer

    def when_the_machine_is_paused(self, vm, service):
        with self.tried(42):
            deadline = self.hold(service)
            writer = self.writer(service)
            vm.qmp("stop")
            time.sleep(SHORT["hold"] + 3)
            vm.qmp("cont")
            self.assertIsNone(writer.status)
            self.assertLess(service.box.now(), deadline, "its clock went on in the pause")
            self.check_late_by(service, writer, deadline, 0)


class WhatDoesNotThaw(OnOwnRoot):
    """A filesystem on a loop device, on a disk that somebody else has frozen meanwhile."""

    def test_is_named_in_the_kernels_log(self):
        disks = [Disk(size_mib=64, format="ext4"), Disk(size_mib=16, format="ext4")]
        with serving(self, "ext4", SHORT, {"disks": disks, "modules": ["loop"]}) as (vm, service):
            vm.mount("/dev/vdb", "ext4", "/mnt/outer")
            vm.must("sh", "-c", "dd if=/dev/vdc of=/mnt/outer/image bs=1M && mkdir /mnt/inner && "
                                "mount -t ext4 -o loop /mnt/outer/image /mnt/inner")
            self.hold(service, "--filesystems", "/mnt/inner")
            vm.must("fsfreeze", "--freeze", "/mnt/outer")
            with self.tried(19):
                vm.wait_until(lambda: "cannot thaw /mnt/inner" in vm.kernel_log(), PATIENCE_S,
                              "the guardian's complaint")
                vm.must("fsfreeze", "--unfreeze", "/mnt/outer")
                vm.wait_until(lambda: "thawed at last: /mnt/inner" in vm.kernel_log(), PATIENCE_S,
                              "the guardian's relief")
                lines = re.findall(r"openvss: .*", vm.kernel_log())
                self.assertRegex(lines[0], r"cannot thaw /mnt/inner \(7:0\): the kernel does not "
                                           "answer; trying on")
                self.say("; ".join(lines))


if __name__ == "__main__":
    main()
