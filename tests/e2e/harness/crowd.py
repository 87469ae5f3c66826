"""Very many writers from one process (bench/scale/scale_crowd.cpp), for `make bench-scale` and for
the test that keeps it true."""

import json

from harness.reporting import wait_until

ECHO = "/run/echo"  # where the bare server has its sockets


class CrowdError(Exception):
    pass


class Crowd:
    """Connects at once, runs the transactions that are asked for, and stays until it is left."""

    def __init__(self, service, writers, repetitions=0, echo=False):
        self._box = service.box
        self._echo = self._start_echo() if echo else None
        numbers = [str(number) for number in writers]
        self.process = self._box.start(
            "scale_crowd", "--runtime-dir", service.runtime, "--repetitions", repetitions,
            *(("--echo-dir", ECHO) if echo else ()), "--writers", *numbers)

    def _start_echo(self):
        self._box.make_directory(ECHO)
        echo = self._box.start("scale_echo", ECHO)
        if not wait_until(lambda: "serving" in echo.output, 10):
            raise CrowdError(f"the bare server does not serve: {echo.errors}")
        return echo

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        for process in filter(None, (self.process, self._echo)):
            process.kill()
            process.wait()

    def lines(self):
        """One object for each transaction so far."""
        return [json.loads(line) for line in self.process.output.splitlines() if line[-1:] == "}"]

    def wait_until_done(self, timeout):
        """The objects of all transactions; the writers are still connected."""
        def done():
            return self.process.status is not None or '"done"' in self.process.output
        wait_until(done, timeout)
        if self.process.status is not None or not done():
            raise CrowdError(f"status {self.process.status}: {self.process.errors}")
        return [line for line in self.lines() if "done" not in line]
