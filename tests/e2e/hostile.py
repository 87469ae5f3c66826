#!/usr/bin/env python3
"""A host that does what no host should, against the whole service, in the sandbox.

    hostile.py --programs build/dev/tests/e2e/programs.json [--count N] [--seed S]

After all of it the same vssd, freezer and guardian still run, nothing is frozen, vssd uses no more
memory than after the first acts, and a backup succeeds (vss-hostsim takes it). Exit 0 if so.
"""

import argparse
import sys

from harness.programs import Programs
from harness.reporting import wait_until
from harness.sandbox import Sandbox, SandboxError, Volume
from harness.service import Service, ServiceError
from harness.testing import require_root

WARM_UP_ACTS = 2000     # each kind of act came several times
GROWTH_MAX = 64 << 10   # bytes: what differs from one moment to the next, not from act to act
ACTS_PER_SECOND = 60    # fewer than the slowest build (sanitizers) does
CONFIG = """
[requesters.hyperv]
prepare = 5
freeze = 2
hold = 4
"""


def say(text=""):
    print(text, flush=True)


def run_host(service, seed, count):
    """The simulated host's exit status; its progress is shown as it comes."""
    host = service.box.start("vss-hostsim", "--runtime-dir", service.runtime, "hostile",
                             "--seed", str(seed), "--count", str(count))
    shown = 0

    def ended():
        nonlocal shown
        text = host.output + host.errors
        if len(text) > shown:
            print(text[shown:], end="", flush=True)
            shown = len(text)
        return host.status is not None
    if not wait_until(ended, 60 + count / ACTS_PER_SECOND):
        say("the host has not ended: something hangs")
        return None
    return host.status


def memory_of(service):
    """What vssd's heap holds beside its records, and what the kernel counts, in bytes. None: a
    sanitizer's malloc does not say what it holds, and keeps what was freed."""
    status = service.json("status")
    if status["heap_bytes"] == 0:
        return None
    with open(f"/proc/{service.vssd.pid}/status", encoding="ascii") as file:
        resident = next(int(line.split()[1]) for line in file if line.startswith("VmRSS:"))
    return status["heap_bytes"] - status["record_bytes"], 1024 * resident


def complaints(service, before, after):
    found = [f"{process.name} ended with status {process.status}: {process.errors[-2000:]}"
             for process in service.processes() if process.status is not None]
    if before is None:
        say("a sanitizer keeps the memory: its growth is not measured")
        return found
    for what, first, last in zip(("heap", "resident memory"), before, after):
        if last > first + GROWTH_MAX:
            found.append(f"vssd's {what} grew from {first} to {last} bytes")
    say(f"vssd's heap without records {before[0]} bytes before, {after[0]} after; "
        f"resident {before[1] >> 10} KiB before, {after[1] >> 10} KiB after")
    return found


def run(programs, seed, count):
    with Sandbox(programs, [Volume("a")], limit_s=180 + 2 * count / ACTS_PER_SECOND) as box:
        service = Service(box, CONFIG)
        service.start_vssd("--vmbus-shm", "--log-level", "error")
        service.start_guardian()
        service.start_freezer()
        service.wait_until_ready()
        service.start_writer("exec", "--name", "app", "--freeze", "true", "--thaw", "true")
        service.wait_until_ready(writers=1)
        found = []
        before = after = (0, 0)
        if run_host(service, seed + 1, min(count, WARM_UP_ACTS)) != 0:
            found.append("the host complained")
        else:
            before = memory_of(service)
            if run_host(service, seed, count) != 0:
                found.append("the host complained")
            else:
                after = memory_of(service)
        found += complaints(service, before, after)
    if box.thawed_by_guard:
        found.append(f"left frozen: {', '.join(box.thawed_by_guard)}")
    for complaint in found:
        say(complaint)
    return not found


def main():
    parser = argparse.ArgumentParser(description="Hostile traffic against the whole service.")
    parser.add_argument("--programs", required=True, help="programs.json of the build")
    parser.add_argument("--count", type=int, default=10000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    require_root("hostile")
    try:
        good = run(Programs(options.programs), options.seed, options.count)
    except (ServiceError, SandboxError, OSError) as error:
        say(f"failed: {error}")
        good = False
    say(f"hostile: {'survived' if good else 'NOT survived'}")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
