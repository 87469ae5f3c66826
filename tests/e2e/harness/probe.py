"""Is it thawed? Small synchronous writes from inside, watched from outside through a page on tmpfs.

Each filesystem has a writer process of its own, which sleeps uninterruptibly as long as the
filesystem is frozen. Only a write that succeeded proves that it is not, and only for the time since
it was started: one that was already inside when a freeze began may return while the freeze goes on.
That it is frozen is the kernel's own word, never the time a write takes: a disk may be slow.
"""

import os
import struct

from harness.reporting import wait_until
from harness.sandbox import Sandbox

PAGE = "/run/probe.page"
STARTED, PROVED, COMPLETED, ERROR = range(4)
LINE_BYTES = 32
WAITS_FOR_A_THAW = "percpu_rwsem_wait"  # where the kernel keeps who writes to what is frozen


now = Sandbox.now


class Page:
    """The page as bytes: the probe's own, or a copy that somebody took of it. `data` is a function
    that gives them."""

    def __init__(self, mount_points, data):
        self._mount_points = list(mount_points)
        self._data = data

    def read(self, mount_point, field):
        """In seconds."""
        index = self._mount_points.index(mount_point)
        return struct.unpack_from("=q", self._data(), LINE_BYTES * index + 8 * field)[0] / 1e9


class Probe:
    def __init__(self, box, mount_points):
        self.mount_points = list(mount_points)
        self._box = box
        self._process = box.start("fs_tool", "probe", PAGE, *self.mount_points)
        size = LINE_BYTES * len(self.mount_points)
        wait_until(lambda: box.exists(PAGE) and len(box.read_bytes(PAGE)) == size, 5 * box.SLOW)
        self._page = Page(self.mount_points, box.mapped(PAGE, size))
        began = box.now()
        if any(self.wait_thawed(mount_point, began, 10 * box.SLOW) is None for mount_point in mount_points):
            raise RuntimeError("the probe cannot write")
        self._writers = dict(zip(self.mount_points, self._children()))

    def _children(self):
        """Numbers outside, in the order in which they were started: that of the mount points."""
        pid = self._process.pid
        return self._box.read_proc(f"{pid}/task/{pid}/children").split()

    def _waits_in(self, mount_point):
        return self._box.read_proc(f"{self._writers[mount_point]}/wchan")

    def is_thawed(self, mount_point, since):
        """A write that was started after `since` has succeeded."""
        return self._page.read(mount_point, PROVED) >= since

    def is_frozen(self, mount_point):
        """A write is under way, and the kernel has it wait for the end of a freeze."""
        return self._waits_in(mount_point) == WAITS_FOR_A_THAW

    def what_hinders(self, mount_point):
        """For a failed test: a write that fails looks like one that waits, to who waits for it."""
        error = round(self._page.read(mount_point, ERROR) * 1e9)
        return os.strerror(error) if error else f"waits in {self._waits_in(mount_point)}"

    def wait_thawed(self, mount_point, since, timeout):
        """When the first write succeeded that counts, or None."""
        if wait_until(lambda: self.is_thawed(mount_point, since), timeout):
            return self._page.read(mount_point, COMPLETED)
        return None

    def wait_frozen(self, mount_point, timeout):
        return wait_until(lambda: self.is_frozen(mount_point), timeout)
