"""A process of the sandbox, as the harness sees it from outside."""

import os
import signal
import threading


def kill_at_once(processes):
    """None lives to see another one's end: who is stopped first cannot act on it. (A freezer that
    does is killed in FITHAW, and btrfs makes a filesystem read-only whose thaw is interrupted.)"""
    for process in processes:
        process.signal(signal.SIGSTOP)
    for process in processes:
        process.kill()


class Inside:
    """A process of the sandbox, a child of its PID 1."""

    def __init__(self, program, arguments):
        self.name = program
        self.words = [program] + arguments
        self.status = None  # exit status, negative for a signal, None while it runs
        self.pid = None     # outside
        self._ended = threading.Event()
        self.stdout_descriptor = os.memfd_create("stdout")  # never on a disk, never full
        self.stderr_descriptor = os.memfd_create("stderr")

    def began(self, pid_inside, pidfd):
        self.pid_inside = pid_inside
        self._pidfd = pidfd
        with open(f"/proc/self/fdinfo/{pidfd}", encoding="ascii") as file:
            self.pid = next(int(line.split()[1]) for line in file if line.startswith("Pid:"))

    def ended(self, status):
        self.status = status
        self._ended.set()

    def wait(self, timeout=30):
        if not self._ended.wait(timeout):
            raise TimeoutError(f"{' '.join(self.words)} still runs after {timeout} s\n"
                               f"{self.output}{self.errors}")
        return self.status

    def signal(self, number):
        """To this process alone, by a descriptor that can never name another."""
        try:
            signal.pidfd_send_signal(self._pidfd, number)
        except ProcessLookupError:
            pass

    def kill(self):
        self.signal(signal.SIGKILL)

    @property
    def output(self):
        return os.pread(self.stdout_descriptor, 1 << 24, 0).decode(errors="replace")

    @property
    def errors(self):
        return os.pread(self.stderr_descriptor, 1 << 24, 0).decode(errors="replace")

    def close(self):
        for descriptor in (self.stdout_descriptor, self.stderr_descriptor, self._pidfd):
            os.close(descriptor)
