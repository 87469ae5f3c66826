"""stop-hv-vss-daemon: a daemon that stands for Debian's is ended at rest and in no hold, and goes on
whatever befalls the script. Process 1 and a frozen filesystem are played by a `systemctl`, an
`rmdir` that come first in PATH; nothing here needs root or freezes anything.

    python3 scripts_test.py
"""

import os
import signal
import subprocess
import sys
import tempfile
import time
import unittest

SCRIPT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "stop-hv-vss-daemon.sh")
PATIENCE_S = 30

# A unit of one process. From the moment that $PLAY/silent is there it does not answer.
SYSTEMCTL = """#!/bin/sh
[ ! -e "$PLAY/silent" ] || exit 1
[ "$1" != stop ] || { echo stopped >> "$PLAY/said"; exit 0; }
read -r pid < "$PLAY/pid"
read -r _ _ state _ < "/proc/$pid/stat" 2> /dev/null || state=Z
case $*:$state in
    *ActiveState*:Z) echo inactive ;;
    *ActiveState*) echo active ;;
    *MainPID*:Z) echo 0 ;;
    *MainPID*) echo "$pid" ;;
esac
"""

# As the real one where a filesystem is frozen; says first that it was called.
RMDIR = """#!/bin/sh
echo rmdir >> "$PLAY/said"
if [ -e "$PLAY/falls_silent" ]; then : > "$PLAY/silent"; fi
while [ -e "$PLAY/frozen" ]; do sleep 0.1; done
exit 1
"""

# The search by name, so that nothing else on this machine is found.
GREP = """#!/bin/sh
[ "$1 $2" = "-lx hv_vss_daemon" ] && cat "$PLAY/others" 2> /dev/null
"""


def state_of(pid):
    with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
        return file.read().rpartition(")")[2].split()[0]


class StopHvVssDaemon(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.play = folder.name
        for name, text in {"systemctl": SYSTEMCTL, "rmdir": RMDIR, "grep": GREP}.items():
            self.put(name, text)
            os.chmod(os.path.join(self.play, name), 0o755)
        self.addCleanup(self.end_hold)
        self.daemon = self.start_daemon()
        self.put("pid", f"{self.daemon.pid}\n")
        self.before = set(os.listdir("/run"))

    def start_daemon(self):
        daemon = subprocess.Popen(
            [sys.executable, "-c", "import time; print(flush=True); time.sleep(600)"], stdout=subprocess.PIPE)
        self.addCleanup(daemon.stdout.close)
        self.addCleanup(daemon.wait)
        self.addCleanup(daemon.kill)
        daemon.stdout.readline()
        return daemon

    def put(self, name, text=""):
        with open(os.path.join(self.play, name), "w", encoding="utf-8") as file:
            file.write(text)

    def take(self, name):
        os.remove(os.path.join(self.play, name))

    def end_hold(self):
        if os.path.exists(os.path.join(self.play, "frozen")):
            self.take("frozen")

    def said(self, what):
        try:
            with open(os.path.join(self.play, "said"), encoding="utf-8") as file:
                return file.read().split().count(what)
        except FileNotFoundError:
            return 0

    def start(self, *words):
        environment = {**os.environ, "PLAY": self.play, "PATH": self.play + ":" + os.environ["PATH"]}
        script = subprocess.Popen(["sh", SCRIPT, *words], env=environment, text=True,
                                  stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        self.addCleanup(script.stderr.close)
        self.addCleanup(script.wait)
        self.addCleanup(script.kill)
        return script

    def end_of(self, script):
        """Status and standard error; nothing of it is left in /run."""
        _, errors = script.communicate(timeout=PATIENCE_S)
        self.assertEqual(set(os.listdir("/run")) - self.before, set())
        return script.returncode, errors

    def until(self, condition, what):
        end = time.monotonic() + PATIENCE_S
        while not condition():
            self.assertLess(time.monotonic(), end, what)
            time.sleep(0.02)

    def is_running(self):
        return state_of(self.daemon.pid) == "S"

    def test_daemon_at_rest_is_ended(self):
        self.assertEqual(self.end_of(self.start()), (0, ""))
        self.assertEqual(self.daemon.wait(PATIENCE_S), -signal.SIGTERM)
        self.assertEqual(self.said("stopped"), 1)

    def test_daemon_that_does_not_run_is_no_failure(self):
        self.daemon.kill()
        self.assertEqual(self.end_of(self.start()), (0, ""))

    def test_daemon_in_a_hold_goes_on_until_the_thaw(self):
        self.put("frozen")
        script = self.start()
        self.until(lambda: self.said("rmdir") and state_of(self.daemon.pid) == "T", "a stop")
        self.until(self.is_running, "that it goes on")
        time.sleep(1)
        self.assertTrue(self.is_running())
        self.assertIsNone(script.poll())
        self.take("frozen")
        self.assertEqual(self.end_of(script), (0, ""))
        self.assertEqual(self.daemon.wait(PATIENCE_S), -signal.SIGTERM)

    def test_process_1_that_does_not_answer_is_a_failure(self):
        self.put("silent")
        status, errors = self.end_of(self.start())
        self.assertEqual(status, 1)
        self.assertIn("systemctl does not say", errors)
        self.assertTrue(self.is_running())

    def test_process_1_that_waits_for_the_thaw_is_not_needed_to_go_on(self):
        self.put("frozen")
        self.put("falls_silent")
        script = self.start()
        self.until(lambda: self.said("rmdir"), "a stop")
        self.until(self.is_running, "that it goes on")
        self.take("frozen")
        status, errors = self.end_of(script)
        self.assertEqual(status, 1)
        self.assertIn("systemctl does not say", errors)
        self.assertTrue(self.is_running())

    def test_script_that_is_killed_leaves_no_daemon_stopped(self):
        for number in (signal.SIGKILL, signal.SIGTERM):
            self.put("frozen")
            script = self.start()
            self.until(lambda: state_of(self.daemon.pid) == "T", "a stop")
            script.send_signal(number)
            self.until(self.is_running, f"that it goes on after {number.name}")
            self.take("frozen")
            script.wait(PATIENCE_S)

    def test_hold_without_an_end_is_waited_for_no_longer_than_said(self):
        self.put("frozen")
        status, errors = self.end_of(self.start("1"))
        self.assertEqual(status, 1)
        self.assertIn("frozen for more than 1 s; hv-vss-daemon.service is left running", errors)
        self.assertTrue(self.is_running())

    def test_two_at_once_do_not_mistake_each_others_findings(self):
        self.put("frozen")
        scripts = [self.start(), self.start()]
        self.until(lambda: self.said("rmdir") > 1, "both")
        time.sleep(2)
        self.assertIsNone(self.daemon.poll())
        self.take("frozen")
        self.assertEqual([self.end_of(script) for script in scripts], [(0, "")] * 2)
        self.assertEqual(self.daemon.wait(PATIENCE_S), -signal.SIGTERM)

    def test_daemon_of_nobodys_unit_is_named_and_left_running(self):
        self.daemon.kill()
        other = self.start_daemon()
        self.put("others", f"/proc/{other.pid}/comm\n")
        status, errors = self.end_of(self.start())
        self.assertEqual(status, 1)
        self.assertIn(f"process {other.pid} is no part of hv-vss-daemon.service", errors)
        self.assertEqual(state_of(other.pid), "S")


if __name__ == "__main__":
    unittest.main()
