"""The demo says yes when the chain is whole, and no for each link that is broken on purpose."""

import os
import subprocess
import sys

from harness.testing import EndToEndTest, main

DEMO = os.path.join(os.path.dirname(os.path.abspath(__file__)), "demo.py")


class Demo(EndToEndTest):
    def run_demo(self, *options):
        result = subprocess.run(
            [sys.executable, "-B", DEMO, "--programs", self.program_list, *options],
            capture_output=True, text=True, check=False)
        for line in result.stdout.splitlines():
            self.say(line)
        return result

    def assert_no(self, result, reason):
        self.assertEqual(result.returncode, 1, result.stderr)
        self.assertTrue(result.stdout.endswith("application-consistent: no\n"))
        self.assertIn(reason, result.stdout)

    def test_whole(self):
        result = self.run_demo("--rounds", "3")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("3 of 3\n", result.stdout)
        self.assertTrue(result.stdout.endswith("application-consistent: yes\n"))

    def test_broken_writer(self):
        self.assert_no(self.run_demo("--break", "writer"), "are on one side only")

    def test_broken_freezer(self):
        self.assert_no(self.run_demo("--break", "freezer"), "numbers apart")

    def test_early_release(self):
        self.assert_no(self.run_demo("--break", "early-release"), "are on one side only")


if __name__ == "__main__":
    main()
