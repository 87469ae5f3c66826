"""What a Hyper-V host can do to a transaction, and what it gets: every row at every moment.

The first two rows are those of the crash table with the host as the actor: how long after the event
the last filesystem was thawed (as in crash_table_test.py), and the record's result. "host repeats
FREEZE" says how long the slowest repetition waited for its failure. In the others the host is told
of a torn copy by one THAW that fails, and the next one succeeds. After each cell the writer has
heard of the end once, and the host's next backup is whole.

Several run at once, each in a sandbox of its own.
"""

import os
from concurrent.futures import ThreadPoolExecutor

from harness.host_cells import ROWS
from harness.scenario import PHASES
from harness.testing import EndToEndTest, main

AT_ONCE = int(os.environ.get("CRASH_CELLS_AT_ONCE", "6"))  # the bounds are against the clock
WIDTHS = [21] + [22] * len(PHASES)


class HostTable(EndToEndTest):
    def fill(self, kind):
        cells = {(row, phase): row(self, kind, phase) for row in ROWS for phase in row.PHASES}
        with ThreadPoolExecutor(AT_ONCE) as pool:
            done = {key: pool.submit(cell.run) for key, cell in cells.items()}
        self.print_table(kind, cells)
        for (row, phase), future in done.items():
            with self.subTest(kind=kind, row=row.TITLE, phase=phase):
                future.result()

    def print_table(self, kind, cells):
        lines = [[kind, *PHASES]]
        for row in ROWS:
            results = [cells[row, phase].result if phase in row.PHASES else "-"
                       for phase in PHASES]
            lines.append([row.TITLE, *results])
        for line in lines:
            self.say("".join(text.ljust(width) for text, width in zip(line, WIDTHS)).rstrip())

    def test_ext4(self):
        self.fill("ext4")

    def test_xfs(self):
        self.fill("xfs")

    def test_btrfs(self):
        self.fill("btrfs")


if __name__ == "__main__":
    main()
