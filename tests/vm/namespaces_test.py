"""A filesystem that only another mount namespace has mounted, frozen by way of a process there."""

import contextlib
import json

from harness.disks import Disk
from harness.guest_box import GuestBox
from harness.own_root import config
from harness.service import Service
from harness.testing import VmTest, main

PROGRAMS = ("vssd", "vss-freezer", "vss-guardian", "vssctl", "vss-writer")
BUDGETS = {"prepare": 30, "freeze": 20, "hold": 60}
ELSEWHERE = """
mkdir -p /mnt/private
mount -t ext4 /dev/vdb /mnt/private
echo ready > /run/ready
while :; do echo written > /mnt/private/file; usleep 100000; echo "$((n += 1))" > /run/written; done
"""
# As a container's manager does it: the disk becomes the root of the namespace.
CONTAINER = """
mkdir -p /mnt/private
mount -t ext4 /dev/vdb /mnt/private
mkdir -p /mnt/private/bin /mnt/private/run
cp /bin/busybox /mnt/private/bin
mount --bind /run /mnt/private/run
cd /mnt/private
mount --move . /
exec chroot . /bin/busybox sh -c 'while :; do
  echo written > /file; /bin/busybox usleep 100000; echo "$((n += 1))" > /run/written; done'
"""


class OtherNamespaces(VmTest):
    @contextlib.contextmanager
    def serving(self, *options, elsewhere=ELSEWHERE):
        with self.vm(modules=["ext4"], programs=PROGRAMS,
                     disks=[Disk(64, "ext4"), Disk(64, "ext4")]) as vm:
            box = GuestBox(vm)
            vm.must("mkdir", "-p", "/mnt/shared")
            vm.must("mount", "-t", "ext4", "/dev/vda", "/mnt/shared")
            self.writer = box.start("unshare", "-m", "sh", "-c", elsewhere)
            vm.wait_until(lambda: box.exists("/run/written"), what="the process elsewhere")
            yield box, Service(box, config(**BUDGETS), freezer=options).start()
            box.end_all()

    def frozen(self, service):
        mounts = json.loads(service.ctl("plan", "--json").output)["mounts"]
        return {each["mount_point"]: each["reason"] for each in mounts if each["action"] == "freeze"}

    def writes(self, box):
        before = box.read("/run/written")
        box.vm.run("sleep", "1")
        return box.read("/run/written") != before

    def tables_kept_open(self, box):
        """The mount tables that the freezer has open: one of them keeps its namespace alive."""
        listed = box.vm.run("sh", "-c", "for p in $(pidof vss-freezer); do ls -l /proc/$p/fd; done")
        return [line.split(" -> ")[1] for line in listed.output.splitlines() if "mountinfo" in line]

    def test_it_is_planned_frozen_and_thawed(self):
        self.hold_and_release("/mnt/private")

    def test_so_is_the_root_of_a_namespace(self):
        self.hold_and_release("/", CONTAINER)

    def hold_and_release(self, mount_point, elsewhere=ELSEWHERE):
        with self.serving("--all-namespaces", elsewhere=elsewhere) as (box, service):
            place = f"/proc/{self.writer.pid}/root{mount_point}"
            frozen = self.frozen(service)
            self.assertEqual(set(frozen), {"/mnt/shared", place})
            self.assertTrue(frozen[place].startswith("ext4 on disk vdb, in the mount namespace of process"))
            self.say(f"{place}: {frozen[place]}")
            self.assertTrue(self.writes(box))
            held = service.ctl("hold")
            self.assertEqual(held.status, 0, held.errors)
            self.assertFalse(self.writes(box), "a write went through")
            self.assertGreater(len(self.tables_kept_open(box)), 1)
            released = service.ctl("release")
            self.assertEqual(released.status, 0, released.errors)
            self.assertTrue(self.writes(box))
            self.assertEqual(len(self.tables_kept_open(box)), 1, "one is the freezer's own")

    def test_without_the_option_it_is_not_looked_at(self):
        with self.serving() as (box, service):
            self.assertEqual(set(self.frozen(service)), {"/mnt/shared"})
            self.assertEqual(service.ctl("snapshot", "--", "true").status, 0)


if __name__ == "__main__":
    main()
