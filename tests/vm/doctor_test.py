"""vssctl doctor and rehearse where the frozen filesystem is the machine's own root."""

import json

from harness.own_root import serving, start_bank, write_waits
from harness.process import kill_at_once
from harness.testing import VmTest, main

BUDGETS = {"prepare": 30, "freeze": 20, "hold": 60}
GOOD, FAILURE = 0, 3


class OwnRoot(VmTest):
    def doctor(self, vm):
        done = vm.run("vssctl", "doctor", "--json", timeout=60)
        report = json.loads(done.output)
        return done.status, {finding["code"]: finding for check in report["checks"]
                             for finding in check["findings"]}

    def play(self, **options):
        with serving(self, options.pop("kind"), BUDGETS, options) as (vm, service):
            start_bank(service)
            status, findings = self.doctor(vm)
            self.assertEqual(status, GOOD, findings)
            self.rehearse(vm)
            self.examine_while_held(vm, service)
            self.mend_what_a_crash_left(vm, service)

    def rehearse(self, vm):
        done = vm.run("sh", "-c", "vssctl rehearse --json | cat", timeout=90)
        report = json.loads(done.output)
        self.assertTrue(report["success"], report)
        self.assertEqual(report["grade"], "application")
        stall = report["stalls"][0]
        self.assertEqual((stall["mount_point"], stall["not_measured"]), ("/", ""))
        # Frozen at least from the answer to the order to thaw, and no write ended in between.
        record = report["record"]
        self.assertGreaterEqual(stall["measured_us"],
                                record["thaw_asked_us"] - record["answered_us"])
        self.say(f"root stood still for {stall['measured_us'] / 1e6:.3f} s of emulated time")

    def examine_while_held(self, vm, service):
        """It reads and runs from what is frozen, and writes nowhere: it does not wait."""
        self.assertEqual(service.ctl("hold").status, 0)
        writer, waits = write_waits(service.box)
        self.assertTrue(waits, "a write went through")
        status, findings = self.doctor(vm)
        self.assertEqual(status, GOOD, findings)
        self.assertIn("transaction-open", findings)
        self.assertNotIn("waits-for-thaw", findings)
        self.assertEqual(service.ctl("release").status, 0)
        self.assertEqual(writer.wait(60), 0)

    def mend_what_a_crash_left(self, vm, service):
        """Root is frozen and all of the service is dead: doctor says so, and its command thaws."""
        self.assertEqual(service.ctl("hold").status, 0)
        writer, waits = write_waits(service.box)
        self.assertTrue(waits, "a write went through")
        kill_at_once(service.processes())
        for process in service.processes():
            process.wait(30)
        status, findings = self.doctor(vm)
        self.assertEqual(status, FAILURE, findings)
        for code in ("vssd-unreachable", "waits-for-thaw", "slots-left"):
            self.assertIn(code, findings)
            self.say(f"{code}: {findings[code]['what']}")
        vm.must(*findings["slots-left"]["mend"].split())
        self.assertEqual(writer.wait(60), 0)
        self.assertNotIn("waits-for-thaw", self.doctor(vm)[1])

    def test_ext4(self):
        self.play(kind="ext4")

    def test_btrfs_on_a_newer_kernel(self):
        self.play(kind="btrfs", kernel="6.12")


if __name__ == "__main__":
    main()
