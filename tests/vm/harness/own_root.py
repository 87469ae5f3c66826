"""The service on a machine whose own root it freezes, for the tests of that."""

import contextlib

from harness.guest_box import GuestBox
from harness.service import Service
from harness.slots import Slots

PROGRAMS = ("vssd", "vss-freezer", "vss-guardian", "vssctl", "vss-writer", "fs_tool", "bank")
PAGE = "/run/bank.page"
BANK = ("/srv/a", "/srv/b")
DATABASES = tuple(f"{directory}/bank.db" for directory in BANK)


def config(**budgets):
    return "[requesters.local]\n" + "".join(f"{key} = {s}\n" for key, s in budgets.items())


@contextlib.contextmanager
def serving(test, kind, budgets, vm_options=None):
    """(the machine, the service on it), everything on the root but the runtime directory."""
    with test.vm(root=kind, programs=PROGRAMS, **(vm_options or {})) as vm:
        box = GuestBox(vm)
        yield vm, Service(box, config(**budgets), freezer=("--allow-root",)).start()
        box.end_all()


def start_bank(service, *options):
    """The demo's application on the root, and the writer that holds its databases."""
    box = service.box
    for directory in BANK:
        box.make_directory(directory)
    bank = box.start("bank", PAGE, *BANK, *options)
    box.vm.wait_until(lambda: box.exists(DATABASES[1]) and transfers(box) > 0,
                      what="the bank's first transfer")
    service.start_writer("sqlite", "--name", "bank", *DATABASES)
    service.wait_until_ready(writers=1)
    return bank


def transfers(box):
    """How many the bank has completed; the first number of its page."""
    return int.from_bytes(box.read_bytes(PAGE, 8), "little") if box.exists(PAGE) else 0


def is_frozen(vm):
    """The kernel's own word, without a process that waits: it refuses to freeze what is frozen."""
    done = vm.run("fsfreeze", "--freeze", "/")
    if done.status == 0:
        vm.must("fsfreeze", "--unfreeze", "/")
        return False
    if "busy" not in done.output + done.errors:
        raise RuntimeError(f"fsfreeze: {done.output}{done.errors}")
    return True


def slot_of_root(service):
    """State, and who has thawed it, of the latest transaction."""
    return Slots(service.box, service.runtime).by_mount_point()["/"]


def write_waits(box):
    """A process that writes to the root, and whether it waits: the proof that it is frozen."""
    process = box.start("sh", "-c", "echo written > /proof")
    box.vm.run("sleep", "1")
    return process, process.status is None
