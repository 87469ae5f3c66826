"""vssctl doctor where systemd runs the service: it starts nobody, and what it says mends does mend."""

import json

from harness.packages import debian_with_openvss
from harness.testing import VmTest, main

GOOD, FAILURE = 0, 3
SERVICES = ("vssd.service", "vss-freezer.service", "vss-guardian.service")
SOCKETS = ("vssd-app.socket", "vssd-freezer.socket", "vssd-control.socket")
# (what is done to a good machine, the finding whose command is then run)
BROKEN = (
    ("rm /run/openvss/app.sock", "socket-missing"),
    ("chown 1234 /run/openvss/control.sock", "socket-owner"),
    ("chmod 0666 /run/openvss/app.sock", "app-socket-open"),
    # The freezer goes first: it knocks at vssd's socket, which would cancel the others' stop.
    (f"systemctl stop vss-freezer.service && systemctl stop {' '.join(SERVICES + SOCKETS)} && "
     "rm -r /run/openvss", "runtime-missing"),
    ("systemctl stop vss-guardian.service", "guardian-missing"),
    ("systemctl stop vss-freezer.service", "freezer-missing"),
    ("systemctl stop vss-freezer.service", "unit-not-active"),
    ("systemctl disable openvss.target", "target-disabled"),
)


class DoctorWithSystemd(VmTest):
    def test_it_changes_nothing_and_each_command_mends(self):
        with debian_with_openvss(self.programs) as vm:
            self.expect_good(vm)
            self.stopped_stays_stopped(vm)
            for change, code in BROKEN:
                with self.subTest(change=change, code=code):
                    self.break_and_mend(vm, change, code)

    def examine(self, vm):
        """Exit status, and the findings by code."""
        done = vm.run("vssctl", "doctor", "--json", timeout=60)
        report = json.loads(done.output)
        return done.status, {finding["code"]: finding for check in report["checks"]
                             for finding in check["findings"]}

    def expect_good(self, vm):
        """After what takes a moment to come up."""
        last = {}

        def good():
            status, findings = self.examine(vm)
            last.update(findings)
            return status == GOOD
        vm.wait_until(good, 90, f"a good machine: {last}")

    def stopped_stays_stopped(self, vm):
        """The freezer would ask for vssd as well, so it goes first. The sockets stay."""
        for unit in ("vss-freezer.service", "vssd.service", "vss-guardian.service"):
            vm.must("systemctl", "stop", unit, timeout=60)
        for _ in range(3):
            status, findings = self.examine(vm)
            self.assertEqual(status, FAILURE)
            self.assertIn("vssd-unreachable", findings, vm.journal("-n", "20"))
            self.assertIn("vssd does not run", findings["vssd-unreachable"]["what"])
        vm.run("sleep", "3")
        for unit in SERVICES:
            self.assertEqual(vm.active(unit), "inactive", "doctor has started it")
        for unit in SOCKETS:
            self.assertEqual(vm.active(unit), "active", "nobody could have started it")
        self.mend(vm, findings["vssd-unreachable"])

    def break_and_mend(self, vm, change, code):
        vm.must("sh", "-c", change, timeout=60)
        findings = {}

        def found():
            findings.update(self.examine(vm)[1])
            return code in findings
        vm.wait_until(found, 30, code)
        self.mend(vm, findings[code])

    def mend(self, vm, finding):
        vm.must("sh", "-c", finding["mend"], timeout=120)
        self.expect_good(vm)
        self.say(f"{finding['code']}: {finding['mend']}")


if __name__ == "__main__":
    main()
