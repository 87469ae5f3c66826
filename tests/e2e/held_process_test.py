"""What vssd, freezer and guardian do while filesystems are frozen: next to nothing."""

import os
import time

from harness.sandbox import Volume
from harness.service import Service
from harness.testing import EndToEndTest, main


def counters(process):
    """Of /proc: what must not grow while held."""
    with open(f"/proc/{process.pid}/stat", encoding="ascii") as file:
        after_name = file.read().rsplit(")", 1)[1].split()
    with open(f"/proc/{process.pid}/io", encoding="ascii") as file:
        io = dict(line.split(": ") for line in file.read().splitlines())
    return {"major faults": int(after_name[9]), "read_bytes": int(io["read_bytes"]),
            "write_bytes": int(io["write_bytes"])}


class WhileHeld(EndToEndTest):
    """The programs lie on a disk here, not on the sandbox's tmpfs: what is not in memory would have
    to be read."""

    def drop_caches(self):
        os.sync()
        with open("/proc/sys/vm/drop_caches", "w", encoding="ascii") as file:
            file.write("3")

    def test_no_major_fault_and_no_disk(self):
        for drop in (False, True):
            with self.sandbox([Volume("a"), Volume("disk", size_mib=256)]) as box:
                self.move_programs_to_a_disk(box)
                service = Service(box).start()
                if drop:
                    self.drop_caches()  # before the freeze: while frozen it could wait
                requester = service.hold_until_told("--filesystems", "/mnt/a")
                before = [counters(process) for process in service.processes()]
                for _ in range(20):
                    self.assertEqual(service.json("status")["phase"], "held")
                    time.sleep(0.02)
                after = [counters(process) for process in service.processes()]
                self.assertEqual(service.release(requester), 0, requester.errors)
                for process, was, now in zip(service.processes(), before, after):
                    self.assertEqual(was, now, process.name)
                self.say(f"{'caches dropped: ' if drop else ''}{before} unchanged")

    def test_memory_is_locked(self):
        with self.sandbox([Volume("a")]) as box:
            service = Service(box).start()
            for process in service.processes():
                with open(f"/proc/{process.pid}/status", encoding="ascii") as file:
                    status = dict(line.split(":", 1) for line in file.read().splitlines())
                self.assertGreater(int(status["VmLck"].split()[0]), 1000, process.name)
                self.say(f"{process.name}: {status['VmLck'].strip()} locked")


if __name__ == "__main__":
    main()
