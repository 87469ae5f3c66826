"""The service freezes the filesystem that its own programs, configuration and records lie on."""

from harness.own_root import serving, start_bank, transfers, write_waits
from harness.testing import VmTest, main

ROUNDS = 20
BUDGETS = {"prepare": 30, "freeze": 20, "hold": 60}


def counters(box, process):
    """What must not grow while held."""
    after_name = box.read_proc(f"{process.pid}/stat").rsplit(")", 1)[1].split()
    io = dict(line.split(": ") for line in box.read_proc(f"{process.pid}/io").splitlines())
    return {"major faults": int(after_name[9]), "read_bytes": int(io["read_bytes"]),
            "write_bytes": int(io["write_bytes"])}


class OwnRoot(VmTest):
    def test_it_is_held_again_and_again_under_load(self):
        with serving(self, "ext4", BUDGETS) as (vm, service):
            start_bank(service)
            before = transfers(service.box)
            script = f"for i in $(seq {ROUNDS}); do vssctl snapshot -- true || exit 1; done"
            done = vm.run("sh", "-c", script, timeout=300)
            self.assertEqual(done.status, 0, f"{done.errors}\n{service.complaints()}")
            self.assertGreater(transfers(service.box), before, "the load stood still")
            history = service.json("history")["transactions"]
            self.assertEqual([(each["result"], each["grade"]) for each in history],
                             [("consistent", "application")] * ROUNDS)

    def test_while_held_nothing_is_read_from_it_or_written_to_it(self):
        with serving(self, "ext4", BUDGETS) as (vm, service):
            for drop in (False, True):
                if drop:
                    vm.must("sh", "-c", "sync; echo 3 > /proc/sys/vm/drop_caches")
                status, transaction, errors = self.hold(service)
                self.assertEqual(status, 0, errors)
                writer, waits = write_waits(service.box)
                self.assertTrue(waits, "a write went through")
                before = [counters(service.box, each) for each in service.processes()]
                for _ in range(10):
                    self.assertEqual(service.json("status")["phase"], "held")
                after = [counters(service.box, each) for each in service.processes()]
                self.assertEqual(service.ctl("release", transaction).status, 0)
                self.assertEqual(writer.wait(60), 0)
                self.assertEqual(before, after)
                self.say(f"{'caches dropped: ' if drop else ''}{before} unchanged")

    @staticmethod
    def hold(service):
        done = service.ctl("hold")
        return done.status, done.output.strip(), done.errors


if __name__ == "__main__":
    main()
