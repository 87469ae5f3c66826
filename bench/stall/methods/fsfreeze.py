"""fsfreeze(8) of util-linux, one mount point after the other, as an administrator's script has it:
the last mounted first, and thawed the other way round."""

from methods.method import Method
from methods.pipes import Pipes

# By its path: busybox has one of its own, which its shell would prefer.
SCRIPT = """
while read verb; do
  done=0
  case $verb in
    freeze) for path in {backwards}; do /bin/fsfreeze -f $path && done=$((done + 1)); done;;
    thaw) for path in {forwards}; do /bin/fsfreeze -u $path && done=$((done + 1)); done;;
  esac
  echo $done
done"""


class Fsfreeze(Method):
    NAME = PROGRAM = "fsfreeze"

    def start(self):
        script = SCRIPT.format(backwards=" ".join(reversed(self.mount_points)),
                               forwards=" ".join(self.mount_points))
        self._pipes = Pipes(self.box, self.NAME, script)

    def freeze(self):
        self.expect("freeze", int(self._pipes.ask("freeze")))

    def thaw(self):
        self.expect("thaw", int(self._pipes.ask("thaw")))

    def stop(self):
        self._pipes.close()
