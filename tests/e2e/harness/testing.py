"""The base of every end-to-end test: a sandbox that must be left thawed, a report of what was done.

    python3 NAME_test.py --programs build/dev/tests/e2e/programs.json [TestCase.test_name]...
"""

import argparse
import contextlib
import os
import sys
import tempfile
import time
import unittest

from harness import images
from harness.programs import Programs
from harness.reporting import PREREQUISITE_MISSING, run_tests, wait_until
from harness.sandbox import Sandbox

def require_root(what):
    if os.geteuid() != 0:
        sys.stderr.write(f"{what} needs root: it mounts loop images in a namespace of its own\n")
        sys.exit(PREREQUISITE_MISSING)


class EndToEndTest(unittest.TestCase):
    programs = None       # set by main()
    program_list = None

    def say(self, text):
        print(f"  {text}", flush=True)

    @contextlib.contextmanager
    def sandbox(self, volumes, expect_frozen=(), **options):
        """A sandbox; fails if the guard had to thaw anything but what is expected."""
        with Sandbox(self.programs, volumes, **options) as box:
            yield box
        self.assertEqual(sorted(box.thawed_by_guard), sorted(expect_frozen),
                         "left frozen when the test ended")

    def new_directory(self):
        """On the machine's own disk; gone after the test."""
        directory = tempfile.TemporaryDirectory(prefix="openvss-e2e-copies-")
        self.addCleanup(directory.cleanup)
        return directory.name

    def freeze_by_hand(self, box, mount_point):
        self.assertEqual(box.run("fs_tool", "freeze", mount_point).status, 0)

    def thaw_by_hand(self, box, mount_point):
        self.assertEqual(box.run("fs_tool", "thaw", mount_point).status, 0)

    def move_programs_to_a_disk(self, box):
        """The service's programs lie on /mnt/disk then, and no longer on the sandbox's tmpfs."""
        moved = box.run("sh", "-c",
                        "for name in vssd vss-freezer vss-guardian; do cp /bin/$name /mnt/disk && "
                        "rm /bin/$name && ln -s /mnt/disk/$name /bin/$name || exit 1; done")
        self.assertEqual(moved.status, 0, moved.errors)

    def start_freeze_in_flight(self, box):
        """FIFREEZE of /mnt/inner that waits for a writer, which waits for the frozen /mnt/outer."""
        box.run("fs_tool", "write", "/mnt/inner/file")
        self.freeze_by_hand(box, "/mnt/outer")
        box.start("fs_tool", "write", "/mnt/inner/file")
        time.sleep(0.2)
        freezer = box.start("fs_tool", "freeze", "/mnt/inner")
        time.sleep(0.2)
        self.assertIsNone(freezer.status, "the freeze did not wait")
        return freezer

    def add_stalling_disk(self, box, name):
        """A volume whose disk is a process, which is returned: SIGSTOP makes the device hang."""
        image = os.path.join(box.directory, name + ".img")
        images.make_image(image, "ext4", 32)
        images.copy_image(image, box.path(f"/{name}.img"))
        os.mkdir(box.path(f"/{name}.fuse"))
        disk = box.start("stalling_fuse", f"/{name}.img", f"/{name}.fuse")
        self.assertTrue(wait_until(lambda: "ready" in disk.output, 5), disk.errors)
        mounted = box.run("fs_tool", "mount", f"/{name}.fuse/disk", "ext4", f"/mnt/{name}")
        self.assertEqual(mounted.status, 0, mounted.errors)
        box.guard(name, f"/mnt/{name}")
        return disk


def main():
    """Body of every *_test.py."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--programs", required=True, help="programs.json of the build")
    parser.add_argument("tests", nargs="*")
    options = parser.parse_args()
    require_root("this test")
    EndToEndTest.programs = Programs(options.programs)
    EndToEndTest.program_list = os.path.abspath(options.programs)
    run_tests(options.tests)
