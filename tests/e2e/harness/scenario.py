"""One transaction that is brought to a chosen moment and kept there, for the crash tests.

The service freezes /mnt/a and /mnt/inner. inner's image lies on /mnt/outer, which is frozen by
hand, by the writer's or the requester's own command, so that a system call on inner waits in the
kernel for as long as the test wants:

    PREPARE   a helper of the freezer is in syncfs of inner, the last thing before slots and arming
    ARMED     all is opened, noted and guarded; the writer is asked to hold, no FIFREEZE was issued
    FREEZE    a is frozen, FIFREEZE of inner is in flight: it waits for a write that waits for outer
    HELD      both are frozen, COMMAND runs
    THAW      FITHAW of inner is in flight

a and inner are frozen side by side: both lie on a volume that is not (base, outer). FITHAW is in
flight for ext4 alone, which writes its superblock; xfs writes nothing and btrfs only reads, so
there inner is an ext4 and a lies on it: a stays frozen until inner's FITHAW has returned.
"""

import time

from harness.asker import LocalAsker
from harness.probe import PAGE, STARTED, PROVED, Page, Probe
from harness.reporting import wait_until
from harness.sandbox import Volume
from harness.service import Service
from harness.slots import Slots

PHASES = ("PREPARE", "ARMED", "FREEZE", "HELD", "THAW")
NOTHING_FROZEN = ("PREPARE", "ARMED")
GUARDIAN_MARGIN_S = 2.0
BUDGETS = {"prepare": 4, "freeze": 2, "hold": 3}
MARKS = "/run/marks"
MOUNT_POINTS = ("/mnt/a", "/mnt/inner")
OTHERS = ("/mnt/outer", "/mnt/base")
SIZE_MIB = {"ext4": 32, "xfs": 320, "btrfs": 128}
PATIENCE_S = 20
STEADY_S = 0.1  # what is in flight must still be so after this long


def a_lies_on_inner(kind, phase):
    return phase == "THAW" and kind != "ext4"


def names_beside(number):
    """Of further filesystems, which are frozen side by side with a."""
    return [f"s{i:02}" for i in range(number)]


def volumes_of(kind, phase, beside=0):
    size = SIZE_MIB[kind]
    if a_lies_on_inner(kind, phase):
        return [Volume("outer", size_mib=3 * size),
                Volume("inner", size_mib=2 * size, parent="outer"),
                Volume("a", kind, size, parent="inner")]
    return [Volume("outer", size_mib=2 * size), Volume("base", size_mib=(2 + beside) * size),
            Volume("a", kind, size, parent="base"), Volume("inner", kind, size, parent="outer"),
            *(Volume(name, kind, size, parent="base") for name in names_beside(beside))]


def states_of(kind, phase):
    """What the slots must say before anything is killed; PREPARE comes before they are filled."""
    a_in_thaw = "frozen" if a_lies_on_inner(kind, phase) else "closed"
    return {"ARMED": ("empty", "empty"), "FREEZE": ("frozen", "intent"),
            "HELD": ("frozen", "frozen"), "THAW": (a_in_thaw, "thawing")}[phase]


class PhaseMissed(RuntimeError):
    """The transaction did not come to where it should be interrupted: nothing was tried."""


