"""One virtual machine, always under software emulation: where /dev/kvm opens it may hang.

    with Vm(programs, kernel="6.1", root="ext4", modules=["ext4"]) as vm:
        vm.run("ls", "/").output

The agent in it (agent.py) does what the test asks for. Leaving the block ends the machine and
demands its exit code, its verdict line and a kernel log without complaint; the serial log is kept.
"""

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
import threading
import time

from harness import disks as disk_images
from harness import tree
from harness.agent import Agent, GuestError
from harness.initrd import make_initrd
from harness.kernel import kernel as kernel_of
from harness.qmp import Qmp
from harness.verdict import code_of, complaints, verdict_of

QEMU = "qemu-system-x86_64"
BOOT_S = 120


class VmFailure(AssertionError):
    pass


class Vm:
    """`programs`: harness.programs.Programs; `with_programs`: names of those that the guest gets, in
    /usr/bin. `root`: "" (all lives in the initramfs) or the type of its root filesystem, /dev/vda;
    `root_image` is one that is there already (raw; it is not changed). `disks`: disks.Disk, after
    the root. `guard`: after so many seconds without a request the guest thaws everything, and the
    test has failed; 0 for none. `timeout`: of the whole machine, in seconds."""

    def __init__(self, programs, kernel="6.1", root="", root_image="", modules=(), with_programs=(),
                 disks=(), extra=None, append="", qemu=(), vcpus=1, memory_mib=512, guard=120,
                 timeout=300, allowed=(), log="vm", init=""):
        self._programs = programs
        self.kernel = kernel_of(kernel)
        self._root = root
        self._root_image = root_image
        self._modules = [*([root] if root else []), *modules]
        self._with_programs = with_programs
        self._disks = list(disks)
        self._extra = extra
        self._append = append
        self._init = init
        self._qemu_options = list(qemu)
        self._vcpus = vcpus
        self._memory_mib = memory_mib
        self._guard = guard
        self._timeout = timeout
        self._allowed = allowed
        self._log = log
        self.directory = ""
        self.process = self.agent = self._qmp = None
        self.too_late = False

    # -- beginning and end --------------------------------------------------------------------

    def __enter__(self):
        self.directory = tempfile.mkdtemp(prefix="openvss-vm-")  # short: it holds sockets
        try:
            self._prepare()
            self._boot()
        except BaseException:
            self._tear_down()
            raise
        return self

    def __exit__(self, kind, error, trace):
        try:
            if error is not None:
                self._say_serial()
            else:
                self._end()
        finally:
            self._tear_down()

    def _prepare(self):
        strip_into = os.path.join(self._programs.build_directory(), "vm", "stripped")
        chosen = {name: self._programs.path(name) for name in self._with_programs}
        make_initrd(self.path("initrd"), self.kernel, self._modules, self._programs.path("vm_agent"),
                    {} if self._root else chosen, strip_into, self._extra)
        if self._root and not self._root_image:
            folder = self.path("root")
            tree.lay_out(folder, chosen, strip_into)
            self._root_image = self.path("root.img")
            disk_images.make_disk(self._root_image, 256, self._root, folder)
            shutil.rmtree(folder)
        elif self._root_image:
            subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", "-F", "raw", "-b",
                            os.path.abspath(self._root_image), self.path("root.qcow2")], check=True)
        for number, disk in enumerate(self._disks):
            if not disk.file:
                disk_images.make_disk(self.path(f"disk{number}.img"), disk.size_mib, disk.format,
                                      disk.folder or None)

    def _command(self):
        append = (f"console=ttyS0 loglevel=5 panic=-1 vmtest.guard={self._guard} "
                  f"vmtest.root={self._root} vmtest.init={self._init} {self._append}")
        command = [QEMU, "-machine", "pc,accel=tcg", "-cpu", "max", "-smp", str(self._vcpus),
                   "-m", str(self._memory_mib), "-nodefaults", "-no-user-config", "-display", "none",
                   "-no-reboot", "-kernel", self.kernel.image, "-initrd", self.path("initrd"),
                   "-append", append,
                   "-chardev", f"socket,id=serial,path={self.path('console')},server=on,wait=off,"
                               f"logfile={self.path('serial')},logappend=on",
                   "-serial", "chardev:serial",
                   "-device", "isa-debug-exit,iobase=0xf4,iosize=1",
                   "-device", "virtio-serial-pci",
                   "-chardev", f"socket,id=agent,path={self.path('agent')},server=on,wait=off",
                   "-device", "virtserialport,chardev=agent,name=openvss.test",
                   "-qmp", f"unix:{self.path('qmp')},server=on,wait=off"]
        for name, format_, file in self._drives():
            command += ["-blockdev", f"driver=file,node-name={name}.file,filename={file},"
                                     "cache.no-flush=on",
                        "-blockdev", f"driver={format_},node-name={name},file={name}.file",
                        "-device", f"virtio-blk-pci,drive={name},id=device-{name}"]
        return command + self._qemu_options

    def _drives(self):
        """(node name, format, file), in the order in which the guest numbers them."""
        if self._root:
            made = self._root_image == self.path("root.img")
            yield "root", "raw" if made else "qcow2", self.path("root.img" if made else "root.qcow2")
        for number, disk in enumerate(self._disks):
            yield (disk.node or f"disk{number}", "raw",
                   disk.file or self.path(f"disk{number}.img"))

    def _boot(self):
        self._timer = threading.Timer(self._timeout, self._give_up)
        self._timer.daemon = True
        self._timer.start()
        self._start_qemu()

    def _start_qemu(self, *options):
        for name in ("agent", "qmp", "console"):
            with contextlib.suppress(FileNotFoundError):
                os.unlink(self.path(name))
        with open(self.path("qemu.log"), "ab") as log:
            self.process = subprocess.Popen([*self._command(), *options], stdin=subprocess.DEVNULL,
                                            stdout=log, stderr=log)
        self._wait_for(lambda: os.path.exists(self.path("qmp")), "QEMU's sockets")
        self.agent = Agent(self.path("agent"), lambda: self.process.poll() is None)
        self.agent.ask("read", path="/proc/uptime", timeout=BOOT_S)

    def _wait_for(self, condition, what):
        until = time.monotonic() + BOOT_S
        while not condition():
            if self.process.poll() is not None or time.monotonic() > until:
                with open(self.path("qemu.log"), encoding="utf-8", errors="replace") as log:
                    raise VmFailure(f"no {what}: QEMU's status is {self.process.poll()}, {log.read()}")
            time.sleep(0.01)

    def _give_up(self):
        self.too_late = True
        self.process.kill()

    def _end(self):
        log = self.kernel_log()
        self.agent.finish(0)
        self.wait_for_end()
        self._append_to_serial(log)
        serial = self.serial()
        bad = complaints(serial, self._allowed)
        code, said = code_of(self.process.returncode), verdict_of(serial)
        if self.too_late or bad or code != 0 or said != 0:
            self._say_serial()
            late = f" (killed after {self._timeout} s)" if self.too_late else ""
            raise VmFailure(f"the machine's exit code is {code}{late}, its verdict {said}, the kernel "
                            f"complained {len(bad)} times: {bad[:5]}; serial log {self._kept_log()}")

    def wait_for_end(self, timeout=60):
        try:
            self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise VmFailure(f"the machine did not end within {timeout} s") from None

    def _tear_down(self):
        if self.process is not None:
            self._timer.cancel()
            if self.process.poll() is None:
                self.process.kill()
            self.process.wait()
            os.makedirs(os.path.dirname(self._kept_log()), exist_ok=True)
            if os.path.exists(self.path("serial")):
                shutil.copy(self.path("serial"), self._kept_log())
        shutil.rmtree(self.directory, ignore_errors=True)

    # -- what a test does with it -------------------------------------------------------------

    def run(self, *words, timeout=60, environment=None, stdin=""):
        """A program in the guest, to its end: .status .output .errors"""
        job = self.start(*words, environment=environment, stdin=stdin)
        job.wait(timeout)
        return job

    def must(self, *words, **options):
        """run() of what has to succeed; its output."""
        job = self.run(*words, **options)
        if job.status != 0:
            raise VmFailure(f"in the guest `{' '.join(words)}` ended with {job.status}: "
                            f"{job.output}{job.errors}")
        return job.output

    def start(self, *words, environment=None, stdin=""):
        return self.agent.start(words, environment, stdin)

    def read(self, path):
        return self.agent.ask("read", path=path)["text"]

    def write(self, path, text, mode=0o644):
        """Never to a disk, which may be frozen: /run, /proc and /sys."""
        self.agent.ask("write", path=path, text=text, mode=mode)

    def exists(self, path):
        return self.agent.ask("exists", path=path)["exists"]

    def wait_until(self, condition, timeout=60, what="the condition"):
        until = time.monotonic() + timeout
        while not (value := condition()):
            if time.monotonic() > until:
                raise VmFailure(f"{what} did not hold within {timeout} s")
            time.sleep(0.05)
        return value

    def mount(self, device, kind, place):
        self.must("sh", "-c", f"mkdir -p {place} && mount -t {kind} {device} {place}")

    def qmp(self, name, /, **arguments):
        return self.monitor().command(name, **arguments)

    def monitor(self):
        if self._qmp is None:
            self._qmp = Qmp(self.path("qmp"))
        return self._qmp

    def send_sysrq_at_console(self, key):
        """BREAK and a key on the serial line, as somebody does it there."""
        with socket.socket(socket.AF_UNIX) as line:
            line.connect(self.path("console"))
            self.qmp("chardev-send-break", id="serial")
            time.sleep(0.5)  # the kernel waits some seconds for the key
            line.sendall(key.encode())
            time.sleep(0.5)  # before the line is closed

    def kernel_log(self):
        return self.run("dmesg").output

    def save_and_restore(self, between=lambda: None):
        """A snapshot with its memory: QEMU ends, `between` is called, another QEMU goes on from it.
        Jobs that run keep running, but this end hears no more of them."""
        state = self.path("state")
        self.qmp("migrate", uri=f"exec:cat > {state}")
        self.wait_until(lambda: self.qmp("query-migrate")["status"] in ("completed", "failed"),
                        what="the saving of the memory")
        self.process.kill()
        self.process.wait()
        self._qmp = None
        between()
        self._start_qemu("-incoming", f"exec:cat {state}")

    def path(self, name):
        """A file of the host that is the machine's own."""
        return os.path.join(self.directory, name)

    def serial(self):
        with open(self.path("serial"), encoding="utf-8", errors="replace") as file:
            return file.read().replace("\r", "")

    # -- what stays of it ---------------------------------------------------------------------

    def _append_to_serial(self, text):
        """What the kernel said too quietly for the console; QEMU, which writes the file, is gone."""
        with open(self.path("serial"), "a", encoding="utf-8") as file:
            file.write("\n--- the kernel's log ---\n" + text + "\n")

    def _kept_log(self):
        return os.path.join(self._programs.build_directory(), "vm", "logs", self._log + ".serial")

    def _say_serial(self):
        try:
            print("  the machine's console, its end:\n" + self.serial()[-4000:], flush=True)
        except (OSError, GuestError):
            pass
