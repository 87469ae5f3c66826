"""Whether a machine ended well: its exit code, its own verdict line and its kernel's log."""

import re

# What a healthy kernel never says. "blocked for more than" is the hung task detector.
COMPLAINTS = re.compile(r"blocked for more than \d+ seconds|\bBUG:|\bWARNING:|\bOops\b|Kernel panic|"
                        r"general protection fault|soft lockup|rcu_\w+ detected stalls|"
                        r"VMTEST-WATCHDOG")


def complaints(serial, allowed=()):
    """The lines of a serial log that must not be there."""
    return [line.strip() for line in serial.splitlines()
            if COMPLAINTS.search(line) and not any(re.search(each, line) for each in allowed)]


def verdict_of(serial):
    """What the agent said last, None if it said nothing."""
    found = re.findall(r"^VMTEST-RC=(\d+)\s*$", serial, re.MULTILINE)
    return int(found[-1]) if found else None


def code_of(qemu_status):
    """QEMU's exit status is (code << 1) | 1; its own failures are 1 as well, so that this alone
    proves nothing."""
    return qemu_status >> 1 if qemu_status is not None and qemu_status & 1 else None
