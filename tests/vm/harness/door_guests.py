"""Who answers a host in the guest - Debian's daemon, or vssd through one of its doors - and the
host itself, for the rows of door_rows.py."""

import json

from harness.guest_box import GuestBox
from harness.service import Service
from harness.vm import VmFailure
from harness.vmbus import CLASS, DEVICE, DRIVERS, INSTANCE, Vmbus

SLOW_S = 60   # for what takes moments on a machine of one's own
DISK = "/mnt/d"
OK, FAILURE, NONE = "success", "failure", "no answer"
STOCK, VSSD, UIO = "stock", "vssd", "uio"


class Bench:
    """One machine with the bus, a disk that is written to, and a host."""

    def __init__(self, vm, vmbus):
        self.vm = vm
        self.vmbus = vmbus
        self.box = GuestBox(vm)
        self.load(("vmbus_standin",), ("hv_utils",), ("uio",), ("uio_hv_generic",))
        vm.mount("/dev/vda", "ext4", DISK)

    def load(self, *modules):
        """Each a name and parameters."""
        for name, *parameters in modules:
            self.vmbus.load(self.vm, name, *parameters)

    # -- the host -----------------------------------------------------------------------------

    def host(self, *steps, through=VSSD, wait=SLOW_S, answer=SLOW_S, timeout=None):
        """Runs a script of vss-hostsim: what each answer said, in order; a complaint is fatal."""
        job = self.vm.run(*self.host_words(*steps, through=through, wait=wait, answer=answer),
                          timeout=timeout or wait + answer + SLOW_S)
        return self.answers_of(job)

    def start_host(self, *steps, through=VSSD, wait=SLOW_S, answer=SLOW_S):
        return self.vm.start(*self.host_words(*steps, through=through, wait=wait, answer=answer))

    @staticmethod
    def host_words(*steps, through, wait=SLOW_S, answer=SLOW_S):
        return Vmbus.host("--wait", str(wait), "--answer-timeout", str(answer), "run", "--json",
                          *steps, hv_utils=through != UIO)

    @staticmethod
    def answers_of(job):
        answers = []
        for line in job.output.splitlines():
            answer = json.loads(line)
            if answer["status"] is None:
                answers.append(NONE)
                continue
            if answer["complaints"]:
                raise VmFailure(f"the host complains: {line}")
            answers.append(OK if answer["ok"] else FAILURE)
        if not answers and job.status != 0:
            raise VmFailure(f"the host says: {job.errors}")
        return answers

    # -- the disk -----------------------------------------------------------------------------

    def is_frozen(self):
        """The kernel's own word: FIFREEZE says EBUSY (16)."""
        tried = self.vm.run("fs_tool", "freeze", DISK)
        if tried.status == 0:
            self.vm.must("fs_tool", "thaw", DISK)
        return tried.output.split()[0] == "16"

    def start_write(self):
        return self.vm.start("fs_tool", "write", f"{DISK}/written")

    def is_thawed(self, within=SLOW_S):
        """A write that begins now ends."""
        write = self.start_write()
        try:
            return write.wait(within) == 0
        except TimeoutError:
            return False

    def thaw_by_hand(self):
        self.vm.must("fs_tool", "thaw", DISK)

    def thaw_if_frozen(self):
        if self.is_frozen():
            self.thaw_by_hand()

    # -- the drivers --------------------------------------------------------------------------

    def unbind(self, driver):
        """Waits, where the driver does, until nobody has its device open."""
        return self.vm.start("sh", "-c", f"echo {INSTANCE} > {DRIVERS}/{driver}/unbind")

    def bind(self, driver):
        self.vm.must("sh", "-c", f"echo {INSTANCE} > {DRIVERS}/{driver}/bind")
        self.give_nodes_away()

    def give_nodes_away(self):
        """As the rules for udev do, of docs/hyperv.md: a node that is new belongs to root."""
        self.vm.run("sh", "-c", "chown vss /dev/vmbus/hv_vss /dev/uio*")

    def leave_to_uio(self):
        """Every device of this class, now and whenever one is offered, is uio_hv_generic's."""
        self.vm.must("rmmod", "hv_utils")
        self.vm.write(f"{DRIVERS}/uio_hv_generic/new_id", CLASS)
        self.vm.start("sh", "-c", "while sleep 0.05; do chown vss /dev/uio* 2> /dev/null; done")

    def driver(self):
        return self.vm.must("sh", "-c", f"basename $(readlink -f {DEVICE}/driver)").strip()

    def bind_to_uio(self):
        self.vm.must("vss-uio-bind", "bind")
        self.give_nodes_away()

    def restore(self):
        self.vm.must("vss-uio-bind", "restore")
        self.give_nodes_away()


class StockDaemon:
    """Debian's hv_vss_daemon. It freezes whatever is mounted from /dev: in a guest only."""

    kind = STOCK

    def __init__(self, bench):
        self.bench = bench
        self.process = None

    def start(self):
        self.process = self.bench.vm.start("hv_vss_daemon", "-n")
        self.wait_until_served()

    def wait_until_served(self):
        serves(self.bench, self.kind)

    def processes(self):
        return [self.process]

    def signal(self, number):
        self.process.signal(number)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        if self.process.status is None:
            self.process.signal(15)
            self.process.wait(SLOW_S)

    def says(self):
        return self.process.errors

    def has_ended(self, within=SLOW_S):
        try:
            self.process.wait(within)
        except TimeoutError:
            return False
        return True


class Vssd:
    """vssd with freezer and guardian, and a writer of two databases where asked for."""

    def __init__(self, bench, kind, config="", vssd=()):
        self.bench = bench
        self.kind = kind
        door = "uio" if kind == UIO else "hv_vss"
        self.service = Service(bench.box, vssd=vssd,
                               config=f'[hyperv]\ndoor = "{door}"\n{config}')

    def start(self):
        self.service.start()
        self.wait_until_served()

    def wait_until_served(self):
        serves(self.bench, self.kind)

    def signal(self, number):
        self.service.vssd.signal(number)

    def kill(self):
        """It alone, and starts it again."""
        self.service.vssd.kill()
        self.service.vssd.wait()

    def restart(self):
        self.service.restart_what_is_dead()
        self.service.wait_until_ready(timeout=SLOW_S)

    def stop(self):
        for process in self.service.processes():
            if process.status is None:
                process.signal(15)
        for process in self.service.processes():
            process.wait(SLOW_S)

    def says(self):
        """With freezer and guardian."""
        return self.service.complaints()


def serves(bench, kind):
    """Until the host is told yes."""
    if kind == UIO:
        bench.host("negotiate", through=kind)
    bench.vm.wait_until(lambda: bench.host("hot_backup", through=kind) == [OK], SLOW_S,
                        f"{kind}: success for HOT_BACKUP")
