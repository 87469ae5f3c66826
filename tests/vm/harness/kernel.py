"""Debian's kernels, downloaded and unpacked, never installed."""

import functools
import glob
import os
import re
import subprocess

from harness.cache import cache_directory, cached

PACKAGES = {"6.1": "linux-image-amd64", "6.12": "linux-image-6.12-amd64"}


class Unavailable(Exception):
    """Neither in the cache nor to be had."""


class Kernel:
    """One unpacked kernel. `release` is what uname -r says in the guest."""

    def __init__(self, release, directory):
        self.release = release
        self.directory = directory
        self.image = os.path.join(directory, "boot", "vmlinuz-" + release)

    def module_files(self, names):
        """The .ko files of these modules and of all they need, in the order of loading."""
        files = []
        for name in names:
            listing = subprocess.run(
                ["modprobe", "-d", self.directory, "-S", self.release, "--show-depends", name],
                capture_output=True, text=True, check=False)
            if listing.returncode != 0:
                raise Unavailable(f"kernel {self.release}: {listing.stderr.strip()}")
            for file in re.findall(r"^insmod (\S+)", listing.stdout, re.MULTILINE):
                if file not in files:
                    files.append(file)
        return files


@functools.cache
def kernel(series):
    """The newest kernel of "6.1" or "6.12" that Debian offers; without a network the newest of the
    cache."""
    image = _newest_offered(PACKAGES[series])
    if image is None:
        kept = sorted(glob.glob(os.path.join(cache_directory(), f"kernel-{series}.*[0-9a-z]")),
                      key=os.path.getmtime)
        kept = [each for each in kept if os.path.isdir(each)]
        if not kept:
            raise Unavailable(f"apt knows no {PACKAGES[series]} and none is in the cache")
        directory = kept[-1]
        return Kernel(os.path.basename(directory).removeprefix("kernel-"), directory)
    release = image.removeprefix("linux-image-")
    return Kernel(release, cached("kernel-" + release, lambda into: _unpack(image, release, into)))


def _newest_offered(package):
    """The linux-image package that this metapackage stands for."""
    for update in (False, True):
        if update:
            subprocess.run(["apt-get", "update", "-q"], capture_output=True, check=False)
        depends = subprocess.run(["apt-cache", "depends", package], capture_output=True, text=True,
                                 check=False).stdout
        found = re.search(r"Depends: (linux-image-\d\S+)", depends)
        if found:
            return found[1]
    return None


def download(packages, into):
    """These packages, unpacked one over the other. Needs the network."""
    done = subprocess.run(["apt-get", "download", "-q", *packages], cwd=into, capture_output=True,
                          text=True, check=False)
    if done.returncode != 0:
        raise Unavailable(f"apt-get download {' '.join(packages)}: {done.stderr.strip()}")
    for package in glob.glob(os.path.join(into, "*.deb")):
        subprocess.run(["dpkg-deb", "-x", package, into], check=True)
        os.unlink(package)


def _unpack(image, release, into):
    download([image], into)
    subprocess.run(["depmod", "-b", into, release], check=True, capture_output=True)
