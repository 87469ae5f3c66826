"""What is left frozen when a part of the service dies or stops: every part, at every moment.

The table says, for each cell, how long after its bound the last filesystem was thawed, and what
vssctl's exit status was. Bounds: "kill" and "hook" count from the kill and the stop hook,
"deadline" and "guardian" from the hold deadline and the guardian's, 2 s later. Where a call is in
flight it is let go 0.3 s after the event or later, and the time counts from there if that is later
than the bound's beginning. "not frozen": nothing was yet, and nothing came to be.

Most of a cell is waiting for a deadline, so several run at once, each in a sandbox of its own.
"""

from harness.crash_cell import SIGNALS, CrashCell
from harness.scenario import PHASES
from harness.table import run_table
from harness.testing import EndToEndTest, main

ACTORS = ("vssd", "freezer", "guardian", "writer", "all")
WIDTHS = [18] + [17] * 2 + [24] * (len(PHASES) - 2)


CROWD = 24


class CrowdCell(CrashCell):
    """With so many filesystems that threads, descriptors and slots come to more than a handful."""
    beside = CROWD - 2


class CrashTable(EndToEndTest):
    def fill(self, kind):
        rows = [(f"{actor} SIG{signal_name}",
                 {phase: CrashCell(self, kind, actor, signal_name, phase) for phase in PHASES})
                for actor in ACTORS for signal_name in SIGNALS]
        run_table(self, kind, rows, WIDTHS)

    def test_ext4(self):
        self.fill("ext4")

    def test_xfs(self):
        self.fill("xfs")

    def test_btrfs(self):
        self.fill("btrfs")

    def test_24_filesystems(self):
        """One cell for each part and moment: how a part goes down is the other tables' matter."""
        rows = [(f"{actor} SIGKILL",
                 {phase: CrowdCell(self, "ext4", actor, "KILL", phase) for phase in PHASES})
                for actor in ACTORS]
        run_table(self, f"ext4 x {CROWD}", rows, WIDTHS, at_once=2)  # each is a crowd of its own


if __name__ == "__main__":
    main()
