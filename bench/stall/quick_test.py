"""The quick mode of the benchmark, whole: every method measured in every cell, and the results as
others read them. Needs root; what it measures on a busy machine says nothing and is not looked at.

    python3 quick_test.py --programs build/dev/bench/stall/programs.json
"""

import argparse
import collections
import json
import os
import sys
import tempfile
import unittest

import bench
import figure
import methods
import scenarios
from harness.programs import Programs
from harness.testing import require_root

ROW = {"scenario", "method", "filesystem", "N", "load", "rep", "freeze_ms", "thaw_ms", "stall_ms"}
RATIO = {"name", "ours", "peer", "ratio", "goal", "holds"}


class Quick(unittest.TestCase):
    programs = None

    @classmethod
    def setUpClass(cls):
        directory = tempfile.TemporaryDirectory(prefix="openvss-bench-")
        cls.addClassCleanup(directory.cleanup)
        cls.status = bench.main(["--programs", cls.programs, "--into", directory.name, "--quick"])
        with open(os.path.join(directory.name, bench.PARTIAL), encoding="utf-8") as file:
            cls.results = json.load(file)

    def test_every_method_that_is_there_was_measured_in_every_cell(self):
        self.assertEqual(self.status, 0)
        there = bench.available_methods(Programs(self.programs))
        self.assertGreaterEqual(len(there), len(methods.ALL) - 2, "two of them are to be fetched")
        expected = {(cell.scenario, cell.kind, cell.count, cell.load, method.NAME)
                    for cell in scenarios.quick() for method in there}
        found = collections.Counter((row["scenario"], row["filesystem"], row["N"], row["load"],
                                     row["method"]) for row in self.results["rows"])
        self.assertEqual(found, {key: scenarios.QUICK_REPETITIONS for key in expected})

    def test_rows_have_what_others_read(self):
        for row in self.results["rows"]:
            self.assertEqual(set(row), ROW)
            self.assertGreater(row["freeze_ms"], 0)
            self.assertGreater(row["thaw_ms"], 0)
            self.assertEqual(row["stall_ms"] is None, row["load"] == "idle", row)

    def test_a_stall_is_not_shorter_than_the_writers_own_pace(self):
        for row in self.results["rows"]:
            if row["stall_ms"] is not None:
                self.assertGreater(row["stall_ms"], 0.05, row)

    def test_ratios_are_told_and_none_is_judged(self):
        self.assertGreater(len(self.results["ratios"]), 2)
        for entry in self.results["ratios"]:
            self.assertEqual(set(entry), RATIO)
            self.assertIsNone(entry["holds"])

    def test_the_machine_is_told(self):
        machine = self.results["machine"]
        self.assertGreater(machine["memory_mib"], 0)
        self.assertIn(machine["direct_io"], (True, False))
        self.assertIn("openvss", machine["versions"])

    def test_a_picture_can_be_drawn(self):
        self.assertIn("openvss", figure.draw(self.results))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--programs", required=True, help="programs.json of the build")
    Quick.programs = parser.parse_args().programs
    require_root("this test")
    unittest.main(argv=[sys.argv[0]], warnings="ignore")  # pipes of a sandbox, closed by their end


if __name__ == "__main__":
    main()
