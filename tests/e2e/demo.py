#!/usr/bin/env python3
"""The main job, proved: an application-consistent copy of two volumes, taken one after the other.

    demo.py --programs build/dev/tests/e2e/programs.json [--requester hyperv|local] [--rounds N]
            [--break WHAT]

The requester is a simulated Hyper-V host at its channel, or the administrator's vssctl. Prints what
happened and ends with "application-consistent: yes" (exit 0) or "no" (exit 1). The verdict needs
three witnesses: the record of the transaction, the filesystems of the copies, and the application's
own history in them. --break spoils one link of the chain on purpose.
"""

import argparse
import os
import random
import shutil
import subprocess
import sys
import time

from harness import images, oracles, timeline
from harness.bank import DATABASES, Bank
from harness.bank_contents import judge_contents
from harness.programs import Programs
from harness.reporting import wait_until
from harness.sandbox import Sandbox, SandboxError, Volume
from harness.service import Service, ServiceError
from harness.testing import require_root

PAUSE_S = 1.0           # between the copies of the two volumes
SLOW_TRANSFER_MS = 5000  # --break writer: between the two halves, longer than the freeze takes
REQUESTERS = {
    "hyperv": "a Hyper-V host, simulated by vss-hostsim, takes a backup",
    "local": "vssctl snapshot --filesystems all",
}
BREAKS = {
    "writer": "the writer answers that it holds, and holds nothing",
    "freezer": "the freezer freezes another volume and leaves these two alone",
    "early-release": "the hold ends before the second volume is copied",
}
# What the requester runs while all is held: the copying itself is done outside, which has the images.
COMMAND = """#!/bin/sh
echo held > /run/demo/held
read answer < /run/demo/answer
[ "$answer" = copied ]
"""
CONFIG = """
[requesters.{kind}]
require = "application"
freeze = 2
hold = {hold}
"""
HOLD_S = 30
EARLY_HOLD_S = 3  # --break early-release: shorter than the copying


def say(text=""):
    print(text, flush=True)


class Provider:
    """Copies the two volumes while they are held: the images, outside, one after the other."""

    def __init__(self, box, pause):
        self._box = box
        self.pause = pause
        os.makedirs(box.path("/run/demo"))
        box.write("/bin/copy-volumes", COMMAND)
        os.chmod(box.path("/bin/copy-volumes"), 0o755)
        for name in ("held", "answer"):
            os.mkfifo(box.path(f"/run/demo/{name}"), 0o666)
        self._held = os.open(box.path("/run/demo/held"), os.O_RDONLY | os.O_NONBLOCK)

    def copy(self, name):
        """Into a new directory `name`, which is returned."""
        directory = os.path.join(self._box.directory, name)
        os.mkdir(directory)
        for index, volume in enumerate("ab"):
            if index:
                time.sleep(self.pause)
            images.copy_image(self._box.image(volume), os.path.join(directory, volume + ".img"))
        return directory

    def wait_until_held(self, requester):
        """False if the requester gave up without running COMMAND."""
        def held_or_over():
            try:
                return os.read(self._held, 64) or requester.status is not None
            except BlockingIOError:
                return requester.status is not None
        wait_until(held_or_over, 90)
        return requester.status is None

    def answer(self):
        """Tells COMMAND; nobody may be there to hear it any more."""
        try:
            descriptor = os.open(self._box.path("/run/demo/answer"), os.O_WRONLY | os.O_NONBLOCK)
        except OSError:
            return
        os.write(descriptor, b"copied\n")
        os.close(descriptor)


def judge_copy(directory):
    """Complaints about the filesystems, about the contents, and a line that tells the contents."""
    filesystems, contents = [], []
    for volume in "ab":
        image = os.path.join(directory, volume + ".img")
        files = os.path.join(directory, volume)
        filesystems += oracles.judge_filesystem(image, "ext4")
        os.mkdir(files)
        contents += oracles.extract(image, "ext4", files)
    told = "unreadable"
    if not contents:
        contents, told = judge_contents(os.path.join(directory, "a"), os.path.join(directory, "b"))
    shutil.rmtree(directory)
    return filesystems, contents, told


def run_control(provider):
    """The same copy without the service. If that is whole, the demo proves nothing."""
    say(f"Control: no service; the volumes are copied one after the other, {PAUSE_S:g} s apart.")
    _, contents, told = judge_copy(provider.copy("control"))
    say(f"  contents     {told}")
    for complaint in contents:
        say(f"               {complaint}")
    say(f"  → {'torn, as it must be' if contents else 'NOT torn: this control proves nothing'}")
    return bool(contents)


