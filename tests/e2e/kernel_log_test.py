"""What cannot be thawed is named on /dev/kmsg, and again when it is thawed at last.

Inside the sandbox /dev/kmsg is a plain file (sandbox_init.cpp): what stands there, the product has
written in this test. Should somebody make it the real one, it cannot be read like this: a skip.
"""

import os
import stat

from harness.cell import WITHIN_S
from harness.probe import now
from harness.reporting import wait_until
from harness.scenario import Scenario, volumes_of
from harness.testing import EndToEndTest, main

KERNEL_LOG = "/dev/kmsg"
DAEMON_ERROR = "<27>"
NAMED_AFTER_S = 1.0  # of acting in vain


class KernelLog(EndToEndTest):
    def lines_about(self, box, mount_point):
        """Each write of the real one is a line, which begins with its facility and level."""
        return [line for line in box.read(KERNEL_LOG).split(DAEMON_ERROR)
                if f" {mount_point} " in line]

    def require_readable_log(self, box):
        if not stat.S_ISREG(os.stat(box.path(KERNEL_LOG)).st_mode):
            self.skipTest("/dev/kmsg of the sandbox is not a file: NOTHING was tested")

    def lose_the_freezer(self, phase, complaint):
        """While a call on inner is in flight: the guardian acts, and cannot finish."""
        with self.sandbox(volumes_of("ext4", phase)) as box:
            self.require_readable_log(box)
            scenario = Scenario(box, "ext4", phase)
            scenario.run_to_phase()
            killed = now()
            scenario.service.freezer.kill()
            self.assertTrue(wait_until(lambda: self.lines_about(box, "/mnt/inner"), 10),
                            f"not a word about what stays frozen\n{scenario.service.complaints()}")
            named = now() - killed
            line = self.lines_about(box, "/mnt/inner")[-1]
            self.assertIn("cannot thaw", line)
            self.assertIn(complaint, line)
            self.assertGreaterEqual(named, NAMED_AFTER_S)
            self.assertLess(named, NAMED_AFTER_S + WITHIN_S)
            self.say(f"after {named:.1f} s: {line}")
            let_go = scenario.let_go()
            self.assertIsNotNone(scenario.probe.wait_thawed("/mnt/inner", let_go, 5))
            self.assertTrue(wait_until(lambda: len(self.lines_about(box, "/mnt/inner")) == 2, 5),
                            box.read(KERNEL_LOG))
            line = self.lines_about(box, "/mnt/inner")[-1]
            self.assertIn("thawed at last", line)
            self.assertEqual(self.lines_about(box, "/mnt/a"), [], "it was thawed at once")
            self.say(line)

    def test_names_what_is_still_being_frozen(self):
        self.lose_the_freezer("FREEZE", "its freeze is still in flight")

    def test_names_what_does_not_thaw(self):
        self.lose_the_freezer("THAW", "the kernel does not answer")


if __name__ == "__main__":
    main()
