"""Real nests of block devices, frozen for real: LVM on LUKS on md, and on that volume a loop device with
a crypt device of its own."""

import contextlib
import json

from harness.block_tools import MODULES, block_tools
from harness.disks import Disk
from harness.guest_box import GuestBox
from harness.own_root import config
from harness.service import Service
from harness.testing import VmTest, main

PROGRAMS = ("vssd", "vss-freezer", "vss-guardian", "vssctl", "vss-writer")
BUDGETS = {"prepare": 30, "freeze": 20, "hold": 60}
MAKE = """
set -e
export DM_DISABLE_UDEV=1
mkdir -p /run/cryptsetup /run/lock /mnt/data /mnt/inner
mdadm --create /dev/md0 --run --assume-clean --level=1 --raid-devices=2 /dev/vda /dev/vdb
printf secret | cryptsetup luksFormat -q --type luks2 --pbkdf pbkdf2 --pbkdf-force-iterations 1000 /dev/md0 -
printf secret | cryptsetup open --key-file=- /dev/md0 cryptdata
lvm pvcreate -q /dev/mapper/cryptdata
lvm vgcreate -q vg /dev/mapper/cryptdata
lvm lvcreate -q -Zn -Wn -l 80%FREE -n data vg
mkfs.ext4 -q /dev/mapper/vg-data
mount -t ext4 /dev/mapper/vg-data /mnt/data
dd if=/dev/zero of=/mnt/data/image bs=1M count=48 2>/dev/null
losetup /dev/loop0 /mnt/data/image
printf secret | cryptsetup open -q --type plain --cipher aes-xts-plain64 --key-size 256 --hash sha256 \
  --key-file=- --keyfile-size 6 /dev/loop0 inner
mkfs.ext4 -q /dev/mapper/inner
mount -t ext4 /dev/mapper/inner /mnt/inner
"""
ON_DATA = "ext4 on LVM vg-data on LUKS cryptdata on md0 (raid1) on vda, vdb"
ON_INNER = ("ext4 on crypt inner on loop0, frozen before /mnt/data, which holds its backing file "
            "/mnt/data/image")


class Stacks(VmTest):
    @contextlib.contextmanager
    def serving(self):
        with self.vm(modules=MODULES, extra=block_tools(), programs=PROGRAMS, timeout=900, guard=300,
                     disks=[Disk(192), Disk(192)]) as vm:
            done = vm.run("sh", "-c", MAKE, timeout=300)
            self.assertEqual(done.status, 0, done.output + done.errors)
            box = GuestBox(vm)
            yield vm, Service(box, config(**BUDGETS)).start()
            box.end_all()

    def planned(self, service):
        mounts = json.loads(service.ctl("plan", "--json").output)["mounts"]
        return {each["mount_point"]: each for each in mounts}

    def waits(self, box, place):
        writer = box.start("sh", "-c", f"echo written > {place}/file")
        box.vm.run("sleep", "1")
        return writer, writer.status is None

    def test_the_upper_freezes_first_and_all_thaws(self):
        with self.serving() as (_, service):
            plan = self.planned(service)
            self.assertEqual((plan["/mnt/data"]["layer"], plan["/mnt/data"]["reason"]), (1, ON_DATA))
            self.assertEqual((plan["/mnt/inner"]["layer"], plan["/mnt/inner"]["reason"]), (0, ON_INNER))
            self.say(service.ctl("plan").output)
            for _ in range(3):
                held = service.ctl("hold")
                self.assertEqual(held.status, 0, held.errors)
                writers = [self.waits(service.box, place) for place in ("/mnt/inner", "/mnt/data")]
                self.assertEqual([waits for _, waits in writers], [True, True])
                released = service.ctl("release")
                self.assertEqual(released.status, 0, released.errors)
                self.assertEqual([writer.wait(60) for writer, _ in writers], [0, 0])
            self.say("three rounds: both were frozen, both thawed")

    def test_a_suspended_volume_is_refused_and_welcome_again_when_it_is_resumed(self):
        with self.serving() as (vm, service):
            vm.must("dmsetup", "--noudevsync", "suspend", "--nolockfs", "vg-data")
            plan = self.planned(service)
            for place in ("/mnt/data", "/mnt/inner"):
                self.assertEqual(plan[place]["action"], "veto", plan[place])
                self.assertIn("dmsetup resume vg-data", plan[place]["reason"])
                self.say(f"{place}: {plan[place]['reason']}")
            held = service.ctl("hold")
            self.assertEqual(held.status, 1)
            self.assertIn("suspended", held.errors)
            vm.must("dmsetup", "--noudevsync", "resume", "vg-data")
            self.assertEqual(service.ctl("snapshot", "--", "true").status, 0)


if __name__ == "__main__":
    main()
