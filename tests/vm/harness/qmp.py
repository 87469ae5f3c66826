"""QEMU's own control socket."""

import json
import socket
import time


class QmpError(Exception):
    pass


class Qmp:
    def __init__(self, path, timeout=60):
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(timeout)
        self._socket.connect(path)
        self._file = self._socket.makefile("rw", encoding="utf-8")
        self.events = []
        self._file.readline()  # the greeting
        self.command("qmp_capabilities")

    def command(self, name, /, **arguments):
        """Its "return"; argument names with a dash come as `**{"node-name": ...}`."""
        self._file.write(json.dumps({"execute": name, "arguments": arguments}) + "\n")
        self._file.flush()
        while True:
            answer = self._read()
            if "error" in answer:
                raise QmpError(f"{name}: {answer['error']['desc']}")
            if "return" in answer:
                return answer["return"]

    def wait_event(self, name, timeout=120, **data):
        """The next event of that name whose data has these values."""
        until = time.monotonic() + timeout
        while True:
            for event in self.events:
                if event["event"] == name and data.items() <= event.get("data", {}).items():
                    self.events.remove(event)
                    return event
            if time.monotonic() > until:
                raise TimeoutError(f"no {name} within {timeout} s")
            self._socket.settimeout(max(0.1, until - time.monotonic()))
            self._read()

    def _read(self):
        line = self._file.readline()
        if not line:
            raise QmpError("QEMU has ended")
        answer = json.loads(line)
        if "event" in answer:
            self.events.append(answer)
        return answer
