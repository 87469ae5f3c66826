"""What `make bench` measures: filesystems, their number, and what is written to them meanwhile."""

import dataclasses

MIB = 1 << 20
KINDS = ("ext4", "xfs", "btrfs")
WHOLE_REPETITIONS, QUICK_REPETITIONS = 10, 3


@dataclasses.dataclass(frozen=True)
class Load:
    name: str
    rate: int = 0             # bytes a second over all filesystems; 0: as fast as they can
    block: int = 0            # bytes of a write; 0: nobody writes
    sync: int = 0             # each writer flushes after so many bytes; 0: never
    burst_mib: int = 0        # dirtied in each filesystem right before each freeze
    before_s: float = 0.3     # between the last measurement and the next


# Small blocks where the rate is given: their distance is the shortest stall that can be seen.
LOADS = {load.name: load for load in (
    Load("idle"),
    Load("60MBps", rate=60_000_000, block=8 << 10, sync=8 * MIB, before_s=0.8),
    Load("unthrottled", block=64 << 10, sync=8 * MIB, before_s=0.8),
    Load("dirty600", rate=60_000_000, block=8 << 10, burst_mib=75, before_s=0.8),
)}


@dataclasses.dataclass(frozen=True)
class Cell:
    """All methods in turn, on the same filesystems, in one sandbox."""
    scenario: str
    kind: str
    count: int
    load: str
    size_mib: int
    file_mib: int

    @property
    def title(self):
        return f"{self.scenario}: {self.count} {self.kind}, {self.load}"


# Sparse; mkfs.xfs refuses less than 300 MiB, and btrfs copies what it rewrites.
SIZE_MIB = {"ext4": 320, "xfs": 320, "btrfs": 512}
FILE_MIB = {"dirty600": 40}
GROWTH = (1, 8, 24, 64, 128)
SCENARIOS = {
    "many": "24 filesystems",
    "dirty": "8 filesystems with 600 MB to flush",
    "one": "one filesystem",
    "growth": "more and more filesystems, of 64 MiB each",
}


def ordinary(scenario, kind, count, load):
    return Cell(scenario, kind, count, load, SIZE_MIB[kind], FILE_MIB.get(load, 24))


def growing(count, load):
    return Cell("growth", "ext4", count, load, 64, 8)


def whole():
    cells = [ordinary("one", kind, 1, load) for kind in KINDS for load in ("idle", "60MBps")]
    cells += [growing(count, load) for load in ("idle", "60MBps") for count in GROWTH]
    cells += [ordinary("many", kind, 24, load) for load in ("idle", "60MBps") for kind in KINDS]
    cells += [ordinary("dirty", kind, 8, "dirty600") for kind in KINDS]
    cells += [ordinary("many", kind, 24, "unthrottled") for kind in KINDS]
    return cells


def quick():
    """Each part of the harness once; the numbers of filesystems are too small for the goals."""
    return [ordinary("many", "ext4", 4, "idle"), growing(2, "60MBps"),
            ordinary("dirty", "btrfs", 2, "dirty600")]


# Of the peers that take one filesystem after the other, roughly.
SECONDS_PER_FILESYSTEM = {"idle": 0.04, "60MBps": 0.045, "unthrottled": 0.3, "dirty600": 0.09}
SEQUENTIAL_METHODS = 3


def estimated_seconds(cell, repetitions, methods):
    """For a line printed first; an order of magnitude."""
    load = LOADS[cell.load]
    set_up = 4 + cell.count * (0.15 if load.block == 0 else 0.4)
    pauses = methods * (load.before_s + (0.5 if load.block else 0.1) + 0.01 * load.burst_mib)
    freezes = min(methods, SEQUENTIAL_METHODS) * cell.count * SECONDS_PER_FILESYSTEM[cell.load]
    return set_up + repetitions * (pauses + freezes)


def balanced_order(items, repetition):
    """A row of a Williams square: after as many rows as there are items, or twice as many where
    their number is odd, each has come equally often at each place and right after each other one."""
    count = len(items)
    zigzag = [(place + 1) // 2 if place % 2 else -(place // 2) for place in range(count)]
    row = [items[(step + repetition) % count] for step in zigzag]
    backwards = count % 2 == 1 and repetition // count % 2 == 1
    return row[::-1] if backwards else row
