"""What is left frozen when a part of the service dies or stops: every part, at every moment.

The table says, for each cell, how long after the event the last filesystem was thawed, and against
which bound: "kill" and "hook" from the kill and the stop hook; "deadline" and "guardian" from the
hold deadline and the guardian's, 2 s later. Where an ioctl is in flight (FREEZE, THAW) it is let go
0.3 s after the event, and the time counts from there if that is later than the bound's beginning.
"""

import signal
import time

from harness.probe import now
from harness.scenario import GUARDIAN_MARGIN_S, PHASES, Scenario, volumes_of
from harness.testing import EndToEndTest, main, wait_until

ACTORS = ("vssd", "freezer", "guardian", "writer", "all")
SIGNALS = {"KILL": signal.SIGKILL, "STOP": signal.SIGSTOP}
WITHIN_S = 1.0
IN_FLIGHT_S = 0.3
CLOCK_SLACK_S = 0.1  # the test learns of the hold's beginning a little late, and polls


class Cell:
    """One event in one phase, in a sandbox of its own."""

    def __init__(self, test, kind, actor, signal_name, phase):
        self.test = test
        self.kind = kind
        self.actor = actor
        self.signal_name = signal_name
        self.phase = phase

    def run(self):
        with self.test.sandbox(volumes_of(self.kind)) as box:
            self.box = box
            self.scenario = Scenario(box, self.phase)
            self.scenario.run_to_phase()
            self.measure()
            self.check_aftermath()

    def processes(self):
        service = self.scenario.service
        parts = {"vssd": service.vssd, "freezer": service.freezer, "guardian": service.guardian,
                 "writer": self.scenario.writer}
        return list(parts.values()) if self.actor == "all" else [parts[self.actor]]

    def measure(self):
        event = now()
        for process in self.processes():
            process.signal(SIGNALS[self.signal_name])
        self.bound, begin = self.bound_of(event)
        hook = None
        if self.actor == "all":
            hook = self.scenario.service.start_stop_hook()
        probe = self.scenario.probe
        # /mnt/a has no ioctl in flight: nothing may make it wait for inner.
        thawed = {"/mnt/a": probe.wait_thawed("/mnt/a", event, IN_FLIGHT_S)}
        if self.scenario.outer_frozen:
            time.sleep(max(0.0, event + IN_FLIGHT_S - now()))
        let_go = self.scenario.thaw_outer()
        since = {"/mnt/a": event, "/mnt/inner": max(event, let_go)}
        took = []
        for mount_point in probe.mount_points:
            start = max(begin, since[mount_point])
            at = thawed.get(mount_point) or probe.wait_thawed(mount_point, since[mount_point],
                                                              start - now() + WITHIN_S + 5)
            self.test.assertIsNotNone(
                at, f"{mount_point} stays frozen\n{self.scenario.service.complaints()}")
            took.append(max(0.0, at - start))
        self.took = max(took)
        self.test.assertLessEqual(self.took, WITHIN_S + CLOCK_SLACK_S,
                                  f"thawed later than {WITHIN_S} s after {self.bound}")
        if hook is not None:
            self.test.assertEqual(hook.wait(10), 0, hook.errors)

    def bound_of(self, event):
        """Its name in the table, and when it begins."""
        if self.phase == "PREPARE":
            return "kill", event  # nothing is frozen, and nothing may come to be
        if self.actor == "all":
            return "hook", event
        if self.signal_name == "KILL" and self.actor in ("vssd", "freezer", "guardian"):
            return "kill", event
        if self.phase == "THAW" and self.actor in ("guardian", "writer"):
            return "kill", event  # the thaw is under way, and they have no part in it
        if self.actor == "freezer":
            return "guardian", self.scenario.hold_deadline + GUARDIAN_MARGIN_S
        return "deadline", self.scenario.hold_deadline

    def check_aftermath(self):
        """It stays thawed, the writer runs, the requester has an answer that is not a yes."""
        quiet_until = now() + 0.5
        while now() < quiet_until:
            time.sleep(0.05)
            for mount_point in self.scenario.probe.mount_points:
                self.test.assertFalse(self.scenario.probe.is_stuck(mount_point, 0.3),
                                      f"{mount_point} was frozen again")
        event = (self.actor, self.signal_name)
        if event == ("vssd", "STOP") and self.phase in ("PREPARE", "FREEZE"):
            self.scenario.service.vssd.signal(signal.SIGCONT)  # nobody has had an answer to give up
        if self.phase in ("FREEZE", "HELD"):
            # A guardian that is stopped, and not missed, has done no harm.
            good = (0,) if event == ("guardian", "STOP") else ()
            status = self.scenario.requester.wait(15)
            self.test.assertIn(status, good + (124, 125), self.scenario.requester.errors)
        if self.actor not in ("writer", "all"):
            self.test.assertTrue(wait_until(lambda: self.scenario.times_released() == 1, 15),
                                 f"the writer was told {self.scenario.times_released()} times to "
                                 "run again")
        self.check_recovery()

    def check_recovery(self):
        """What was stopped goes on, what is dead is started again, and the next snapshot works."""
        service = self.scenario.service
        for process in self.processes():
            process.signal(signal.SIGCONT)
        self.scenario.writer.kill()
        self.scenario.requester.kill()
        service.restart_what_is_dead()
        service.wait_until_ready(timeout=20)
        after = service.start_snapshot()
        self.test.assertEqual(after.wait(30), 0, f"{after.errors}\n{service.complaints()}")


class CrashTable(EndToEndTest):
    def fill(self, kind, phases, actors=ACTORS, signals=tuple(SIGNALS)):
        rows = []
        for actor in actors:
            for signal_name in signals:
                row = [f"{actor} SIG{signal_name}"]
                for phase in phases:
                    cell = Cell(self, kind, actor, signal_name, phase)
                    with self.subTest(kind=kind, actor=actor, signal=signal_name, phase=phase):
                        row.append("FAILED")
                        cell.run()
                        row[-1] = f"{cell.took:.2f} s {cell.bound}"
                rows.append(row)
        widths = [22] + [17] * len(phases)
        for row in [[kind] + list(phases)] + rows:
            self.say("".join(text.ljust(width) for text, width in zip(row, widths)))

    def test_ext4(self):
        self.fill("ext4", PHASES)

    def test_xfs(self):
        self.fill("xfs", ("FREEZE", "HELD"), ("vssd", "freezer", "all"))

    def test_btrfs(self):
        self.fill("btrfs", ("FREEZE", "HELD"), ("vssd", "freezer", "all"))


if __name__ == "__main__":
    main()
