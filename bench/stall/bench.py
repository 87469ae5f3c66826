#!/usr/bin/env python3
"""`make bench`: what applications feel of a snapshot, OpenVSS beside its peers, in one run.

    bench.py --programs build/dev/bench/stall/programs.json --into build/bench
             [--quick] [--repetitions N] [--only TEXT]
    bench.py --into build/bench --figure docs    # of the last whole run

A whole run writes results.json there, any other partial.json. README.md has the method. Everything
that is frozen is an image in the sandbox of tests/e2e.
"""

import argparse
import datetime
import json
import os
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.append(os.path.join(HERE, "..", "..", "tests", "e2e"))

import figure
import machine
import methods
import scenarios
import summary
import tables
import whole
from harness.programs import Programs
from harness.sandbox import SandboxError
from harness.service import ServiceError
from harness.testing import require_root
from measure import measure
from methods.method import MethodFailed
from stall import NoWritesAround
from writers import WritersFailed

RESULTS, PARTIAL = "results.json", "partial.json"
FAILURES = (MethodFailed, WritersFailed, NoWritesAround, ServiceError, SandboxError, RuntimeError,
            OSError, subprocess.SubprocessError)  # TimeoutError is an OSError


def say(text):
    print(text, flush=True)


def available_methods(programs):
    """Those whose program is there and complete; a word on the others."""
    found = []
    for method in methods.ALL:
        path = programs.path(method.PROGRAM) if method.PROGRAM else None
        if path and not os.path.exists(path):
            say(f"WARNING: {method.NAME} is not measured: {path} is missing (make stock)")
        elif path and missing_libraries(path):
            say(f"WARNING: {method.NAME} is not measured: no {', '.join(missing_libraries(path))}")
        else:
            found.append(method)
    return found


def missing_libraries(path):
    output = subprocess.run(["ldd", path], capture_output=True, text=True, check=False).stdout
    return [line.split()[0] for line in output.splitlines() if "not found" in line]


class Run:
    def __init__(self, options):
        self._options = options
        self._programs = Programs(options.programs)
        self._methods = available_methods(self._programs)
        self._repetitions = options.repetitions or (
            scenarios.QUICK_REPETITIONS if options.quick else scenarios.WHOLE_REPETITIONS)
        cells = scenarios.quick() if options.quick else scenarios.whole()
        self.cells = [cell for cell in cells if options.only in cell.title]
        self._judged = not options.quick and self._repetitions >= scenarios.WHOLE_REPETITIONS
        is_whole = self._judged and self.cells == cells
        self.path = os.path.join(options.into, RESULTS if is_whole else PARTIAL)
        self.failures = []
        self._results = {"rows": [], "before": [], "ratios": [], "machine": {}}

    def run(self):
        self._describe()
        seconds = [self._estimate(cell) for cell in self.cells]
        say(f"{len(self.cells)} cells, {len(self._methods)} methods, {self._repetitions} "
            f"repetitions: about {sum(seconds) / 60:.0f} minutes, until "
            f"{datetime.datetime.now() + datetime.timedelta(seconds=sum(seconds)):%H:%M}")
        for number, (cell, expected) in enumerate(zip(self.cells, seconds), 1):
            self._measure(cell, f"{number}/{len(self.cells)}", expected)
            self._write()
        say("\n" + tables.terminal(self._results))
        for failure in self.failures:
            say(f"FAILED {failure}")
        say(f"written to {self.path}")

    def _describe(self):
        stock = self._programs.path("qemu-ga").removesuffix("/usr/sbin/qemu-ga")
        self._results["machine"] = machine.describe(stock) | {
            "time": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
            "direct_io": None, "quick": self._options.quick}

    def _estimate(self, cell):
        return scenarios.estimated_seconds(cell, self._repetitions, len(self._methods))

    def _measure(self, cell, place, expected):
        say(f"[{place}] {cell.title}: about {expected:.0f} s")
        began = time.monotonic()
        before = len(self._results["rows"])
        try:
            self._results["machine"]["direct_io"] = measure(
                self._programs, cell, self._methods, self._repetitions,
                limit_s=int(300 + 5 * expected), report=self._reporter(cell))
        except FAILURES as error:
            self.failures.append(f"{cell.title}: {error}")
            say(f"      FAILED: {error}")
        rows = self._results["rows"][before:]
        for group in summary.groups(rows):
            told = ", ".join(f"{summary.NAMES[metric]} "
                             f"{tables.spread_text(summary.spread(rows, metric, group))}"
                             for metric in summary.METRICS)
            say(f"      {group[-1]:<14} {told} ms")
        say(f"      took {time.monotonic() - began:.0f} s")

    def _reporter(self, cell):
        def report(method, repetition, round_, stall_ms, before):
            row = {"scenario": cell.scenario, "method": method, "filesystem": cell.kind,
                   "N": cell.count, "load": cell.load, "rep": repetition}
            self._results["rows"].append(
                row | {"freeze_ms": round(round_.freeze_ms, 3), "thaw_ms": round(round_.thaw_ms, 3),
                       "stall_ms": None if stall_ms is None else round(stall_ms, 3)})
            if before:
                self._results["before"].append(row | before)
        return report

    def _write(self):
        """After each cell: what is measured is not lost with what comes after it."""
        self._results["ratios"] = summary.ratios(self._results["rows"], self.cells,
                                                 self._repetitions, self._judged)
        os.makedirs(self._options.into, exist_ok=True)
        with open(self.path, "w", encoding="utf-8") as file:
            json.dump(self._results, file, indent=1)


def draw(path, docs):
    """The picture and the tables of a whole run, for the documentation. The sentence why not, or
    nothing."""
    try:
        with open(path, encoding="utf-8") as file:
            results = json.load(file)
    except OSError as error:
        return f"{path}: {error.strerror}: run `make bench` first"
    if missing := whole.why_not(results):
        return f"{path}: not the results of a whole run: {missing}; run `make bench`"
    os.makedirs(os.path.join(docs, "images"), exist_ok=True)
    for name, text in (("images/stall.svg", figure.draw(results)),
                       ("measurements.md", tables.markdown(results))):
        with open(os.path.join(docs, name), "w", encoding="utf-8") as file:
            file.write(text)
        say(f"written to {os.path.join(docs, name)}")
    return ""


def main(arguments=None):
    parser = argparse.ArgumentParser(description="What applications feel of a snapshot.")
    parser.add_argument("--programs", help="programs.json of the build")
    parser.add_argument("--into", required=True, metavar="DIRECTORY",
                        help=f"where {RESULTS} of a whole run and {PARTIAL} of any other are")
    parser.add_argument("--quick", action="store_true", help="a few small cells, three repetitions")
    parser.add_argument("--repetitions", type=int, help="10; of the quick mode 3")
    parser.add_argument("--only", default="", help="cells whose title has this text")
    parser.add_argument("--figure", metavar="DOCS", help="draw the last whole run, measure nothing")
    options = parser.parse_args(arguments)
    if options.figure:
        refused = draw(os.path.join(options.into, RESULTS), options.figure)
        if refused:
            sys.stderr.write(refused + "\n")
        return 1 if refused else 0
    if not options.programs:
        parser.error("--programs is needed to measure")
    require_root("the benchmark")
    run = Run(options)
    if not run.cells:
        parser.error(f"no cell's title has \"{options.only}\"")
    run.run()
    return 1 if run.failures else 0


if __name__ == "__main__":
    sys.exit(main())
