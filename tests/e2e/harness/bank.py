"""The demo's application (bank.cpp): starting it, reading its measurement."""

import mmap
import os
import struct

from harness.reporting import wait_until

PAGE = "/run/bank.page"
DATABASES = ("/mnt/a/bank.db", "/mnt/b/bank.db")


class Bank:
    FIELDS = ("transfers", "longest_gap", "gap_began", "epoch", "between", "tally")

    def __init__(self, box, pause_ms=0):
        arguments = ["--pause", pause_ms] if pause_ms else []
        self.process = box.start("bank", PAGE, "/mnt/a", "/mnt/b", *arguments)
        wait_until(lambda: box.exists(PAGE) and os.path.getsize(box.path(PAGE)), 5)
        with open(box.path(PAGE), "r+b") as file:
            self._page = mmap.mmap(file.fileno(), 0)
        if not wait_until(lambda: self.read("tally") > 0 and
                          (self.read("transfers") > 0 or self.read("between")), 10):
            raise RuntimeError(f"the bank does not start: {self.process.errors}")

    def read(self, field):
        return struct.unpack_from("=q", self._page, 8 * self.FIELDS.index(field))[0]

    def start_measuring(self):
        """From here on `longest_gap` is that of the time to come."""
        struct.pack_into("=q", self._page, 8 * self.FIELDS.index("epoch"), self.read("epoch") + 1)

    def wait_for_transfers(self, count, timeout):
        target = self.read("transfers") + count
        return wait_until(lambda: self.read("transfers") >= target, timeout)
