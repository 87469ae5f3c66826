"""One cell of a table: something happens to a transaction that was brought to a chosen moment.

What must come of it for the filesystems is said here, apart from how the moment is brought about
(scenario.py) and from what happens (crash_cell.py, host_cells.py): until when all is thawed, that
it stays so, how often the writer is told to run again.
"""

import time

from harness.reporting import wait_until
from harness.scenario import NOTHING_FROZEN, Scenario, volumes_of

WITHIN_S = 1.0
IN_FLIGHT_S = 0.3
QUIET_S = 0.5
ANSWER_S = 20


class Cell:
    beside = 0  # how many filesystems there are beside a and inner

    def __init__(self, test, kind, phase):
        self.test = test
        self.kind = kind
        self.phase = phase
        self.result = "FAILED"
        self.bound = "none"

    def run(self):
        with self.test.sandbox(volumes_of(self.kind, self.phase, self.beside)) as box:
            self.run_in(box)

    def run_in(self, box):
        self.within = WITHIN_S * box.SLOW
        self.in_flight = IN_FLIGHT_S * box.SLOW
        self.quiet = QUIET_S * box.SLOW
        self.now = box.now
        self.scenario = self.make_scenario(box)
        self.service = self.scenario.service
        self.scenario.run_to_phase()
        self.play()

    def make_scenario(self, box):
        return Scenario(box, self.kind, self.phase, beside=self.beside)

    def play(self):
        took = self.measure()
        self.check_it_stays_thawed()
        self.thawed_by = self.scenario.thawers()  # recovery will use the slots again
        self.check_thawers()
        self.check_requester()
        self.check_recovery()
        when = "not frozen" if self.bound == "none" else f"{took:.2f} s {self.bound}"
        self.result = f"{when}, {self.outcome()}"

    # -- what a kind of cell says -------------------------------------------------------------

    def strike(self):
        """What happens. The process of a stop hook, if one belongs to it."""

    def bound_of(self, event):
        """Its name in the table ("none": nothing is frozen, ever), and when it begins."""

    def free_before(self, event, begin):
        """Until when the call in flight is kept waiting for what is not to wait for it."""
        return begin + self.within

    def check_thawers(self):
        """By whom, where only one can have."""

    def check_requester(self):
        """What it was told."""

    def check_recovery(self):
        """What works again."""

    def outcome(self):
        """For the table."""

    # -- thawed in time -----------------------------------------------------------------------

    def measure(self):
        """The event; how long after its bound the last filesystem was thawed."""
        event = self.now()
        hook = self.strike()
        self.bound, begin = self.bound_of(event)
        mount_points = self.scenario.probe.mount_points
        held_up = {each for each in mount_points if self.scenario.waits_for_outer(each)}
        free = set(mount_points) - held_up
        until = self.free_before(event, begin)
        thawed = {each: self.wait_thawed(each, event, until) for each in free}
        if held_up:
            time.sleep(max(0.0, event + self.in_flight - self.now()))
        let_go = self.scenario.let_go()
        late = begin + self.within + 5
        thawed |= {each: at or self.wait_thawed(each, event, late) for each, at in thawed.items()}
        thawed |= {each: self.wait_thawed(each, let_go, max(let_go, begin) + self.within + 5)
                   for each in held_up}
        self.latest = max(begin, let_go) if held_up else begin
        took = [self.checked(each, at, max(begin, let_go) if each in held_up else begin)
                for each, at in thawed.items()]
        if hook is not None:
            self.test.assertEqual(hook.wait(10 * self.scenario.box.SLOW), 0, f"stop hook: {hook.output}{hook.errors}")
        return max(took)

    def wait_thawed(self, mount_point, since, until):
        return self.scenario.probe.wait_thawed(mount_point, since, until - self.now())

    def checked(self, mount_point, at, begin):
        """Seconds from `begin` to the first write that proves it thawed."""
        self.test.assertIsNotNone(at, f"no write succeeds on {mount_point}: "
                                  f"{self.scenario.probe.what_hinders(mount_point)}, {self.told()}")
        took = max(0.0, at - begin)
        self.test.assertLessEqual(took, self.within, f"{mount_point} was thawed later than {self.within}"
                                  f" s after {self.bound}: {self.told()}")
        return took

    # -- and after that -----------------------------------------------------------------------

    def check_it_stays_thawed(self):
        quiet_until = self.now() + self.quiet
        while self.now() < quiet_until:
            for mount_point in self.scenario.probe.mount_points:
                self.test.assertFalse(self.scenario.probe.is_frozen(mount_point),
                                      f"{mount_point} was frozen again: {self.told()}")
            time.sleep(0.02)
        if self.phase in NOTHING_FROZEN:
            self.test.assertEqual(self.scenario.freeze_issued(), [], self.told())
        else:
            # Noted a moment later than thawed; by the guardian, where the thawer is stopped.
            closed = wait_until(self.all_closed, self.latest + self.within + self.quiet - self.now())
            self.test.assertTrue(closed, f"a slot is open: {self.told()}")

    def all_closed(self):
        return set(self.scenario.slots.states().values()) == {"closed"}

    def check_released(self, times=(1,)):
        """How often the writer was told to run again."""
        if 0 not in times:
            wait_until(lambda: self.scenario.times_released() > 0,
                       ANSWER_S * self.scenario.box.SLOW)
        told = self.scenario.times_released()
        self.test.assertIn(told, times,
                           f"the writer was told {told} times to run again: {self.told()}")

    def told(self):
        return f"slots {self.scenario.slots.states()}\n{self.service.complaints()}"
