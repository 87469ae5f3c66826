"""The stock qemu-guest-agent, asked as QEMU's management does, through a socket in place of a port."""

import json
import socket

from harness.reporting import wait_until
from methods.method import Method, MethodFailed
from methods.pipes import ANSWER_S, DIRECTORY

SOCKET = f"{DIRECTORY}/qemu-ga.sock"
SYNC = 4711


class QemuGa(Method):
    NAME = PROGRAM = "qemu-ga"

    def start(self):
        self.box.make_directory(DIRECTORY)
        self._agent = self.box.start("qemu-ga", "-m", "unix-listen", "-p", SOCKET, "-t", DIRECTORY)
        if not wait_until(lambda: self.box.exists(SOCKET) or self._agent.status is not None, 10):
            raise MethodFailed(f"{self.NAME} does not listen: {self._agent.errors}")
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.settimeout(ANSWER_S)
        try:
            self._socket.connect(self.box.path(SOCKET))
        except OSError as error:
            raise MethodFailed(f"{self.NAME}: {error}: {self._agent.errors}") from error
        if self._ask("guest-sync", id=SYNC) != SYNC:
            raise MethodFailed(f"{self.NAME} did not answer to guest-sync")

    def _ask(self, command, **arguments):
        request = {"execute": command} | ({"arguments": arguments} if arguments else {})
        self._socket.sendall(json.dumps(request).encode() + b"\n")
        answer = b""
        while not answer.endswith(b"\n"):
            part = self._socket.recv(4096)
            if not part:
                raise MethodFailed(f"{self.NAME} has gone: {self._agent.errors}")
            answer += part
        answer = json.loads(answer)
        if "return" not in answer:
            raise MethodFailed(f"{self.NAME}: {command}: {answer}")
        return answer["return"]

    def freeze(self):
        self.expect("freeze", self._ask("guest-fsfreeze-freeze"))

    def thaw(self):
        self.expect("thaw", self._ask("guest-fsfreeze-thaw"))

    def stop(self):
        self._socket.close()
