"""Parts of the service that come back in the middle of a hold."""

from harness.probe import Probe, now
from harness.process import kill_at_once
from harness.reporting import wait_until
from harness.sandbox import Volume
from harness.service import Service
from harness.testing import EndToEndTest, main


class RestartInMidHold(EndToEndTest):
    def hold(self, service, probe):
        status, transaction, errors = service.hold()
        self.assertEqual(status, 0, errors)
        for mount_point in probe.mount_points:
            self.assertTrue(probe.wait_frozen(mount_point, 2), f"{mount_point} is not frozen")
        return transaction

    def test_vssd(self):
        """The hold is gone; who asks for its release is told so."""
        with self.sandbox([Volume("a"), Volume("b")]) as box:
            service = Service(box).start()
            probe = Probe(box, ["/mnt/a", "/mnt/b"])
            transaction = self.hold(service, probe)
            killed = now()
            service.vssd.kill()
            for mount_point in probe.mount_points:
                thawed = probe.wait_thawed(mount_point, killed, 5)
                self.assertIsNotNone(thawed, mount_point)
                self.assertLess(thawed - killed, 1.1)
            service.start_vssd()
            service.wait_until_ready(timeout=20)
            release = service.ctl("release", transaction)
            self.assertEqual(release.status, 1)
            self.assertIn(transaction, release.errors)
            self.say(f"release: exit 1: {release.errors.strip()}")
            again = service.start_snapshot()
            self.assertEqual(again.wait(30), 0, again.errors)
            self.assertNotEqual(service.record()["id"], transaction, "an id was used again")

    def test_freezer(self):
        with self.sandbox([Volume("a")]) as box:
            service = Service(box).start()
            probe = Probe(box, ["/mnt/a"])
            transaction = self.hold(service, probe)
            killed = now()
            service.freezer.kill()
            self.assertIsNotNone(probe.wait_thawed("/mnt/a", killed, 1.1))
            service.start_freezer()
            self.assertTrue(wait_until(service.freezer_is_connected, 10), service.complaints())
            release = service.ctl("release", transaction)
            self.assertEqual(release.status, 1)
            service.wait_until_ready(timeout=20)
            again = service.start_snapshot()
            self.assertEqual(again.wait(30), 0, again.errors)
            self.say(f"release: exit 1: {release.errors.strip()}")

    def test_guardian(self):
        with self.sandbox([Volume("a")]) as box:
            service = Service(box).start()
            probe = Probe(box, ["/mnt/a"])
            transaction = self.hold(service, probe)
            killed = now()
            service.guardian.kill()
            self.assertIsNotNone(probe.wait_thawed("/mnt/a", killed, 1.1))
            self.assertEqual(service.ctl("release", transaction).status, 1)
            service.start_guardian()
            service.wait_until_ready(timeout=20)
            again = service.start_snapshot()
            self.assertEqual(again.wait(30), 0, again.errors)
            self.say("a new guardian, a new snapshot")

    def test_everything_without_a_stop_hook(self):
        """Killed together and started again: the start finds what is frozen."""
        with self.sandbox([Volume("a")]) as box:
            service = Service(box).start()
            probe = Probe(box, ["/mnt/a"])
            self.hold(service, probe)
            kill_at_once(service.processes())
            for process in service.processes():
                process.wait(5)  # as a service manager would: who is dying still has its lock
            self.assertTrue(probe.wait_frozen("/mnt/a", 2))
            restarted = now()
            service.start()
            thawed = probe.wait_thawed("/mnt/a", restarted, 10)
            self.assertIsNotNone(thawed, service.complaints())
            self.say(f"thawed {thawed - restarted:.2f} s after the start")
            again = service.start_snapshot()
            self.assertEqual(again.wait(30), 0, again.errors)


class Hold(EndToEndTest):
    def test_hold_and_release(self):
        with self.sandbox([Volume("a")]) as box:
            service = Service(box).start()
            probe = Probe(box, ["/mnt/a"])
            status, transaction, errors = service.hold()
            self.assertEqual(status, 0, errors)
            self.assertTrue(probe.wait_frozen("/mnt/a", 2), "hold has returned, nothing is frozen")
            release = service.ctl("release", transaction)
            self.assertEqual(release.status, 0, release.errors)
            self.assertIsNotNone(probe.wait_thawed("/mnt/a", now(), 1))

    def test_expired(self):
        with self.sandbox([Volume("a")]) as box:
            service = Service(box, "[requesters.local]\nfreeze = 1\n").start()
            probe = Probe(box, ["/mnt/a"])
            began = now()
            status, transaction, errors = service.hold("--hold-max", "2")
            self.assertEqual(status, 0, errors)
            self.assertTrue(probe.wait_frozen("/mnt/a", 1), "nothing is frozen")
            thawed = probe.wait_thawed("/mnt/a", now(), 5)
            self.assertIsNotNone(thawed)
            self.assertGreater(thawed - began, 2, "thawed before its time")
            self.assertLess(thawed - began, 2 + 1)
            release = service.ctl("release", transaction)
            self.assertEqual(release.status, 1)
            self.say(f"release: exit 1: {release.errors.strip()}")

    def test_a_snapshot_ends_with_its_vssctl(self):
        with self.sandbox([Volume("a")]) as box:
            service = Service(box).start()
            probe = Probe(box, ["/mnt/a"])
            requester = service.hold_until_told()
            self.assertTrue(probe.wait_frozen("/mnt/a", 2), "nothing is frozen")
            killed = now()
            requester.kill()
            thawed = probe.wait_thawed("/mnt/a", killed, 5)
            self.assertIsNotNone(thawed)
            self.assertLess(thawed - killed, 1.1)

    def test_administrator_ends_it(self):
        with self.sandbox([Volume("a")]) as box:
            service = Service(box).start()
            probe = Probe(box, ["/mnt/a"])
            requester = service.hold_until_told()
            self.assertTrue(probe.wait_frozen("/mnt/a", 2), "nothing is frozen")
            asked = now()
            thaw = service.ctl("thaw")
            self.assertEqual(thaw.status, 0, thaw.errors)
            self.assertIsNotNone(probe.wait_thawed("/mnt/a", asked, 1.1))
            self.assertEqual(requester.wait(20), 124, requester.errors)


if __name__ == "__main__":
    main()
