"""What makes nests of block devices in a small machine: LVM, LUKS, md, and mkfs, from Debian's packages,
unpacked and never installed."""

import os
import re
import subprocess

from harness.cache import cached
from harness.kernel import download

PACKAGES = ("lvm2", "libaio1", "libdevmapper-event1.02.1", "libdevmapper1.02.1", "dmsetup", "libedit2",
            "libbsd0", "libmd0", "cryptsetup-bin", "libcryptsetup12", "libjson-c5", "libpopt0",
            "libargon2-1", "mdadm", "e2fsprogs", "libext2fs2", "libss2", "libcom-err2")
TOOLS = {"lvm": "/sbin/lvm", "cryptsetup": "/sbin/cryptsetup", "mdadm": "/sbin/mdadm",
         "dmsetup": "/sbin/dmsetup", "mkfs.ext4": "/sbin/mke2fs"}
LIBRARIES = ("usr/lib/x86_64-linux-gnu", "lib/x86_64-linux-gnu")
MODULES = ("ext4", "loop", "dm-mod", "dm-crypt", "raid1", "xts", "aesni-intel", "sha256_generic", "hmac",
           "algif_skcipher", "algif_hash")


def block_tools():
    """{place in the guest: file of the host}, for `extra` of a machine; its `modules` are MODULES."""
    place = cached("block-tools", lambda into: download(PACKAGES, into))
    search = ":".join(os.path.join(place, each) for each in LIBRARIES)
    files = {}
    for name, path in TOOLS.items():
        program = place + path
        files["/usr/sbin/" + name] = program
        linked = subprocess.run(["ldd", program], capture_output=True, text=True, check=True,
                                env={**os.environ, "LD_LIBRARY_PATH": search}).stdout
        for library in re.findall(r"(/\S+) \(0x", linked):
            files[library.removeprefix(place)] = os.path.realpath(library)
    return files
