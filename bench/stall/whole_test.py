"""What becomes of a run's results: which of them the documentation may show, and where they go.

    python3 whole_test.py
"""

import argparse
import json
import os
import sys
import tempfile
import unittest
import unittest.mock

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "tests", "e2e"))

import bench
import machine
import scenarios
import summary
from figures_test import MACHINE, rows_of


class Results(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory(prefix="openvss-bench-")
        self.addCleanup(directory.cleanup)
        self.directory = directory.name
        rows = [each for cell in scenarios.whole() for each in rows_of(cell, 10)]
        self.results = {"rows": rows, "before": [], "machine": dict(MACHINE),
                        "ratios": summary.ratios(rows, scenarios.whole(), 10)}

    def figure(self):
        """The status, and what was said on stderr."""
        if self.results:
            with open(os.path.join(self.directory, bench.RESULTS), "w", encoding="utf-8") as file:
                json.dump(self.results, file)
        with unittest.mock.patch("sys.stderr.write") as said, unittest.mock.patch("bench.say"):
            status = bench.main(["--into", self.directory, "--figure", self.directory])
        return status, "".join(call.args[0] for call in said.call_args_list)

    def assert_refused(self, why):
        status, said = self.figure()
        self.assertEqual(status, 1)
        self.assertRegex(said, why)
        self.assertFalse(os.path.exists(os.path.join(self.directory, "measurements.md")))

    def test_run_is_drawn_with_its_explanation(self):
        self.assertEqual(self.figure(), (0, ""))
        with open(os.path.join(self.directory, "measurements.md"), encoding="utf-8") as file:
            text = file.read()
        for part in ("## What an idle freeze consists of", "## Why btrfs differs", "| many | idle |",
                     "Linux 6.1;", " goals hold."):
            self.assertIn(part, text)
        self.assertNotIn("$", text)

    def test_quick_run_is_no_whole_one(self):
        self.results["machine"]["quick"] = True
        self.assert_refused("results.json: not the results of a whole run: they are of the quick")

    def test_run_that_lacks_a_repetition_is_no_whole_one(self):
        self.results["rows"].remove(next(each for each in self.results["rows"] if
                                         each["method"] == "limit" and each["N"] == 24))
        self.assert_refused(r"1 of \d+ measurements have fewer than 10 repetitions, "
                            '"growth: 24 ext4, idle, limit" is the first; run `make bench`')

    def test_nothing_measured_yet_is_said(self):
        self.results = None
        self.assert_refused("No such file or directory: run `make bench` first")

    def test_other_runs_write_elsewhere(self):
        def path(**options):
            options = {"quick": False, "only": "", "repetitions": None, "programs": None} | options
            with unittest.mock.patch("bench.Programs"), \
                 unittest.mock.patch("bench.available_methods"):
                return bench.Run(argparse.Namespace(into="", **options)).path
        self.assertEqual((path(), path(repetitions=20)), (bench.RESULTS, bench.RESULTS))
        for options in ({"quick": True}, {"only": "24 ext4"}, {"repetitions": 9},
                        {"quick": True, "repetitions": 10}):
            self.assertEqual(path(**options), bench.PARTIAL)

    def test_kernel_is_told_without_what_its_builder_appends(self):
        for release, version in (("6.18.44-cloud7", "6.18.44"), ("6.1.0-22-amd64", "6.1.0"),
                                 ("6.12", "6.12"), ("6.12.rc1", "6.12"), ("odd", "")):
            with unittest.mock.patch("platform.release", return_value=release):
                self.assertEqual(machine.describe("/nonexistent")["kernel"], version)


if __name__ == "__main__":
    unittest.main()
