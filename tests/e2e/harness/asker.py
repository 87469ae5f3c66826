"""Who asks for a scenario's transaction: the administrator's vssctl, or a simulated Hyper-V host.

A host that is to do something at a chosen moment is a script of vss-hostsim; its steps `until=FILE`
wait for the harness.
"""

import dataclasses
import json

from harness.reporting import wait_until

OK, E_FAIL = "0x00000000", "0x80004005"


class LocalAsker:
    """`vssctl snapshot`, which runs the command itself."""
    KIND = "local"
    VSSD_OPTIONS = ()

    def config(self, budgets, others):
        """`others`: filesystems that are not to be frozen. All are flushed in PREPARE, whatever is
        dirty: that is where a scenario waits."""
        lines = [f"[requesters.{self.KIND}]"] + [f"{key} = {s}" for key, s in budgets.items()]
        lines += ["[filesystems]", 'pre_sync = "always"']
        return "\n".join(lines) + "\n"

    def start(self, service, mount_points, command):
        """The process. `command` is a shell's, to be run while held."""
        chosen = [word for mount_point in mount_points for word in ("--filesystems", mount_point)]
        return service.start_ctl("snapshot", *chosen, "--", "sh", "-c", command)

    def attend_hold(self):
        """Runs the command when held, for who does not run it himself."""


class BackupAsker(LocalAsker):
    """`vss-hostsim backup`, which runs the command itself. It freezes all that is not excluded."""
    KIND = "hyperv"
    VSSD_OPTIONS = ("--vmbus-shm",)

    def config(self, budgets, others):
        return super().config(budgets, others) + f"exclude = {json.dumps(list(others))}\n"

    def start(self, service, mount_points, command):
        return service.start_host("backup", "--exec", command)


@dataclasses.dataclass
class Answer:
    request: str
    status: str | None  # None: there was none
    latency_s: float


class ScriptAsker(BackupAsker):
    """`vss-hostsim run STEPS`: the command runs beside it."""
    PATIENCE_S = 20

    def __init__(self, *steps):
        self._steps = steps

    def start(self, service, mount_points, command):
        self._service = service
        self._command = command
        self.process = service.start_host("run", "--json", *self._steps)
        return self.process

    def attend_hold(self):
        self.wait_answer("FREEZE")
        self._service.box.start("sh", "-c", self._command)

    def answers(self):
        """All that were given yet, in their order; each of them well-formed."""
        whole = self.process.output.rpartition("\n")[0]
        answers = []
        for line in whole.splitlines():
            step = json.loads(line)
            if step["complaints"] and step["status"]:
                raise RuntimeError(f"malformed: {line}")
            answers.append(Answer(step["step"], step["status"], step["latency_us"] / 1e6))
        return answers

    def answers_to(self, *requests):
        return [answer for answer in self.answers() if answer.request in requests]

    def wait_answer(self, *requests, count=1):
        """The last of `count` answers to any of these requests."""
        wait_until(lambda: len(self.answers_to(*requests)) >= count or
                   self.process.status is not None, self.PATIENCE_S)
        answers = self.answers_to(*requests)
        if len(answers) < count:
            raise RuntimeError(f"{len(answers)} of {count} answers to {' and '.join(requests)}: "
                               f"{self.process.output}{self.process.errors}\n"
                               f"{self._service.complaints()}")
        return answers[count - 1]
