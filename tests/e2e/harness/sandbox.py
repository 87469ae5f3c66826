"""The sandbox: the only place where tests freeze.

    with Sandbox(programs, [Volume("a", "ext4"), Volume("b", "ext4")]) as box:
        box.run("fs_tool", "freeze", "/mnt/a")

A private mount and pid namespace on a tmpfs (sandbox_init.cpp), the old root detached, the mount
table verified; a thaw guard outside (thaw_guard.cpp), started before any program of a test.
Whatever happens to the harness, the guard thaws, ends the namespace and lets the loop devices go.
"""

import contextlib
import dataclasses
import mmap
import os
import queue
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time

from harness import images
from harness.janitor import Janitor
from harness.process import Inside
from harness.programs import libraries_of

HEARTBEAT_S = 0.5
BUSYBOX_NAMES = ("sh", "cat", "sleep", "touch", "true", "false", "echo", "mkfifo", "mount",
                 "umount", "ls", "rm", "mkdir", "kill", "dd", "sync", "stat", "env", "chmod", "id",
                 "cp", "ln", "test")
ETC = {
    "passwd": "root:x:0:0:root:/:/bin/sh\nvss:x:990:990:OpenVSS:/:/bin/false\n"
              "nobody:x:65534:65534:nobody:/:/bin/false\n",
    "group": "root:x:0:\nvss:x:990:\nvss-admin:x:991:\nnogroup:x:65534:\n",
    "nsswitch.conf": "passwd: files\ngroup: files\n",
}


class SandboxError(Exception):
    """The sandbox itself does not work; says nothing about what is tested."""


@dataclasses.dataclass
class Volume:
    name: str
    kind: str = "ext4"
    size_mib: int | None = None
    parent: str | None = None  # name of the volume on which this one's image lies

    @property
    def mount_point(self):
        return f"/mnt/{self.name}"


