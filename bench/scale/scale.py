"""Many writers on one vssd, and idling: section by section a table, and all of it as JSON.

    python3 -B bench/scale/scale.py --programs build/dev/tests/e2e/programs.json \\
        --results build/bench/scale.json [--quick]

Everything runs in the sandbox of the end-to-end tests. vssd and a bare epoll server have the same
number of sockets of the same crowd, and take turns: PREPARE, FREEZE and THAW of every writer.
"""

import argparse
import json
import os
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests", "e2e"))

import figures
from harness.crowd import Crowd
from harness.kernel import kernel_version
from harness.programs import Programs
from harness.reporting import wait_until
from harness.resources import memory_kib, wake_ups
from harness.sandbox import Sandbox, Volume
from harness.service import Service
from harness.testing import require_root

IDLE_WRITERS = 1000
SETTLE_S = 2


def say(text):
    print(text, flush=True)


def configuration(writers):
    return f"[writers]\nmax = {writers}\n"


def memory_without_writers(box):
    """Of a vssd that is made for one."""
    service = Service(box, configuration(1))
    service.start_vssd()
    wait_until(lambda: "serving" in service.vssd.errors, 10)
    memory = memory_kib(service.vssd.pid)
    service.vssd.kill()
    service.vssd.wait()
    return memory


def measure_fan_out(programs, writers, repetitions):
    most = writers[-1]
    with Sandbox(programs, [Volume("a")], limit_s=1800) as box:
        none = memory_without_writers(box)
        service = Service(box, configuration(most)).start()
        made_for = memory_kib(service.vssd.pid)
        with Crowd(service, writers, repetitions, echo=True) as crowd:
            rows = crowd.wait_until_done(900)
            full = memory_kib(service.vssd.pid)
    memory = {"writers": most, "made_for_one": none, "made_for_all": made_for, "all_connected": full,
              "kib_per_writer": (full["own_kib"] - none["own_kib"]) / (most - 1)}
    return rows, memory


def measure_idle(programs, seconds):
    with Sandbox(programs, [Volume("a")], limit_s=600) as box:
        service = Service(box, configuration(IDLE_WRITERS)).start()
        with Crowd(service, [IDLE_WRITERS], 1) as crowd:
            crowd.wait_until_done(120)
            time.sleep(SETTLE_S)
            processes = {process.name: process.pid for process in service.processes()}
            before = {name: wake_ups(pid) for name, pid in processes.items()}
            time.sleep(seconds)
            measured = {name: {"wake_ups": wake_ups(pid) - before[name], **memory_kib(pid)}
                        for name, pid in processes.items()}
        peer = memory_of_peer(box)
    return {"seconds": seconds, "writers": IDLE_WRITERS, "processes": measured,
            **({"qemu-ga": peer} if peer else {})}


def memory_of_peer(box):
    """Of the stock agent, where it was fetched; it is asked for nothing."""
    try:
        box.add_program("qemu-ga")
    except (KeyError, OSError):
        return None
    agent = box.start("qemu-ga", "-m", "unix-listen", "-p", "/run/qga.sock", "-t", "/run")
    wait_until(lambda: agent.status is not None or box.exists("/run/qga.sock"), 10)
    time.sleep(1)
    return memory_kib(agent.pid) if agent.status is None else None


def print_results(results):
    say("\nPREPARE, FREEZE and THAW of all writers: vssd beside a bare epoll echo, medians")
    for line in figures.table(results["rows"]):
        say(line)
    fit = results["fit"]
    say(f"a line through all runs of vssd: {1000 * fit['ms_per_writer']:.1f} us a writer "
        f"+ {fit['ms_at_none']:.2f} ms, R^2 = {fit['r_squared']:.4f}")
    memory = results["memory"]
    say(f"\nmemory of vssd: {memory['made_for_one']['own_kib']} KiB made for one writer, "
        f"{memory['made_for_all']['own_kib']} KiB made for {memory['writers']}, "
        f"{memory['all_connected']['own_kib']} KiB with all of them after their transactions")
    idle = results["idle"]
    say(f"\n{idle['seconds']} s with {idle['writers']} writers and nothing to do:")
    for name, process in idle["processes"].items():
        say(f"  {name:14} {process['wake_ups']:>5} wake-ups  {process['rss_kib']:>7} KiB resident")
    if "qemu-ga" in idle:
        say(f"  {'qemu-ga':14} {'':>5}           {idle['qemu-ga']['rss_kib']:>7} KiB resident")
    say("")
    for ratio in results["ratios"]:
        say(f"{'holds' if ratio['holds'] else 'DOES NOT HOLD':14} {ratio['name']}: "
            f"{ratio['ours']:.2f} : {ratio['peer']:.2f} = {ratio['ratio']:.2f}, "
            f"to reach {ratio['goal']}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--programs", required=True, help="programs.json of the build")
    parser.add_argument("--results", required=True, help="JSON file to write")
    parser.add_argument("--quick", action="store_true", help="few writers, few repetitions")
    options = parser.parse_args()
    require_root("bench-scale")
    programs = Programs(options.programs)
    writers, repetitions, idle_s = ([10, 100, 1000, 10_000], 15, 60)
    if options.quick:
        writers, repetitions, idle_s = ([10, 100, 1000], 3, 5)
    say(f"fan-out to {', '.join(map(str, writers))} writers, {repetitions} times each")
    rows, memory = measure_fan_out(programs, writers, repetitions)
    say(f"idling for {idle_s} s")
    idle = measure_idle(programs, idle_s)
    results = {"rows": rows, "fit": figures.fit(rows, figures.OURS),
               "fit_of_echo": figures.fit(rows, figures.PEER), "memory": memory, "idle": idle,
               "ratios": figures.goals(rows, memory, idle),
               "machine": {"kernel": kernel_version(), "processors": os.cpu_count()}}
    os.makedirs(os.path.dirname(options.results), exist_ok=True)
    with open(options.results, "w", encoding="utf-8") as file:
        json.dump(results, file, indent=1)
    print_results(results)


if __name__ == "__main__":
    main()
