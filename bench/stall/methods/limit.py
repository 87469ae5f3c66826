"""FIFREEZE in parallel, with descriptors open: the freeze latency that no
service can beat (limit.cpp)."""

from methods.method import Method
from methods.pipes import Pipes


class Limit(Method):
    NAME = "limit"

    def start(self):
        self._pipes = Pipes(self.box, self.NAME, "exec stall_limit " + " ".join(self.mount_points))

    def freeze(self):
        self.expect("freeze", int(self._pipes.ask("freeze")))

    def thaw(self):
        self.expect("thaw", int(self._pipes.ask("thaw")))

    def count_frozen(self):
        """Whoever has frozen them."""
        return int(self._pipes.ask("count"))

    def stop(self):
        self._pipes.close()
