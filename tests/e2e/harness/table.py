"""A table of cells, each in a sandbox of its own: one row for who does what, a column a phase."""

import os
from concurrent.futures import ThreadPoolExecutor

from harness.scenario import PHASES

# Most of a cell is waiting for a deadline. Not too many at once: the bounds are against the clock.
AT_ONCE = int(os.environ.get("CRASH_CELLS_AT_ONCE", "6"))


def run_table(test, kind, rows, widths, at_once=AT_ONCE):
    """`rows`: (title, {phase: cell}). Runs all cells, prints the table, then fails for each cell
    that did not hold."""
    with ThreadPoolExecutor(at_once) as pool:
        done = {(title, phase): pool.submit(cell.run)
                for title, cells in rows for phase, cell in cells.items()}
    lines = [[kind, *PHASES]]
    for title, cells in rows:
        lines.append([title] + [cells[phase].result if phase in cells else "-" for phase in PHASES])
    for line in lines:
        test.say("".join(text.ljust(width) for text, width in zip(line, widths)).rstrip())
    for (title, phase), future in done.items():
        with test.subTest(kind=kind, row=title, phase=phase):
            future.result()
