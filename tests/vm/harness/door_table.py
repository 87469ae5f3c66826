"""Tables of what was seen at the kernel's doors: rows of door_rows.py and the like, a column for
each kernel and who serves there."""

import time
import traceback

from harness.door_guests import STOCK, UIO, VSSD

EXPECTED = {STOCK: 2, VSSD: 3, UIO: 4}  # where a row has what is to happen
SHORT = {", ".join([word] * count): f"{count} times {word}"
         for word in ("success", "failure") for count in (3, 6)}


class Column:
    """What was seen in each row. A row's failure is no reason to lose the others."""

    def __init__(self, series, kind=""):
        self.title = f"{series} {kind}".strip()
        self.kind = kind
        self.cells = {}
        self.wrong = []
        self.seconds = {}

    def run_facts(self, facts, bench):
        """Of (title, function, what is to be seen)."""
        for title, fact, wanted in facts:
            self._fill(title, wanted, lambda fact=fact: fact(bench), lambda: "")
        return self

    def run_rows(self, rows, bench, guest, only=()):
        """Of (title, function, what is to be seen for each kind of guest; "-": not played)."""
        guest.start()
        try:
            for row in rows:
                wanted = row[EXPECTED[self.kind]] if EXPECTED[self.kind] < len(row) else "-"
                if wanted == "-" or (only and row[1].__name__ not in only):
                    continue
                if not self._fill(row[0], wanted, lambda row=row: row[1](bench, guest), guest.says):
                    bench.thaw_if_frozen()
                    guest.wait_until_served()
        finally:
            guest.stop()
        return self

    def _fill(self, title, wanted, look, says):
        began = time.monotonic()
        try:
            self.cells[title] = look()
        except Exception:
            self.cells[title] = "FAILED"
            self.wrong.append(f"{self.title}, {title}: {traceback.format_exc(limit=-4)}{says()}")
        else:
            if self.cells[title] != wanted:
                self.wrong.append(f"{self.title}, {title}: {self.cells[title]}, not {wanted}")
        self.seconds[title] = time.monotonic() - began
        return self.cells[title] != "FAILED"


def print_table(say, columns, name, rows):
    """`rows` begin with their titles."""
    lines = [[name, *(column.title for column in columns)]]
    lines += [[title, *(column.cells.get(title, "-") for column in columns)] for title, *_ in rows]
    lines = [[SHORT.get(cell, cell) for cell in line] for line in lines]
    widths = [max(len(line[index]) for line in lines) for index in range(len(lines[0]))]
    for line in lines:
        say("  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip())
    for column in columns:
        slowest = max(column.seconds, key=column.seconds.get)
        say(f"{column.title}: {sum(column.seconds.values()):.0f} s, the slowest row "
            f"{column.seconds[slowest]:.0f} s ({slowest})")
    say("")
