"""The initramfs: busybox, the kernel's modules, the agent, and an init that starts it."""

import os
import shutil
import subprocess
import tempfile

from harness import tree

ALWAYS = ("virtio_pci", "virtio_blk", "virtio_console")
INIT = os.path.join(os.path.dirname(__file__), "init.sh")


def make_initrd(path, kernel, modules, agent, programs, strip_into, extra=None):
    """Writes it to `path`. `extra`: {place in the guest: file of the host}."""
    with tempfile.TemporaryDirectory(prefix="openvss-initrd-") as folder:
        os.chmod(folder, 0o755)  # the guest's root, which not only root may enter
        tree.lay_out(folder, programs, strip_into)
        tree.add_program(folder, "vmtest/agent", agent, strip_into)
        shutil.copy(INIT, os.path.join(folder, "init"))
        os.chmod(os.path.join(folder, "init"), 0o755)
        _add_modules(folder, kernel, [*ALWAYS, *modules])
        for place, file in (extra or {}).items():
            target = os.path.join(folder, place.lstrip("/"))
            os.makedirs(os.path.dirname(target), exist_ok=True)
            shutil.copy(file, target)
        with open(path, "wb") as out:
            _pack(folder, out)


def _add_modules(folder, kernel, names):
    """Into /modules, uncompressed, with /modules/order for init to load them."""
    place = os.path.join(folder, "modules")
    os.makedirs(place)
    order = []
    for file in kernel.module_files(names):
        name = os.path.basename(file)
        if name.endswith(".xz"):
            name = name.removesuffix(".xz")
            with open(os.path.join(place, name), "wb") as out:
                subprocess.run(["xz", "-dc", file], stdout=out, check=True)
        else:
            shutil.copy(file, place)
        order.append(name)
    with open(os.path.join(place, "order"), "w", encoding="ascii") as file:
        file.write("\n".join(order) + "\n")


def _pack(folder, out):
    names = subprocess.run(["find", ".", "-print0"], cwd=folder, capture_output=True, check=True)
    archive = subprocess.run(["cpio", "--null", "-o", "-H", "newc", "--quiet", "-R", "0:0"],
                             cwd=folder, input=names.stdout, capture_output=True, check=True)
    subprocess.run(["gzip", "-1"], input=archive.stdout, stdout=out, check=True)
