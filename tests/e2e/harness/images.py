"""Loop images: making and copying them. All files lie on the machine's own, never frozen disk."""

import os
import subprocess

# mkfs.xfs refuses less than 300 MiB, mkfs.btrfs less than 109; the programs fit on an ext4. The files
# are sparse.
SIZE_MIB = {"ext4": 96, "xfs": 320, "btrfs": 192}
# Nothing is left for the kernel to initialise in the background.
MKFS = {
    "ext4": ["mkfs.ext4", "-q", "-F", "-E", "lazy_itable_init=0,lazy_journal_init=0"],
    "xfs": ["mkfs.xfs", "-q", "-f"],
    "btrfs": ["mkfs.btrfs", "-q", "-f"],
}


def make_image(path, kind, size_mib=None):
    with open(path, "wb") as file:
        file.truncate((size_mib or SIZE_MIB[kind]) << 20)
    subprocess.run(MKFS[kind] + [path], check=True, stdout=subprocess.DEVNULL)


def copy_image(source, target):
    """Copies what is allocated, in ascending order, as a provider without snapshots would."""
    with open(source, "rb") as reader, open(target, "wb") as writer:
        size = os.fstat(reader.fileno()).st_size
        writer.truncate(size)
        offset = 0
        while offset < size:
            try:
                data = os.lseek(reader.fileno(), offset, os.SEEK_DATA)
            except OSError:  # ENXIO: nothing but a hole up to the end
                return
            end = os.lseek(reader.fileno(), data, os.SEEK_HOLE)
            os.lseek(reader.fileno(), data, os.SEEK_SET)
            os.lseek(writer.fileno(), data, os.SEEK_SET)
            while data < end:
                data += os.sendfile(writer.fileno(), reader.fileno(), None, end - data)
            offset = end
