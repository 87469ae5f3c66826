"""A hostile host, briefly, as part of every run of the tests; `make hostile COUNT=…` goes on longer."""

import os
import subprocess
import sys

from harness.testing import EndToEndTest, main

HOSTILE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "hostile.py")


class Hostile(EndToEndTest):
    def test_is_survived(self):
        result = subprocess.run(
            [sys.executable, "-B", HOSTILE, "--programs", self.program_list, "--count", "20000"],
            capture_output=True, text=True, check=False)
        for line in result.stdout.splitlines():
            self.say(line)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        self.assertTrue(result.stdout.endswith("hostile: survived\n"))


if __name__ == "__main__":
    main()
