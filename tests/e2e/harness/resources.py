"""What a process takes: wake-ups, memory. Read from /proc by whoever looks from outside."""

import os


def wake_ups(pid):
    """How often its threads were given a processor, so far: what sleeps all the time adds none."""
    total = 0
    for thread in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{thread}/status", encoding="ascii", errors="replace") as file:
            total += sum(int(line.split()[1]) for line in file
                         if line.startswith(("voluntary_ctxt", "nonvoluntary_ctxt")))
    return total


def memory_kib(pid):
    """Resident memory: all of it, and what is no file's: a library in the sandbox is shared, or
    not, with whoever runs beside it."""
    with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
        sizes = {line.split(":")[0]: int(line.split()[1]) for line in file if line.endswith("kB\n")}
    return {"rss_kib": sizes["Rss"], "own_kib": sizes["Anonymous"]}
