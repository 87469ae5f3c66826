#!/usr/bin/env python3
"""clang-format and clang-tidy over the tree.

    lint.py BUILD        check; BUILD holds compile_commands.json and has been built
    lint.py --format     rewrite the sources

A file is looked at by clang-tidy again only if it, a header of the tree that it includes, its
compile command or .clang-tidy has changed: the hash of all that names an empty file in BUILD/lint.
"""

import concurrent.futures
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
FOLDERS = ("include", "src", "sdk", "writers", "programs", "tests", "fuzz", "bench", "examples",
           "tools")
SUFFIXES = {".cpp", ".hpp", ".c", ".h"}


def sources():
    return sorted(path for folder in FOLDERS for path in (ROOT / folder).rglob("*")
                  if path.suffix in SUFFIXES)


def clang_format(arguments):
    return subprocess.run(["clang-format-19"] + arguments + [str(path) for path in sources()],
                          check=False).returncode


def headers_by_object(build):
    """The tree's own files that each object was built from, as ninja knows them."""
    text = subprocess.run(["ninja", "-C", build, "-t", "deps"], check=True, capture_output=True,
                          text=True).stdout
    result, current = {}, []
    for line in text.splitlines():
        if line and not line[0].isspace():
            current = result.setdefault(line.split(":")[0], [])
        elif line.strip():
            path = (pathlib.Path(build) / line.strip()).resolve()
            if path.is_relative_to(ROOT):
                current.append(path)
    return result


def commands(build):
    """Of the tree's own C++ files: source, compile command, files it was built from. A source that
    is compiled twice (for a static and a shared library) is taken once."""
    headers = headers_by_object(build)
    seen = set()
    with open(os.path.join(build, "compile_commands.json"), encoding="utf-8") as file:
        for entry in json.load(file):
            source = pathlib.Path(entry["file"])
            if (source.is_relative_to(ROOT) and not source.is_relative_to(ROOT / "build") and
                    source not in seen):
                seen.add(source)
                output = re.search(r" -o (\S+)", entry["command"]).group(1)
                inputs = headers.get(output) or [source]
                yield source, entry["command"], inputs


def fingerprint(command, inputs, common):
    digest = hashlib.sha256(common + command.encode())
    for path in sorted(set(inputs)):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def tidy_one(build, source, stamp):
    result = subprocess.run(
        ["clang-tidy-19", "--quiet", "-p", build, "--extra-arg=-Wno-unknown-warning-option",
         "--extra-arg=-Wno-deprecated-declarations",  # of libstdc++ within itself
         str(source)], capture_output=True, text=True, check=False)
    if result.returncode == 0:
        stamp.touch()
        return ""
    return f"{source.relative_to(ROOT)}\n{result.stdout}{result.stderr}"


def clang_tidy(build):
    stamps = pathlib.Path(build) / "lint"
    stamps.mkdir(exist_ok=True)
    version = subprocess.run(["clang-tidy-19", "--version"], check=True, capture_output=True).stdout
    common = version + (ROOT / ".clang-tidy").read_bytes()
    stamp_of = {source: stamps / fingerprint(command, inputs, common)
                for source, command, inputs in commands(build)}
    waiting = [(source, stamp) for source, stamp in stamp_of.items() if not stamp.exists()]
    all_stamps = set(stamp_of.values())
    for old in set(stamps.iterdir()) - all_stamps:
        old.unlink()
    began = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        complaints = [text for text in
                      pool.map(lambda item: tidy_one(build, *item), waiting) if text]
    print("".join(complaints), end="")
    print(f"clang-tidy: {len(waiting)} of {len(all_stamps)} files looked at in "
          f"{time.monotonic() - began:.0f} s, {len(complaints)} with complaints")
    return 1 if complaints else 0


def main():
    if sys.argv[1:] == ["--format"]:
        return clang_format(["-i"])
    if len(sys.argv) != 2:
        sys.stderr.write("usage: lint.py BUILD | lint.py --format\n")
        return 2
    if clang_format(["--dry-run", "-Werror"]) != 0:
        print("clang-format: `make format` puts it right")
        return 1
    print(f"clang-format: {len(sources())} files as they should be")
    return clang_tidy(os.path.abspath(sys.argv[1]))


if __name__ == "__main__":
    sys.exit(main())
