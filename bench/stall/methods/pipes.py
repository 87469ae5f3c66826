"""A program of the sandbox that reads words and answers each with a line, through two pipes."""

import os
import select

from methods.method import MethodFailed

DIRECTORY = "/run/stall"
ANSWER_S = 120


class Pipes:
    """Both ends of both pipes stay open here: none is ever without its other side."""

    def __init__(self, box, name, command):
        """`command`: a shell's; its stdin and stdout are the pipes."""
        self._name = name
        box.make_directory(DIRECTORY)
        paths = [f"{DIRECTORY}/{name}.{end}" for end in ("ask", "answer")]
        for path in paths:
            os.mkfifo(box.path(path))
        self._ask, self._answer = (os.open(box.path(path), os.O_RDWR | os.O_CLOEXEC)
                                   for path in paths)
        self._program = box.start("sh", "-c", f"{command} < {paths[0]} > {paths[1]}")

    def ask(self, word):
        """The answer, without its newline."""
        os.write(self._ask, word.encode() + b"\n")
        answer = b""
        while not answer.endswith(b"\n"):
            if not select.select([self._answer], [], [], ANSWER_S)[0]:
                raise MethodFailed(f"{self._name}: no answer to {word} in {ANSWER_S} s; status "
                                   f"{self._program.status}: {self._program.errors}")
            answer += os.read(self._answer, 4096)
        return answer.decode().strip()

    def close(self):
        os.close(self._ask)
        os.close(self._answer)
