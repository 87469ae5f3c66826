"""The base of tests that try the statements of docs/when-frozen.md, by their numbers."""

import contextlib

from harness.page import Page
from harness.testing import VmTest


class Statements(VmTest):
    page = Page("when-frozen.md")

    @contextlib.contextmanager
    def tried(self, number):
        with self.subTest(number=number):
            self.say(f"[{number}] {self.page.statement(number)}")
            yield

    def check_waits(self, vm, *words):
        job = vm.start(*words)
        vm.run("sleep", "2")
        self.assertIsNone(job.status, f"{words} did not wait: {job.output}{job.errors}")
        return job
