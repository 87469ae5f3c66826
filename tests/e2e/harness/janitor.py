"""Removes a sandbox's directory when its harness is done with it, or dead: images are large.

A process of its own, so that not even SIGKILL (a test's TIMEOUT) leaves them behind. It knows that
the harness is gone by the end of its stdin, and waits for the thaw guard to end the sandbox: until
then loop devices lie on the images."""

import subprocess

PATIENCE_S = 90  # the guard's own and some more
SCRIPT = f"""cat > /dev/null
left={10 * PATIENCE_S}
while [ $left -gt 0 ] && grep -qsF "$1/" /sys/block/loop*/loop/backing_file; do
  sleep 0.1
  left=$((left - 1))
done
rm -rf "$1"
"""


class Janitor:
    def __init__(self, directory):
        self._process = subprocess.Popen(["sh", "-c", SCRIPT, "janitor", directory],
                                         stdin=subprocess.PIPE, start_new_session=True)

    def leave(self):
        """The directory is not needed any more; returns when it is gone."""
        self._process.stdin.close()
        self._process.wait(timeout=PATIENCE_S + 10)
