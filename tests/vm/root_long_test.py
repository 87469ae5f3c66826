"""A machine's own root, held for long and under duress: many rounds, on each filesystem; the machine
paused, suspended, saved and restored; without memory. Clocks are the guest's."""

import time

from harness.own_root import is_frozen, serving, slot_of_root, start_bank, transfers, write_waits
from harness.testing import VmTest, main

ROUNDS = 200
BUDGETS = {"prepare": 30, "freeze": 20, "hold": 60}
SHORT_HOLD = {"prepare": 30, "freeze": 9, "hold": 10}
WITHIN_S = 5  # of the guest's time, under software emulation


class ManyRounds(VmTest):
    def play(self, kind):
        with serving(self, kind, BUDGETS, {"timeout": 900, "guard": 600}) as (vm, service):
            start_bank(service)
            before = transfers(service.box)
            script = (f"for i in $(seq {ROUNDS}); do vssctl snapshot -- true || "
                      "{ echo missed $i; exit 1; }; done")
            done = vm.run("sh", "-c", script, timeout=600)
            self.assertEqual(done.status, 0, f"{done.output}{done.errors}\n{service.complaints()}")
            grades = [each["grade"] for each in service.json("history")["transactions"]]
            self.assertEqual(grades, ["application"] * ROUNDS)
            self.say(f"{kind}: {ROUNDS} rounds without a miss, {transfers(service.box) - before} "
                     "transfers between them")

    def test_ext4_root(self):
        self.play("ext4")

    def test_xfs_root(self):
        self.play("xfs")

    def test_btrfs_root(self):
        self.play("btrfs")


class TimeStandsStill(VmTest):
    """The hold deadline is of CLOCK_BOOTTIME: a pause that the guest's clock does not see does not
    count; one that it does see has passed the deadline when the machine wakes."""

    def hold(self, service):
        """When, at the latest."""
        done = service.ctl("hold")
        self.assertEqual(done.status, 0, done.errors)
        self.assertTrue(is_frozen(service.box.vm), "the kernel says that root is not frozen")
        self.assertEqual(slot_of_root(service).state, "frozen")
        return service.box.now()

    def hold_a_writer(self, service):
        held = self.hold(service)
        writer, waits = write_waits(service.box)
        self.assertTrue(waits, "a write went through")
        return writer, held

    def check_thawed(self, service, writer, until):
        """By itself, at `until` of the guest's clock; and the record says so."""
        self.assertEqual(writer.wait(120), 0)
        self.wait_for_record(service)
        self.check_record(service, until)

    def wait_for_record(self, service):
        """Thawed by the guardian, the freezer is ready again a moment after the record is kept."""
        service.box.vm.wait_until(lambda: service.json("status")["ready"],
                                  what="the end of the transaction")

    def check_record(self, service, until):
        record = service.record()
        self.assertTrue(record["automatic_thaw"], record["sentence"])
        self.assertEqual(record["result"], "torn")
        self.assertFalse(is_frozen(service.box.vm), "root is frozen still")
        slot = slot_of_root(service)
        self.assertEqual(slot.state, "closed")
        self.assertLess(slot.thaw_ended - until, WITHIN_S,
                        "seconds of the guest's time after its deadline")
        # The guardian's own deadline, 2 s later, may have passed as well.
        self.assertIn(slot.thawer, ("freezer", "guardian"))
        again = service.start_snapshot()
        self.assertEqual(again.wait(120), 0, f"no new snapshot after it: {again.errors}")
        self.say(f"thawed by itself, by the {slot.thawer}; {record['sentence']}")
        return slot

    def test_paused_for_longer_than_the_hold_it_is_thawed_by_its_own_clock(self):
        with serving(self, "ext4", SHORT_HOLD) as (vm, service):
            writer, held = self.hold_a_writer(service)
            vm.qmp("stop")
            time.sleep(SHORT_HOLD["hold"] + 3)
            vm.qmp("cont")
            self.assertLess(service.box.now(), held + SHORT_HOLD["hold"],
                            "the clock of a paused guest went on")
            self.check_thawed(service, writer, held + SHORT_HOLD["hold"])

    def test_suspended_past_the_deadline_it_is_thawed_at_once(self):
        with serving(self, "ext4", SHORT_HOLD) as (vm, service):
            # No writer waits here: the kernel does not suspend with one that sleeps uninterruptibly.
            # That root is frozen is the kernel's word in hold(); until when, is in the slot.
            held = self.hold(service)
            vm.write("/sys/power/sync_on_suspend", "0")  # it would wait for the frozen root
            vm.start("sh", "-c", "echo mem > /sys/power/state")
            vm.monitor().wait_event("SUSPEND")
            time.sleep(SHORT_HOLD["hold"] + 3)
            vm.qmp("system_wakeup")
            woken = service.box.now()
            self.assertGreater(woken, held + SHORT_HOLD["hold"], "the clock did not jump")
            self.wait_for_record(service)
            slot = self.check_record(service, woken)
            self.assertGreater(slot.thaw_ended, woken - WITHIN_S, "thawed before it slept")
            self.assertEqual(vm.run("sh", "-c", "echo written > /proof").status, 0)

    def test_restored_from_a_snapshot_of_its_memory_it_is_thawed_by_its_own_clock(self):
        with serving(self, "ext4", SHORT_HOLD) as (vm, service):
            _, held = self.hold_a_writer(service)
            vm.save_and_restore(between=lambda: time.sleep(SHORT_HOLD["hold"]))
            service.box.forget_all()
            until = held + SHORT_HOLD["hold"]
            self.assertLess(service.box.now(), until, "the clock went on while saved")
            vm.wait_until(lambda: vm.run("grep", "-q", "written", "/proof").status == 0,
                          what="the write that waited")
            self.wait_for_record(service)
            self.check_record(service, until)


class NoMemory(VmTest):
    def test_out_of_memory_in_the_hold_it_goes_on_to_the_end(self):
        with serving(self, "ext4", BUDGETS, {"memory_mib": 384}) as (vm, service):
            held = service.ctl("hold")
            self.assertEqual(held.status, 0, held.errors)
            hog = vm.run("tail", "/dev/zero", timeout=120)
            self.assertEqual(hog.status, -9, "nobody ran out of memory")
            self.assertIn("Out of memory", vm.kernel_log())
            self.assertEqual([each.status for each in service.processes()], [None] * 3)
            released = service.ctl("release", held.output.strip())
            self.assertEqual(released.status, 0, released.errors)
            self.assertEqual(service.record()["result"], "consistent")


if __name__ == "__main__":
    main()
