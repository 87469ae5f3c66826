"""The cells of a host's table: what a Hyper-V host does to a transaction, or what is done while it
waits. Each class is a row; PHASES says in which moments it makes sense.
"""

import signal
import time

from harness.asker import E_FAIL, OK, BackupAsker, ScriptAsker
from harness.cell import ANSWER_S, IN_FLIGHT_S, QUIET_S, WITHIN_S, Cell
from harness.probe import now
from harness.process import kill_at_once
from harness.reporting import wait_until
from harness.scenario import MARKS, NOTHING_FROZEN, PHASES, Scenario

NAME = "hyperv:shm"  # as the record calls the host
AT_ONCE_S = 0.5
LOOK_S = 0.2  # for what must not have happened yet
PATIENT = {"prepare": 20, "freeze": 10, "hold": 30}  # for what is not about deadlines
DOWN = ("PREPARE", "ARMED", "FREEZE")
BACKUP = ("negotiate", "hot_backup", "freeze", "thaw")


def until(mark):
    return f"until={MARKS}/{mark}"


class HostCell(Cell):
    """A host that follows a script; it goes on when "go_on" is left for it."""
    TITLE = ""
    PHASES = PHASES
    BUDGETS = None

    def steps(self):
        """Those from FREEZE on."""
        raise NotImplementedError

    def make_asker(self):
        return ScriptAsker("negotiate", "hot_backup", *self.steps())

    def make_scenario(self, box):
        self.asker = self.make_asker()
        return Scenario(box, self.kind, self.phase, self.asker, self.BUDGETS)

    def go_on(self):
        self.scenario.leave_mark("host_goes_on")

    def check_answers(self, *expected):
        """That the host got just these to FREEZE and THAW, in this order."""
        got = [(answer.request, answer.status)
               for answer in self.asker.answers_to("FREEZE", "THAW")]
        self.test.assertEqual(got, list(expected), self.told())

    # -- what holds for every row -------------------------------------------------------------

    def bound_of(self, event):
        return ("none", event) if self.phase in NOTHING_FROZEN else ("event", event)

    def record(self):
        """Of the host's latest FREEZE; one of a CHECK comes before it."""
        found = {}

        def recorded():
            found.update(self.service.record())
            return not found["check_only"]
        self.test.assertTrue(wait_until(recorded, ANSWER_S), f"no record: {self.told()}")
        self.test.assertEqual((found["requester_kind"], found["requester"]), ("hyperv", NAME))
        return found

    def check_record(self, result, words):
        record = self.record()
        self.test.assertEqual(record["result"], result, record["sentence"])
        for word in words:
            self.test.assertIn(word, record["sentence"])
        self.remarked = result
        return record

    def outcome(self):
        return self.remarked

    def check_recovery(self):
        """The writer hears of the end once, and a host's next backup is whole."""
        self.check_released()
        time.sleep(QUIET_S)
        self.check_released()
        self.service.wait_until_ready(timeout=20)
        self.service.lose_writer(self.scenario.writer)  # its commands would freeze outer again
        self.take_backup()

    def take_backup(self):
        after = self.service.start_host("backup")
        self.test.assertEqual(after.wait(40), 0, f"{after.output}{after.errors}\n{self.told()}")

    def told(self):
        return (f"host: {self.scenario.requester.output}{self.scenario.requester.errors}\n"
                f"{super().told()}")


class Vanishing(HostCell):
    """Wherever it was, the transaction goes with its host; only a thaw under way ends well."""

    def check_requester(self):
        if self.phase == "THAW":
            self.check_record("consistent", ())
        elif self.phase == "HELD":
            self.check_record("torn", (f"'{NAME}'", "closed the channel"))
        else:
            self.check_record("aborted", (f"'{NAME}'", "closed the channel"))


class Killed(Vanishing):
    TITLE = "host SIGKILL"

    def make_asker(self):
        return BackupAsker()

    def strike(self):
        self.scenario.requester.kill()


class Closing(Vanishing):
    """It closes its channel, and is back at once; a copy it was promised is torn, said once."""
    TITLE = "host closes"

    def steps(self):
        before = {"HELD": ("freeze",), "THAW": ("freeze", until("over"), "thaw&")}
        return (*before.get(self.phase, ("freeze&",)), until("host_goes_on"), "close",
                until("host_is_back"), *(("negotiate", "thaw") if self.phase == "HELD" else ()),
                *BACKUP)

    def strike(self):
        self.go_on()

    def take_backup(self):
        self.scenario.leave_mark("host_is_back")
        self.test.assertEqual(self.scenario.requester.wait(40), 0, self.told())
        before = {"HELD": [("FREEZE", OK), ("THAW", E_FAIL)], "THAW": [("FREEZE", OK)]}
        self.check_answers(*before.get(self.phase, []), ("FREEZE", OK), ("THAW", OK))


