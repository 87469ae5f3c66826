"""A page of docs/ whose numbered statements - "the kernel says so [7]" - are tried by tests."""

import os
import re

NUMBER = re.compile(r"\s*\[(\d+)\](?!\()")
DOCS = os.path.join(os.path.dirname(__file__), "..", "..", "..", "docs")


class Page:
    def __init__(self, name):
        with open(os.path.join(DOCS, name), encoding="utf-8") as file:
            self.text = file.read()

    def numbers(self):
        """In the order in which they stand there."""
        return [int(number) for number in NUMBER.findall(self.text)]

    def statement(self, number):
        """What stands before the number: from the number before it, or from the paragraph's, item's
        or row's beginning."""
        at = self.text.index(f"[{number}]")
        begins = [match.end() for match in
                  re.finditer(r"\n\n|\n- |\n\d\. |\n\| |\[\d+\][.,;:]?", self.text[:at])]
        return " ".join(self.text[begins[-1] if begins else 0:at].split())


def numbers_tried_in(*files):
    """The numbers n of all `.tried(n)` in these programs."""
    found = []
    for name in files:
        with open(name, encoding="utf-8") as file:
            found += [int(number) for number in re.findall(r"\.tried\((\d+)\)", file.read())]
    return found