class Scenario:
    """`mount_points` (a, inner) may be others in a virtual machine: its own root is a. `beside`: how
    many more there are that share a's fate."""

    def __init__(self, box, kind, phase, asker=None, budgets=None, mount_points=MOUNT_POINTS,
                 freezer=(), beside=0):
        self.box = box
        self.kind = kind
        self.phase = phase
        self.asker = asker or LocalAsker()
        self.mount_points = (*mount_points, *(f"/mnt/{name}" for name in names_beside(beside)))
        box.make_directory(MARKS)
        self.probe = Probe(box, self.mount_points)
        config = self.asker.config(budgets or BUDGETS, OTHERS)
        self.service = Service(box, config, freezer=freezer,
                               vssd=self.asker.VSSD_OPTIONS).start()
        self.slots = Slots(box, self.service.runtime)
        self.writer = self.service.start_writer("exec", "--name", "app", *self._hooks())
        self.service.wait_until_ready(writers=1)
        self.requester = None
        self.outer_frozen = False

    def _hooks(self):
        freeze_outer = {"PREPARE": ("fs_tool freeze /mnt/outer && ", ""),
                        "FREEZE": ("", "fs_tool freeze /mnt/outer && ")}
        before_prepare, before_freeze = freeze_outer.get(self.phase, ("", ""))
        wait = f"; while [ ! -e {MARKS}/go ]; do sleep 0.02; done" if self.phase == "ARMED" else ""
        return ["--prepare", f"{before_prepare}echo >> {MARKS}/prepare",
                "--freeze", f"{before_freeze}echo >> {MARKS}/freeze{wait}",
                "--thaw", f"echo >> {MARKS}/released",
                "--abort", f"echo >> {MARKS}/released"]

    def _command(self):
        """Leaves behind what shows, without the service, that all was held while it ran."""
        wait = "sleep 60; " if self.phase == "HELD" else ""
        last = "; fs_tool freeze /mnt/outer && echo > {0}/over" if self.phase == "THAW" else ""
        return (f"cat {PAGE} > {MARKS}/began; echo > {MARKS}/command; {wait}"
                f"[ -e {MARKS}/released ] || echo > {MARKS}/whole; cat {PAGE} > {MARKS}/ended"
                + last.format(MARKS))

    def run_to_phase(self):
        """Starts the transaction; returns when it is where it should be interrupted."""
        self.requester = self.asker.start(self.service, self.mount_points, self._command())
        if self.phase in ("HELD", "THAW"):
            self.asker.attend_hold()
        self._wait_for({"PREPARE": "prepare", "HELD": "command", "THAW": "over"}.get(self.phase,
                                                                                     "freeze"))
        self.outer_frozen = self.phase in ("PREPARE", "FREEZE", "THAW")
        if self.phase == "PREPARE":
            self._wait_until("the helper is in syncfs", self._helper_waits)
        else:
            expected = self.expected_states()
            self._wait_until(f"the slots say {expected}", lambda: self.slots.states() == expected)

    def expected_states(self):
        of_a, of_inner = states_of(self.kind, self.phase)
        return dict.fromkeys(self.mount_points, of_a) | {self.mount_points[1]: of_inner}

    def _wait_for(self, mark):
        self._wait_until(f"the mark \"{mark}\"", lambda: self.box.exists(f"{MARKS}/{mark}"))

    def _wait_until(self, what, condition):
        """Twice: what is in flight must not merely have been passing by."""
        if wait_until(condition, PATIENCE_S * self.box.SLOW):
            time.sleep(STEADY_S * self.box.SLOW)
            if condition():
                return
        raise PhaseMissed(f"not where {what}: slots {self.slots.states()}, requester "
                          f"{self.requester.status} {self.requester.errors}\n"
                          f"{self.service.complaints()}")

    def _helper_waits(self):
        """A child of the freezer sleeps uninterruptibly; others of its may have ended by now."""
        pid = self.service.freezer.pid
        children = self.box.read_proc(f"{pid}/task/{pid}/children").split()
        return any(self._state_of(child) == "D" for child in children)

    def _state_of(self, pid):
        try:
            return self.box.read_proc(f"{pid}/stat").rsplit(")", 1)[1].split()[0]
        except (OSError, IndexError):  # it has just ended
            return "X"

    def waits_for_outer(self, mount_point):
        """Nobody can thaw it before let_go()."""
        return self.outer_frozen and (mount_point == self.mount_points[1] or
                                      a_lies_on_inner(self.kind, self.phase))

    def let_go(self):
        """What was kept waiting goes on: the call in flight, the writer's command. Says when."""
        if self.phase == "ARMED":
            self.leave_mark("go")
        if self.outer_frozen:
            self.outer_frozen = False
            self.box.run("fs_tool", "thaw", "/mnt/outer")
        return self.box.now()

    def leave_mark(self, name):
        """For who waits for it: a host's `until=`."""
        self.box.write(f"{MARKS}/{name}", "")

    def times_asked(self, operation):
        """How often the writer was asked for "prepare" or "freeze"."""
        return self._lines(operation)

    def freeze_issued(self):
        """Of which filesystems."""
        return [mount_point for mount_point, slot in self.slots.by_mount_point().items()
                if slot.freeze_began]

    def thawers(self):
        """Who closed the slots of what was frozen."""
        return sorted({slot.thawer for slot in self.slots.by_mount_point().values()
                       if slot.freeze_ended and slot.state == "closed"})

    def times_released(self):
        """How often the writer was told to run again."""
        return self._lines("released")

    def _lines(self, mark):
        path = f"{MARKS}/{mark}"
        return self.box.read(path).count("\n") if self.box.exists(path) else 0

    def why_no_yes(self):
        """What contradicts a requester's yes, by COMMAND's own evidence; "" where it is true."""
        if not all(self.box.exists(f"{MARKS}/{mark}") for mark in ("began", "ended")):
            return "COMMAND did not run to its end"
        if not self.box.exists(f"{MARKS}/whole"):
            return "the writer was released before COMMAND had ended"
        began, ended = (self._page(mark) for mark in ("began", "ended"))
        for mount_point in self.mount_points:
            last_begun = began.read(mount_point, STARTED)
            if ended.read(mount_point, PROVED) > last_begun:
                return f"{mount_point} took a write while COMMAND ran"
        return ""

    def _page(self, mark):
        data = self.box.read_bytes(f"{MARKS}/{mark}")
        return Page(self.mount_points, lambda: data)
