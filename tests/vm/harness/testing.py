"""The base of every test in a virtual machine.

    python3 NAME_test.py --programs build/dev/tests/vm/programs.json [TestCase.test_name]...
"""

import argparse
import os
import shutil
import sys
import time
import unittest

from harness.kernel import Unavailable, kernel
from harness.programs import Programs
from harness.vm import QEMU, Vm

PREREQUISITE_MISSING = 77


def wait_until(condition, timeout):
    """Polls; the last value of `condition()`."""
    until = time.monotonic() + timeout
    while not (value := condition()) and time.monotonic() < until:
        time.sleep(0.02)
    return value


class VmTest(unittest.TestCase):
    programs = None  # set by main()

    def say(self, text):
        print(f"  {text}", flush=True)

    def vm(self, **options):
        """See harness.vm.Vm; `programs` are the names of what the guest gets."""
        options.setdefault("log", self.id().removeprefix("__main__."))
        return Vm(self.programs, with_programs=options.pop("programs", ()), **options)


class Narrator(unittest.TextTestResult):
    """Names each test before it runs and its time after."""

    def startTest(self, test):
        self._began = time.monotonic()
        print(f"{test.id().removeprefix('__main__.')}", flush=True)
        super().startTest(test)

    def stopTest(self, test):
        print(f"  {time.monotonic() - self._began:.1f} s", flush=True)
        super().stopTest(test)


def main(kernels=("6.1",)):
    """Body of every *_test.py; `kernels` are those that it cannot do without."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--programs", required=True, help="programs.json of the build")
    parser.add_argument("tests", nargs="*")
    options = parser.parse_args()
    if shutil.which(QEMU) is None:
        skip(f"there is no {QEMU}: apt-get install qemu-system-x86")
    for series in kernels:
        try:
            kernel(series)
        except Unavailable as missing:
            skip(str(missing))
    VmTest.programs = Programs(options.programs)
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    unittest.main(argv=[sys.argv[0]] + options.tests,
                  testRunner=unittest.TextTestRunner(sys.stdout, resultclass=Narrator, verbosity=0))


def skip(why):
    sys.stderr.write(f"SKIPPED, nothing was tested in a virtual machine: {why}\n")
    sys.exit(PREREQUISITE_MISSING)
