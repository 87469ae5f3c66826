"""Many writers, and nothing to do: what `make bench-scale` measures, with fewer and for less long."""

import os
import sys
import time

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "bench", "scale"))

import figures
from harness.crowd import Crowd
from harness.reporting import wait_until
from harness.resources import memory_kib, wake_ups
from harness.sandbox import Volume
from harness.service import Service
from harness.testing import EndToEndTest, main

WRITERS = 1000
REPETITIONS = 7
MOST_RATIO = 3  # 1.5 is to be reached on an idle machine, with ten times as many
IDLE_S = 5
KIB_PER_WRITER = 4.5  # 4, and a share of what the first transaction takes anyway


class Scale(EndToEndTest):
    def test_a_thousand_writers_take_no_more_than_some_times_what_a_bare_server_takes(self):
        with self.sandbox([Volume("a")]) as box:
            service = Service(box, f"[writers]\nmax = {WRITERS}\n").start()
            with Crowd(service, [10, WRITERS], REPETITIONS, echo=True) as crowd:
                rows = crowd.wait_until_done(120)
            record = service.record()
        self.assertEqual(record["result"], "consistent", record["sentence"])
        self.assertEqual(len(record["writers"]), WRITERS)
        for line in figures.table(rows):
            self.say(line)
        self.assertEqual(len(figures.of(rows, figures.OURS, WRITERS)), REPETITIONS)
        self.assertLess(figures.paired_ratio(rows, WRITERS), MOST_RATIO)

    def test_a_writer_takes_no_more_memory_than_is_said(self):
        with self.sandbox([Volume("a")]) as box:
            empty = Service(box, "[writers]\nmax = 1\n")
            empty.start_vssd()
            self.assertTrue(wait_until(lambda: "serving" in empty.vssd.errors, 10),
                            empty.complaints())
            before = memory_kib(empty.vssd.pid)["own_kib"]
            empty.vssd.kill()
            empty.vssd.wait()
            service = Service(box, f"[writers]\nmax = {WRITERS}\n").start()
            with Crowd(service, [WRITERS], repetitions=3) as crowd:
                crowd.wait_until_done(60)
                after = memory_kib(service.vssd.pid)["own_kib"]
            per_writer = (after - before) / WRITERS
            self.say(f"{before} KiB without writers, {after} KiB with {WRITERS}: "
                     f"{per_writer:.2f} KiB each")
            self.assertLess(per_writer, KIB_PER_WRITER)

    def test_nothing_wakes_up_while_there_is_nothing_to_do(self):
        with self.sandbox([Volume("a")]) as box:
            service = Service(box, f"[writers]\nmax = {WRITERS}\n").start()
            with Crowd(service, [WRITERS], repetitions=1) as crowd:
                crowd.wait_until_done(60)
                time.sleep(1)  # the end of the transaction, and of who asked for the status
                before = {process.name: wake_ups(process.pid) for process in service.processes()}
                time.sleep(IDLE_S)
                after = {process.name: wake_ups(process.pid) for process in service.processes()}
            self.assertEqual(before, after)
            self.say(f"{IDLE_S} s with {WRITERS} writers: no wake-up of {', '.join(after)}")


if __name__ == "__main__":
    main()
