"""The runtime directory: full, or on the wrong filesystem."""

import os

from harness.probe import Probe, now
from harness.sandbox import Volume
from harness.service import STATE, Service
from harness.testing import EndToEndTest, main


class RuntimeDirectory(EndToEndTest):
    def mount_small(self, box, size):
        os.mkdir(box.path("/small"))
        mounted = box.run("mount", "-t", "tmpfs", "-o", f"size={size},mode=755", "tmpfs", "/small")
        self.assertEqual(mounted.status, 0, mounted.errors)

    def fill(self, box):
        self.assertNotEqual(box.run("dd", "if=/dev/zero", "of=/small/filler", "bs=4096").status, 0)
        self.assertEqual(os.statvfs(box.path("/small")).f_bavail, 0, "there is room left")

    def test_full_from_the_start(self):
        """Refused with a sentence that names it; nothing is frozen."""
        with self.sandbox([Volume("a")]) as box:
            self.mount_small(box, "16k")
            self.fill(box)
            for program in ("vssd", "vss-guardian", "vss-freezer"):
                child = box.start(program, "--runtime-dir", "/small")
                status = child.wait(20)
                self.assertNotIn(status, (0, None), program)
                self.assertGreater(status, 0, f"{program} died by a signal")
                self.assertIn("/small", child.errors)
                self.say(f"{program}: exit {status}: {child.errors.strip()}")

    def test_full_while_it_runs(self):
        """What a transaction needs was taken at the start."""
        with self.sandbox([Volume("a")]) as box:
            self.mount_small(box, "4m")
            service = Service(box, runtime="/small/run")
            service.start()
            probe = Probe(box, ["/mnt/a"])
            self.fill(box)
            requester = service.start_snapshot()
            status = requester.wait(60)
            self.assertIsNotNone(probe.wait_thawed("/mnt/a", now(), 2))
            self.assertEqual(status, 0, requester.errors)
            self.say(f"a snapshot with a full runtime directory: exit {status}")

    def test_not_a_tmpfs(self):
        with self.sandbox([Volume("a")]) as box:
            for program in ("vssd", "vss-guardian", "vss-freezer"):
                options = ["--state-dir", STATE] if program == "vssd" else []
                child = box.start(program, "--runtime-dir", "/mnt/a/run", *options)
                self.assertIn(child.wait(20), (1, 2, 77), program)
                self.assertIn("/mnt/a/run", child.errors)
                self.assertIn("tmpfs", child.errors)
                self.say(f"{program}: exit {child.status}: {child.errors.strip()}")


if __name__ == "__main__":
    main()
