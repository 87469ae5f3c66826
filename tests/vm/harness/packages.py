"""The Debian packages under test, and those they are to get on with, as one disk for a guest."""

import contextlib
import glob
import os
import re
import subprocess
import tarfile
import tempfile

from harness.cache import cached
from harness.debian_vm import DebianVm
from harness.disks import Disk
from harness.kernel import Unavailable

NAMES = ("openvss", "libvss0", "libvss-dev", "openvss-testhost")
LATER = "99"  # appended to the version of what an upgrade brings
PLACE = "/run/packages"


class Packages:
    """`folder`: build/package, as `make package` leaves it."""

    def __init__(self, folder):
        self._files = {}
        for name in NAMES:
            found = glob.glob(os.path.join(folder, name + "_*.deb"))
            if len(found) != 1:
                raise Unavailable(f"there is no {name}_*.deb in {folder}: `make package` makes it")
            self._files[name] = found[0]
        self.version = field_of(self._files["openvss"], "Version")

    def disk(self, path):
        """A tar as a disk; take_packages() brings its files to PLACE."""
        stock = cached("hyperv-daemons", _download_stock)
        with tempfile.TemporaryDirectory(prefix="openvss-packages-") as folder:
            with tarfile.open(path, "w") as tar:
                for name, file in self._files.items():
                    tar.add(file, name + ".deb")
                for file in glob.glob(os.path.join(stock, "*.deb")):
                    tar.add(file, "hyperv-daemons.deb")
                tar.add(_later(self._files["openvss"], folder), "openvss-later.deb")
        return Disk(file=path)


@contextlib.contextmanager
def debian_with_openvss(programs):
    """A Debian machine on which it was installed a moment ago."""
    with tempfile.TemporaryDirectory(prefix="openvss-packages-") as folder:
        built = os.path.join(os.path.dirname(programs.build_directory()), "package")
        disk = Packages(built).disk(os.path.join(folder, "packages"))
        with DebianVm(programs, disks=[disk], timeout=900) as vm:
            take_packages(vm)
            vm.must("dpkg", "-i", *[f"{PLACE}/{name}.deb" for name in ("libvss0", "openvss")],
                    timeout=240)
            yield vm


def take_packages(vm, device="/dev/vdb"):
    vm.must("sh", "-c", f"mkdir -p {PLACE} && tar -xf {device} -C {PLACE}")


def field_of(package, name):
    return subprocess.run(["dpkg-deb", "-f", package, name], capture_output=True, text=True,
                          check=True).stdout.strip()


def _download_stock(folder):
    done = subprocess.run(["apt-get", "download", "-q", "hyperv-daemons"], cwd=folder,
                          capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Unavailable(f"apt-get download hyperv-daemons: {done.stderr.strip()}")


def _later(package, folder):
    """The same package again, under a later version."""
    tree = os.path.join(folder, "later")
    subprocess.run(["dpkg-deb", "-R", package, tree], check=True)
    control = os.path.join(tree, "DEBIAN", "control")
    with open(control, encoding="utf-8") as file:
        text = file.read()
    with open(control, "w", encoding="utf-8") as file:
        file.write(re.sub(r"^(Version: .*)$", rf"\g<1>+{LATER}", text, flags=re.MULTILINE))
    target = os.path.join(folder, "later.deb")
    subprocess.run(["dpkg-deb", "--root-owner-group", "-Znone", "-b", tree, target], check=True,
                   capture_output=True)
    return target
