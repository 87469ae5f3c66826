"""Traces of a host's channel: the host's and vssd's agree, and either can be played again."""

import json
import time

from harness.probe import Probe
from harness.reporting import wait_until
from harness.sandbox import Volume
from harness.service import RUNTIME, Service
from harness.testing import EndToEndTest, main

HOST_TRACE = "/run/host.trace"
GUEST_TRACE = "/run/guest.trace"


class Trace(EndToEndTest):
    def setUp(self):
        self.box = self.enterContext(self.sandbox([Volume("a")]))
        self.service = Service(self.box)
        self.service.start_vssd("--vmbus-shm", "--capture", GUEST_TRACE)
        self.service.start_guardian()
        self.service.start_freezer()
        self.service.wait_until_ready()
        self.probe = Probe(self.box, ["/mnt/a"])

    def host(self, *arguments):
        return self.box.run("vss-hostsim", "--runtime-dir", RUNTIME, *arguments)

    def trace(self, path):
        """Its first line, and what was said, host and guest in turn."""
        lines = [json.loads(line) for line in self.box.read(path).splitlines()]
        return lines[0], [(line["from"], line["bytes"]) for line in lines[1:] if "from" in line]

    def test_both_ends_write_the_same_and_either_is_played_again(self):
        recorded = self.host("record", HOST_TRACE, "--hold", "0.2")
        self.assertEqual(recorded.status, 0, recorded.output + recorded.errors)
        head, said = self.trace(HOST_TRACE)
        self.assertEqual(head["by"], "vss-hostsim")
        self.assertEqual([who for who, _ in said], ["host", "guest"] * 5)

        def captured():
            return len(self.trace(GUEST_TRACE)[1]) == len(said)
        self.assertTrue(wait_until(captured, 5), self.box.read(GUEST_TRACE))
        head, captured_said = self.trace(GUEST_TRACE)
        self.assertEqual((head["by"], head["door"], head["version"]), ("vssd", "vmbus", 1))
        self.assertEqual(captured_said, said)
        self.box.run("cp", GUEST_TRACE, "/run/copy.trace")
        for trace in (HOST_TRACE, "/run/copy.trace"):
            replayed = self.host("replay", "--fast", trace)
            self.assertEqual(replayed.status, 0, replayed.output + replayed.errors)
            self.say(f"{trace}: {replayed.output.strip().splitlines()[-1]}")

    def test_nothing_is_written_while_held(self):
        host = self.box.start("vss-hostsim", "--runtime-dir", RUNTIME, "backup", "--hold", "1")
        self.assertTrue(self.probe.wait_frozen("/mnt/a", 10), host.output)
        time.sleep(0.3)  # FREEZE has its answer
        self.assertEqual(self.answers_in_trace(), 3)  # NEGOTIATE, HOT_BACKUP, GET_DM_INFO
        self.assertTrue(self.probe.is_frozen("/mnt/a"))
        self.assertEqual(host.wait(20), 0, host.output)
        self.assertTrue(wait_until(lambda: self.answers_in_trace() == 5, 5))

    def answers_in_trace(self):
        return sum(who == "guest" for who, _ in self.trace(GUEST_TRACE)[1])


if __name__ == "__main__":
    main()
