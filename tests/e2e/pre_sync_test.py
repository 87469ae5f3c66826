"""What PREPARE flushes before a freeze, and what the record says of it."""

from harness.sandbox import Volume
from harness.service import Service
from harness.testing import EndToEndTest, main

LITTLE = 32 << 20  # bytes; below, no round pays
DIRTY_MIB = 64
REFUSED = 125


class PreSync(EndToEndTest):
    def start(self, *volumes, **filesystems):
        self.box = self.enterContext(self.sandbox([Volume(name, size_mib=128) for name in volumes]))
        lines = [f"{key} = {value}" for key, value in filesystems.items()]
        return Service(self.box, "\n".join(["[filesystems]", *lines, ""])).start()

    def make_dirty(self, name):
        made = self.box.run("fs_tool", "dirty", f"/mnt/{name}/file", DIRTY_MIB)
        self.assertEqual(made.status, 0, made.errors)

    def snapshot(self, service):
        requester = service.start_snapshot()
        self.assertEqual(requester.wait(30), 0, requester.errors)
        return service.record()["flush"]

    def test_much_dirty_data_is_flushed_before_the_freeze(self):
        service = self.start("a", "b")
        self.make_dirty("a")
        self.make_dirty("b")
        flush = self.snapshot(service)
        self.assertGreaterEqual(flush["rounds"], 1)
        self.assertGreaterEqual(flush["dirty_bytes"], 2 * DIRTY_MIB << 20)
        self.assertGreater(flush["written_bytes"], 0)
        self.assertGreater(flush["measured_stall_us"], 0)
        told = service.ctl("explain").output
        for line in ("pre-sync", "freeze       predicted "):
            self.assertIn(line, told)
        self.say("; ".join(line.strip() for line in told.splitlines()
                           if line.startswith(("  pre-sync", "  freeze "))))

    def test_with_little_the_answer_does_not_wait_for_it(self):
        service = self.start("a")
        flush = self.snapshot(service)
        if flush["dirty_bytes"] >= LITTLE:
            self.skipTest(f"the machine has {flush['dirty_bytes']} bytes to write")
        self.assertEqual(flush["rounds"], 0)

    def test_always_means_a_round_in_any_case(self):
        service = self.start("a", pre_sync='"always"')
        self.assertGreaterEqual(self.snapshot(service)["rounds"], 1)

    def test_a_stall_above_the_budget_is_refused_while_everything_runs(self):
        service = self.start("a", stall_budget=0.02)  # less than any freeze takes
        requester = service.start_snapshot()
        self.assertEqual(requester.wait(30), REFUSED)
        self.assertIn("predicted stall", requester.errors)
        self.assertIn("stall_budget = 0.02 s", requester.errors)
        self.assertIn("or raise it", requester.errors)  # the whole sentence
        record = service.record()
        self.assertEqual(record["counts"]["frozen"], 0)
        self.assertIsNone(record["flush"]["measured_stall_us"])
        self.say(record["sentence"])


if __name__ == "__main__":
    main()
