"""vssctl rehearse: a whole transaction without a copy, and what it costs who writes."""

import json
import os

from harness.bank import Bank
from harness.probe import Probe, now
from harness.sandbox import Volume
from harness.service import Service
from harness.testing import EndToEndTest, main

VSS_ADMIN = 991
USER = 1000
# A machine with a hundred other things to do is slow, and no rehearsal takes half of this.
SANE_S = 20


class Rehearse(EndToEndTest):
    def rehearse(self, service, *options, **more):
        """Through a pipe: a file could be frozen, and is refused."""
        reader, writer = os.pipe()
        try:
            child = service.ctl("rehearse", *options, stdout=writer, **more)
        finally:
            os.close(writer)
        with open(reader, encoding="utf-8") as pipe:
            return child.status, pipe.read(), child.errors

    def report(self, service, *options, **more):
        status, output, errors = self.rehearse(service, "--json", *options, **more)
        report = json.loads(output)
        self.assertEqual((report["schema"], report["version"]), ("openvss.rehearsal", 1), errors)
        return status, report

    def test_whole_transaction_with_a_database(self):
        with self.sandbox([Volume("a"), Volume("b")]) as box:
            service = Service(box).start()
            bank = Bank(box)
            service.start_writer("sqlite", "--name", "db", "/mnt/a/bank.db")
            service.wait_until_ready(writers=1)
            before = now()
            status, report = self.report(service)
            took = now() - before
            self.assertEqual(status, 0, report)
            self.assertTrue(report["success"])
            self.assertEqual((report["grade"], report["record"]["result"]),
                             ("application", "consistent"))
            self.assertEqual(report["record"]["writers"][0]["fate"], "released")
            self.assertEqual({stall["mount_point"] for stall in report["stalls"]},
                             {"/mnt/a", "/mnt/b"})
            for stall in report["stalls"]:
                self.assertGreater(stall["writes"], 0)
                self.assertEqual(stall["not_measured"], "")
                # A write cannot end while the filesystem is frozen.
                self.assertGreaterEqual(stall["measured_us"], self.frozen_us(report, stall))
                self.assertLess(stall["measured_us"], SANE_S * 1e6)
                self.say(f"{stall['mount_point']}: stall {stall['measured_us'] / 1e6:.3f} s of "
                         f"{took:.3f} s, {stall['writes']} writes")
            self.assertTrue(bank.wait_for_transfers(3, 20))

    @staticmethod
    def frozen_us(report, stall):
        """While it certainly was frozen: from the end of its freeze to the order to thaw."""
        part = next(part for part in report["record"]["filesystems"]
                    if part["mount_point"] == stall["mount_point"])
        return report["record"]["thaw_asked_us"] - part["began_us"] - part["freeze_us"]

    def test_text_tells_verdict_stall_and_timeline(self):
        with self.sandbox([Volume("a")]) as box:
            service = Service(box).start()
            status, output, errors = self.rehearse(service)
            self.assertEqual(status, 0, errors)
            for words in ("would have been filesystem-consistent", "/mnt/a", "the longest gap",
                          "Timeline", "thaw filesystems"):
                self.assertIn(words, output)
            self.assertEqual(service.record()["note"], "(rehearsal: nothing is copied)")
            for line in output.splitlines():
                self.say(line)

    def test_slow_application_is_no_stall_of_the_filesystem(self):
        with self.sandbox([Volume("a")]) as box:
            service = Service(box).start()
            slow = "sleep 0.5"
            service.start_writer("exec", "--name", "app", "--freeze", slow, "--thaw", slow)
            service.wait_until_ready(writers=1)
            _, report = self.report(service)
            self.assertGreater(report["held_us"], 500_000)
            self.assertLess(report["stalls"][0]["frozen_us"], report["held_us"] - 400_000)

    def test_refused_while_a_transaction_is_open(self):
        with self.sandbox([Volume("a")]) as box:
            service = Service(box).start()
            requester = service.hold_until_told()
            status, output, errors = self.rehearse(service)
            self.assertEqual((status, output), (1, ""))
            self.assertIn("not held:", errors)
            self.say(errors.strip())
            self.assertIsNone(requester.status, "it ended what was open")
            service.release(requester)
            self.assertEqual(requester.status, 0, requester.errors)

    def test_who_is_not_root_learns_what_was_not_measured(self):
        with self.sandbox([Volume("a")]) as box:
            service = Service(box).start()
            status, report = self.report(service, user=(USER, USER, VSS_ADMIN))
            self.assertEqual(status, 0, report)
            stall = report["stalls"][0]
            self.assertIsNone(stall["measured_us"])
            self.assertIn("root", stall["not_measured"])
            self.assertGreater(stall["frozen_us"], 0)
            status, output, errors = self.rehearse(service, user=(USER, USER))
            self.assertEqual((status, output), (1, ""))
            self.assertIn("vss-admin", errors)

    def test_output_into_a_file_is_refused(self):
        with self.sandbox([Volume("a")]) as box:
            service = Service(box).start()
            child = service.ctl("rehearse")  # the harness's memory file is a file
            self.assertEqual(child.status, 2)
            self.assertIn("vssctl rehearse | cat", child.errors)
            self.assertEqual(service.ctl("explain").status, 1, "something was held")

    def test_hold_that_does_not_last_is_no_success(self):
        with self.sandbox([Volume("a")]) as box:
            service = Service(box).start()
            probe = Probe(box, ["/mnt/a"])
            service.start_writer("exec", "--name", "app", "--freeze", "true",
                                 "--thaw", "true")
            service.wait_until_ready(writers=1)
            box.write("/bin/true.sh", "#!/bin/sh\nsleep 5\n")
            os.chmod(box.path("/bin/true.sh"), 0o755)
            os.mkdir(box.path("/slow"))
            os.rename(box.path("/bin/true.sh"), box.path("/slow/true"))
            status, report = self.report(service, "--hold-max", "1",
                                         env={"PATH": "/slow:/bin"})
            self.assertEqual(status, 1)
            self.assertFalse(report["success"])
            self.assertEqual(report["record"]["result"], "torn")
            self.assertIsNotNone(probe.wait_thawed("/mnt/a", now(), 5))
            self.say(report["problem"])

    def test_what_cannot_be_frozen_is_named(self):
        with self.sandbox([Volume("disk")]) as box:
            self.move_programs_to_a_disk(box)
            service = Service(box).start()
            status, _, errors = self.rehearse(service)
            self.assertEqual(status, 1)
            self.assertIn("--allow-root", errors)
            self.say(errors.strip())


if __name__ == "__main__":
    main()
