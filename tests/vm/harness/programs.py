"""Where the built programs are, and which shared libraries they need in the guest."""

import functools
import json
import os
import re
import subprocess


class Programs:
    """By name, from the list that CMake writes (tests/vm/programs.json)."""

    def __init__(self, list_file):
        self._list_file = os.path.abspath(list_file)
        with open(list_file, encoding="utf-8") as file:
            self._paths = json.load(file)

    def path(self, name):
        return self._paths[name]

    def build_directory(self):
        """build/dev, where serial logs and stripped copies may stand."""
        return os.path.dirname(os.path.dirname(os.path.dirname(self._list_file)))


@functools.cache
def libraries_of(program):
    """Absolute paths of the shared libraries and the loader of a program; none if it is static."""
    output = subprocess.run(["ldd", program], capture_output=True, text=True, check=False).stdout
    return tuple(re.findall(r"(/\S+) \(0x", output))
