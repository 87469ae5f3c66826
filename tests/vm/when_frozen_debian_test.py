"""docs/when-frozen.md on a Debian machine with systemd and a journal on the frozen root: what the
small machine of when_frozen_test.py has not."""

import json

from harness.packages import debian_with_openvss
from harness.statements import Statements
from harness.testing import main

PATIENCE_S = 60
HOLD_S = "240"
FLOOD = 2000
SHELL = "/run/shell"


class WithSystemd(Statements):
    def test_what_an_administrator_tries(self):
        with debian_with_openvss(self.programs) as vm:
            self.shells(vm)
            self.the_journal(vm)
            self.units(vm)

    def hold(self, vm):
        """A process that waits for the thaw."""
        def ready():
            status = vm.run("vssctl", "status", "--json")
            return status.status == 0 and json.loads(status.output)["ready"]
        vm.wait_until(ready, 90, "vssd ready for a transaction")
        held = vm.run("vssctl", "hold", "--hold-max", HOLD_S, timeout=90)
        self.assertEqual(held.status, 0, held.errors)
        return self.check_waits(vm, "sh", "-c", "echo written > /probe")

    def shells(self, vm):
        """The hold is left to the_journal()."""
        vm.must("mkfifo", SHELL)
        vm.start("sh", "-c", f"exec sleep 600 > {SHELL}")
        bash = vm.start("sh", "-c", "HISTFILE=/root/.bash_history script -q -c 'bash -i' /dev/null "
                                    f"< {SHELL}")
        self.tell(vm, "echo before")
        vm.wait_until(lambda: "\nbefore" in bash.output, what="the shell")
        self.writer = self.hold(vm)
        with self.tried(28):
            self.tell(vm, "echo in the hold")
            vm.wait_until(lambda: "\nin the hold" in bash.output, what="the shell's word")
        with self.tried(29):
            self.tell(vm, "exit")
            vm.run("sleep", "3")
            self.assertIsNone(bash.status, "the shell ended")
        with self.tried(30):
            self.login = self.check_waits(vm, "sh", "-c", "echo exit | script -q -c 'login -f root' "
                                                          "/dev/null")
            vm.wait_until(lambda: self.waits(vm, "login"), what="login waiting for the thaw")
        with self.tried(31):
            self.assertEqual(vm.must("su", "-", "root", "-c", "echo in", timeout=30), "in\n")

    def tell(self, vm, line):
        vm.must("sh", "-c", f"echo {line!r} > {SHELL}", timeout=20)

    def waits(self, vm, name):
        listing = vm.must("ps", "-eo", "comm,stat,wchan:20", timeout=30).splitlines()
        return any(line.startswith(name + " ") and "percpu_rwsem_wait" in line for line in listing)

    def the_journal(self, vm):
        with self.tried(32):
            vm.must("logger", "one", timeout=30)
            flood = vm.start("sh", "-c", f"for i in $(seq {FLOOD}); do logger $i; echo; done")
            seen = -1
            def stands_still():
                nonlocal seen
                before, seen = seen, len(flood.output)
                vm.run("sleep", "4")
                return before == seen > 0
            vm.wait_until(stands_still, 180, "the end of the journal's patience")
            self.assertIsNone(flood.status)
            self.assertGreater(seen, 100)
            self.say(f"{seen} messages went through")
        with self.tried(33):
            vm.must("systemctl", "status", "--no-pager", "vssd.service", timeout=PATIENCE_S)
            self.assertEqual(vm.run("vssctl", "status", timeout=PATIENCE_S).status, 0)
        with self.tried(6):
            vm.must("systemctl", "restart", "vss-freezer.service", timeout=PATIENCE_S)
            self.assertEqual(self.writer.wait(PATIENCE_S), 0)
        self.assertEqual(flood.wait(180), 0)
        self.login.wait(PATIENCE_S)

    def units(self, vm):
        with self.tried(7):
            writer = self.hold(vm)
            vm.must("systemctl", "stop", "openvss.target", timeout=PATIENCE_S)
            self.assertEqual(writer.wait(PATIENCE_S), 0)
            vm.must("systemctl", "start", "openvss.target", timeout=PATIENCE_S)


if __name__ == "__main__":
    main()
