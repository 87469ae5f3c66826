"""What the units must not have, and how much systemd thinks they expose. Needs no machine to boot;
tests/vm/install_test.py looks at them at work.

    python3 units_test.py DIRECTORY   # of the units as they are installed
"""

import os
import re
import shutil
import subprocess
import sys
import unittest

# systemd-analyze security, times ten.
SCORES = {"vssd.service": 20, "vss-guardian.service": 36, "vss-freezer.service": 41}

# systemd.exec(5), what gives a service a mount namespace of its own or needs one.
NAMESPACE = re.compile(
    r"^(Protect(System|Home|Proc|KernelTunables|KernelModules|KernelLogs|ControlGroups|Hostname)|"
    r"Private(Tmp|Devices|Mounts|Network|Users|IPC)|ProcSubset|(ReadWrite|ReadOnly|Inaccessible|Exec|"
    r"NoExec)Paths|Bind(ReadOnly)?Paths|TemporaryFileSystem|Root(Directory|Image)|MountFlags|"
    r"MountImages|Extension(Images|Directories)|DynamicUser|LogNamespace)\s*=", re.MULTILINE)

# For these systemd makes directories at every start, which waits while root is frozen.
WRITES = re.compile(r"^((State|Cache|Logs|Configuration)Directory|PrivateTmp|ProtectProc|ProcSubset|"
                    r"ProtectKernelTunables|ProtectControlGroups|MountAPIVFS)\s*=", re.MULTILINE)


class Units(unittest.TestCase):
    directory = ""

    def read(self, unit):
        with open(os.path.join(self.directory, unit), encoding="utf-8") as file:
            return file.read()

    def test_freezer_and_guardian_live_among_process_1s_mounts(self):
        for unit in ("vss-freezer.service", "vss-guardian.service"):
            self.assertIsNone(NAMESPACE.search(self.read(unit)), unit)

    def test_a_start_makes_no_directory(self):
        for unit in SCORES:
            self.assertIsNone(WRITES.search(self.read(unit)), unit)

    def test_nothing_cuts_a_thaw_short(self):
        for unit in ("vss-freezer.service", "vss-guardian.service"):
            self.assertIn("\nTimeoutStopSec=infinity\n", self.read(unit))

    def test_vssd_is_handed_what_only_root_may_open(self):
        """vss-hand-in-devices fills the store, and vssd empties it: both must be heard."""
        unit = self.read("vssd.service")
        self.assertRegex(unit, r"\nExecStartPre=-\+/\S+/vss-hand-in-devices\n")
        self.assertIn("\nNotifyAccess=exec\n", unit)
        self.assertIn("\nFileDescriptorStoreMax=4\n", unit)
        self.assertIn("\nDeviceAllow=/dev/kmsg w\n", unit)  # + does not lift that filter
        with open(os.path.join(os.path.dirname(__file__), "udev", "70-openvss.rules"),
                  encoding="utf-8") as rules:
            self.assertNotIn('KERNEL=="cuse"', rules.read())

    def test_the_scores_are_at_most_those_of_the_documentation(self):
        if shutil.which("systemd-analyze") is None:
            self.fail("there is no systemd-analyze: apt-get install systemd")
        for unit, score in SCORES.items():
            done = subprocess.run(
                ["systemd-analyze", "security", "--offline=yes", "--no-pager", f"--threshold={score}",
                 os.path.join(self.directory, unit)], capture_output=True, text=True, check=False)
            self.assertEqual(done.returncode, 0, done.stdout[-200:] + done.stderr)


if __name__ == "__main__":
    Units.directory = sys.argv.pop(1)
    unittest.main()
