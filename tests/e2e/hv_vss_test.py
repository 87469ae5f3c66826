"""/dev/vmbus/hv_vss: what a host's backup gets from vssd and from Debian's own daemon.

The device is a terminal whose other side plays the kernel. One table of situations is played to
both programs, and both must get the same treatment from it: so the stand-in is right. The stock
daemon skips loop devices and so freezes nothing here; what is really frozen is looked at with vssd.
"""

import json
import os
import signal
import time

from harness.hv_vss_standin import E_FAIL, OK, HvVssStandin
from harness.probe import Probe, now
from harness.reporting import wait_until
from harness.sandbox import Volume
from harness.service import RUNTIME, Service
from harness.testing import EndToEndTest, main

VOLUMES = [Volume("a")]


class StockDaemon:
    """Its path of the device is built in. A terminal must not become its controlling one, which
    would end it by a signal: so it is no leader of a session."""

    def __init__(self, box):
        box.add_program("hv_vss_daemon")
        self._box = box
        self.start()

    def start(self):
        self.process = self._box.start("sh", "-c", "hv_vss_daemon -n; exit $?")

    def stop(self):
        """It alone, not the shell that has started it."""
        os.kill(self._pid(), signal.SIGTERM)
        self.process.wait(5)

    def signal(self, number):
        os.kill(self._pid(), number)

    def _pid(self):
        parent = self.process.pid
        with open(f"/proc/{parent}/task/{parent}/children", encoding="ascii") as file:
            return int(file.read().split()[0])


class Situations:
    """For both. Each test begins with a client that has registered."""

    def test_whole_backup(self, times=1):
        for _ in range(times):
            for name in ("HOT_BACKUP", "FREEZE", "THAW"):
                status, seconds = self.standin.request(name)
                self.say(f"{name}: {status:#x} after {1000 * seconds:.0f} ms")
                self.assertEqual(status, OK)
        self.assertEqual(self.standin.registrations, 1)

    def test_two_backups_in_a_row(self):
        self.test_whole_backup(times=2)

    def test_thaw_with_nothing_open(self):
        self.assertEqual(self.standin.request("THAW")[0], OK)

    def test_nothing_for_who_is_not_registered(self):
        self.stop_client()
        self.assertTrue(self.standin.wait_gone(5))
        for name in ("HOT_BACKUP", "FREEZE", "THAW"):
            status, seconds = self.standin.request(name)
            self.assertEqual(status, E_FAIL)
            self.assertLess(seconds, 0.5)

    def test_registers_again_with_what_comes_in_the_place_of_the_device(self):
        self.standin.plug()
        self.assertTrue(self.standin.wait_registered(5))
        self.assertEqual(self.standin.registrations, 2)
        self.test_backup_of_a_known_client()

    def test_stale_request_is_answered_to_nobody(self):
        self.stop_in_its_tracks()
        self.assertEqual(self.standin.request("FREEZE", timeout=0.3)[0], E_FAIL)
        began = time.monotonic()
        self.assertEqual(self.standin.request("THAW")[0], E_FAIL)  # the FREEZE was not read yet
        self.assertLess(time.monotonic() - began, 0.2)
        self.let_go_on()
        self.assertTrue(wait_until(lambda: self.standin.refused == 1, 10))
        self.assertTrue(self.standin.wait_registered(10))
        self.test_backup_of_a_known_client()

    def test_backup_of_a_known_client(self):
        for name in ("HOT_BACKUP", "FREEZE", "THAW"):
            self.assertEqual(self.standin.request(name)[0], OK)


class WithTheStockDaemon(Situations, EndToEndTest):
    def setUp(self):
        if not os.path.exists(self.programs.path("hv_vss_daemon")):
            self.skipTest("Debian's daemon was not fetched; run: make stock")
        self.box = self.enterContext(self.sandbox(VOLUMES))
        self.standin = self.enterContext(HvVssStandin(self.box))
        self.daemon = StockDaemon(self.box)
        self.assertTrue(self.standin.wait_registered(5), self.daemon.process.errors)

    def stop_client(self):
        self.daemon.stop()

    def stop_in_its_tracks(self):
        self.daemon.signal(signal.SIGSTOP)

    def let_go_on(self):
        self.daemon.signal(signal.SIGCONT)

    def test_ends_with_the_device(self):
        self.standin.unplug()
        self.assertNotEqual(self.daemon.process.wait(5), 0)


