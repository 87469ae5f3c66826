"""A Debian system with systemd for the tests of what is installed: made once, kept in the cache.

The image knows nothing of tests and has no kernel: it is booted from outside, and the initramfs puts
the agent's unit where systemd looks first. Its files are those of Debian's packages, the modules of
the kernel that boots it, and the few settings below."""

import hashlib
import os
import shutil
import subprocess

from harness.cache import cached
from harness.kernel import Unavailable

SUITE = "bookworm"
SIZE_MIB = 2048
PACKAGES = [
    "systemd", "systemd-sysv", "dbus", "udev", "kmod", "procps", "strace",
    "e2fsprogs", "xfsprogs", "btrfs-progs", "dmsetup", "sqlite3",
    # What the tested packages depend on: the machine has no network.
    "libcap-ng0", "libfmt9", "libfuse3-3", "libsqlite3-0",
    # A neighbour; without its port it does nothing.
    "qemu-guest-agent",
]
MODULES = [
    "virtio_pci", "virtio_blk", "virtio_console", "virtio_rng", "fuse", "cuse", "loop", "ext4", "xfs",
    "btrfs", "dm-mod", "overlay", "autofs4", "efi_pstore", "uio_hv_generic", "hv_utils",
]
LEFT_OUT = ["/usr/share/man/*", "/usr/share/locale/*", "/usr/share/doc/*", "/usr/share/info/*"]
# What only costs time: consoles, timers, network.
MASKED = [
    "serial-getty@ttyS0.service", "getty@tty1.service", "systemd-timesyncd.service",
    "apt-daily.timer", "apt-daily-upgrade.timer", "dpkg-db-backup.timer", "e2scrub_all.timer",
    "fstrim.timer", "e2scrub_reap.service", "systemd-networkd.service", "systemd-firstboot.service",
    "systemd-binfmt.service", "proc-sys-fs-binfmt_misc.automount",
]
SETTINGS = {
    "etc/fstab": "/dev/vda / ext4 defaults 0 1\n",
    "etc/hostname": "guest\n",
    "etc/machine-id": "0123456789abcdef0123456789abcdef\n",
    # On the disk that is frozen: the hard case.
    "etc/systemd/journald.conf.d/persistent.conf": "[Journal]\nStorage=persistent\n",
}


def debian_image(kernel):
    """The path of a raw image; it must not be changed: Vm puts an overlay before it."""
    return os.path.join(cached(f"debian-{SUITE}-{_digest(kernel)}",
                               lambda folder: _make(kernel, folder)), "root.img")


def _digest(kernel):
    with open(__file__, "rb") as text:
        return hashlib.sha256(text.read() + kernel.release.encode()).hexdigest()[:16]


def _make(kernel, folder):
    if shutil.which("mmdebstrap") is None:
        raise Unavailable("there is no mmdebstrap: apt-get install mmdebstrap")
    print(f"  making the Debian image in {folder}: some minutes", flush=True)
    root = os.path.join(folder, "root")
    _bootstrap(root)
    _settle(root)
    _add_modules(root, kernel)
    image = os.path.join(folder, "root.img")
    with open(image, "wb") as file:
        file.truncate(SIZE_MIB << 20)
    _must("mke2fs", "-q", "-F", "-t", "ext4", "-d", root, image)
    shutil.rmtree(root)


def _bootstrap(root):
    command = ["mmdebstrap", "--variant=minbase", "--include=" + ",".join(PACKAGES),
               "--aptopt=Apt::Install-Recommends false"]
    command += [f"--dpkgopt=path-exclude={each}" for each in LEFT_OUT]
    _must(*command, SUITE, root)


def _settle(root):
    for place, text in SETTINGS.items():
        path = os.path.join(root, place)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="ascii") as file:
            file.write(text)
    _must("chroot", root, "systemctl", "mask", *MASKED)
    _must("chroot", root, "systemctl", "set-default", "multi-user.target")


def _add_modules(root, kernel):
    for file in kernel.module_files(MODULES):
        place = os.path.join(root, os.path.relpath(file, kernel.directory))
        os.makedirs(os.path.dirname(place), exist_ok=True)
        shutil.copy(file, place)
    of_kernel = os.path.join("lib/modules", kernel.release)
    for name in ("modules.builtin", "modules.builtin.modinfo", "modules.order"):
        shutil.copy(os.path.join(kernel.directory, of_kernel, name), os.path.join(root, of_kernel))
    _must("depmod", "-b", root, kernel.release)


def _must(*command):
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Unavailable(f"{' '.join(command[:2])}: {(done.stdout + done.stderr)[-2000:]}")
