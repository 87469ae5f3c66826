"""One transaction that is brought to a chosen moment and stopped there, for the crash tests.

Volumes: /mnt/a, and /mnt/inner, whose image lies on /mnt/outer. The service freezes a and inner.
outer is frozen by hand, by the writer's or the requester's own command, so that an ioctl on inner
waits in the kernel for as long as the test wants:

    PREPARE   the writer's prepare command takes its time
    FREEZE    FIFREEZE of inner is in flight: it waits for a write which waits for outer
    HELD      COMMAND runs
    THAW      FITHAW of inner is in flight (ext4 writes its superblock; on the others FITHAW returns
              and it is the writer's thaw command that takes its time)
"""

import os

from harness.probe import Probe, now
from harness.sandbox import Volume
from harness.service import Service
from harness.testing import wait_until

PHASES = ("PREPARE", "FREEZE", "HELD", "THAW")
HOLD_S = 3.0
GUARDIAN_MARGIN_S = 2.0
CONFIG = """
[requesters.local]
prepare = 4
freeze = 2
hold = 3
"""
MARKS = "/run/marks"
INNER_SIZE_MIB = {"ext4": 32, "xfs": 320, "btrfs": 128}


def volumes_of(kind):
    return [Volume("outer", size_mib=2 * INNER_SIZE_MIB[kind]), Volume("a", kind),
            Volume("inner", kind, INNER_SIZE_MIB[kind], parent="outer")]


class Scenario:
    def __init__(self, box, phase):
        self.box = box
        self.phase = phase
        os.makedirs(box.path(MARKS))
        self.probe = Probe(box, ["/mnt/a", "/mnt/inner"])
        self.service = Service(box, CONFIG).start()
        self.writer = self.service.start_writer("exec", "--name", "app", *self._hooks())
        self.service.wait_until_ready(writers=1)
        self.requester = None
        self.hold_deadline = None
        self.outer_frozen = False

    def _hooks(self):
        outer = "fs_tool freeze /mnt/outer && " if self.phase == "FREEZE" else ""
        slow = {"PREPARE": ("; sleep 1", ""), "THAW": ("", "; sleep 1")}
        prepare, thaw = slow.get(self.phase, ("", ""))
        return ["--prepare", f"echo >> {MARKS}/prepare{prepare}",
                "--freeze", f"{outer}echo >> {MARKS}/freeze",
                "--thaw", f"echo >> {MARKS}/released{thaw}",
                "--abort", f"echo >> {MARKS}/released"]

    def run_to_phase(self):
        """Starts the transaction; returns when it is where it should be stopped."""
        outer = "fs_tool freeze /mnt/outer && " if self.phase == "THAW" else ""
        command = (f"{outer}echo > {MARKS}/command" +
                   ("; sleep 60" if self.phase == "HELD" else ""))
        self.requester = self.service.start_ctl("snapshot", "--filesystems", "/mnt/a",
                                                "--filesystems", "/mnt/inner", "--", "sh", "-c",
                                                command)
        if self.phase == "PREPARE":
            self._wait_for("prepare")
            return
        self._wait_for("freeze")
        self.hold_deadline = now() + HOLD_S
        self.outer_frozen = self.phase in ("FREEZE", "THAW")
        if self.phase != "FREEZE":
            self._wait_for("command")
        if not self.probe.wait_stuck("/mnt/inner", 2):
            raise RuntimeError(f"/mnt/inner is not frozen\n{self.service.complaints()}")
        if self.phase == "THAW" and self.probe.wait_thawed("/mnt/a", now(), 2) is None:
            raise RuntimeError(f"/mnt/a waits for /mnt/inner\n{self.service.complaints()}")

    def _wait_for(self, mark):
        if not wait_until(lambda: self.box.exists(f"{MARKS}/{mark}"), 15):
            raise RuntimeError(f"the transaction did not come to \"{mark}\": "
                               f"{self.requester.errors}\n{self.service.complaints()}")

    def thaw_outer(self):
        """Lets the ioctl that is in flight go on. Returns when."""
        if not self.outer_frozen:
            return 0.0
        self.outer_frozen = False
        self.box.run("fs_tool", "thaw", "/mnt/outer")
        return now()

    def times_released(self):
        """How often the writer was told to run again."""
        path = f"{MARKS}/released"
        return self.box.read(path).count("\n") if self.box.exists(path) else 0
