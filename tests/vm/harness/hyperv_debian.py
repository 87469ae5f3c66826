"""A Debian machine that finds itself on Hyper-V: the tests' bus in the place of hv_vmbus, and from
there on all is Debian's - hv_utils, udev, hyperv-daemons - in the order in which a boot does it."""

import os
import tarfile

from harness.debian_image import MODULES
from harness.disks import Disk
from harness.vmbus import NODE, Vmbus

OF_KERNEL = ("modules.builtin", "modules.builtin.modinfo", "modules.order")
AT_BOOT = {
    "/etc/modules-load.d/hyperv.conf": "vmbus_standin\n",
    # A second service of the host's, for a daemon that OpenVSS leaves alone.
    "/etc/modprobe.d/hyperv.conf": "options vmbus_standin kvp=1\n",
}


def modules_disk(path, series):
    """For become_guest(): a tar as a disk, with the modules of these kernels."""
    with tarfile.open(path, "w") as tar:
        for each in series:
            vmbus = Vmbus(each)
            kernel = vmbus.kernel
            place = f"lib/modules/{kernel.release}"
            for file in kernel.module_files(MODULES):
                if not os.path.basename(file).startswith("hv_vmbus.ko"):
                    tar.add(file, os.path.relpath(file, kernel.directory))
            for name in OF_KERNEL:
                tar.add(os.path.join(kernel.directory, place, name), f"{place}/{name}")
            tar.add(vmbus.files()["/vmbus/vmbus_standin.ko"], f"{place}/updates/vmbus_standin.ko")
    return Disk(file=path)


def become_guest(vm, series, device):
    """Now, and at every boot with one of these kernels."""
    vm.must("sh", "-c", f"tar -xf {device} -C / && rm -f "
                        "$(find /lib/modules/ -name 'hv_vmbus.ko*')")
    for each in series:
        vm.must("depmod", Vmbus(each).kernel.release)
    for path, text in AT_BOOT.items():
        vm.must("sh", "-c", f"cat > {path}", stdin=text)
    # As at a boot: nobody but udev loads hv_utils, because a device of the bus asks for it.
    vm.must("modprobe", "vmbus_standin")
    vm.wait_until(lambda: vm.exists("/dev/vmbus/hv_vss"), what="/dev/vmbus/hv_vss")


class Shop:
    """A database with a load that writes to it, and OpenVSS's writer for it. What the host's end
    does in a hold is in COPY: it must lie where nothing is frozen."""

    DATABASE = "/srv/shop/shop.db"
    SALES = "/run/sales"      # a line for each that the database has confirmed
    COPY = f"""#!/bin/sh
sleep 1
wc -l < {SALES} > /run/before
(: > /srv/shop/probe; : > /run/root-was-written) < /dev/null > /dev/null 2>&1 &
sleep 3
[ ! -e /run/root-was-written ] || exit 1
wc -l < {SALES} > /run/after
rm -rf /run/copy && mkdir /run/copy && cp {DATABASE}* /run/copy
"""

    def __init__(self, vm):
        self.vm = vm
        vm.must("sh", "-c", f"rm -rf /srv/shop {self.SALES} && mkdir /srv/shop && sqlite3 "
                            f"{self.DATABASE} 'PRAGMA journal_mode=wal; CREATE TABLE sale(n);'")
        vm.write("/run/copy.sh", self.COPY, mode=0o755)
        self.writer = vm.start("vss-writer", "sqlite", "--name", "shop", self.DATABASE)
        self.load = vm.start("sh", "-c", f"""n=0
            while [ ! -e /run/enough ]; do
                n=$((n + 1))
                sqlite3 -cmd '.timeout 60000' {self.DATABASE} "INSERT INTO sale VALUES($n)" || exit 1
                echo $n >> {self.SALES}
            done""")
        vm.wait_until(lambda: "shop" in vm.run("vssctl", "writers").output, what="the writer")
        vm.wait_until(lambda: vm.exists(self.SALES), what="a sale")

    def back_up(self, hv_utils=True):
        """The host's own verdict, of one backup with its copy."""
        words = ["vss-hostsim", "--standin", NODE, *(["--hv-utils"] if hv_utils else []), "backup",
                 "--exec", "/run/copy.sh"]
        return self.vm.run(*words, timeout=150)

    def sales(self, moment):
        """`moment`: before or after, as COPY has counted; now."""
        if moment == "now":
            return len(self.vm.read(self.SALES).splitlines())
        return int(self.vm.read(f"/run/{moment}"))

    def sales_in_copy(self):
        told = self.vm.must("sqlite3", "/run/copy/shop.db",
                            "PRAGMA integrity_check; SELECT count(*) FROM sale")
        assert told.startswith("ok\n"), told
        return int(told.split()[1])

    def close(self):
        """The load's status: it has ended well if no sale was refused."""
        self.vm.write("/run/enough", "")
        status = self.load.wait(120)
        self.vm.must("rm", "/run/enough")
        self.writer.signal(15)
        self.writer.wait()
        return status
