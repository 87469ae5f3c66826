"""A device that never answers, among three filesystems."""

import signal
import time

from harness.probe import Probe, now
from harness.reporting import wait_until
from harness.sandbox import Volume
from harness.service import Service
from harness.slots import Slots
from harness.testing import EndToEndTest, main

FREEZE_BUDGET_S = 4
CONFIG = f"""
[filesystems]
pre_sync = "always"
[requesters.local]
prepare = 6
freeze = {FREEZE_BUDGET_S}
hold = 8
"""


class HangingDevice(EndToEndTest):
    def start(self, box, *writer_options):
        disk = self.add_stalling_disk(box, "slow")
        service = Service(box, CONFIG).start()
        if writer_options:
            service.start_writer("exec", "--name", "app", *writer_options)
            service.wait_until_ready(writers=1)
        others = [name for name in ("a", "b", "beside") if name in box.guarded]
        return disk, service, Probe(box, [f"/mnt/{name}" for name in others])

    def assert_clean_afterwards(self, disk, service):
        """The device answers again: what waited is thawed, and the next snapshot works."""
        disk.signal(signal.SIGCONT)
        service.wait_until_ready(timeout=20)
        after = service.start_snapshot()
        self.assertEqual(after.wait(30), 0, after.errors)

    def test_stops_before_prepare(self):
        with self.sandbox([Volume("a"), Volume("b")]) as box:
            disk, service, probe = self.start(box)
            self.assertEqual(box.run("fs_tool", "dirty", "/mnt/slow/file", 4).status, 0)
            disk.signal(signal.SIGSTOP)
            began = now()
            requester = service.start_snapshot()
            self.assertEqual(requester.wait(30), 125, requester.errors)
            took = now() - began
            self.assertLess(took, 6 + 1, "the answer came later than the budget of PREPARE")
            sentence = service.record()["sentence"]
            self.assertIn("/mnt/slow", sentence)
            for mount_point in probe.mount_points:
                self.assertIsNotNone(probe.wait_thawed(mount_point, began, 1), "frozen")
            self.say(f"answered after {took:.1f} s: {sentence}")
            self.assert_clean_afterwards(disk, service)

    def test_a_flush_that_was_cut_short_is_waited_for(self):
        """Whoever asked is gone; the kernel still flushes for it. That speaks against no device."""
        with self.sandbox([Volume("a"), Volume("b")]) as box:
            disk, service, _ = self.start(box)
            self.assertEqual(box.run("fs_tool", "dirty", "/mnt/slow/file", 4).status, 0)
            disk.signal(signal.SIGSTOP)
            first = service.start_snapshot()
            self.assertTrue(wait_until(lambda: service.json("status")["transaction"], 5))
            time.sleep(0.5)
            first.signal(signal.SIGKILL)
            first.wait(5)
            self.assertTrue(wait_until(lambda: not service.json("status")["transaction"], 5))
            second = service.start_snapshot()
            time.sleep(1)
            disk.signal(signal.SIGCONT)
            self.assertEqual(second.wait(30), 0, second.errors)

    def stop_before_freeze(self, box):
        """slow's device stops between PREPARE and FREEZE. beside lies on a device of the same kind
        that goes on, so that it is frozen in the same layer as slow, and must not stay so."""
        self.add_stalling_disk(box, "beside")
        disk, service, probe = self.start(
            box, "--thaw", "true", "--freeze",
            "touch /run/in-freeze; while [ ! -e /run/go ]; do sleep 0.01; done")
        requester = service.start_snapshot()
        self.assertTrue(wait_until(lambda: box.exists("/run/in-freeze"), 10), requester.errors)
        began = now()
        disk.signal(signal.SIGSTOP)
        box.write("/run/go", "")
        slots = Slots(box, service.runtime)
        in_flight = {"/mnt/slow": "intent", "/mnt/beside": "frozen"}
        self.assertTrue(wait_until(lambda: slots.states().items() >= in_flight.items(), 5),
                        slots.states())
        return disk, service, probe, requester, began

    def test_stops_between_prepare_and_freeze(self):
        with self.sandbox([Volume("a"), Volume("b")]) as box:
            disk, service, probe, requester, began = self.stop_before_freeze(box)
            self.assertTrue(probe.wait_frozen("/mnt/beside", 1), "slow is not waited for")
            self.assertEqual(requester.wait(30), 125, requester.errors)
            took = now() - began
            self.assertLess(took, FREEZE_BUDGET_S + 1, "the answer came later than its budget")
            for mount_point in probe.mount_points:
                thawed = probe.wait_thawed(mount_point, now(), 1)
                self.assertIsNotNone(thawed, f"{mount_point} waits for the device that hangs")
            self.assertEqual(Slots(box, service.runtime).states()["/mnt/slow"], "intent")
            self.say(f"answered after {took:.1f} s, the others run")
            self.assertFalse(service.json("status")["ready"], "a FIFREEZE is still in flight")
            disk.signal(signal.SIGCONT)
            service.wait_until_ready(timeout=20)
            record = service.record()
            slow = [part for part in record["filesystems"] if part["mount_point"] == "/mnt/slow"]
            text = service.ctl("explain").output
            self.assertIn("/mnt/slow", record["sentence"])
            self.assertIn(slow[0]["source"], text, "explain does not name the device")
            self.say(record["sentence"])
            self.assert_clean_afterwards(disk, service)

    def test_stops_while_held(self):
        """FITHAW on a dead device waits; the others are thawed on time all the same."""
        with self.sandbox([Volume("a"), Volume("b")]) as box:
            disk, service, probe = self.start(box)
            requester = service.hold_until_told()
            for mount_point in probe.mount_points:
                self.assertTrue(probe.wait_frozen(mount_point, 1), f"{mount_point} is not frozen")
            disk.signal(signal.SIGSTOP)
            released = now()
            box.write("/run/release", "")
            for mount_point in probe.mount_points:
                thawed = probe.wait_thawed(mount_point, released, 3)
                self.assertIsNotNone(thawed, f"{mount_point} waits for the device that hangs")
                self.assertLess(thawed - released, 1.1)
            time.sleep(0.5)
            states = Slots(box, service.runtime).states()
            self.assertEqual(states["/mnt/slow"], "thawing", "its FITHAW did not wait")
            disk.signal(signal.SIGCONT)
            # COMMAND was over before the device hung, and the thaw was late but not too late.
            self.assertEqual(requester.wait(40), 0, requester.errors)
            self.say(f"others thawed at once; vssctl exit {requester.status}")
            self.assert_clean_afterwards(disk, service)


if __name__ == "__main__":
    main()
