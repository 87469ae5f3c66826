"""The kernel's own drivers of Hyper-V's backup channel, over a module that plays the VMBus.

    vmbus = Vmbus("6.12")
    with self.vm(kernel="6.12", extra=vmbus.files(), ...) as vm:
        vmbus.load(vm, "vmbus_standin", "hv_utils")
        vm.run(*vmbus.host("run", "negotiate", "hot_backup"))

hv_utils.ko, uio.ko and uio_hv_generic.ko are Debian's, unmodified. The stand-in (vmbus_standin/)
takes the place of hv_vmbus.ko alone; the host behind it is vss-hostsim.
"""

import os
import subprocess

from harness.cache import cached
from harness.kernel import Unavailable
from harness.kernel import kernel as kernel_of
from harness.kernel_build import BuildSet, compare_checksums
from harness.testing import skip

SOURCE = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "vmbus_standin")
NODE = "/dev/vmbus_standin"
CLASS = "35fa2e29-ea23-4236-96ae-3a6ebacba440"
INSTANCE = "2450ee40-33bf-4fbd-892e-9fb06e9214cf"
DEVICE = f"/sys/bus/vmbus/devices/{INSTANCE}"
DRIVERS = "/sys/bus/vmbus/drivers"
STOCK = ("hv_utils", "uio_hv_generic")


def require_vmbus(kernels):
    """Ends the test program with the status that says: skipped."""
    try:
        for series in kernels:
            Vmbus(series)
    except Unavailable as missing:
        skip(f"{missing}; without a network the drivers' headers must be in the cache")


class Vmbus:
    def __init__(self, series):
        self.series = series
        self.kernel = kernel_of(series)
        build_set = BuildSet(self.kernel)
        self.stock_daemon = build_set.stock_daemon
        self._module = build_set.module(SOURCE)
        stock = [self.kernel.module_files([name])[-1] for name in STOCK]
        self.checksums_right, wrong = compare_checksums(self._module, stock)
        if wrong:
            raise AssertionError(f"{self.kernel.release} would not take these: {'; '.join(wrong)}")

    def files(self):
        """For a guest: modules below /vmbus, and Debian's daemon."""
        folder = cached(f"hyperv-drivers-{self.kernel.release}", self._unpack)
        files = {f"/vmbus/{name}": os.path.join(folder, name) for name in os.listdir(folder)}
        return {**files, "/vmbus/vmbus_standin.ko": self._module}

    def _unpack(self, into):
        """Both stock drivers with what they need, but for the bus."""
        for file in self.kernel.module_files(STOCK):
            name = os.path.basename(file).removesuffix(".xz")
            if name == "hv_vmbus.ko":
                continue
            with open(os.path.join(into, name), "wb") as out:
                tool = ["xz", "-dc"] if file.endswith(".xz") else ["cat"]
                subprocess.run([*tool, file], stdout=out, check=True)

    @staticmethod
    def load(vm, name, *parameters):
        vm.must("insmod", f"/vmbus/{name}.ko", *parameters)

    @staticmethod
    def host(*arguments, hv_utils=True):
        """The words of a host's command."""
        return ["vss-hostsim", "--standin", NODE, *(["--hv-utils"] if hv_utils else []), *arguments]
