"""One cell of the crash table: a part of the service is killed or stopped at a chosen moment.

What must come of it is said here and in cell.py: the bound of the thaw, what the requester may be
told, how often the writer is told to run again.
"""

import signal
import time

from harness.cell import ANSWER_S, Cell
from harness.process import kill_at_once
from harness.scenario import GUARDIAN_MARGIN_S, NOTHING_FROZEN

SIGNALS = {"KILL": signal.SIGKILL, "STOP": signal.SIGSTOP}
YES, TORN, NOT_RUN = 0, 124, 125


class CrashCell(Cell):
    def __init__(self, test, kind, actor, signal_name, phase):
        super().__init__(test, kind, phase)
        self.actor = actor
        self.signal_name = signal_name

    @property
    def event(self):
        return self.actor, self.signal_name

    def outcome(self):
        return self.scenario.requester.status

    def processes(self):
        parts = {"vssd": self.service.vssd, "freezer": self.service.freezer,
                 "guardian": self.service.guardian, "writer": self.scenario.writer}
        return list(parts.values()) if self.actor == "all" else [parts[self.actor]]

    def strike(self):
        self.note_closed()
        if self.event == ("all", "KILL"):
            kill_at_once(self.processes())
        else:
            for process in self.processes():
                process.signal(SIGNALS[self.signal_name])
        self.hook = self.service.start_stop_hook() if self.actor == "all" else None
        return self.hook

    def note_closed(self):
        """What the freezer had thawed before it happened."""
        states = {} if self.phase == "PREPARE" else self.scenario.slots.states()
        self.closed_before = {each for each, state in states.items() if state == "closed"}

    def check_thawers(self):
        """The guardian died with the freezer, so that only the stop hook was left. It says so, too."""
        if self.actor == "all" and self.phase not in NOTHING_FROZEN:
            self.check_recovery_by(self.hook.output + self.hook.errors)

    def check_recovery_by(self, words):
        """`words`: of the one process that can have done it."""
        for mount_point, slot in self.scenario.slots.by_mount_point().items():
            by = "freezer" if mount_point in self.closed_before else "recovery"
            self.test.assertEqual(slot.thawer, by, f"{mount_point}: {self.told()}")
            if by == "recovery":
                self.test.assertIn(f"{mount_point} (", words)

    def free_before(self, event, begin):
        """What is killed lets nothing wait for the call in flight. Who is stopped has it return
        before the deadline, in a process that can no longer note it."""
        return begin + self.within if self.signal_name == "KILL" else event + self.in_flight

    def bound_of(self, event):
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

    def check_requester(self):
        """An answer that may come of this, and never a yes that is not true."""
        if self.event == ("vssd", "STOP") and self.phase != "HELD":
            self.service.vssd.signal(signal.SIGCONT)  # it alone has the answer
        requester = self.scenario.requester
        status = requester.wait(ANSWER_S * self.scenario.box.SLOW)
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
        writer_killed = self.signal_name == "KILL" and self.actor in ("writer", "all")
        times = (0, 1) if writer_killed else (1,)
        if self.actor not in ("writer", "all"):
            self.check_released(times)
        for process in self.processes():
            process.signal(signal.SIGCONT)
        self.service.restart_what_is_dead()
        self.service.wait_until_ready(timeout=20)
        self.check_released(times)
        time.sleep(self.quiet)
        self.check_released(times)
        self.service.lose_writer(self.scenario.writer)
        after = self.service.start_snapshot()
        self.test.assertEqual(after.wait(30 * self.scenario.box.SLOW), 0, f"{after.errors}\n{self.told()}")
