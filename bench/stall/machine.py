"""Where a run took place, and with which peers."""

import os
import re
import subprocess

from harness.kernel import kernel_version

VERSIONS = "versions"  # cmake/stock_daemon.sh leaves it beside what it unpacks


def first_match(pattern, path, default="unknown"):
    try:
        with open(path, encoding="utf-8") as file:
            found = re.search(pattern, file.read(), re.MULTILINE)
    except OSError:
        return default
    return found.group(1).strip() if found else default


def output_of(*command):
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True,
                              cwd=os.path.dirname(os.path.abspath(__file__)))
    except (OSError, subprocess.CalledProcessError):
        return ""
    return done.stdout.strip()


def stock_versions(directory):
    """By package, of what stands unpacked in `directory`."""
    try:
        with open(os.path.join(directory, VERSIONS), encoding="utf-8") as file:
            return dict(line.split(maxsplit=1) for line in file.read().splitlines())
    except OSError:
        return {}


def describe(stock):
    """`direct_io` is added by who has seen a loop device."""
    versions = {"openvss": output_of("git", "describe", "--always", "--dirty") or "unknown",
                "util-linux": output_of("dpkg-query", "-W", "-f", "${Version}", "util-linux")
                              or "unknown", **stock_versions(stock)}
    return {"processor": first_match(r"^model name\s*:\s*(.*)$", "/proc/cpuinfo"),
            "cores": os.cpu_count(),
            "memory_mib": int(first_match(r"^MemTotal:\s*(\d+)", "/proc/meminfo", "0")) // 1024,
            "kernel": kernel_version(),
            "clock_hz": timer_hz(),
            "versions": versions}


def dirty_mib():
    """What the whole machine has to flush."""
    return int(first_match(r"^Dirty:\s*(\d+)", "/proc/meminfo", "0")) // 1024


def loops_have_direct_io(directory):
    """Of all loop devices on files in `directory`."""
    found = []
    for device in os.listdir("/sys/block"):
        loop = f"/sys/block/{device}/loop"
        if first_match(r"^(.*)$", f"{loop}/backing_file", "").startswith(directory + "/"):
            found.append(first_match(r"^(.)", f"{loop}/dio"))
    return bool(found) and set(found) == {"1"}


def timer_hz():
    """The kernel's tick, which a freeze waits for; None where no configuration can be read."""
    found = first_match(r"^CONFIG_HZ=(\d+)$", f"/boot/config-{os.uname().release}", "")
    return int(found) if found else None
