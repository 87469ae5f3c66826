"""The base of every test in a virtual machine.

    python3 NAME_test.py --programs build/dev/tests/vm/programs.json [TestCase.test_name]...
"""

import argparse
import os
import shutil
import sys
import unittest

from harness.kernel import Unavailable, kernel
from harness.programs import Programs
from harness.reporting import PREREQUISITE_MISSING, run_tests
from harness.vm import QEMU, Vm

class VmTest(unittest.TestCase):
    programs = None  # set by main()

    def say(self, text):
        print(f"  {text}", flush=True)

    def vm(self, **options):
        """See harness.vm.Vm; `programs` are the names of what the guest gets."""
        options.setdefault("log", self.id().removeprefix("__main__."))
        return Vm(self.programs, with_programs=options.pop("programs", ()), **options)


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
    run_tests(options.tests)


def skip(why):
    sys.stderr.write(f"SKIPPED, nothing was tested in a virtual machine: {why}\n")
    sys.exit(PREREQUISITE_MISSING)
