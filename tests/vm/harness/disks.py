"""Disks for the guest: empty, formatted, or a root filesystem. None is mounted by the host."""

import os
import stat
import subprocess
from dataclasses import dataclass


@dataclass
class Disk:
    """One more disk of a machine, after its root: /dev/vdb and so on; `serial` is its name to QEMU
    (the block device's node is NODE.format)."""
    size_mib: int = 64
    format: str = ""      # "", ext4, xfs or btrfs
    folder: str = ""      # its first contents
    file: str = ""        # an image that is there already: used as it is
    node: str = ""


MKFS = {"ext4": ["mke2fs", "-q", "-F", "-t", "ext4"], "xfs": ["mkfs.xfs", "-q", "-f"],
        "btrfs": ["mkfs.btrfs", "-q", "-f"]}
LEAST_MIB = {"ext4": 16, "xfs": 300, "btrfs": 128}


def make_disk(path, size_mib, kind="", folder=None):
    """A sparse image. With `folder` its files are the filesystem's first contents, owned by root."""
    if kind:
        size_mib = max(size_mib, LEAST_MIB[kind])
    with open(path, "wb") as file:
        file.truncate(size_mib << 20)
    if not kind:
        return
    command = list(MKFS[kind])
    if folder and kind == "ext4":
        command += ["-E", "root_owner=0:0", "-d", folder]
    elif folder and kind == "btrfs":
        command += ["--rootdir", folder]
    elif folder:
        command += ["-p", _xfs_prototype(folder, path + ".proto")]
    subprocess.run([*command, path], check=True, capture_output=True)


def _xfs_prototype(folder, path):
    """mkfs.xfs takes the contents as a list."""
    with open(path, "w", encoding="utf-8") as file:
        file.write("/dev/null\n0 0\nd--755 0 0\n")
        _describe(folder, file)
        file.write("$\n")
    return path


def _describe(folder, file):
    for entry in sorted(os.scandir(folder), key=lambda each: each.name):
        mode = entry.stat(follow_symlinks=False).st_mode
        rights = f"{stat.S_IMODE(mode) & 0o777:03o}"
        if entry.is_symlink():
            file.write(f"{entry.name} l--777 0 0 {os.readlink(entry.path)}\n")
        elif entry.is_dir():
            file.write(f"{entry.name} d--{rights} 0 0\n")
            _describe(entry.path, file)
            file.write("$\n")
        else:
            file.write(f"{entry.name} ---{rights} 0 0 {entry.path}\n")
