"""The crash table on a machine's own root: the service's programs, configuration and records lie on
what is frozen.

The cells are those of tests/e2e/crash_table_test.py, which see. Here `a` is the root itself; inner
lies on the file of a second disk, which is frozen by hand where a call has to be kept in flight. In
each cell stands who has thawed: the freezer, the guardian, or a recovery, which is the stop hook's or
that of the freezer that was started again. Where all were killed at once no guardian is left, so
that it must have been the hook, or with a restart that freezer: the slots say it and so does its own
report. Times are the guest's, under software emulation.
"""

import contextlib
import os
import tempfile
import threading

from harness.crash_cell import SIGNALS, CrashCell
from harness.disks import Disk, make_disk
from harness.guest_box import GuestBox
from harness.process import kill_at_once
from harness.scenario import MARKS, NOTHING_FROZEN, PHASES, PhaseMissed, Scenario
from harness.testing import VmTest, main

ACTORS = ("vssd", "freezer", "guardian", "writer", "all")
TRIES = 3
BUDGETS = {"prepare": 20, "freeze": 9, "hold": 10}
MOUNT_POINTS = ("/", "/mnt/inner")
INNER, OUTER = "/mnt/inner", "/mnt/outer"
PROGRAMS = ("vssd", "vss-freezer", "vss-guardian", "vssctl", "vss-writer", "fs_tool")


class RootScenario(Scenario):
    """The root freezes last, so in FREEZE it is the root whose freeze is in flight: it waits for a
    write that stays inside the kernel (fs_tool linger), beside inner, which is frozen."""

    def __init__(self, box, phase):
        super().__init__(box, "ext4", phase, budgets=BUDGETS, mount_points=MOUNT_POINTS,
                         freezer=("--allow-root",))
        self._lingering = None
        self.all_wait = False
        if phase == "FREEZE":
            self._lingering = box.start("fs_tool", "linger", "/lingering")
            self._wait_until("the write lingers", lambda: "lingers" in self._lingering.output)

    def _hooks(self):
        if self.phase != "FREEZE":
            return super()._hooks()
        return ["--freeze", f"echo >> {MARKS}/freeze", "--thaw", f"echo >> {MARKS}/released",
                "--abort", f"echo >> {MARKS}/released"]

    def expected_states(self):
        if self.phase == "FREEZE":
            return {INNER: "frozen", "/": "intent"}
        return super().expected_states()

    def run_to_phase(self):
        super().run_to_phase()
        self.outer_frozen &= self.phase != "FREEZE"

    def waits_for_outer(self, mount_point):
        if self._lingering:
            return self._lingering.status is None and (self.all_wait or mount_point == "/")
        return self.outer_frozen and (self.all_wait or super().waits_for_outer(mount_point))

    def let_go(self):
        if self._lingering:
            self._lingering.kill()
        return super().let_go()


class Manager:
    """Starts again what has ended, as a service manager does, until it is stopped. One that was
    killed in a call that hangs has not ended: nobody is started in its place before that."""

    def __init__(self, service):
        self._service = service
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self):
        while not self._stopped.wait(0.2):
            self._service.restart_what_is_dead()

    def stop(self):
        self._stopped.set()
        self._thread.join()


class RootCell(CrashCell):
    """`restart`: instead of the stop hook a service manager starts again what was killed."""

    def __init__(self, test, actor, signal_name, phase, restart=False):
        super().__init__(test, "ext4", actor, signal_name, phase)  # inner, and the THAW column
        self.restart = restart
        self.manager = None

    def make_scenario(self, box):
        return RootScenario(box, self.phase)

    def strike(self):
        if not self.restart:
            return super().strike()
        self.note_closed()
        kill_at_once(self.processes())
        self.scenario.all_wait = True  # for the one in flight, whose end starts the next
        self.manager = Manager(self.service)
        return None

    def stop_manager(self):
        if self.manager:
            self.manager.stop()

    def check_thawers(self):
        if not self.restart:
            return super().check_thawers()
        self.stop_manager()
        if self.phase not in NOTHING_FROZEN:
            self.check_recovery_by(self.service.freezer.errors)
        return None

    def bound_of(self, event):
        bound, begin = super().bound_of(event)
        return ("restart" if self.restart and bound == "hook" else bound), begin

    def outcome(self):
        recovery = "recovery by the " + ("freezer started again" if self.restart else "hook")
        by = ", ".join(recovery if each == "recovery" else each for each in self.thawed_by)
        return f"{by + ', ' if by else ''}{super().outcome()}"


class CrashTable(VmTest):
    @contextlib.contextmanager
    def machine(self, kind):
        with tempfile.TemporaryDirectory(prefix="openvss-vm-inner-") as folder:
            make_disk(os.path.join(folder, "inner.img"), 32, "ext4")
            with self.vm(root=kind, modules=["loop", "ext4"], programs=PROGRAMS, timeout=2400,
                         disks=[Disk(128, "ext4", folder)], guard=300) as vm:
                vm.mount("/dev/vdb", "ext4", OUTER)
                vm.must("mkdir", "-p", INNER)
                vm.must("mount", "-o", "loop", f"{OUTER}/inner.img", INNER)
                yield vm

    def fill(self, kind, rows):
        """`rows`: (title, {phase: cell}). One after the other: they share the machine."""
        with self.machine(kind) as vm:
            for title, cells in rows:
                for phase, cell in cells.items():
                    with self.subTest(root=kind, row=title, phase=phase):
                        try:
                            self.play_where_it_gets_there(vm, cell)
                        finally:
                            self.say(f"{kind:6} {title:22} {phase:8} {cell.result}")

    def play_where_it_gets_there(self, vm, cell):
        """On a busy host the budgets may end a transaction before its phase: then once more."""
        for _ in range(TRIES - 1):
            try:
                return self.play(vm, cell)
            except PhaseMissed as missed:
                self.say(f"once more: {str(missed).splitlines()[0]}")
        return self.play(vm, cell)

    def play(self, vm, cell):
        box = GuestBox(vm)
        try:
            cell.run_in(box)
        finally:
            cell.stop_manager()
            box.kill_all()  # one in a freeze that hangs ends only after the thaw
            left = [place for place in (OUTER, INNER, "/")
                    if vm.run("fsfreeze", "--unfreeze", place).status == 0]
            box.wait_for_all()
            vm.must("rm", "-rf", "/run/openvss", "/run/marks")
        self.assertEqual(left, [], "left frozen")

    def test_ext4_root_every_actor_in_every_phase(self):
        rows = [(f"{actor} SIG{name}", {phase: RootCell(self, actor, name, phase)
                                        for phase in PHASES})
                for actor in ACTORS for name in SIGNALS]
        rows.append(("all SIGKILL, restart", {phase: RootCell(self, "all", "KILL", phase, True)
                                              for phase in PHASES}))
        self.fill("ext4", rows)

    def one_cell_a_process(self, kind):
        rows = [(f"{actor} SIGKILL", {"HELD": RootCell(self, actor, "KILL", "HELD")})
                for actor in ACTORS]
        self.fill(kind, rows)

    def test_xfs_root_every_actor(self):
        self.one_cell_a_process("xfs")

    def test_btrfs_root_every_actor(self):
        self.one_cell_a_process("btrfs")


if __name__ == "__main__":
    main()
