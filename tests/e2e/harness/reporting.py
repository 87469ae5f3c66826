"""How a test program of the real kernel waits, runs its tests and tells what it does."""

import sys
import time
import unittest

PREREQUISITE_MISSING = 77  # its exit status then: skipped


def wait_until(condition, timeout):
    """Polls; the last value of `condition()`."""
    until = time.monotonic() + timeout
    while not (value := condition()) and time.monotonic() < until:
        time.sleep(0.005)
    return value


class Narrator(unittest.TextTestResult):
    """Names each test before it runs and its time after."""

    def startTest(self, test):
        self._began = time.monotonic()
        print(f"{test.id().removeprefix('__main__.')}", flush=True)
        super().startTest(test)

    def stopTest(self, test):
        print(f"  {time.monotonic() - self._began:.1f} s", flush=True)
        super().stopTest(test)


def run_tests(names):
    """Of the program itself; all, if none is named. Does not return."""
    unittest.main(argv=[sys.argv[0]] + names,
                  testRunner=unittest.TextTestRunner(sys.stdout, resultclass=Narrator, verbosity=0))
