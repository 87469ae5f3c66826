"""Builds a module of the tests for one of Debian's kernels, against that kernel's own packages.

A kernel's headers, two private headers of its VMBus (from its source package) and Debian's
hv_vss_daemon are downloaded, unpacked in the cache under the kernel's release, and never installed.
A module is built once for each content of its sources.
"""

import hashlib
import os
import re
import shutil
import subprocess
import tarfile

from harness.cache import cache_directory, cached
from harness.kernel import Unavailable, download

PRIVATE_HEADERS = ("hyperv_vmbus.h", "hv_trace.h")


class BuildFailure(Exception):
    pass


class BuildSet:
    """What belongs to one kernel (harness.kernel.Kernel)."""

    def __init__(self, kernel):
        self._kernel = kernel
        release = kernel.release
        name = f"build-{release}"
        self._directory = cached(name, lambda into: _fetch(
            release, into, os.path.join(cache_directory(), name)))
        self.stock_daemon = os.path.join(self._directory, "usr/sbin/hv_vss_daemon")

    def module(self, source):
        """The module that the folder `source` makes, of the same name."""
        name = os.path.basename(source)
        content = hashlib.sha256()
        for file in sorted(each for each in os.listdir(source) if not each.endswith(".md")):
            with open(os.path.join(source, file), "rb") as opened:
                content.update(file.encode() + b"\0" + opened.read())
        built = cached(f"{name}-{self._kernel.release}-{content.hexdigest()[:16]}",
                       lambda into: self._build(source, into))
        return os.path.join(built, name + ".ko")

    def _build(self, source, into):
        shutil.copytree(source, into, dirs_exist_ok=True)
        headers = os.path.join(self._directory, "usr/src/linux-headers-" + self._kernel.release)
        # Type information of modules needs the kernel with its symbols, and nobody here wants it.
        _run("make", "-C", headers, f"M={into}", f"HV_PRIVATE={self._directory}",
             "CONFIG_DEBUG_INFO_BTF_MODULES=", "modules")


def _run(*command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          check=False)
    if done.returncode != 0:
        raise BuildFailure(f"{' '.join(command)}: status {done.returncode}\n{done.stdout}")
    return done.stdout


def _fetch(release, into, place):
    """`place` is where `into` will be in the end."""
    series = ".".join(release.split(".")[:2])  # by this the source package is named
    depends = subprocess.run(["apt-cache", "depends", f"linux-headers-{release}"],
                             capture_output=True, text=True, check=False).stdout
    parts = re.findall(r"^ *\|?Depends: (linux-(?:headers|kbuild)\S*)", depends, re.MULTILINE)
    if not parts:
        raise Unavailable(f"apt knows no linux-headers-{release}")
    download([f"linux-headers-{release}", *parts, "hyperv-daemons", f"linux-source-{series}"], into)
    _extract_private_headers(into)
    # It names the other package by the path at which that would be installed.
    makefile = os.path.join(into, f"usr/src/linux-headers-{release}/Makefile")
    with open(makefile, encoding="ascii") as file:
        text = file.read()
    with open(makefile, "w", encoding="ascii") as file:
        file.write(re.sub(r"^include (?=/usr/src/)", f"include {place}", text, flags=re.MULTILINE))


def _extract_private_headers(directory):
    folder = os.path.join(directory, "usr/src")
    archive, = (os.path.join(folder, name) for name in os.listdir(folder)
                if name.startswith("linux-source"))
    missing = set(PRIVATE_HEADERS)
    with subprocess.Popen(["xz", "-dc", "-T0", archive], stdout=subprocess.PIPE) as unpacker:
        with tarfile.open(fileobj=unpacker.stdout, mode="r|") as tar:
            for entry in tar:
                name = os.path.basename(entry.name)
                if name in missing and os.path.dirname(entry.name).endswith("/drivers/hv"):
                    with open(os.path.join(directory, name), "wb") as file:
                        shutil.copyfileobj(tar.extractfile(entry), file)
                    missing.remove(name)
                if not missing:
                    break
        unpacker.kill()  # the rest is not needed
    if missing:
        raise Unavailable(f"{archive} has no drivers/hv/{' or '.join(sorted(missing))}")
    os.unlink(archive)


def compare_checksums(module, stock_modules):
    """How many symbols of `module` the stock modules want with just its checksums, and a line for
    each that they want with another one: with such a difference the kernel refuses to load them."""
    exported = {}
    with open(os.path.join(os.path.dirname(module), "Module.symvers"), encoding="ascii") as file:
        for line in file:
            checksum, symbol = line.split("\t")[:2]
            exported[symbol] = int(checksum, 16)
    wanted = [(stock, *line.split()) for stock in stock_modules
              for line in _run("modprobe", "--dump-modversions", stock).splitlines()]
    wanted = [(stock, int(checksum, 16), symbol) for stock, checksum, symbol in wanted
              if symbol in exported]
    wrong = [f"{os.path.basename(stock)} wants {symbol} with {checksum:#010x}, not "
             f"{exported[symbol]:#010x}" for stock, checksum, symbol in wanted
             if exported[symbol] != checksum]
    return len(wanted) - len(wrong), wrong
