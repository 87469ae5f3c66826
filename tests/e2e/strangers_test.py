"""Others who freeze, thaw, mount and unmount while a transaction is open."""

import os

from harness import images
from harness.probe import Probe, now
from harness.sandbox import Volume
from harness.service import Service
from harness.testing import EndToEndTest, main


class Strangers(EndToEndTest):
    KINDS = ("ext4", "xfs", "btrfs")

    def test_foreign_freeze_fails_ours_and_is_left_alone(self):
        for kind in self.KINDS:
            with self.sandbox([Volume("a", kind), Volume("b", kind)]) as box:
                service = Service(box).start()
                probe = Probe(box, ["/mnt/a", "/mnt/b"])
                self.freeze_by_hand(box, "/mnt/a")
                requester = service.start_snapshot(command="touch /run/command-ran")
                self.assertEqual(requester.wait(60), 125, requester.errors)
                self.assertFalse(box.exists("/run/command-ran"))
                record = service.record()
                self.assertIn("/mnt/a", record["sentence"])
                self.assertIsNotNone(probe.wait_thawed("/mnt/b", now(), 2), "b stays frozen")
                self.assertTrue(probe.wait_frozen("/mnt/a", 1), "thawed what others have frozen")
                self.thaw_by_hand(box, "/mnt/a")
                self.say(f"{kind}: {record['sentence']}")

    def test_foreign_thaw_makes_the_copy_torn(self):
        for kind in self.KINDS:
            with self.sandbox([Volume("a", kind), Volume("b", kind)]) as box:
                service = Service(box).start()
                requester = service.start_snapshot(command="fs_tool thaw /mnt/a")
                self.assertEqual(requester.wait(60), 124, requester.errors)
                record = service.record()
                self.assertEqual(record["result"], "torn")
                results = {part["mount_point"]: part["result"] for part in record["filesystems"]}
                self.assertEqual(results["/mnt/a"], "thawed by others")
                self.assertEqual(results["/mnt/b"], "thawed")
                self.say(f"{kind}: {record['sentence']}")

    def test_lazy_unmount_while_frozen(self):
        """The superblock lives on, invisible; it is thawed all the same."""
        for kind in self.KINDS:
            with self.sandbox([Volume("a", kind), Volume("b", kind)]) as box:
                service = Service(box).start()
                probe = Probe(box, ["/mnt/a", "/mnt/b"])
                requester = service.start_snapshot(command="umount -l /mnt/a")
                requester.wait(60)
                ended = now()
                for mount_point in probe.mount_points:
                    self.assertIsNotNone(probe.wait_thawed(mount_point, ended, 3), mount_point)
                self.assertEqual(requester.status, 0, requester.errors)
                record = service.record()
                results = {part["mount_point"]: part["result"] for part in record["filesystems"]
                           if part["action"] == "freeze"}
                self.assertEqual(results, {"/mnt/a": "thawed", "/mnt/b": "thawed"})
                self.say(f"{kind}: vssctl exit {requester.status}, both thawed")

    def test_lazy_unmount_while_frozen_then_everything_dies(self):
        with self.sandbox([Volume("a"), Volume("b")]) as box:
            service = Service(box).start()
            probe = Probe(box, ["/mnt/a", "/mnt/b"])
            service.hold_until_told()
            for mount_point in probe.mount_points:
                self.assertTrue(probe.wait_frozen(mount_point, 1), f"{mount_point} is not frozen")
            unmounted = box.run("umount", "-l", "/mnt/a")
            self.assertEqual(unmounted.status, 0, unmounted.errors)
            killed = now()
            hook = service.start_stop_hook()
            self.assertEqual(hook.wait(10), 0, hook.output + hook.errors)
            for mount_point in probe.mount_points:
                self.assertIsNotNone(probe.wait_thawed(mount_point, killed, 3),
                                     f"{mount_point}\n{hook.output}{hook.errors}")
            self.say(f"stop hook: exit {hook.status} {hook.errors.strip()}")

    def test_mount_between_plan_and_answer(self):
        with self.sandbox([Volume("a")]) as box:
            image = os.path.join(box.directory, "late.img")
            images.make_image(image, "ext4", 32)
            images.copy_image(image, box.path("/late.img"))
            service = Service(box).start()
            service.start_writer("exec", "--name", "app", "--freeze",
                                 "fs_tool mount /late.img ext4 /mnt/late", "--thaw", "true")
            service.wait_until_ready(writers=1)
            requester = service.start_snapshot(command="touch /run/command-ran")
            self.assertEqual(requester.wait(60), 125, requester.errors)
            self.assertFalse(box.exists("/run/command-ran"))
            record = service.record()
            self.assertTrue(record["counts"]["plan_changed"])
            self.say(record["sentence"])


if __name__ == "__main__":
    main()
