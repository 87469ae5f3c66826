"""What is not frozen unless somebody insists, and who may thaw whose."""

import os
import signal

from harness.probe import Probe, now
from harness.reporting import wait_until
from harness.sandbox import Volume
from harness.service import Service
from harness.testing import EndToEndTest, main

NOT_RUN = 125


class Own(EndToEndTest):
    """The filesystem on which the service's own programs lie."""

    VOLUMES = [Volume("a"), Volume("disk", size_mib=256)]

    def test_is_refused(self):
        with self.sandbox(self.VOLUMES) as box:
            self.move_programs_to_a_disk(box)
            service = Service(box).start()
            probe = Probe(box, ["/mnt/a", "/mnt/disk"])
            refused = service.start_snapshot()
            self.assertEqual(refused.wait(30), NOT_RUN)
            self.assertIn("/mnt/disk", refused.errors)
            for mount_point in probe.mount_points:
                self.assertIsNotNone(probe.wait_thawed(mount_point, now(), 1))
            self.say(refused.errors.strip())

    def test_is_frozen_with_allow_root(self):
        """The programs run from a filesystem that they have frozen: only from memory, that is."""
        with self.sandbox(self.VOLUMES) as box:
            self.move_programs_to_a_disk(box)
            service = Service(box, freezer=["--allow-root"]).start()
            probe = Probe(box, ["/mnt/a", "/mnt/disk"])
            requester = service.hold_until_told()
            self.assertTrue(probe.wait_frozen("/mnt/disk", 1))
            self.assertEqual(service.json("status")["phase"], "held")
            self.assertEqual(service.release(requester), 0, requester.errors)
            self.assertEqual(service.record()["counts"]["frozen"], 2)


class Only(EndToEndTest):
    def test_freezes_nothing_else(self):
        with self.sandbox([Volume("a"), Volume("b")]) as box:
            service = Service(box, freezer=["--only", "/mnt/a"]).start()
            probe = Probe(box, ["/mnt/a", "/mnt/b"])
            requester = service.hold_until_told()
            self.assertTrue(probe.wait_frozen("/mnt/a", 1))
            self.assertIsNotNone(probe.wait_thawed("/mnt/b", now(), 1), "frozen in spite of --only")
            self.assertEqual(service.release(requester), 0)
            refused = service.start_snapshot("--filesystems", "/mnt/b")
            self.assertEqual(refused.wait(30), NOT_RUN, "a request has widened --only")
            self.say(refused.errors.strip())

    def test_demands_mount_roots(self):
        with self.sandbox([Volume("a")]) as box:
            self.assertEqual(box.run("mkdir", "/mnt/a/directory").status, 0)
            service = Service(box, freezer=["--only", "/mnt/a/directory"]).start()
            refused = service.start_snapshot("--filesystems", "/mnt/a")
            self.assertEqual(refused.wait(30), NOT_RUN, refused.errors)
            self.assertIn("/mnt/a/directory", refused.errors)
            self.say(refused.errors.strip())


class Thawing(EndToEndTest):
    def held(self, box):
        service = Service(box).start()
        probe = Probe(box, ["/mnt/a"])
        requester = service.hold_until_told()
        self.assertTrue(probe.wait_frozen("/mnt/a", 1))
        return service, probe, requester

    def test_recovery_respects_a_live_owner(self):
        with self.sandbox([Volume("a")]) as box:
            service, probe, requester = self.held(box)
            thaw = box.run("vss-freezer", "--runtime-dir", service.runtime, "--thaw")
            self.assertEqual(thaw.status, 1, thaw.errors)
            self.assertTrue(probe.is_frozen("/mnt/a"), "thawed what a live freezer holds")
            self.assertEqual(service.release(requester), 0, requester.errors)
            self.say(thaw.errors.strip())

    def test_force_without_an_answer(self):
        """Everything is stopped; `vssctl thaw --force` does it alone."""
        with self.sandbox([Volume("a")]) as box:
            service, probe, _ = self.held(box)
            for process in service.processes():
                process.signal(signal.SIGSTOP)
            asked = now()
            thaw = service.start_ctl("thaw", "--force", env={"PATH": "/bin"})
            thawed = probe.wait_thawed("/mnt/a", asked, 20)
            self.assertIsNotNone(thawed, "stays frozen")
            thaw.wait(30)
            self.say(f"thawed after {thawed - asked:.1f} s: exit {thaw.status}: "
                     f"{thaw.errors.strip()}")
            self.assertEqual(thaw.status, 0, thaw.errors)

    def test_no_freeze_without_a_guardian(self):
        """No live guardian, no freeze."""
        with self.sandbox([Volume("a")]) as box:
            service = Service(box)
            service.start_vssd()
            service.start_freezer()
            self.assertTrue(wait_until(service.freezer_is_connected, 10),
                            service.complaints())
            refused = service.start_snapshot(command="touch /run/ran")
            self.assertEqual(refused.wait(90), NOT_RUN, refused.errors)
            self.assertIn("guardian", refused.errors)
            self.assertFalse(os.path.exists(box.path("/run/ran")))
            self.say(refused.errors.strip())


if __name__ == "__main__":
    main()
