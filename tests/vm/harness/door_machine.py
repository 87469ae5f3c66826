"""The machine of the tests of the kernel's doors."""

from harness.disks import Disk

PROGRAMS = ("vssd", "vss-freezer", "vss-guardian", "vssctl", "vss-writer", "vss-uio-bind",
            "vss-hostsim", "bank", "fs_tool", "hv_vss_client", "forgetful_guest")


def door_machine(test, vmbus, log, timeout=300, **options):
    """`test`: the VmTest. The disk is the guest's only filesystem on a device: Debian's daemon
    freezes all of them, and nothing of the host or of the service may lie there."""
    files = {**vmbus.files(), "/usr/bin/hv_vss_daemon": vmbus.stock_daemon}
    return test.vm(kernel=vmbus.series, modules=["ext4"], extra=files, programs=PROGRAMS,
                   disks=[Disk(size_mib=64, format="ext4")], timeout=timeout, log=log, **options)
