"""The plan for each recorded machine in this folder, compared with what is expected of it.

    python3 plans_test.py --freezer vss-freezer --recorder tools/record_plan.sh [--update]

`--update` writes what the program says as what is expected: look at the difference before you keep it.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
OPENED = re.compile(r"open(?:at2?)?\(.*\) = \d+<([^>]+)>$", re.MULTILINE)  # by strace -y
ARGS = None


def text_of(*path):
    with open(os.path.join(HERE, *path), encoding="utf-8") as file:
        return file.read()


def machines():
    return sorted(name for name in os.listdir(HERE) if os.path.exists(os.path.join(HERE, name, "about")))


def plan(directory, *arguments, before=()):
    return subprocess.run([*before, ARGS.freezer, "--plan", "--from", directory, *arguments],
                          capture_output=True, text=True, timeout=60, check=False,
                          env={"LC_ALL": "C", "PATH": os.environ["PATH"],
                               # LeakSanitizer cannot look while strace does.
                               "ASAN_OPTIONS": "detect_leaks=0" if before else ""})


class Plans(unittest.TestCase):
    maxDiff = None

    def test_each_machine_is_planned_as_expected(self):
        self.assertGreaterEqual(len(machines()), 12)
        for name in machines():
            with self.subTest(name):
                ran = plan(os.path.join(HERE, name), "--verbose", *text_of(name, "arguments").split())
                self.assertEqual(ran.stderr, "")
                self.assertEqual(ran.returncode, 0 if " 0 vetoed\n" in ran.stdout else 1)
                place = os.path.join(HERE, name, "expected")
                if ARGS.update:
                    with open(place, "w", encoding="utf-8") as file:
                        file.write(ran.stdout)
                self.assertEqual(ran.stdout, text_of(name, "expected"))

    def test_nothing_outside_the_recording_is_opened(self):
        directory = os.path.join(HERE, "xfs_external_log")
        with tempfile.NamedTemporaryFile("r") as trace:
            plan(directory, "--allow-root",
                 before=("strace", "-f", "-y", "-e", "trace=open,openat,openat2", "-o", trace.name))
            opened = OPENED.findall(trace.read())
        self.assertIn(directory + "/mountinfo", opened)
        # A loader's, and a sanitizer's.
        ours = re.compile(r"/lib|/usr/lib|/etc/ld\.so|/proc/\w+/(maps|cmdline|environ)$")
        strange = [path for path in opened
                   if not path.startswith(directory) and not ours.match(path)]
        self.assertEqual(strange, [])

    def test_what_is_no_recording_is_said(self):
        ran = plan("/nowhere")
        self.assertEqual((ran.returncode, ran.stdout), (1, ""))
        self.assertIn("/nowhere/mountinfo", ran.stderr)

    def test_a_recording_that_would_be_waited_for_or_leads_out_is_refused(self):
        for spoil, said in ((lambda place: os.mkfifo(place), "is neither a file nor a directory"),
                            (lambda place: os.symlink("/dev/zero", place), "leads out of"),
                            (lambda place: os.symlink("/etc/hostname", place), "leads out of")):
            with self.subTest(said), tempfile.TemporaryDirectory() as directory:
                recorded = os.path.join(directory, "recorded")
                shutil.copytree(os.path.join(HERE, "lvm_on_luks_on_md"), recorded, symlinks=True)
                level = os.path.join(recorded, "sys/devices/virtual/block/md1/md/level")
                os.unlink(level)
                spoil(level)
                ran = plan(recorded, "--allow-root")
                self.assertEqual((ran.returncode, ran.stdout), (1, ""))
                self.assertIn(f"{level} {said}", ran.stderr)

    def test_this_machine_can_be_recorded(self):
        with tempfile.TemporaryDirectory() as directory:
            place = os.path.join(directory, "recorded")
            subprocess.run([ARGS.recorder, place], check=True, timeout=60)
            ran = plan(place, "--verbose", "--allow-root")
            self.assertIn(ran.returncode, (0, 1), ran.stderr)
            with open(os.path.join(place, "mountinfo"), encoding="utf-8") as file:
                mounts = len(file.readlines())
            lines = re.findall(r"^  (?:-|\d+) +[a-z]+ ", ran.stdout, re.MULTILINE)
            self.assertEqual(len(lines), mounts, ran.stdout)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--freezer", required=True)
    parser.add_argument("--recorder", required=True)
    parser.add_argument("--update", action="store_true")
    ARGS, rest = parser.parse_known_args()
    unittest.main(argv=[sys.argv[0], *rest])
