"""The service under test in a sandbox: vssd, freezer, guardian, writers, and vssctl to ask."""

import json
import os

from harness.process import kill_at_once
from harness.reporting import wait_until

RUNTIME = "/run/openvss"
CONFIG = "/etc/openvss/openvss.toml"
STATE = "/var/lib/openvss"


class ServiceError(Exception):
    pass


class Service:
    """Each of the three is a process of its own here, as under a service manager."""

    def __init__(self, box, config="", freezer=(), vssd=(), runtime=RUNTIME):
        self.box = box
        self.runtime = runtime
        box.make_directory(os.path.dirname(CONFIG))
        box.make_directory(STATE)
        box.write(CONFIG, config)
        self._freezer_options = list(freezer)
        self._vssd_options = list(vssd)
        self.vssd = self.freezer = self.guardian = None

    def start(self):
        self.start_vssd()
        self.start_guardian()
        self.start_freezer()
        self.wait_until_ready()
        return self

    def start_vssd(self, *options):
        self.vssd = self.box.start("vssd", "--runtime-dir", self.runtime, "--state-dir", STATE,
                                   "--config", CONFIG, *self._vssd_options, *options)

    def start_guardian(self):
        self.guardian = self.box.start("vss-guardian", "--runtime-dir", self.runtime)

    def start_freezer(self):
        self.freezer = self.box.start("vss-freezer", "--runtime-dir", self.runtime,
                                      *self._freezer_options)

    def restart_what_is_dead(self):
        """As a service manager would; all that was killed has had its time to die."""
        for process in self.processes():
            wait_until(lambda process=process: process.status is not None, 0.2 * self.box.SLOW)
        if self.vssd.status is not None:
            self.start_vssd()
        if self.guardian.status is not None:
            self.start_guardian()
        if self.freezer.status is not None:
            self.start_freezer()

    def start_spawning(self, *options):
        """As `vssd --spawn`, which starts freezer and guardian itself."""
        self.start_vssd("--spawn", *options)
        self.wait_until_ready()
        return self

    def wait_until_ready(self, writers=0, timeout=10):
        timeout *= self.box.SLOW
        last = None
        def ready():
            nonlocal last
            if any(process and process.status is not None for process in self.processes()):
                raise ServiceError(f"ended at its start\n{self.complaints()}")
            last = self.ctl("status", "--json")
            if last.status != 0:
                return False
            status = json.loads(last.output)
            return status["ready"] and status["writers"] >= writers
        if not wait_until(ready, timeout):
            raise ServiceError(f"not ready after {timeout} s: {last.output}{last.errors}\n"
                               f"{self.complaints()}")

    def lose_writer(self, writer):
        """Killed, and vssd knows: the next snapshot does not count on it."""
        writer.kill()
        writer.wait()
        if not wait_until(lambda: self.json("status")["writers"] == 0, 10 * self.box.SLOW):
            raise ServiceError(f"the killed writer is still counted\n{self.complaints()}")

    def freezer_is_connected(self):
        status = self.ctl("status", "--json")  # vssd itself may not be there yet
        return status.status == 0 and json.loads(status.output)["freezer"]["connected"]

    def complaints(self):
        """What the programs have said on stderr, for a failed test."""
        return "\n".join(f"{child.name}: status {child.status}: {child.errors.strip()}"
                         for child in (self.vssd, self.freezer, self.guardian) if child)

    def ctl(self, *arguments, timeout=60, **options):
        return self.box.run("vssctl", *self._ctl(arguments), timeout=timeout, **options)

    def start_ctl(self, *arguments, **options):
        return self.box.start("vssctl", *self._ctl(arguments), **options)

    def _ctl(self, arguments):
        return [arguments[0], "--runtime-dir", self.runtime, *arguments[1:]]

    def json(self, *arguments):
        answer = self.ctl(*arguments, "--json")
        if answer.status != 0:
            raise ServiceError(f"vssctl {' '.join(arguments)}: {answer.errors}")
        return json.loads(answer.output)

    def record(self):
        """The record of the latest transaction; vssd writes it a moment after its answer."""
        records = []

        def recorded():
            try:
                records.append(self.json("explain"))
            except ServiceError:
                return False
            return True
        wait_until(recorded, 5 * self.box.SLOW)
        return records[-1] if records else self.json("explain")

    def start_stop_hook(self):
        """What a service manager does to end the unit: kills what is left, runs the hook."""
        kill_at_once([child for child in self.processes() if child])
        return self.box.start("vss-freezer", "--runtime-dir", self.runtime, "--thaw")

    def processes(self):
        return [self.vssd, self.freezer, self.guardian]

    def hold(self, *arguments, **options):
        """`vssctl hold`: its exit status, the transaction's id, what it said on stderr."""
        reader, writer = os.pipe()  # a file could be frozen: vssctl refuses it
        try:
            child = self.ctl("hold", *arguments, stdout=writer, **options)
        finally:
            os.close(writer)
        with open(reader, encoding="ascii") as pipe:
            return child.status, pipe.read().strip(), child.errors

    def start_snapshot(self, *options, command="true"):
        """`vssctl snapshot` with a shell command that runs while held."""
        return self.start_ctl("snapshot", *options, "--", "sh", "-c", command)

    def hold_until_told(self, *options):
        """Starts a snapshot and returns it when COMMAND runs; release() ends it."""
        for mark in ("/run/held", "/run/release"):
            if self.box.exists(mark):
                self.box.remove(mark)
        requester = self.start_snapshot(
            *options, command="touch /run/held; while [ ! -e /run/release ]; do sleep 0.02; done")
        if not wait_until(lambda: self.box.exists("/run/held") or requester.status is not None, 30):
            raise ServiceError(f"not held: {requester.errors}\n{self.complaints()}")
        if requester.status is not None:
            raise ServiceError(f"refused: {requester.errors}\n{self.complaints()}")
        return requester

    def release(self, requester):
        self.box.write("/run/release", "")
        return requester.wait(30)

    def start_host(self, *arguments):
        """vss-hostsim: the host at the other end of `vssd --vmbus-shm`."""
        return self.box.start("vss-hostsim", "--runtime-dir", self.runtime, *arguments)

    def start_writer(self, kind, *arguments):
        return self.box.start("vss-writer", kind, "--runtime-dir", self.runtime, *arguments)
