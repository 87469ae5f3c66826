"""What a Hyper-V host can do to a transaction, and what it gets: every row at every moment.

The first two rows are those of the crash table with the host as the actor: how long after the event
the last filesystem was thawed (as in crash_table_test.py), and the record's result. "host repeats
FREEZE" says how long the slowest repetition waited for its failure. In the others the host is told
of a torn copy by one THAW that fails, and the next one succeeds. After each cell the writer has
heard of the end once, and the host's next backup is whole.

Several run at once, each in a sandbox of its own.
"""

from harness.host_cells import ROWS
from harness.scenario import PHASES
from harness.table import run_table
from harness.testing import EndToEndTest, main

WIDTHS = [21] + [22] * len(PHASES)


class HostTable(EndToEndTest):
    def fill(self, kind):
        rows = [(row.TITLE, {phase: row(self, kind, phase) for phase in row.PHASES})
                for row in ROWS]
        run_table(self, kind, rows, WIDTHS)

    def test_ext4(self):
        self.fill("ext4")

    def test_xfs(self):
        self.fill("xfs")

    def test_btrfs(self):
        self.fill("btrfs")


if __name__ == "__main__":
    main()
