"""What is downloaded or made once stands outside the tree, so that a fresh clone need not wait."""

import contextlib
import fcntl
import os
import shutil
import tempfile


def cache_directory():
    """$OPENVSS_VM_CACHE, else ~/.cache/openvss/vm."""
    chosen = os.environ.get("OPENVSS_VM_CACHE")
    if not chosen:
        home = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
        chosen = os.path.join(home, "openvss", "vm")
    os.makedirs(chosen, exist_ok=True)
    return chosen


def cached(name, make):
    """The folder `name` of the cache. Where it is missing, make(folder) fills one beside it, which
    then takes the name: whoever is interrupted leaves nothing half made."""
    final = os.path.join(cache_directory(), name)
    with open(final + ".lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not os.path.isdir(final):
            unfinished = tempfile.mkdtemp(prefix=name + ".", dir=cache_directory())
            try:
                make(unfinished)
                os.chmod(unfinished, 0o755)
                os.rename(unfinished, final)
            finally:
                with contextlib.suppress(FileNotFoundError):
                    shutil.rmtree(unfinished)
    return final