class FreezingAgain(HostCell):
    """Answered with failure at once, and nothing runs twice; the first one knows nothing of it."""
    TITLE = "host repeats FREEZE"
    PHASES = (*DOWN, "HELD")
    BUDGETS = PATIENT
    TIMES = 3

    def steps(self):
        return ("freeze" if self.phase == "HELD" else "freeze&", until("host_goes_on"),
                *["freeze"] * self.TIMES, until("host_thaws"), "thaw")

    def play(self):
        generation = self.scenario.slots.generation()
        states = self.scenario.slots.states()
        before = len(self.asker.answers_to("FREEZE"))
        self.go_on()
        self.asker.wait_answer("FREEZE", count=before + self.TIMES)
        repeated = self.asker.answers_to("FREEZE")[before:]
        self.test.assertEqual([answer.status for answer in repeated], [E_FAIL] * self.TIMES)
        slowest = max(answer.latency_s for answer in repeated)
        self.test.assertLess(slowest, AT_ONCE_S, self.told())
        self.test.assertEqual(self.scenario.slots.states(), states, self.told())
        self.scenario.let_go()
        self.asker.wait_answer("FREEZE", count=1 + self.TIMES)
        for mount_point in self.scenario.probe.mount_points:
            self.test.assertTrue(self.scenario.probe.wait_frozen(mount_point, 2), self.told())
        if self.phase != "PREPARE":  # where the slots are still those of nobody
            self.test.assertEqual(self.scenario.slots.generation(), generation)
        self.scenario.leave_mark("host_thaws")
        self.check_end()
        self.result = f"{1000 * slowest:.1f} ms, {self.outcome()}"

    def check_end(self):
        self.test.assertEqual(self.scenario.requester.wait(ANSWER_S), 0, self.told())
        first, again = [("FREEZE", OK)], [("FREEZE", E_FAIL)] * self.TIMES
        in_order = first + again if self.phase == "HELD" else again + first
        self.check_answers(*in_order, ("THAW", OK))
        record = self.check_record("consistent", ())
        told = [part["success"] for part in record["host"] if part["request"] == "FREEZE"]
        self.test.assertEqual(sorted(told), [False] * self.TIMES + [True])
        begun = [each for each in self.service.json("history")["transactions"]
                 if not each["check_only"]]
        self.test.assertEqual(len(begun), 1)
        for operation in ("prepare", "freeze"):
            self.test.assertEqual(self.scenario.times_asked(operation), 1, operation)
        self.test.assertTrue(wait_until(self.all_closed, WITHIN_S), self.told())
        self.check_recovery()


class ThawingEarly(HostCell):
    """The FREEZE is answered at once, with failure; THAW when everything runs."""
    TITLE = "host thaws early"
    PHASES = DOWN

    def steps(self):
        return "freeze&", until("host_goes_on"), "thaw"

    def strike(self):
        asked = now()
        self.go_on()
        self.asker.wait_answer("FREEZE")
        self.test.assertLess(now() - asked, AT_ONCE_S, self.told())

    def measure(self):
        took = super().measure()
        answer = self.asker.wait_answer("THAW")
        if self.bound != "none":  # what is in flight is waited for
            self.test.assertGreater(answer.latency_s, IN_FLIGHT_S - LOOK_S, self.told())
        return took

    def check_requester(self):
        self.test.assertEqual(self.scenario.requester.wait(ANSWER_S), 0, self.told())
        self.check_answers(("FREEZE", E_FAIL), ("THAW", OK))
        self.check_record("aborted", (f"'{NAME}' sent THAW",))


class LateThaw(HostCell):
    """A copy that was promised and is torn: the next THAW fails, once."""
    PHASES = ("HELD",)
    WORDS = ()

    def steps(self):
        return "freeze", until("host_goes_on"), "negotiate", "thaw", "thaw"

    def check_requester(self):
        self.go_on()
        self.test.assertEqual(self.scenario.requester.wait(ANSWER_S), 0, self.told())
        self.check_answers(("FREEZE", OK), ("THAW", E_FAIL), ("THAW", OK))
        self.check_torn()

    def check_torn(self):
        record = self.check_record("torn", self.WORDS)
        self.test.assertTrue(record["automatic_thaw"])


class NoThaw(LateThaw):
    TITLE = "THAW never comes"
    WORDS = ("deadline of 3.0 s", "hyperv requesters")

    def bound_of(self, event):
        return "deadline", self.scenario.slots.hold_deadline()

    def strike(self):
        """Nothing; but what ends before its deadline has not been held."""
        left = self.scenario.slots.hold_deadline() - now()
        time.sleep(max(0.0, left - LOOK_S))
        for mount_point in self.scenario.probe.mount_points:
            self.test.assertTrue(self.scenario.probe.is_frozen(mount_point), self.told())


class Stopped(NoThaw):
    TITLE = "host SIGSTOP"

    def strike(self):
        self.scenario.requester.signal(signal.SIGSTOP)
        super().strike()

    def check_requester(self):
        self.scenario.requester.signal(signal.SIGCONT)
        super().check_requester()


class VssdKilled(LateThaw):
    TITLE = "vssd SIGKILL"

    def strike(self):
        self.service.vssd.kill()

    def check_requester(self):
        self.service.restart_what_is_dead()
        self.service.wait_until_ready(timeout=20)
        super().check_requester()

    def check_torn(self):
        self.check_record("torn", ())


class AllKilled(VssdKilled):
    TITLE = "all SIGKILL, hook"

    def strike(self):
        kill_at_once(self.service.processes())
        return self.service.start_stop_hook()


ROWS = (Killed, Closing, FreezingAgain, ThawingEarly, NoThaw, Stopped, VssdKilled, AllKilled)
