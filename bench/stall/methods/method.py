"""What a method is."""

import dataclasses
import time

MILLISECOND = 1_000_000  # nanoseconds


class MethodFailed(Exception):
    pass


@dataclasses.dataclass
class Round:
    """`asked` and `thawed` are CLOCK_MONOTONIC in nanoseconds and enclose all of it."""
    asked: int
    thawed: int
    freeze_ms: float  # from the request to its answer
    thaw_ms: float


class Method:
    NAME = ""
    PROGRAM = None  # not ours: to be fetched, and copied into the sandbox

    def __init__(self, box, mount_points, rounds):
        """`rounds`: how often round() will be called."""
        self.box = box
        self.mount_points = mount_points
        self.rounds = rounds
        if self.PROGRAM:
            box.add_program(self.PROGRAM)

    def start(self):
        raise NotImplementedError

    def freeze(self):
        """Returns when it is answered; raises unless all are frozen."""
        raise NotImplementedError

    def thaw(self):
        raise NotImplementedError

    def round(self, between=None):
        asked = time.monotonic_ns()
        self.freeze()
        frozen = time.monotonic_ns()
        if between:
            between()
        thawing = time.monotonic_ns()
        self.thaw()
        thawed = time.monotonic_ns()
        return Round(asked, thawed, (frozen - asked) / MILLISECOND, (thawed - thawing) / MILLISECOND)

    def expect(self, what, number):
        """All that answer with a number answer with that of the filesystems."""
        if number != len(self.mount_points):
            raise MethodFailed(f"{self.NAME}: {what} of {len(self.mount_points)} filesystems: "
                               f"{number}")
