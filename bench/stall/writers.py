"""The writers of one cell (load.cpp), and what their records say."""

import bisect
import os
import time

import machine
from harness.reporting import wait_until
from scenarios import MIB
from stall import worst_gap, worst_stall

PAGE = "/tmp/writers"
WORD = 8
HEADER = LINE = 64        # bytes
RECORDS_TOGETHER = 1 << 22
SOON_OVERWRITTEN = 64     # the oldest records, while they are read
NANOSECONDS = 1e6         # of a millisecond
WRITERS_PER_FILESYSTEM = 2
WRITERS, RECORDS, RUNNING, BURST_ASKED, BURST_BYTES, BURSTS_DONE = range(6)
PATIENCE_S = 60
AFTER_S = 0.3             # how long they go on after the thaw, before the next is prepared


class WritersFailed(Exception):
    pass


class NoWriters:
    """Of a load that is idle."""

    def __init__(self, load):
        self._load = load

    def prepare(self):
        time.sleep(self._load.before_s)

    def seen(self, _round):
        return None, None

    def stop(self):
        pass


class Writers:
    """Started here; stop() before the sandbox is left."""

    def __init__(self, box, mount_points, load, file_mib):
        self._load = load
        self._filesystems = len(mount_points)
        self._count = WRITERS_PER_FILESYSTEM * self._filesystems
        records = max(4096, RECORDS_TOGETHER // self._count)
        self._program = box.start(
            "stall_load", "--page", PAGE, "--records", records, "--rate", load.rate, "--block",
            load.block, "--file", file_mib * MIB, "--sync", load.sync, *mount_points)
        size = HEADER + self._count * (LINE + WORD * records)
        page = box.path(PAGE)
        self._wait("have their page", lambda: box.exists(PAGE) and os.path.getsize(page) == size)
        self._words = memoryview(box.mapped(PAGE, size)()).cast("Q")
        self._wait("have filled their files", lambda: self._words[RUNNING])
        self._records = records

    def _wait(self, what, condition):
        def over():
            return condition() or self._program.status is not None
        wait_until(over, PATIENCE_S)
        if self._program.status is not None or not condition():
            raise WritersFailed(f"before the writers {what}: status {self._program.status}, "
                                f"{self._program.errors}")

    # -- what they do -------------------------------------------------------------------------

    def prepare(self):
        """Before a freeze: everything is in its stride, and dirty as it should be."""
        self._prepared = time.monotonic_ns()
        time.sleep(self._load.before_s)
        if self._load.burst_mib > 0:
            self._write_burst()
        self._dirty_mib = machine.dirty_mib()

    def _write_burst(self):
        done = self._words[BURSTS_DONE] + self._count
        self._words[BURST_BYTES] = self._load.burst_mib * MIB // WRITERS_PER_FILESYSTEM
        self._words[BURST_ASKED] += 1
        self._wait("have written what is to be dirty", lambda: self._words[BURSTS_DONE] == done)

    def stop(self):
        self._program.kill()
        self._program.wait(PATIENCE_S)
        self._words.release()

    # -- what they have seen ------------------------------------------------------------------

    def seen(self, round_):
        """The stall, of the filesystem that stood still longest; and what was before the request:
        the same, when nothing but the load itself is in the way, and what there was to flush."""
        self._wait("go on after the thaw",
                   lambda: all(self._latest(filesystem) > round_.thawed
                               for filesystem in range(self._filesystems)))
        time.sleep(AFTER_S)
        times = [sorted(when for writer in self._of(filesystem) for when in self._since(writer))
                 for filesystem in range(self._filesystems)]
        settled = (self._prepared + round_.asked) // 2
        return worst_stall(times, round_.asked, round_.thawed) / NANOSECONDS, {
            "gap_ms": round(worst_gap(times, settled, round_.asked) / NANOSECONDS, 3),
            "dirty_mib": self._dirty_mib, "mb_per_s": round(self._rate(times, round_.asked), 1)}

    def _rate(self, times, end):
        """Megabytes a second from prepare() to `end`."""
        writes = sum(bisect.bisect(each, end) - bisect.bisect(each, self._prepared)
                     for each in times)
        return 1000 * writes * self._load.block / (end - self._prepared)

    def _of(self, filesystem):
        first = filesystem * WRITERS_PER_FILESYSTEM
        return range(first, first + WRITERS_PER_FILESYSTEM)

    def _completed(self, writer):
        return self._words[(HEADER + writer * LINE) // WORD]

    def _begin(self, writer):
        return (HEADER + self._count * LINE) // WORD + writer * self._records

    def _time(self, writer, number):
        """When the writer's write of this number was completed, of those still there."""
        return self._words[self._begin(writer) + number % self._records]

    def _latest(self, filesystem):
        return max(self._time(writer, self._completed(writer) - 1) if self._completed(writer) else 0
                   for writer in self._of(filesystem))

    def _since(self, writer):
        """Times of its writes since prepare(), and of the one before."""
        completed = self._completed(writer)
        oldest = max(0, completed - self._records + SOON_OVERWRITTEN)
        first = bisect.bisect_left(range(oldest, completed), self._prepared,
                                   key=lambda number: self._time(writer, number)) + oldest
        if first == oldest > 0:
            raise WritersFailed("more writes since prepare() than there is room for")
        begin = self._begin(writer)
        return [self._words[begin + number % self._records]
                for number in range(max(first - 1, 0), completed)]
