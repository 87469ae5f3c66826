"""The host's end of the agent in the guest (tests/vm/agent/agent.hpp has the protocol)."""

import json
import socket
import threading
import time


class GuestError(Exception):
    pass


class Job:
    """A process in the guest. `status` is None while it runs, negative for a signal."""

    def __init__(self, agent, words, pid):
        self._agent = agent
        self.words = words
        self.pid = pid
        self.status = None
        self._ended = threading.Event()
        self._text = {"output": "", "errors": ""}

    def ended(self, event):
        self._text = {key: event[key] for key in self._text}
        self.status = event["status"]
        self._ended.set()

    def machine_ended(self):
        self._ended.set()

    def wait(self, timeout=60):
        ended = self._ended.wait(timeout)
        if ended and self.status is None:
            raise GuestError(f"{' '.join(self.words)}: the machine has ended")
        if not ended:
            raise TimeoutError(f"in the guest `{' '.join(self.words)}` still runs after {timeout} s\n"
                               f"{self.output}{self.errors}")
        return self.status

    def signal(self, number):
        """False where it has ended already."""
        try:
            self._agent.ask("signal", pid=self.pid, signal=int(number))
        except GuestError:
            return False
        return True

    def kill(self):
        return self.signal(9)

    @property
    def output(self):
        return self._so_far("output")

    @property
    def errors(self):
        return self._so_far("errors")

    def _so_far(self, which):
        if self.status is None:
            try:
                return self._agent.ask("so_far", pid=self.pid)[which]
            except GuestError:  # has just ended
                self._ended.wait(10)
        return self._text[which]


class Agent:
    """Thread-safe. A reading thread hands out answers and the ends of processes."""

    def __init__(self, path, alive):
        self._alive = alive
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.connect(path)
        self._file = self._socket.makefile("r", encoding="utf-8")
        self._lock = threading.Condition()
        self._next = 1
        self._answers = {}
        self._jobs = {}
        self._early = {}  # ends that came before the answer to "start"
        self.over = False
        threading.Thread(target=self._read, daemon=True).start()

    def ask(self, what, timeout=60, **request):
        with self._lock:
            number = self._next
            self._next += 1
            self._send({"id": number, "do": what, **request})
            until = time.monotonic() + timeout
            while number not in self._answers:
                self._lock.wait(0.5)
                if self.over or not self._alive():
                    raise GuestError(f"{what}: the machine has ended")
                if time.monotonic() > until:
                    raise TimeoutError(f"the guest does not answer to {what} {request} in {timeout} s")
            answer = self._answers.pop(number)
        if "error" in answer:
            raise GuestError(f"{what}: {answer['error']}")
        return answer

    def start(self, words, environment=None, stdin=""):
        pid = self.ask("start", words=list(words), environment=environment or {}, input=stdin)["pid"]
        with self._lock:
            job = self._jobs[pid] = Job(self, list(words), pid)
            if pid in self._early:
                self._jobs.pop(pid).ended(self._early.pop(pid))
        return job

    def finish(self, code):
        """No answer comes: the machine is gone."""
        with self._lock:
            self._send({"id": 0, "do": "finish", "code": code})

    def _send(self, request):
        try:
            self._socket.sendall(json.dumps(request).encode() + b"\n")
        except OSError as error:
            raise GuestError(f"{request['do']}: the machine has ended") from error

    def _read(self):
        try:
            for line in self._file:
                self._take(json.loads(line))
        except OSError:
            pass
        with self._lock:
            self.over = True
            for job in self._jobs.values():
                job.machine_ended()
            self._lock.notify_all()

    def _take(self, message):
        with self._lock:
            if "exited" in message:
                job = self._jobs.pop(message["exited"], None)
                if job:
                    job.ended(message)
                else:
                    self._early[message["exited"]] = message
            else:
                self._answers[message["id"]] = message
            self._lock.notify_all()