class Sandbox:
    # A machine that is busy is not a harness that is dead: the guard waits heartbeat_limit_s.
    # direct_io: the loop devices do not keep in the machine's page cache what they write.
    def __init__(self, programs, volumes, limit_s=300, heartbeat_limit_s=15, direct_io=False):
        self.programs = programs
        self.volumes = volumes
        self.thawed_by_guard = []   # filesystems that were still frozen when the sandbox was left
        self.guarded = []           # names of all filesystems that may be frozen
        self._limit_s = limit_s
        self._heartbeat_limit_s = heartbeat_limit_s
        self._init_options = ["--direct-io"] if direct_io else []
        self._children = {}  # by pid inside
        self._init = self._guard = None
        self._starting = threading.Lock()   # one conversation with PID 1 at a time
        self._started = queue.Queue()
        self._table = threading.Lock()      # of _children and _early_exits
        self._early_exits = {}
        self._stop_beating = threading.Event()

    # -- life ---------------------------------------------------------------------------------

    def __enter__(self):
        self.directory = tempfile.mkdtemp(prefix="openvss-e2e-")
        self._janitor = Janitor(self.directory)
        try:
            self._start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *exc):
        self.close()

    def image(self, name):
        """The image file of a volume that is not nested, outside."""
        return os.path.join(self.directory, name + ".img")

    def _start(self):
        specifications = []
        for volume in self.volumes:
            images.make_image(self.image(volume.name), volume.kind, volume.size_mib)
            fields = [volume.name, volume.kind, self.image(volume.name)]
            specifications.append(":".join(fields + ([volume.parent] if volume.parent else [])))
        root = os.path.join(self.directory, "root")
        os.mkdir(root)
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._init = subprocess.Popen([self.programs.path("sandbox_init"), *self._init_options, root,
                                       *specifications],
                                      stdin=theirs, stdout=subprocess.PIPE, text=True,
                                      start_new_session=True)
        theirs.close()
        self.init_pid = int(self._expect(self._init, "pid").split()[1])
        self._expect(self._init, "prepared")
        self._furnish(f"/proc/{self.init_pid}/cwd")
        self._socket.send(b"go")
        self._expect(self._init, "verified")
        self.root = f"/proc/{self.init_pid}/root"
        threading.Thread(target=self._listen, daemon=True).start()
        self._start_guard()

    def _start_guard(self):
        self._guard = subprocess.Popen(
            [self.programs.path("thaw_guard"), "--namespace", str(self.init_pid),
             "--heartbeat", str(self._heartbeat_limit_s), "--limit", str(self._limit_s)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for volume in self.volumes:
            self.guard(volume.name, volume.mount_point)
        threading.Thread(target=self._beat, daemon=True).start()

    def guard(self, name, mount_point):
        """Puts one more filesystem under the thaw guard; before anything freezes it."""
        self._tell(self._guard, f"add {name} {self.root}{mount_point}")
        self._expect(self._guard, f"added {name}")
        self.guarded.append(name)

    def _beat(self):
        while not self._stop_beating.wait(HEARTBEAT_S):
            try:
                self._tell(self._guard, "beat")
            except (OSError, ValueError):
                return

    def close(self):
        """Ends everything. The order matters: thaw, end the processes, let the devices go. Each
        step is taken, whatever became of the one before."""
        self._stop_beating.set()
        with contextlib.ExitStack() as steps:  # taken from the last to the first
            steps.callback(self._janitor.leave)
            steps.callback(self._wait_for_loops)
            steps.callback(self._close_children)
            steps.callback(self._end_init)
            steps.callback(self._end_guard)

    def _end_guard(self):
        if not self._guard:
            return
        self._guard.stdin.close()
        for line in self._guard.stdout:
            if line.startswith("thawed ") and line.split()[1] not in self.thawed_by_guard:
                self.thawed_by_guard.append(line.split()[1])
            if line.startswith("stuck "):
                print(f"sandbox: the guard could not thaw {line.split()[1]}", file=sys.stderr)
        self._guard.wait(timeout=90)

    def _end_init(self):
        if not self._init:
            return
        self._socket.shutdown(socket.SHUT_RDWR)
        self._init.wait(timeout=60)
        self._socket.close()

    def _close_children(self):
        for child in self._children.values():
            child.close()

    def _wait_for_loops(self):
        until = time.monotonic() + 10
        while leaked := self._loops():
            if time.monotonic() > until:
                raise SandboxError(f"loop devices were left behind: {', '.join(leaked)}")
            time.sleep(0.02)

    def _loops(self):
        found = []
        for device in os.listdir("/sys/block"):
            try:
                with open(f"/sys/block/{device}/loop/backing_file", encoding="utf-8") as file:
                    if file.read().startswith(self.directory + "/"):
                        found.append(device)
            except OSError:
                pass
        return found

    @staticmethod
    def _tell(process, line):
        process.stdin.write(line + "\n")
        process.stdin.flush()

    @staticmethod
    def _expect(process, start):
        line = process.stdout.readline()
        if not line.startswith(start):
            raise SandboxError(f"{process.args[0]} said {line!r} where \"{start}\" was expected")
        return line

    # -- contents -----------------------------------------------------------------------------

    def _furnish(self, root):
        """Copies programs in: nothing inside may lead back to a disk of the machine."""
        self._copy_in(root, shutil.which("busybox"), "/bin/busybox")
        for name in BUSYBOX_NAMES:
            os.symlink("busybox", f"{root}/bin/{name}")
        for name, text in ETC.items():
            with open(f"{root}/etc/{name}", "w", encoding="utf-8") as file:
                file.write(text)
        for name in self.programs.inside():
            self._copy_in(root, self.programs.path(name), "/bin/" + name)

    @staticmethod
    def _copy_in(root, source, target):
        for path in libraries_of(source):
            destination = root + path
            if not os.path.exists(destination):
                os.makedirs(os.path.dirname(destination), exist_ok=True)
                shutil.copy(os.path.realpath(path), destination)
        shutil.copy(os.path.realpath(source), root + target)

    def add_program(self, name):
        """One that not every sandbox has."""
        self._copy_in(self.root, self.programs.path(name), "/bin/" + name)

    def path(self, inside):
        """Seen from outside. For the tmpfs only: a path below /mnt can hang for ever."""
        if inside == "/mnt" or inside.startswith("/mnt/"):
            raise SandboxError(f"{inside}: the harness never touches what may be frozen")
        return self.root + inside

    def read(self, inside):
        with open(self.path(inside), encoding="utf-8", errors="replace") as file:
            return file.read()

    def write(self, inside, text):
        with open(self.path(inside), "w", encoding="utf-8") as file:
            file.write(text)

    def read_bytes(self, inside, at_most=-1):
        with open(self.path(inside), "rb") as file:
            return file.read(at_most)

    def make_directory(self, inside):
        os.makedirs(self.path(inside), exist_ok=True)

    def remove(self, inside):
        os.unlink(self.path(inside))

    def mapped(self, inside, size):
        """Gives the first `size` bytes of a file on tmpfs as they are at the moment of calling it."""
        with open(self.path(inside), "r+b") as file:
            data = mmap.mmap(file.fileno(), size)
        return lambda: data

    # -- what a test asks where it runs, so that it may also run in a virtual machine ----------

    SLOW = 1  # how much longer than on the machine itself things may take

    @staticmethod
    def now():
        """CLOCK_BOOTTIME in seconds, the clock of all deadlines."""
        return time.clock_gettime(time.CLOCK_BOOTTIME)

    @staticmethod
    def read_proc(name):
        """A file of /proc, processes by the number that Inside.pid has."""
        with open(f"/proc/{name}", encoding="ascii", errors="replace") as file:
            return file.read()

    def exists(self, inside):
        return os.path.exists(self.path(inside))

    # -- processes ----------------------------------------------------------------------------

    def start(self, program, *arguments, env=None, user=(0, 0), stdout=None, stderr=None):
        """Starts /bin/PROGRAM inside. Its output is kept in memory, unless descriptors are given.
        `user`: uid, gid, further gids."""
        child = Inside(program, [str(argument) for argument in arguments])
        environment = {"PATH": "/bin:/sbin", "HOME": "/tmp"} | (env or {})
        request = [",".join(str(gid) for gid in user[1:]), str(user[0]), str(len(environment))]
        request += [f"{name}={value}" for name, value in environment.items()]
        request += ["/bin/" + program] + child.words[1:]
        with self._starting:
            socket.send_fds(self._socket, ["".join(f"{part}\0" for part in request).encode()],
                            [child.stdout_descriptor if stdout is None else stdout,
                             child.stderr_descriptor if stderr is None else stderr])
            pid, pidfd = self._started.get(timeout=20)
            child.began(pid, pidfd)
            with self._table:
                self._children[pid] = child
                if pid in self._early_exits:
                    child.ended(self._early_exits.pop(pid))
        return child

    def run(self, program, *arguments, timeout=30, **options):
        """Starts and waits; the child with its status and output."""
        child = self.start(program, *arguments, **options)
        child.wait(timeout)
        return child

    def _listen(self):
        """PID 1's side of the conversation; ends with it."""
        while True:
            try:
                data, descriptors, _, _ = socket.recv_fds(self._socket, 4096, 1)
            except OSError:
                return
            if not data:
                return
            words = data.decode().split()
            if words[0] == "started":
                self._started.put((int(words[1]), descriptors[0]))
                continue
            with self._table:
                child = self._children.get(int(words[1]))
                if child and child.status is None:
                    child.ended(int(words[2]))
                else:
                    self._early_exits[int(words[1])] = int(words[2])
