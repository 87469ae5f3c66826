"""A guest's files, laid out in a folder of the host: busybox, the tests' programs, who is who."""

import os
import shutil
import subprocess

from harness.programs import libraries_of

BUSYBOX = "/bin/busybox"
FOLDERS = ("bin", "sbin", "usr/bin", "usr/sbin", "usr/libexec", "lib", "lib64", "dev", "proc", "sys",
           "run", "tmp", "mnt", "etc", "root", "var/lib", "var/log")
ACCOUNTS = {
    "passwd": "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n"
              "vss:x:101:101:OpenVSS:/:/bin/false\nguest:x:1000:1000:guest:/tmp:/bin/sh\n",
    "group": "root:x:0:\nnogroup:x:65534:\nvss:x:101:\nvss-admin:x:102:\nguest:x:1000:\n",
    "nsswitch.conf": "passwd: files\ngroup: files\n",
}


def lay_out(folder, programs, strip_into):
    """A system of busybox with these programs ({name: path on the host}) in /usr/bin."""
    for each in FOLDERS:
        os.makedirs(os.path.join(folder, each), exist_ok=True)
    os.chmod(folder, 0o755)  # a temporary folder of the host is its maker's alone
    os.chmod(os.path.join(folder, "tmp"), 0o1777)
    for name, text in ACCOUNTS.items():
        with open(os.path.join(folder, "etc", name), "w", encoding="ascii") as file:
            file.write(text)
    shutil.copy(BUSYBOX, os.path.join(folder, "bin"))
    applets = subprocess.run([BUSYBOX, "--list"], capture_output=True, text=True, check=True).stdout
    for applet in applets.split():
        if applet != "busybox":
            os.symlink("busybox", os.path.join(folder, "bin", applet))
    for name, path in programs.items():
        add_program(folder, "usr/bin/" + name, path, strip_into)


def add_program(folder, place, path, strip_into):
    """One program without its debug information, and the libraries that it needs."""
    target = os.path.join(folder, place)
    os.makedirs(os.path.dirname(target), exist_ok=True)
    shutil.copy(_stripped(path, strip_into), target)
    os.chmod(target, 0o755)
    for library in libraries_of(path):
        copy = folder + library
        os.makedirs(os.path.dirname(copy), exist_ok=True)
        if not os.path.exists(copy):
            shutil.copy(os.path.realpath(library), copy)


def _stripped(path, strip_into):
    """A copy without debug information, made again only when the program has changed."""
    os.makedirs(strip_into, exist_ok=True)
    facts = os.stat(path)
    copy = os.path.join(strip_into, f"{os.path.basename(path)}.{facts.st_ino}.{facts.st_mtime_ns}")
    if not os.path.exists(copy):
        unfinished = f"{copy}.{os.getpid()}"
        subprocess.run(["objcopy", "--strip-debug", path, unfinished], check=True)
        os.rename(unfinished, copy)
    return copy
