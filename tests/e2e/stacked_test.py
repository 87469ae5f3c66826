"""Filesystems on filesystems, and ioctls that wait in the kernel."""

import time

from harness.probe import Probe, now
from harness.reporting import wait_until
from harness.sandbox import Volume
from harness.scenario import Scenario, volumes_of
from harness.service import Service
from harness.testing import EndToEndTest, main

EINVAL = 22
STACK = [Volume("outer", size_mib=256), Volume("inner", parent="outer")]
THREE_DEEP = [Volume("outer", size_mib=512), Volume("middle", size_mib=256, parent="outer"),
              Volume("inner", parent="middle")]


class BackingFrozen(EndToEndTest):
    """A loop filesystem and the one its image lies on, both frozen: a FITHAW of the upper one waits
    as long as the lower one is frozen, so the order decides."""

    def freeze_and_thaw(self, box, service, mount_points):
        """All of them, for real; the layer of each, by its record."""
        probe = Probe(box, mount_points)
        requester = service.hold_until_told()
        for mount_point in mount_points:
            self.assertTrue(probe.wait_frozen(mount_point, 2), mount_point)
        released = now()
        self.assertEqual(service.release(requester), 0, requester.errors)
        for mount_point in mount_points:
            self.assertIsNotNone(probe.wait_thawed(mount_point, released, 2), mount_point)
        return {part["mount_point"]: part["layer"] for part in service.record()["filesystems"]
                if part["action"] == "freeze"}

    def test_freezes_the_upper_first_and_thaws_the_lower_first(self):
        with self.sandbox(STACK) as box:
            service = Service(box).start()
            layers = self.freeze_and_thaw(box, service, ["/mnt/inner", "/mnt/outer"])
            self.assertLess(layers["/mnt/inner"], layers["/mnt/outer"])
            self.say(f"layers {layers}; both thawed")

    def test_three_deep_each_freezes_before_what_it_lies_on(self):
        with self.sandbox(THREE_DEEP) as box:
            service = Service(box).start()
            nest = ["/mnt/inner", "/mnt/middle", "/mnt/outer"]
            layers = self.freeze_and_thaw(box, service, nest)
            self.assertEqual([layers[each] for each in nest], [0, 1, 2])
            self.say(f"layers {layers}; all thawed")

    def test_guardian_thaws_both_without_deadlock(self):
        with self.sandbox(STACK) as box:
            service = Service(box).start()
            probe = Probe(box, ["/mnt/inner", "/mnt/outer"])
            service.hold_until_told()
            killed = now()
            service.freezer.kill()
            for mount_point in probe.mount_points:
                thawed = probe.wait_thawed(mount_point, killed, 10)
                self.assertIsNotNone(thawed, mount_point)
                self.assertLess(thawed - killed, 1.1, mount_point)
                self.say(f"{mount_point} thawed {thawed - killed:.2f} s after the freezer's death")


class FreezeInFlight(EndToEndTest):
    def test_einval_does_not_mean_thawed(self):
        """FIFREEZE waits, its process is killed, FITHAW says EINVAL, and the freeze completes."""
        for kind in ("ext4", "xfs", "btrfs"):
            with self.sandbox(volumes_of(kind, "FREEZE")) as box:
                scenario = Scenario(box, kind, "FREEZE")
                scenario.run_to_phase()
                scenario.service.freezer.kill()
                time.sleep(0.2)
                thaw = box.run("fs_tool", "thaw", "/mnt/inner")
                self.assertEqual(int(thaw.output.split()[0]), EINVAL, "FITHAW during the freeze")
                let_go = scenario.let_go()
                thawed = scenario.probe.wait_thawed("/mnt/inner", let_go, 10)
                self.assertIsNotNone(thawed, "left frozen: EINVAL was taken for thawed")
                self.assertTrue(wait_until(lambda: scenario.service.freezer.status is not None, 5))
                self.assertLess(thawed - let_go, 1.1)
                self.say(f"{kind}: FITHAW said EINVAL, the freeze completed, thawed "
                         f"{thawed - let_go:.2f} s after the ioctl could return")


if __name__ == "__main__":
    main()
