"""The manual pages against the programs: every option and command that a program's --help has
stands in its page, and nothing else does; mandoc(1) finds nothing wrong.

    python3 man_test.py --programs programs.json --pages docs/man

A page has one `.Ss` for each command, under `.Sh COMMANDS`; what stands there is the command's own.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

OPTION = re.compile(r"(?<![\w=-])-(?:-([a-z][\w-]*)|([a-zA-Z]+))")
ANOTHERS = re.compile(r"`[^`]*`|/bin/sh -c")  # another program's options, in a help text
COMMAND = re.compile(r"^  ([a-z]+)\b.*", re.MULTILINE)
AS_DAEMON = "As hv_vss_daemon"


def options_in(text):
    found = set()
    for long, letters in OPTION.findall(ANOTHERS.sub("", text)):
        found |= {"--" + long} if long else {"-" + letter for letter in letters}
    return found


class Page:
    """The options and commands of one mdoc source. `sections`: of each `.Ss`, "" for the rest."""

    def __init__(self, path):
        with open(path, encoding="utf-8") as file:
            self.text = file.read()
        self.commands = set()
        self.options = {"": set()}   # documented: in an `.It`
        self.mentioned = set()       # anywhere
        heading, section = "", ""
        for line in self.text.splitlines():
            if line.startswith(".Sh "):
                heading, section = line[4:], ""
            elif line.startswith(".Ss "):
                section = line[4:] if heading == "COMMANDS" or line[4:] == AS_DAEMON else ""
                self.options.setdefault(section, set())
                if heading == "COMMANDS":
                    self.commands.add(section)
            used = options_in(" ".join(self._flags(line)))
            self.mentioned |= used
            if line.startswith(".It "):
                self.options[section] |= used

    @staticmethod
    def _flags(line):
        """`.It Fl h , -help Ar X`: "-h", "--help"."""
        words = line.split() if line.startswith(".") else []
        after_flag = False
        for word in words:
            if word == "Fl":
                after_flag = True
            elif re.match(r"\.?[A-Z][a-z]$", word):
                after_flag = False
            elif after_flag and re.match(r"-?[A-Za-z]", word):
                yield "-" + word


class ManualPages(unittest.TestCase):
    programs = pages = None

    def page(self, program):
        """The only one of that name."""
        found = [name for name in os.listdir(self.pages) if re.fullmatch(program + r"\.\d", name)]
        self.assertEqual(len(found), 1, f"pages of {program}: {found}")
        return Page(os.path.join(self.pages, found[0]))

    def names(self):
        return sorted(name for name in os.listdir(self.pages) if re.search(r"\.\d$", name))

    @staticmethod
    def help_of(program, *words):
        """A usage may be a failure, as the original's is, and may go to either stream."""
        done = subprocess.run([program, *words], capture_output=True, text=True, check=False,
                              timeout=20, stdin=subprocess.DEVNULL)
        return done.stdout + done.stderr

    def test_every_option_of_a_program_is_in_its_page_and_no_other(self):
        for name, path in self.programs.items():
            with self.subTest(program=name):
                page, text = self.page(name), self.help_of(path, "--help")
                of_program = options_in(COMMAND.sub("", text))
                self.assertGreater(len(of_program), 1, text)
                self.assertEqual(page.options[""], of_program | {"-h", "--help"})
                commands = set(COMMAND.findall(text))
                self.assertEqual(page.commands, commands)
                for command in commands:
                    own = options_in(self.help_of(path, command, "--help")) - of_program - {"-h"}
                    self.assertEqual(page.options[command], own, f"{name} {command}")

    def test_the_freezer_under_its_other_name_has_the_originals_options(self):
        with tempfile.TemporaryDirectory() as folder:
            other_name = os.path.join(folder, "hv_vss_daemon")
            os.symlink(self.programs["vss-freezer"], other_name)
            text = self.help_of(other_name, "-h")
        page = self.page("vss-freezer")
        self.assertEqual(options_in(text), {"-d", "-h", "-n"})
        self.assertEqual(page.options[AS_DAEMON], options_in(text))

    def test_no_page_mentions_an_option_that_nobody_has(self):
        documented = set()
        for name in self.programs:
            documented |= set().union(*self.page(name).options.values())
        for name in self.names():
            unknown = Page(os.path.join(self.pages, name)).mentioned - documented
            self.assertEqual(unknown, set(), name)

    def test_pages_refer_to_each_other_by_their_sections(self):
        sections = dict(name.rsplit(".", 1) for name in self.names())
        for name in self.names():
            text = Page(os.path.join(self.pages, name)).text
            for other, section in re.findall(r"^\.Xr (\S+) (\d)", text, re.MULTILINE):
                if other in sections or re.match(r"vss|hv_|openvss|libvss", other):
                    self.assertEqual(section, sections.get(other), f"{name}: {other}({section})")

    def test_mandoc_has_nothing_to_say(self):
        self.assertIsNotNone(shutil.which("mandoc"), "apt-get install mandoc")
        for name in self.names():
            done = subprocess.run(["mandoc", "-Tlint", "-Wwarning", os.path.join(self.pages, name)],
                                  capture_output=True, text=True, check=False)
            self.assertEqual((done.stdout + done.stderr, done.returncode), ("", 0))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--programs", required=True)
    parser.add_argument("--pages", required=True)
    options = parser.parse_args()
    with open(options.programs, encoding="utf-8") as file:
        ManualPages.programs = json.load(file)
    ManualPages.pages = options.pages
    unittest.main(argv=[sys.argv[0]], verbosity=2)


if __name__ == "__main__":
    main()
