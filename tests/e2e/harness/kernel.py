"""The kernel that a benchmark ran on."""

import platform
import re


def kernel_version():
    """Without what a distribution, or whoever has built it, appends."""
    return re.match(r"[\d.]*\d|", platform.release()).group()
