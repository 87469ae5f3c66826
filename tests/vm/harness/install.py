"""What the tests of installed packages share: a Debian machine, the packages, the units."""

import json
import os
import tempfile

from harness.debian_vm import DebianVm
from harness.packages import PLACE, Packages
from harness.testing import VmTest

SERVICES = ("vss-guardian.service", "vss-freezer.service", "vssd.service")
SOCKETS = ("vssd-app.socket", "vssd-freezer.socket", "vssd-control.socket")


class Machine:
    """A DebianVm with the service in it, in a test's words."""

    def __init__(self, vm):
        self.vm = vm

    def pid(self, unit):
        return int(self.vm.property(unit, "MainPID"))

    def wait_until_ready(self):
        def ready():
            status = self.vm.run("vssctl", "status", "--json")
            return status.status == 0 and json.loads(status.output)["ready"]
        self.vm.wait_until(ready, 90, "vssd ready for a transaction")

    def hold(self, *options):
        """The transaction's id."""
        self.wait_until_ready()
        held = self.vm.run("vssctl", "hold", *options, timeout=90)
        assert held.status == 0, held.errors
        return held.output.strip()

    def writer(self, place="/"):
        """A process that a freeze of `place` stops; it ends with 0 after the thaw."""
        path = os.path.join(place, "probe")
        return self.vm.start("sh", "-c", f"echo written > {path} && rm {path}")

    def explain(self):
        return self.vm.run("vssctl", "explain").output

    def record(self):
        return json.loads(self.vm.must("vssctl", "explain", "--json"))


class InstallTest(VmTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.folder = cls.enterClassContext(tempfile.TemporaryDirectory(prefix="openvss-install-"))
        build = os.path.dirname(cls.programs.build_directory())
        cls.packages = Packages(os.path.join(build, "package"))
        cls.packages_disk = cls.packages.disk(os.path.join(cls.folder, "packages"))

    @classmethod
    def debian(cls, **options):
        return DebianVm(cls.programs, disks=[cls.packages_disk, *options.pop("disks", [])],
                        timeout=options.pop("timeout", 900), **options)

    def install(self, vm, *names):
        output = vm.must("dpkg", "-i", *[f"{PLACE}/{name}.deb" for name in names], timeout=240)
        self.say(output.splitlines()[-1])

    def expect_running(self, vm):
        for unit in ("openvss.target", *SOCKETS, *SERVICES):
            self.assertEqual(vm.active(unit), "active", f"{unit}\n{vm.journal('-u', unit)}")
        Machine(vm).wait_until_ready()
