"""The small machine itself: that it boots, that its net works, that a bad end is noticed."""

import time

from harness.agent import GuestError
from harness.testing import VmTest, main
from harness.vm import VmFailure


class SmallVm(VmTest):
    def test_a_program_runs_in_the_initramfs_and_its_end_is_seen(self):
        with self.vm() as vm:
            done = vm.run("sh", "-c", "echo out; echo err >&2; cat; exit 3", stdin="in\n")
            self.assertEqual((done.status, done.output, done.errors), (3, "out\nin\n", "err\n"))
            killed = vm.start("sleep", "1000")
            killed.kill()
            self.assertEqual(killed.wait(), -9)
            self.assertEqual(vm.read("/proc/sys/kernel/osrelease").strip(), vm.kernel.release)

    def test_each_kind_of_root_is_booted_from_and_can_be_frozen(self):
        for kind in ("ext4", "xfs", "btrfs"):
            with self.subTest(kind=kind), self.vm(root=kind, log=f"small_vm.root-{kind}") as vm:
                self.assertIn(f"/ {kind} rw", vm.read("/proc/mounts"))
                vm.must("fsfreeze", "--freeze", "/")
                writer = vm.start("sh", "-c", "echo written > /file")
                time.sleep(1)
                self.assertIsNone(writer.status, "a write went through a frozen root")
                vm.must("fsfreeze", "--unfreeze", "/")
                self.assertEqual(writer.wait(), 0)
                with self.assertRaisesRegex(Exception, "lies on a disk"):
                    vm.write("/file", "by the agent")

    def test_what_is_left_frozen_is_thawed_by_the_watchdog_and_the_test_fails(self):
        with self.assertRaisesRegex(VmFailure, "VMTEST-WATCHDOG"):
            with self.vm(root="ext4", guard=3) as vm:
                vm.must("fsfreeze", "--freeze", "/")
                writer = vm.start("sh", "-c", "echo written > /file")
                self.assertEqual(writer.wait(60), 0)

    def test_a_complaint_of_the_kernel_fails_the_test(self):
        # Seen twice: on the console and in the log.
        with self.assertRaisesRegex(VmFailure, "complained 2 times"):
            with self.vm() as vm:
                vm.must("sh", "-c", "echo '<4>WARNING: not a real one' > /dev/kmsg")

    def test_a_machine_that_ends_by_itself_fails_the_test(self):
        with self.assertRaisesRegex(GuestError, "the machine has ended"):
            with self.vm() as vm:
                vm.run("sh", "-c", "echo b > /proc/sysrq-trigger")


if __name__ == "__main__":
    main()
