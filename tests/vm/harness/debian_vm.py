"""A Debian machine with systemd, its root on ext4 (/dev/vda), its journal persistent."""

import os
import subprocess

from harness.debian_image import debian_image
from harness.kernel import kernel
from harness.vm import Vm

START = os.path.join(os.path.dirname(__file__), "start_systemd.sh")
BOOTED_S = 240


class DebianVm(Vm):
    """`image`: of an earlier machine (keep_root()); none: as Debian comes."""

    def __init__(self, programs, image="", series="6.1", **options):
        super().__init__(programs, kernel=series, root="ext4",
                         root_image=image or debian_image(kernel(series)),
                         init="/run/vmtest/start-systemd", extra={"vmtest/start-systemd": START},
                         vcpus=2, memory_mib=1024,
                         append="rw systemd.show_status=false " + options.pop("append", ""),
                         **options)

    def __enter__(self):
        super().__enter__()
        # "degraded" is told by the test, with the units' names.
        self.wait_until(lambda: self.state() in ("running", "degraded"), BOOTED_S, "the boot's end")
        return self

    def state(self):
        return self.run("systemctl", "is-system-running").output.strip()

    def property(self, unit, name):
        return self.must("systemctl", "show", "--value", "-p", name, unit).strip()

    def active(self, unit):
        return self.property(unit, "ActiveState")

    def journal(self, *options):
        return self.must("journalctl", "--no-pager", "-o", "short-monotonic", *options)

    def keep_root(self, image):
        """Writes its root, as if it had been shut down, to a raw image for machines after it. To be
        called last: the root stays read-only."""
        self.must("sync")
        self.write("/proc/sysrq-trigger", "u")
        self.wait_until(lambda: "Emergency Remount complete" in self.kernel_log(),
                        what="a read-only root")
        self.qmp("stop")
        subprocess.run(["qemu-img", "convert", "-U", "-f", "qcow2", "-O", "raw",
                        self.path("root.qcow2"), image], check=True)
        self.qmp("cont")
