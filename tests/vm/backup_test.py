"""What QEMU copies of the root from outside while it is held, judged by what a restore would find.

The guest's bank (tests/e2e/bank.cpp) moves amounts between two databases on the root, and beside it
files come and go. In every second copy all is let go as soon as QEMU's job has begun: the copy is
that of the moment of its beginning.
"""

import os
import tempfile

from harness.bank_contents import judge_contents
from harness.oracles import extract, judge_filesystem
from harness.own_root import BANK, serving, start_bank
from harness.testing import VmTest, main

BUDGETS = {"prepare": 60, "freeze": 30, "hold": 60}
CONTROLS = 5
CHURN = ("i=0; while :; do i=$((i+1)); mkdir -p /srv/load/$((i%7)); "
         "dd if=/dev/urandom of=/srv/load/$((i%7))/$((i%50)) bs=8k count=$((i%20+1)) 2> /dev/null; "
         "mv /srv/load/$((i%7))/$((i%50)) /srv/load/m$((i%30)); "
         "[ $((i%11)) = 0 ] && rm -rf /srv/load/$((i%5)); done")


class Copies(VmTest):
    def copy(self, vm, target, after_start):
        """A full copy of the root's disk; `after_start` is called when the job has begun."""
        with open(target, "wb") as file:
            file.truncate(os.path.getsize(vm.path("root.img")))
        name = os.path.basename(target).replace(".", "-")
        vm.qmp("blockdev-add", **{"driver": "raw", "node-name": name,
                                  "file": {"driver": "file", "filename": target}})
        vm.qmp("blockdev-backup", **{"device": "root", "target": name, "sync": "full",
                                     "job-id": "job-" + name})
        after_start()
        done = vm.monitor().wait_event("BLOCK_JOB_COMPLETED", device="job-" + name)
        self.assertNotIn("error", done["data"], "QEMU could not copy")
        vm.qmp("blockdev-del", **{"node-name": name})

    def judge(self, kind, copy):
        """Complaints about the copy's filesystem and about its contents, and a line that tells."""
        folder = copy + ".d"
        os.mkdir(folder)
        complaints = judge_filesystem(copy, kind) + extract(copy, kind, folder)
        contents, told = judge_contents(*(folder + directory for directory in BANK))
        return complaints, contents, told

    def held_copy(self, vm, service, target, at_once):
        held = service.ctl("hold")
        self.assertEqual(held.status, 0, f"{held.errors}\n{service.complaints()}")
        def release():
            released = service.ctl("release", held.output.strip())
            self.assertEqual(released.status, 0, released.errors)
        self.copy(vm, target, release if at_once else lambda: None)
        if not at_once:
            release()
        self.assertEqual(service.record()["grade"], "application")

    def check_control(self, vm, kind, copy):
        """Copied in the same way without the service, one is soon torn: the bank pauses between the
        halves of its transfers."""
        for number in range(CONTROLS):
            this = f"{copy}{number}.img"
            self.copy(vm, this, lambda: None)
            complaints, contents, told = self.judge(kind, this)
            self.say(f"{kind} control {number}: {complaints + contents}, {told}")
            if contents:
                return
        self.fail("every control is as good as the rest: nothing was shown")

    def play(self, kind, count, control):
        with tempfile.TemporaryDirectory(prefix="openvss-vm-copies-") as folder, \
                serving(self, kind, BUDGETS, {"timeout": 1200, "guard": 300}) as (vm, service):
            start_bank(service, "--pause", "100")
            service.box.start("sh", "-c", CHURN)
            good = 0
            for number in range(count):
                vm.run("sleep", "1")
                copy = os.path.join(folder, f"held{number}.img")
                self.held_copy(vm, service, copy, at_once=number % 2 == 0)
                complaints, contents, told = self.judge(kind, copy)
                good += not complaints + contents
                self.say(f"{kind} copy {number}: {complaints + contents or 'good'}, {told}")
                os.unlink(copy)
            self.assertEqual(good, count, "not every copy is good")
            if control:
                self.check_control(vm, kind, os.path.join(folder, "control"))

    def test_ten_of_an_ext4_root_are_good_and_one_without_the_service_is_not(self):
        self.play("ext4", 10, control=True)

    def test_two_of_an_xfs_root_are_good(self):
        self.play("xfs", 2, control=False)

    def test_two_of_a_btrfs_root_are_good(self):
        self.play("btrfs", 2, control=False)


if __name__ == "__main__":
    main()
