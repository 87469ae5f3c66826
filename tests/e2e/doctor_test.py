"""vssctl doctor: good on a good machine, and what it says when each thing is made wrong."""

import json
import os
import signal
import socket

from harness.reporting import wait_until
from harness.sandbox import Volume
from harness.service import CONFIG, RUNTIME, Service
from harness.testing import EndToEndTest, main

GOOD, RISK, USAGE, FAILURE = 0, 1, 2, 3
VSS, NOBODY = 990, 65534


class Doctor(EndToEndTest):
    def examine(self, service, **options):
        """Exit status, and the findings by code."""
        child = service.ctl("doctor", "--json", **options)
        report = json.loads(child.output)
        self.assertEqual((report["schema"], report["version"]), ("openvss.doctor", 1))
        self.assertEqual(report["exit_status"], child.status)
        self.assertEqual(len(report["checks"]), 14)
        findings = {finding["code"]: finding for check in report["checks"]
                    for finding in check["findings"]}
        return child.status, findings

    def expect(self, service, status, code, *words, **options):
        """That finding, with these words in it; says it in the report."""
        got, findings = self.examine(service, **options)
        self.assertIn(code, findings)
        finding = findings[code]
        for word in words:
            self.assertIn(word, finding["what"] + finding["mend"])
        if finding["severity"] != "note":
            self.assertTrue(finding["why"] and finding["mend"], finding)
        self.assertEqual(got, status, findings)
        self.say(f"{code}: exit {got}: {finding['what']} → {finding['mend']}")

    def expect_good(self, service):
        status, findings = self.examine(service)
        self.assertEqual(status, GOOD, findings)
        return findings

    def start(self, box, config="", **options):
        service = Service(box, config, **options).start()
        service.start_writer("exec", "--name", "app", "--freeze", "true", "--thaw", "true")
        service.wait_until_ready(writers=1)
        return service

    def test_good_machine_fits_a_screen(self):
        with self.sandbox([Volume("a")]) as box:
            service = self.start(box)
            findings = self.expect_good(service)
            self.assertTrue(all(finding["severity"] == "note" for finding in findings.values()))
            child = service.ctl("doctor")
            self.assertEqual(child.status, GOOD)
            lines = child.output.splitlines()
            self.assertEqual(lines[0], "A backup would succeed.")
            self.assertLessEqual(len(lines), 24)
            self.assertLessEqual(max(len(line) for line in lines), 80)
            for line in lines:
                self.say(line)

    def test_anybody_may_ask(self):
        with self.sandbox([Volume("a")]) as box:
            status, findings = self.examine(self.start(box), user=(NOBODY, NOBODY))
            self.assertEqual(status, GOOD, findings)

    def test_no_vssd(self):
        with self.sandbox([Volume("a")]) as box:
            service = Service(box)
            self.expect(service, FAILURE, "vssd-unreachable", "control.sock", "vssd --spawn")

    def test_killed_vssd_leaves_its_slots(self):
        with self.sandbox([Volume("a")]) as box:
            service = self.start(box)
            service.hold_until_told()
            for process in service.processes():
                process.signal(signal.SIGSTOP)
            for process in service.processes():
                process.kill()
            self.assertTrue(wait_until(lambda: all(p.status is not None
                                                   for p in service.processes()), 10))
            self.expect(service, FAILURE, "slots-left", "vssctl thaw --force")
            thawed = service.ctl("thaw", "--force")
            self.assertEqual(thawed.status, 0, thawed.output + thawed.errors)
            self.assertNotIn("slots-left", self.examine(service)[1])

    def test_wrong_configuration_is_named_and_ends_with_two(self):
        with self.sandbox([Volume("a")]) as box:
            service = self.start(box)
            box.write(CONFIG, "hodl = 1\n")
            child = service.ctl("doctor")
            self.assertEqual(child.status, USAGE, child.output)
            self.assertIn("hodl", child.errors)

    def test_guardian_and_freezer_that_died(self):
        with self.sandbox([Volume("a")]) as box:
            service = self.start(box)
            service.guardian.kill()
            self.assertTrue(wait_until(lambda: not service.json("status")["freezer"]
                                       ["guardian_alive"], 10))
            self.expect(service, FAILURE, "guardian-missing", "vss-guardian")
            service.freezer.kill()
            self.assertTrue(wait_until(lambda: not service.freezer_is_connected(), 10))
            self.expect(service, FAILURE, "freezer-missing", "vss-freezer")

    def test_expected_writer_that_is_missing(self):
        with self.sandbox([Volume("a")]) as box:
            service = self.start(box, "[writers]\nexpected = [\"db\"]\n")
            self.expect(service, RISK, "writer-absent", "db", "writers.expected")

    def test_expected_writer_that_is_missing_where_copies_must_be_application_consistent(self):
        config = "[writers]\nexpected = [\"db\"]\n[requesters.local]\nrequire = \"application\"\n"
        with self.sandbox([Volume("a")]) as box:
            self.expect(self.start(box, config), FAILURE, "writer-absent", "db")

    def test_filesystem_that_cannot_be_frozen(self):
        """Vetoed, where copies must be filesystem-consistent; else a risk; or left out."""
        exclude = "[filesystems]\nexclude = [\"/mnt/served\"]\n"
        crash = "[requesters.local]\nrequire = \"crash\"\n"
        for config, status, code, mend in (("", FAILURE, "veto", "exclude = [\"/mnt/served\"]"),
                                           (crash, RISK, "synced", "exclude"),
                                           (exclude, GOOD, "excluded", "")):
            with self.sandbox([Volume("a")]) as box:
                self.mount_served_device(box)
                self.expect(self.start(box, config), status, code, "/mnt/served", mend)

    def mount_served_device(self, box):
        """Writable, of this machine, and nothing that the kernel can freeze."""
        box.write("/disk.img", "")
        self.assertEqual(box.run("mkdir", "/mnt/served").status, 0)
        served = box.start("stalling_fuse", "/disk.img", "/mnt/served", "/dev/served")
        self.assertTrue(wait_until(lambda: "ready" in served.output, 5), served.errors)

    def test_veto_names_what_mends_it(self):
        with self.sandbox([Volume("disk")]) as box:
            self.move_programs_to_a_disk(box)
            service = Service(box).start()
            self.expect(service, FAILURE, "veto", "/mnt/disk", "--allow-root")

    def test_foreign_agent(self):
        with self.sandbox([Volume("a")]) as box:
            service = self.start(box)
            box.write("/bin/qemu-ga", "#!/bin/sh\nwhile :; do sleep 1; done\n")
            os.chmod(box.path("/bin/qemu-ga"), 0o755)
            agent = box.start("qemu-ga")
            self.assertTrue(wait_until(lambda: "foreign-agent" in self.examine(service)[1], 5))
            self.expect(service, RISK, "foreign-agent", "qemu-ga", "block-rpcs=")
            agent.kill()
            agent.wait(5)
            self.expect_good(service)

    def test_sockets_and_files_with_wrong_modes(self):
        with self.sandbox([Volume("a")]) as box:
            service = self.start(box)
            for path, wrong, right, status, code in (
                    ("app.sock", 0o666, 0o660, RISK, "app-socket-open"),
                    ("app.sock", 0o600, 0o660, RISK, "app-socket-closed"),
                    ("freezer.sock", 0o666, 0o600, RISK, "freezer-socket-open"),
                    ("freezer", 0o755, 0o700, RISK, "freezer-directory-open"),
                    (".", 0o777, 0o751, FAILURE, "runtime-open")):
                inside = box.path(f"{RUNTIME}/{path}")
                os.chmod(inside, wrong)
                self.expect(service, status, code, "chmod")
                os.chmod(inside, right)
                self.expect_good(service)
            os.chmod(box.path(CONFIG), 0o666)
            self.expect(service, RISK, "configuration-open", CONFIG)

    def test_freeze_that_is_not_ours(self):
        with self.sandbox([Volume("a"), Volume("b")]) as box:
            service = self.start(box)
            self.freeze_by_hand(box, "/mnt/b")
            box.start("fs_tool", "write", "/mnt/b/file")
            self.assertTrue(wait_until(lambda: "waits-for-thaw" in self.examine(service)[1], 10))
            self.expect(service, RISK, "waits-for-thaw", "fs_tool", "vssctl thaw --force")
            self.thaw_by_hand(box, "/mnt/b")
            self.assertTrue(wait_until(lambda: self.examine(service)[0] == GOOD, 10))

    def test_while_a_transaction_is_open_it_waits_for_nothing(self):
        with self.sandbox([Volume("a")]) as box:
            service = self.start(box)
            requester = service.hold_until_told()
            box.start("fs_tool", "write", "/mnt/a/file")
            self.expect(service, GOOD, "transaction-open")
            service.release(requester)
            self.assertEqual(requester.status, 0, requester.errors)

    def test_door_that_another_process_has_open(self):
        """A device is a name here: which door is taken is told by who has it open."""
        with self.sandbox([Volume("a")]) as box:
            os.makedirs(box.path("/dev/vmbus"))
            box.write("/dev/vmbus/hv_vss", "")
            service = self.start(box, "[hyperv]\ndoor = \"off\"\n")
            self.expect_good(service)
            box.write(CONFIG, "")
            self.expect(service, FAILURE, "door-not-open", "/dev/vmbus/hv_vss")
            box.write("/bin/hv_vss_daemon", "#!/bin/sh\nexec 5</dev/vmbus/hv_vss\n"
                      "while :; do sleep 1 5<&-; done\n")
            os.chmod(box.path("/bin/hv_vss_daemon"), 0o755)
            box.start("hv_vss_daemon")
            self.assertTrue(wait_until(lambda: "door-taken" in self.examine(service)[1], 5))
            self.expect(service, FAILURE, "door-taken", "hv_vss_daemon",
                        "systemctl mask --now hv-vss-daemon.service")
            self.assertIn("door-not-seen", self.examine(service, user=(NOBODY, NOBODY))[1])


if __name__ == "__main__":
    main()
