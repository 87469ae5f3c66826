"""The whole chain: a simulated Hyper-V host, vssd, freezer and guardian, and back."""

import time

from harness.asker import OK, ScriptAsker
from harness.service import Service
from methods.method import Method, MethodFailed, Round
from methods.pipes import ANSWER_S, DIRECTORY

# The host is at its channel. /dev/vmbus/hv_vss is another method's.
CONFIG = '[hyperv]\ndoor = "off"\n'


class Host(ScriptAsker):
    PATIENCE_S = ANSWER_S


class OpenVss(Method):
    """The host has its script from the start, and waits for a file before each round: it thaws by
    itself, for to tell it takes longer than a thaw. It tells how long it waited for an answer."""
    NAME = "openvss"

    def start(self):
        self.box.make_directory(DIRECTORY)
        self._begun = 0
        self._service = Service(self.box, CONFIG, vssd=("--vmbus-shm",)).start()
        steps = ["negotiate"]
        for number in range(self.rounds):
            steps += [self._until("freeze", number), "hot_backup", "freeze"]
            steps += [self._until("thaw", number)] if number == 0 else []
            steps += ["thaw"]
        self._host = Host(*steps)
        self._host.start(self._service, self.mount_points, None)
        self._host.wait_answer("NEGOTIATE")

    @staticmethod
    def _until(step, number):
        return f"until={DIRECTORY}/openvss.{step}.{number}"

    def _let(self, step):
        self.box.write(self._until(step, self._begun).removeprefix("until="), "")

    def round(self, between=None):
        if (between is None) != (self._begun > 0):
            raise ValueError("it is the first round that is looked at, and no other")
        asked = time.monotonic_ns()
        self._let("freeze")
        if between:
            self._answer("freeze")
            between()
            self._let("thaw")
        freeze, thaw = self._answer("freeze"), self._answer("thaw")
        thawed = time.monotonic_ns()
        self._begun += 1
        return Round(asked, thawed, 1000 * freeze, 1000 * thaw)

    def _answer(self, request):
        """Seconds to the answer of this round."""
        answer = self._host.wait_answer(request.upper(), count=self._begun + 1)
        if answer.status != OK:
            sentence = self._service.record()["sentence"]
            raise MethodFailed(f"{self.NAME}: {request}: {answer.status}: {sentence}")
        return answer.latency_s

    def stop(self):
        self._host.process.kill()
