"""The kernel's own doors to a Hyper-V host, without Hyper-V: /dev/vmbus/hv_vss and /dev/uioN of
Debian's unmodified drivers, on two kernels; vssd and Debian's own daemon in one table.

The bus under the drivers is a module of the tests (vmbus_standin/), the host is vss-hostsim.
"""

from harness.door_facts import FACTS
from harness.door_guests import STOCK, UIO, VSSD, Bench, StockDaemon, Vssd
from harness.door_machine import door_machine
from harness.door_rows import ROWS
from harness.door_table import Column, print_table
from harness.door_uio import UIO_FACTS
from harness.testing import VmTest, main
from harness.vmbus import Vmbus, require_vmbus

GUESTS = {"6.1": (STOCK, VSSD), "6.12": (STOCK, VSSD, UIO)}


class KernelDoors(VmTest):
    @classmethod
    def setUpClass(cls):
        require_vmbus(GUESTS)

    def test_both_kernels(self):
        facts, columns = [], []
        for series in GUESTS:
            vmbus = Vmbus(series)
            self.say(f"{vmbus.kernel.release}: {vmbus.checksums_right} symbols as the stock "
                     "drivers want them")
            with door_machine(self, vmbus, f"kernel_doors.{series}") as vm:
                bench = Bench(vm, vmbus)
                facts.append(Column(series).run_facts(FACTS, bench))
                columns += [self.run_guest(series, kind, bench) for kind in GUESTS[series]]
                facts[-1].run_facts(UIO_FACTS[series], bench)
        print_table(self.say, facts, "what the kernel's devices say",
                    [*FACTS, *UIO_FACTS["6.12"], *UIO_FACTS["6.1"]])
        print_table(self.say, columns, "what a host meets", ROWS)
        self.assertEqual([], [each for column in facts + columns for each in column.wrong])

    def run_guest(self, series, kind, bench):
        if kind == UIO:
            bench.bind_to_uio()
        guest = StockDaemon(bench) if kind == STOCK else Vssd(bench, kind)
        column = Column(series, kind).run_rows(ROWS, bench, guest)
        if kind == UIO:
            bench.restore()
            self.assertEqual(bench.driver(), "hv_utils")
        return column


if __name__ == "__main__":
    main(kernels=tuple(GUESTS))
