"""The demo says yes when the chain is whole, and no for each link that is broken on purpose."""

import json
import os
import subprocess
import sys

from harness.testing import EndToEndTest, main

DEMO = os.path.join(os.path.dirname(os.path.abspath(__file__)), "demo.py")


class Demo(EndToEndTest):
    def run_demo(self, *options, program_list=None):
        result = subprocess.run(
            [sys.executable, "-B", DEMO, "--programs", program_list or self.program_list, *options],
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

    def test_whole_by_the_administrator(self):
        result = self.run_demo("--requester", "local")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("vssctl snapshot", result.stdout)
        self.assertTrue(result.stdout.endswith("application-consistent: yes\n"))

    def test_broken_writer(self):
        self.assert_no(self.run_demo("--break", "writer"), "are on one side only")

    def test_broken_freezer(self):
        self.assert_no(self.run_demo("--break", "freezer"), "numbers apart")

    def test_early_release(self):
        self.assert_no(self.run_demo("--break", "early-release"), "are on one side only")

    def with_another(self, program, path):
        """A list of programs in which one is not what it should be."""
        with open(self.program_list, encoding="utf-8") as file:
            programs = json.load(file) | {program: path}
        program_list = os.path.join(self.new_directory(), "programs.json")
        with open(program_list, "w", encoding="utf-8") as file:
            json.dump(programs, file)
        return program_list

    def test_what_does_not_work_gives_a_verdict_too(self):
        """One line that says what failed, never a traceback."""
        for program, reason in (("bank", "failed: "), ("vssd", "failed: "),
                                ("sandbox_init", "failed: ")):
            result = self.run_demo(program_list=self.with_another(program, "/bin/false"))
            self.assert_no(result, reason)
            self.assertEqual(result.stderr, "", program)


if __name__ == "__main__":
    main()