class Demo:
    def __init__(self, box, kind, broken):
        self.box = box
        self.kind = kind
        self.broken = broken
        self.bank = Bank(box, SLOW_TRANSFER_MS if broken == "writer" else 0)
        self.provider = Provider(box, 4 * PAUSE_S if broken == "early-release" else PAUSE_S)

    def start_service(self):
        other = ["--freezer-option=--only=/mnt/other"] if self.broken == "freezer" else []
        hold = EARLY_HOLD_S if self.broken == "early-release" else HOLD_S
        config = CONFIG.format(kind=self.kind, hold=hold)
        self.service = Service(self.box, config).start_spawning("--vmbus-shm", *other)
        if self.broken == "writer":
            self.box.start("lying_writer", self.service.runtime, "bank")
        else:
            self.service.start_writer("sqlite", "--name", "bank", *DATABASES)
        self.service.wait_until_ready(writers=1)

    def choose_moment(self):
        """A random one; with --break writer, one between the two halves of a transfer."""
        if self.broken == "writer":
            wait_until(lambda: not self.bank.read("between"), 2 * SLOW_TRANSFER_MS / 1000)
            wait_until(lambda: self.bank.read("between"), 2 * SLOW_TRANSFER_MS / 1000)
        time.sleep(random.uniform(0, 0.5))

    def start_requester(self):
        if self.kind == "hyperv":
            return self.box.start("vss-hostsim", "--runtime-dir", self.service.runtime, "backup",
                                  "--exec", "/bin/copy-volumes")
        return self.service.start_ctl("snapshot", "--filesystems", "all", "--",
                                      "/bin/copy-volumes")

    def run_round(self, number, verbose):
        """True if all three witnesses agree that the copy is good."""
        self.bank.start_measuring()
        self.choose_moment()
        requester = self.start_requester()
        held = self.provider.wait_until_held(requester)
        directory = self.provider.copy(f"round-{number}") if held else None
        if held:
            self.provider.answer()
        status = requester.wait(60)
        record = self.service.record()
        if directory is None:
            say(f"  requester    exit {status}: {(requester.output + requester.errors).strip()}")
            say(f"  record       {record['sentence']}")
            return False
        self.bank.wait_for_transfers(3, 30)
        stall = self.bank.read("longest_gap") / 1e9
        filesystems, contents, told = judge_copy(directory)
        good = (status == 0 and record["result"] == "consistent" and
                record["grade"] == "application" and not filesystems and not contents)
        if verbose or not good:
            self.tell(record, status, stall, filesystems, contents, told)
        else:
            hold = timeline.hold_of(record)
            say(f"  {number:3}  hold {hold:.3f} s, stall {stall:.3f} s, {told}: good")
        return good

    def tell(self, record, status, stall, filesystems, contents, told):
        say(timeline.render(record))
        say(f"  stall        {stall:.3f} s was the application's longest gap between two transfers "
            f"(the copies are {self.provider.pause:g} s apart)")
        say(f"  record       {record['sentence']}")
        say(f"               result {record['result']}, grade {record['grade']}; "
            f"requester exit {status}")
        say(f"  filesystems  {'; '.join(filesystems) or 'frozen and clean, both'}")
        say(f"  contents     {told}: {'torn' if contents else 'whole'}")
        for complaint in contents:
            say(f"               {complaint}")

def run_demo(programs, kind, rounds, broken):
    volumes = [Volume("a"), Volume("b")]
    if broken == "freezer":
        volumes.append(Volume("other"))
    say("OpenVSS demo: a bank keeps a database on each of two ext4 volumes, one copy takes both.")
    if broken:
        say(f"Broken on purpose: {BREAKS[broken]}.")
    with Sandbox(programs, volumes, limit_s=120 + 15 * rounds) as box:
        demo = Demo(box, kind, broken)
        if broken != "writer":
            demo.bank.wait_for_transfers(20, 20)
        if not run_control(demo.provider):
            return False
        demo.start_service()
        say(f"With the service: {REQUESTERS[kind]}, copied in the same way.")
        good = 0
        for number in range(1, rounds + 1):
            good += demo.run_round(number, verbose=rounds == 1)
        say(f"{good} of {rounds}")
    if box.thawed_by_guard:
        say(f"left frozen: {', '.join(box.thawed_by_guard)}")
        return False
    return good == rounds


def main():
    parser = argparse.ArgumentParser(description="The main job of OpenVSS, proved.")
    parser.add_argument("--programs", required=True, help="programs.json of the build")
    parser.add_argument("--requester", choices=sorted(REQUESTERS), default="hyperv")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--break", dest="broken", choices=sorted(BREAKS))
    options = parser.parse_args()
    require_root("the demo")
    try:
        consistent = run_demo(Programs(options.programs), options.requester, options.rounds,
                              options.broken)
    except (ServiceError, SandboxError, RuntimeError, OSError,
            subprocess.SubprocessError) as error:  # TimeoutError is an OSError
        say(f"failed: {error}")
        consistent = False
    say(f"application-consistent: {'yes' if consistent else 'no'}")
    return 0 if consistent else 1


if __name__ == "__main__":
    sys.exit(main())
