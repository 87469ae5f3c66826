"""The sandbox itself: whatever is left frozen inside, however the harness ends, nothing stays."""

import os
import signal
import subprocess
import sys
import tempfile
import time

from harness import images
from harness.reporting import wait_until
from harness.sandbox import SandboxError, Volume
from harness.testing import EndToEndTest, main


class LeavingTheSandbox(EndToEndTest):
    def test_thaws_what_is_frozen(self):
        for kind in ("ext4", "xfs", "btrfs"):
            with self.sandbox([Volume("a", kind), Volume("b", kind)], expect_frozen=["a"]) as box:
                self.assertEqual(box.run("fs_tool", "freeze", "/mnt/a").status, 0)
            self.say(f"{kind}: left frozen, thawed by the guard")

    def test_ends_a_freeze_that_is_in_flight(self):
        volumes = [Volume("outer", size_mib=256), Volume("inner", parent="outer")]
        with self.sandbox(volumes, expect_frozen=["outer", "inner"]) as box:
            freezer = self.start_freeze_in_flight(box)
            freezer.kill()
            time.sleep(0.2)
            self.assertIsNone(freezer.status, "a process in FIFREEZE was killed at once")
        self.say("FIFREEZE in flight, its process killed: finished, then thawed by the guard")

    def test_ends_a_freeze_on_a_device_that_hangs(self):
        with self.sandbox([Volume("a")]) as box:
            disk = self.add_stalling_disk(box, "slow")
            box.run("fs_tool", "dirty", "/mnt/slow/file", 4)
            disk.signal(signal.SIGSTOP)
            freezer = box.start("fs_tool", "freeze", "/mnt/slow")
            time.sleep(0.3)
            self.assertIsNone(freezer.status, "the freeze did not wait for the device")
        self.say("FIFREEZE waiting for a stopped disk: ended with the sandbox")


class LosingTheHarness(EndToEndTest):
    """A second harness is started, freezes, and goes wrong."""

    def start_victim(self, **options):
        script = (
            "import sys, time\n"
            f"sys.path.insert(0, {os.path.dirname(os.path.abspath(__file__))!r})\n"
            "from harness.programs import Programs\n"
            "from harness.sandbox import Sandbox, Volume\n"
            f"box = Sandbox(Programs({self.program_list!r}), [Volume('a')], **{options!r})\n"
            "box.__enter__()\n"
            "box.run('fs_tool', 'freeze', '/mnt/a')\n"
            "print(box.directory, box.init_pid, flush=True)\n"
            "time.sleep(60)\n")
        victim = subprocess.Popen([sys.executable, "-B", "-c", script], stdout=subprocess.PIPE,
                                  text=True)
        directory, init_pid = victim.stdout.readline().split()
        return victim, directory, int(init_pid)

    def assert_gone(self, directory, init_pid, within):
        began = time.monotonic()
        self.assertTrue(wait_until(lambda: not os.path.exists(f"/proc/{init_pid}/cmdline"), within))
        self.assertTrue(wait_until(lambda: directory not in loops_in_use(), within))
        self.say(f"sandbox gone after {time.monotonic() - began:.1f} s")

    def assert_nothing_left(self, directory):
        """No images on the machine's disk once the harness is dead."""
        self.assertTrue(wait_until(lambda: not os.path.exists(directory), 5))

    def test_killed(self):
        victim, directory, init_pid = self.start_victim()
        victim.kill()
        victim.wait()
        self.assert_gone(directory, init_pid, 5)
        self.assert_nothing_left(directory)

    def test_stopped(self):
        victim, directory, init_pid = self.start_victim(heartbeat_limit_s=2)
        victim.send_signal(signal.SIGSTOP)
        self.assert_gone(directory, init_pid, 8)
        victim.kill()
        victim.wait()
        self.assert_nothing_left(directory)

    def test_too_long(self):
        victim, directory, init_pid = self.start_victim(limit_s=2)
        self.assert_gone(directory, init_pid, 8)
        victim.kill()
        victim.wait()
        self.assert_nothing_left(directory)


class Refusals(EndToEndTest):
    def test_no_start_while_a_foreign_filesystem_is_visible(self):
        with tempfile.TemporaryDirectory() as directory:
            image = os.path.join(directory, "image")
            images.make_image(image, "ext4")
            os.mkdir(os.path.join(directory, "root"))
            result = subprocess.run(
                [self.programs.path("sandbox_init"), os.path.join(directory, "root"),
                 f"foreign:devtmpfs:{image}"], input="go", capture_output=True, text=True,
                check=False)
        self.assertIn("a foreign filesystem is visible", result.stderr)
        self.assertNotIn("verified", result.stdout)

    def test_root_is_not_frozen_by_the_tool(self):
        with self.sandbox([Volume("a")]) as box:
            self.assertNotEqual(box.run("fs_tool", "freeze", "/").status, 0)

    def test_none_of_the_machines_terminals_is_there(self):
        with self.sandbox([Volume("a")]) as box:
            self.assertEqual(box.run("ls", "/dev/pts").output.split(), ["ptmx"])

    def test_the_tool_refuses_to_run_outside(self):
        result = subprocess.run([self.programs.path("fs_tool"), "freeze", "/nonexistent"],
                                capture_output=True, text=True, check=False)
        self.assertEqual(result.returncode, 77)
        self.assertIn("no sandbox", result.stderr)

    def test_the_guard_refuses_the_machines_own_filesystems(self):
        sleeper = subprocess.Popen(["sleep", "60"])
        guard = subprocess.run(
            [self.programs.path("thaw_guard"), "--namespace", str(sleeper.pid), "--heartbeat", "5",
             "--limit", "5"], input="add root /\n", capture_output=True, text=True, check=False)
        sleeper.wait()
        self.assertIn("refused root", guard.stdout)
        self.assertNotIn("thawed", guard.stdout)

    def test_the_harness_never_touches_a_volume(self):
        with self.sandbox([Volume("a")]) as box:
            with self.assertRaises(SandboxError):
                box.read("/mnt/a/file")


def loops_in_use():
    text = ""
    for device in os.listdir("/sys/block"):
        try:
            with open(f"/sys/block/{device}/loop/backing_file", encoding="utf-8") as file:
                text += file.read()
        except OSError:
            pass
    return text


if __name__ == "__main__":
    main()
