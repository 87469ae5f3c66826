"""The kernel's own limits at its doors to a Hyper-V host, in compressed time; a hostile host at
/dev/uioN; many backups. See kernel_doors_test.py."""

from harness.door_guests import UIO, VSSD, Bench, StockDaemon, Vssd
from harness.door_limits import LIMIT_FACTS, LIMIT_ROWS, QEMU, patient_vssd
from harness.door_machine import door_machine
from harness.door_table import Column, print_table
from harness.testing import VmTest, main
from harness.vmbus import Vmbus, require_vmbus

KERNELS = ("6.1", "6.12")
BACKUPS = 50
HOSTILE_ACTS = 300


class KernelDoorsForLong(VmTest):
    @classmethod
    def setUpClass(cls):
        require_vmbus(KERNELS)

    def test_limits_of_the_kernel(self):
        facts, columns = [], []
        for series in KERNELS:
            vmbus = Vmbus(series)
            # Without a guard: hours pass between two requests of the harness.
            with door_machine(self, vmbus, f"kernel_doors.limits.{series}", qemu=QEMU,
                              guard=0) as vm:
                bench = Bench(vm, vmbus)
                facts.append(Column(series).run_facts(LIMIT_FACTS, bench))
                for guest in (StockDaemon(bench), patient_vssd(bench)):
                    columns.append(Column(series, guest.kind).run_rows(LIMIT_ROWS, bench, guest))
        print_table(self.say, facts, "a client that does not answer", LIMIT_FACTS)
        print_table(self.say, columns, "what a host meets", LIMIT_ROWS)
        self.assertEqual([], [each for column in facts + columns for each in column.wrong])

    def test_many_backups(self):
        for series, kind in (("6.1", VSSD), ("6.12", VSSD), ("6.12", UIO)):
            vmbus = Vmbus(series)
            with (self.subTest(kernel=series, door=kind),
                  door_machine(self, vmbus, f"kernel_doors.many.{series}-{kind}") as vm):
                bench = Bench(vm, vmbus)
                guest = self.start(bench, kind)
                done = vm.run(*Vmbus.host("backup", "--repeat", str(BACKUPS),
                                          hv_utils=kind == VSSD), timeout=240)
                self.say(f"{series} {kind}: {done.output.splitlines()[-1]}")
                self.assertEqual(done.status, 0, done.output + done.errors)
                self.assertTrue(bench.is_thawed())
                guest.stop()

    def test_hostile_host_over_uio(self):
        """Each device that it offers anew is taken by uio_hv_generic, by an added id."""
        vmbus = Vmbus("6.12")
        with door_machine(self, vmbus, "kernel_doors.hostile", memory_mib=1024) as vm:
            bench = Bench(vm, vmbus)
            bench.leave_to_uio()
            guest = self.start(bench, UIO)
            done = vm.run(*Vmbus.host("hostile", "--count", str(HOSTILE_ACTS), hv_utils=False),
                          timeout=280)
            self.say(done.output.splitlines()[-1] if done.output else done.errors)
            self.assertEqual(done.status, 0, f"{done.output}{done.errors}{guest.says()}")
            self.assertTrue(bench.is_thawed())
            guest.stop()

    @staticmethod
    def start(bench, kind):
        if kind == UIO and bench.driver() != "uio_hv_generic":
            bench.bind_to_uio()
        guest = Vssd(bench, kind)
        guest.start()
        return guest


if __name__ == "__main__":
    main(kernels=KERNELS)
