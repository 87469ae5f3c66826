"""A virtual machine that looks like the sandbox of tests/e2e to what was written for that: the
service, the probe, a scenario, the cells of a table."""

import shlex

from harness.agent import GuestError

ENDLESS = 1 << 20


class GuestProcess:
    """A Job under the names that harness.process.Inside has."""

    def __init__(self, name, job):
        self.name = name
        self._job = job
        self.pid = job.pid

    @property
    def status(self):
        return self._job.status

    @property
    def output(self):
        return self._job.output

    @property
    def errors(self):
        return self._job.errors

    def wait(self, timeout=30):
        return self._job.wait(timeout)

    def signal(self, number):
        self._job.signal(number)

    def kill(self):
        self._job.kill()


class GuestBox:
    SLOW = 5  # software emulation on a busy machine

    def __init__(self, vm):
        self.vm = vm
        self._started = []

    def now(self):
        """CLOCK_BOOTTIME of the guest, in seconds."""
        return self.vm.agent.ask("clock")["boottime_ns"] / 1e9

    def read(self, path):
        return self.vm.read(path)

    def read_proc(self, name):
        try:
            return self.vm.read(f"/proc/{name}")
        except GuestError as error:
            raise FileNotFoundError(str(error)) from error

    def read_bytes(self, path, at_most=ENDLESS):
        return bytes.fromhex(self.vm.agent.ask("read_hex", path=path, at_most=at_most)["hex"])

    def mapped(self, path, size):
        return lambda: self.read_bytes(path, size)

    def write(self, path, text):
        """What is not on a tmpfs is written by a program: nothing may be frozen then."""
        if path.startswith("/run/"):
            self.vm.write(path, text)
        else:
            self.vm.must("sh", "-c", f"cat > {shlex.quote(path)}", stdin=text)

    def make_directory(self, path):
        self.vm.must("mkdir", "-p", path)

    def remove(self, path):
        self.vm.must("rm", path)

    def exists(self, path):
        return self.vm.exists(path)

    def start(self, program, *arguments, env=None):
        words = [program, *map(str, arguments)]
        process = GuestProcess(program, self.vm.start(*words, environment=env))
        self._started.append(process)
        return process

    def run(self, program, *arguments, timeout=30, **options):
        process = self.start(program, *arguments, **options)
        process.wait(timeout * self.SLOW)
        return process

    def end_all(self):
        """Kills what was started and still runs."""
        self.kill_all()
        self.wait_for_all()

    def forget_all(self):
        """After save_and_restore(): they live, and nobody will hear of their ends."""
        self._started = []

    def kill_all(self):
        for process in self._started:
            if process.status is None:
                process.kill()

    def wait_for_all(self):
        for process in self._started:
            process.wait(60)
        self._started = []
