"""Where the programs under test are, and which shared libraries they need where they run."""

import functools
import json
import os
import re
import subprocess


OUTSIDE = ("sandbox_init", "thaw_guard")
ON_REQUEST = ("hv_vss_daemon", "qemu-ga", "fsfreeze")  # not ours, and perhaps not there: Sandbox.add_program()


class Programs:
    """Built programs by name, from the list that CMake writes (programs.json)."""

    def __init__(self, list_file):
        self._list_file = os.path.abspath(list_file)
        with open(list_file, encoding="utf-8") as file:
            self._paths = json.load(file)

    def path(self, name):
        return self._paths[name]

    def build_directory(self):
        """build/dev: the list stands in tests/NAME of it."""
        return os.path.dirname(os.path.dirname(os.path.dirname(self._list_file)))

    def inside(self):
        """Names of those that are copied into every sandbox."""
        return [name for name in self._paths if name not in OUTSIDE + ON_REQUEST]


@functools.cache
def libraries_of(program):
    """Absolute paths of the shared libraries and the loader of a program; none if it is static."""
    output = subprocess.run(["ldd", program], capture_output=True, text=True, check=False).stdout
    return tuple(re.findall(r"(/\S+) \(0x", output))
