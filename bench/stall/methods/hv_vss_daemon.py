"""The stock hv_vss_daemon, whose kernel is the stand-in of tests/e2e."""

from harness.hv_vss_standin import OK, HvVssStandin
from methods.method import Method, MethodFailed

# It passes over loop devices, which it knows by /sys: so it lives where there is none. And it must
# lead no session, or the terminal behind its device becomes its own.
COMMAND = "umount /sys && hv_vss_daemon -n; exit $?"


class StockDaemon(Method):
    NAME = PROGRAM = "hv_vss_daemon"

    def start(self):
        self._standin = HvVssStandin(self.box)
        self._daemon = self.box.start("busybox", "unshare", "-m", "sh", "-c", COMMAND)
        if not self._standin.wait_registered(10):
            raise MethodFailed(f"{self.NAME} does not register: {self._daemon.errors}")

    def round(self, between=None):
        self._ask("HOT_BACKUP")  # comes before, and is no part of the freeze
        return super().round(between)

    def freeze(self):
        self._ask("FREEZE")

    def thaw(self):
        self._ask("THAW")

    def _ask(self, request):
        status, _ = self._standin.request(request)
        if status != OK:
            raise MethodFailed(f"{self.NAME}: {request}: {status:#x}")

    def stop(self):
        self._standin.close()
