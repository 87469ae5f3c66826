"""Nobody reads: stdout, stderr, the notify socket and the system's log socket are all full."""

import fcntl
import os
import socket

from harness.probe import Probe, now
from harness.sandbox import Volume
from harness.service import CONFIG, STATE, Service
from harness.testing import EndToEndTest, main

MESSAGES = 1200
F_SETPIPE_SZ = 1031


class NobodyReads(EndToEndTest):
    def full_pipe(self):
        reader, writer = os.pipe()
        self.addCleanup(os.close, reader)
        self.addCleanup(os.close, writer)
        fcntl.fcntl(writer, F_SETPIPE_SZ, 4096)
        os.set_blocking(writer, False)
        try:
            while True:
                os.write(writer, b"x" * 512)
        except BlockingIOError:
            os.set_blocking(writer, True)  # who writes now waits for ever, unless it knows better
        return writer

    def full_datagram_socket(self, path):
        reader = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(reader.close)
        reader.bind(path)
        os.chmod(path, 0o666)
        filler = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(filler.close)
        filler.setblocking(False)
        try:
            while True:
                filler.sendto(b"x", path)
        except BlockingIOError:
            pass

    def start(self, box, *words):
        pipe = self.full_pipe()
        return box.start(*words, stdout=pipe, stderr=pipe,
                         env={"NOTIFY_SOCKET": "/run/notify"})

    def test_a_snapshot_goes_through(self):
        with self.sandbox([Volume("a")]) as box:
            self.full_datagram_socket(box.path("/dev/log"))
            self.full_datagram_socket(box.path("/run/notify"))
            service = Service(box, 'log_level = "debug"\n')
            common = ["--runtime-dir", service.runtime]
            service.vssd = self.start(box, "vssd", *common, "--state-dir", STATE, "--config",
                                      CONFIG)
            service.guardian = self.start(box, "vss-guardian", *common)
            service.freezer = self.start(box, "vss-freezer", *common)
            service.wait_until_ready()
            probe = Probe(box, ["/mnt/a"])
            requester = service.hold_until_told()
            self.assertTrue(probe.wait_frozen("/mnt/a", 1), "nothing is frozen")
            for _ in range(MESSAGES):
                self.knock(box, service)
            released = now()
            self.assertEqual(service.release(requester), 0, requester.errors)
            self.assertIsNotNone(probe.wait_thawed("/mnt/a", released, 2))
            again = service.start_snapshot()
            self.assertEqual(again.wait(30), 0, again.errors)
            self.say(f"{MESSAGES} messages nobody reads, two snapshots")

    def knock(self, box, service):
        """A client that talks nonsense: worth a message."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as client:
            client.connect(box.path(service.runtime + "/control.sock"))
            client.send(b"nonsense")


if __name__ == "__main__":
    main()
