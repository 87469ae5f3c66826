"""One cell of the crash table: a part of the service is killed or stopped at a chosen moment.

What must come of it is said here, apart from how it is brought about (scenario.py): until when all
is thawed, what the requester may be told, how often the writer is told to run again.
"""

import signal
import time

from harness.probe import now
from harness.process import kill_at_once
from harness.scenario import GUARDIAN_MARGIN_S, NOTHING_FROZEN, Scenario, volumes_of
from harness.testing import wait_until

SIGNALS = {"KILL": signal.SIGKILL, "STOP": signal.SIGSTOP}
WITHIN_S = 1.0
IN_FLIGHT_S = 0.3
QUIET_S = 0.5
ANSWER_S = 20
YES, TORN, NOT_RUN = 0, 124, 125


class Cell:
    def __init__(self, test, kind, actor, signal_name, phase):
        self.test = test
        self.kind = kind
        self.actor = actor
        self.signal_name = signal_name
        self.phase = phase
        self.result = "FAILED"

    @property
    def event(self):
        return self.actor, self.signal_name

    def run(self):
        with self.test.sandbox(volumes_of(self.kind, self.phase)) as box:
            self.scenario = Scenario(box, self.kind, self.phase)
            self.service = self.scenario.service
            self.scenario.run_to_phase()
            took = self.measure()
            self.check_it_stays_thawed()
            self.check_requester()
            self.check_recovery()
            when = "not frozen" if self.bound == "none" else f"{took:.2f} s {self.bound}"
            self.result = f"{when}, {self.scenario.requester.status}"

    def processes(self):
        parts = {"vssd": self.service.vssd, "freezer": self.service.freezer,
                 "guardian": self.service.guardian, "writer": self.scenario.writer}
        return list(parts.values()) if self.actor == "all" else [parts[self.actor]]

    # -- thawed in time -----------------------------------------------------------------------

    def measure(self):
        """The event; how long after its bound the last filesystem was thawed."""
        event = now()
        if self.event == ("all", "KILL"):
            kill_at_once(self.processes())
        else:
            for process in self.processes():
                process.signal(SIGNALS[self.signal_name])
        self.bound, begin = self.bound_of(event)
        hook = self.service.start_stop_hook() if self.actor == "all" else None
        mount_points = self.scenario.probe.mount_points
        held_up = {each for each in mount_points if self.scenario.waits_for_outer(each)}
        free = set(mount_points) - held_up
        # What is killed lets nothing wait for the call in flight. Who is stopped has it return
        # before the deadline, in a process that can no longer note it.
        until = begin + WITHIN_S if self.signal_name == "KILL" else event + IN_FLIGHT_S
        thawed = {each: self.wait_thawed(each, event, until) for each in free}
        if held_up:
            time.sleep(max(0.0, event + IN_FLIGHT_S - now()))
        let_go = self.scenario.let_go()
        late = begin + WITHIN_S + 5
        thawed |= {each: at or self.wait_thawed(each, event, late) for each, at in thawed.items()}
        thawed |= {each: self.wait_thawed(each, let_go, max(let_go, begin) + WITHIN_S + 5)
                   for each in held_up}
        self.latest = max(begin, let_go) if held_up else begin
        took = [self.checked(each, at, max(begin, let_go) if each in held_up else begin)
                for each, at in thawed.items()]
        if hook is not None:
            self.test.assertEqual(hook.wait(10), 0, f"stop hook: {hook.output}{hook.errors}")
        return max(took)

    def wait_thawed(self, mount_point, since, until):
        return self.scenario.probe.wait_thawed(mount_point, since, until - now())

    def checked(self, mount_point, at, begin):
        """Seconds from `begin` to the first write that proves it thawed."""
        self.test.assertIsNotNone(at, f"no write succeeds on {mount_point}: "
                                  f"{self.scenario.probe.what_hinders(mount_point)}, {self.told()}")
        took = max(0.0, at - begin)
        self.test.assertLessEqual(took, WITHIN_S, f"{mount_point} was thawed later than {WITHIN_S}"
                                  f" s after {self.bound}: {self.told()}")
        return took

    def bound_of(self, event):
        """Its name in the table, and when it begins."""
        if self.phase in NOTHING_FROZEN:
            return "none", event  # and nothing may come to be frozen
        if self.actor == "all":
            return "hook", event
        if self.signal_name == "KILL" and self.actor in ("vssd", "freezer", "guardian"):
            return "kill", event
        if self.phase == "THAW" and self.actor in ("guardian", "writer"):
            return "kill", event  # the thaw is under way, and they have no part in it
        deadline = self.scenario.slots.hold_deadline()
        if self.actor == "freezer":
            return "guardian", deadline + GUARDIAN_MARGIN_S
        return "deadline", deadline

    # -- and after that -----------------------------------------------------------------------

    def check_it_stays_thawed(self):
        quiet_until = now() + QUIET_S
        while now() < quiet_until:
            for mount_point in self.scenario.probe.mount_points:
                self.test.assertFalse(self.scenario.probe.is_frozen(mount_point),
                                      f"{mount_point} was frozen again: {self.told()}")
            time.sleep(0.02)
        if self.phase in NOTHING_FROZEN:
            self.test.assertEqual(self.scenario.freeze_issued(), [], self.told())
        else:
            # Noted a moment later than thawed; by the guardian, where the thawer is stopped.
            closed = wait_until(self.all_closed, self.latest + WITHIN_S + QUIET_S - now())
            self.test.assertTrue(closed, f"a slot is open: {self.told()}")

    def all_closed(self):
        return set(self.scenario.slots.states().values()) == {"closed"}

    def check_requester(self):
        """An answer that may come of this, and never a yes that is not true."""
        if self.event == ("vssd", "STOP") and self.phase != "HELD":
            self.service.vssd.signal(signal.SIGCONT)  # it alone has the answer
        requester = self.scenario.requester
        status = requester.wait(ANSWER_S)
        self.test.assertIn(status, self.answers(), f"{requester.errors}{self.told()}")
        if status == YES:
            self.test.assertEqual(self.scenario.why_no_yes(), "", "a yes that is false")

    def answers(self):
        if self.phase == "HELD":
            return (TORN,)  # COMMAND takes longer than any hold
        if self.phase == "THAW":
            # COMMAND has seen the whole hold: where the thaw goes its way the copy is good.
            lost = self.actor in ("freezer", "all") or self.event == ("vssd", "KILL")
            return (TORN,) if lost else (YES, TORN)
        if self.event == ("writer", "STOP") and self.phase == "FREEZE":
            return (TORN, NOT_RUN)  # it has answered that it holds; that it hangs shows in THAW
        if self.event == ("vssd", "STOP") and self.phase in NOTHING_FROZEN:
            return (YES, NOT_RUN)  # nothing is lost; it may still be in time
        if self.event == ("guardian", "STOP") and self.phase == "FREEZE":
            return (YES, NOT_RUN)  # it had said that it is awake, and is not missed
        return (NOT_RUN,)

    def check_recovery(self):
        """What is dead is started again, what was stopped goes on, the next snapshot works; the
        writer, who may learn of the end twice, runs its command once."""
        if self.actor not in ("writer", "all"):
            self.check_released()
        for process in self.processes():
            process.signal(signal.SIGCONT)
        self.service.restart_what_is_dead()
        self.service.wait_until_ready(timeout=20)
        self.check_released()
        time.sleep(QUIET_S)
        self.check_released()
        self.scenario.writer.kill()
        after = self.service.start_snapshot()
        self.test.assertEqual(after.wait(30), 0, f"{after.errors}\n{self.told()}")

    def check_released(self):
        killed = self.signal_name == "KILL" and self.actor in ("writer", "all")
        if not killed:
            wait_until(lambda: self.scenario.times_released() > 0, ANSWER_S)
        times = self.scenario.times_released()
        self.test.assertIn(times, (0, 1) if killed else (1,),
                           f"the writer was told {times} times to run again: {self.told()}")

    def told(self):
        return f"slots {self.scenario.slots.states()}\n{self.service.complaints()}"
