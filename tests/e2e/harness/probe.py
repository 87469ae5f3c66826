"""Is it thawed? Small synchronous writes from inside, watched from outside through a page on tmpfs.

Each filesystem has a writer process of its own, which sleeps uninterruptibly as long as the
filesystem is frozen. Only a write that succeeded proves anything, and only for the time since it
was started: one that was already inside when a freeze began may return while the freeze goes on.
"""

import mmap
import os
import struct
import time

from harness.testing import wait_until

PAGE = "/run/probe.page"
STARTED, PROVED, COMPLETED, ERROR = range(4)


def now():
    """CLOCK_BOOTTIME in seconds, the clock of all deadlines."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class Probe:
    def __init__(self, box, mount_points):
        self.mount_points = list(mount_points)
        box.start("fs_tool", "probe", PAGE, *self.mount_points)
        size = 32 * len(self.mount_points)
        wait_until(lambda: box.exists(PAGE) and os.path.getsize(box.path(PAGE)) == size, 5)
        with open(box.path(PAGE), "r+b") as file:
            self._page = mmap.mmap(file.fileno(), 0)
        began = now()
        if any(self.wait_thawed(mount_point, began, 5) is None for mount_point in mount_points):
            raise RuntimeError("the probe cannot write")

    def _read(self, mount_point, field):
        index = self.mount_points.index(mount_point)
        return struct.unpack_from("=q", self._page, 32 * index + 8 * field)[0] / 1e9

    def is_thawed(self, mount_point, since):
        """A write that was started after `since` has succeeded."""
        return self._read(mount_point, PROVED) >= since

    def is_stuck(self, mount_point, seconds=0.15):
        """The write under way has been waiting for this long."""
        return (self._read(mount_point, STARTED) > self._read(mount_point, COMPLETED) and
                now() - self._read(mount_point, STARTED) > seconds)

    def wait_thawed(self, mount_point, since, timeout):
        """When the first write succeeded that counts, or None. A write that was under way at
        `since` counts too if the filesystem was frozen then: see wait_released()."""
        if wait_until(lambda: self.is_thawed(mount_point, since), timeout):
            return self._read(mount_point, COMPLETED)
        return None

    def wait_stuck(self, mount_point, timeout):
        return wait_until(lambda: self.is_stuck(mount_point), timeout)