class WithVssd(Situations, EndToEndTest):
    def setUp(self):
        self.box = self.enterContext(self.sandbox(VOLUMES))
        self.standin = self.enterContext(HvVssStandin(self.box))
        self.service = Service(self.box)
        self.service.start_vssd("--hv-vss-device", self.standin.path)
        self.service.start_guardian()
        self.service.start_freezer()
        self.service.wait_until_ready()
        self.assertTrue(self.standin.wait_registered(5), self.service.complaints())
        self.probe = Probe(self.box, ["/mnt/a"])

    def tearDown(self):
        self.assert_thawed()

    def stop_client(self):
        self.service.vssd.signal(signal.SIGTERM)
        self.service.vssd.wait(10)

    def stop_in_its_tracks(self):
        self.service.vssd.signal(signal.SIGSTOP)

    def let_go_on(self):
        self.service.vssd.signal(signal.SIGCONT)

    def assert_thawed(self, within=5):
        self.assertIsNotNone(self.probe.wait_thawed("/mnt/a", now(), within),
                             self.probe.what_hinders("/mnt/a"))

    def freeze(self):
        self.assertEqual(self.standin.request("HOT_BACKUP")[0], OK)
        status, seconds = self.standin.request("FREEZE")
        self.assertEqual(status, OK, self.service.complaints())
        self.assertTrue(self.probe.wait_frozen("/mnt/a", 2), "the promise was not kept")
        return seconds

    def start_slow_writer(self):
        """One that the freeze waits for, until it is told to go on."""
        writer = self.box.start("lying_writer", RUNTIME, "slow")
        self.service.wait_until_ready(writers=1)
        writer.signal(signal.SIGSTOP)
        return writer

    def test_holds_until_thaw(self):
        frozen_after = self.freeze()
        time.sleep(0.5)
        self.assertTrue(self.probe.is_frozen("/mnt/a"))
        status, seconds = self.standin.request("THAW")
        self.assertEqual(status, OK)
        self.assert_thawed(1)
        record = self.service.record()
        self.assertEqual(record["result"], "consistent")
        self.say(f"FREEZE after {1000 * frozen_after:.0f} ms, THAW after {1000 * seconds:.0f} ms: "
                 f"{record['sentence']}")

    def test_check_fails_without_a_freezer(self):
        self.service.freezer.kill()
        self.assertTrue(wait_until(lambda: not self.service.freezer_is_connected(), 5))
        self.assertEqual(self.standin.request("HOT_BACKUP")[0], E_FAIL)
        self.assertEqual(self.standin.request("FREEZE")[0], E_FAIL)

    def test_device_taken_away_in_a_hold(self):
        self.freeze()
        began = time.monotonic()
        self.standin.unplug()
        self.assert_thawed()
        self.say(f"thawed {1000 * (time.monotonic() - began):.0f} ms after the device went")
        self.standin.plug()
        self.assertTrue(self.standin.wait_registered(40))
        self.assertEqual(self.standin.request("THAW")[0], E_FAIL)  # the copy is torn, said once
        self.assertEqual(self.standin.request("THAW")[0], OK)
        self.test_holds_until_thaw()

    def test_late_answer_leaves_nothing_frozen(self):
        writer = self.start_slow_writer()
        self.assertEqual(self.standin.request("FREEZE", timeout=0.5)[0], E_FAIL)
        writer.signal(signal.SIGCONT)
        self.assertTrue(wait_until(lambda: self.standin.refused == 1, 10))
        self.assert_thawed()
        self.assertTrue(self.standin.wait_registered(10))
        self.test_holds_until_thaw()

    def test_late_answer_is_never_given_to_the_next_request(self):
        writer = self.start_slow_writer()
        self.assertEqual(self.standin.request("FREEZE", timeout=0.5)[0], E_FAIL)
        self.assertEqual(self.standin.request("THAW", timeout=5)[0], E_FAIL)
        self.assert_thawed()
        self.assertTrue(self.standin.wait_registered(10))
        writer.signal(signal.SIGCONT)
        self.assertTrue(wait_until(lambda: self.standin.request("THAW")[0] == OK, 10))
        self.test_holds_until_thaw()
        self.assertEqual(self.standin.refused, 0)

    def test_trace_has_the_small_messages_and_says_so(self):
        self.stop_client()
        self.assertTrue(self.standin.wait_gone(5))
        self.service.start_vssd("--hv-vss-device", self.standin.path, "--capture", "/run/trace")
        self.service.wait_until_ready()
        self.assertTrue(self.standin.wait_registered(5), self.service.complaints())
        self.freeze()
        self.assertEqual(self.standin.request("THAW")[0], OK)

        def lines():
            return [json.loads(line) for line in self.box.read("/run/trace").splitlines()]
        # REGISTER1 and the version, then three requests and their answers.
        self.assertTrue(wait_until(lambda: sum("from" in line for line in lines()) == 8, 5))
        self.assertEqual({len(line["bytes"]) // 2 for line in lines() if "from" in line}, {4, 12})
        self.assertIn("12 bytes only", lines()[0]["note"])
        self.assertIn("12 bytes only", self.service.vssd.errors)

    def test_vssd_killed_in_a_hold(self):
        """The next one says once that the copy is torn."""
        self.freeze()
        self.service.vssd.kill()
        self.service.vssd.wait()
        self.assert_thawed(10)
        self.assertTrue(self.standin.wait_gone(5))
        self.service.start_vssd("--hv-vss-device", self.standin.path)
        self.assertTrue(self.standin.wait_registered(10), self.service.complaints())
        self.service.wait_until_ready()
        self.assertEqual(self.standin.request("THAW")[0], E_FAIL)
        self.test_holds_until_thaw()


if __name__ == "__main__":
    main()
