"""The history that the demo's application (bank.cpp) leaves on its two volumes, judged."""

import os
import sqlite3
import struct

SUM = 2 * 16 * 1000  # bank.cpp: kAccounts * kStartAmount on each side


def judge_contents(directory_a, directory_b):
    """What a restore of both volumes would find. Returns complaints and a line that tells."""
    try:
        sides = [read_side(directory_a), read_side(directory_b)]
    except (OSError, sqlite3.Error) as error:
        return [f"the databases cannot be read: {error}"], "unreadable"
    complaints = []
    for name, side in zip("ab", sides):
        if side["integrity"] != "ok":
            complaints.append(f"{name}: integrity_check says {side['integrity']}")
    a, b = (side["transfers"] for side in sides)
    if a.keys() != b.keys():
        complaints.append(f"{len(a.keys() ^ b.keys())} transfers are on one side only "
                          f"(a knows {len(a)}, b knows {len(b)})")
    elif any(amount != -b[number] for number, amount in a.items()):
        complaints.append("the sides disagree about a transfer's amount")
    total = sum(side["sum"] for side in sides)
    if total != SUM:
        complaints.append(f"the sum is {total} where it must be {SUM}")
    ahead = sides[0]["tally"] - sides[1]["tally"]
    if ahead not in (0, 1):
        complaints.append(f"the plain files are {abs(ahead)} numbers apart where one is the most")
    return complaints, (f"sum {total}, transfers {len(a)} and {len(b)}, "
                        f"plain files {sides[0]['tally']} and {sides[1]['tally']}")


def read_side(directory):
    with open(os.path.join(directory, "tally"), "rb") as file:
        tally = struct.unpack("=q", file.read(8))[0]
    database = sqlite3.connect(os.path.join(directory, "bank.db"))
    try:
        return {
            "tally": tally,
            "integrity": database.execute("PRAGMA integrity_check").fetchone()[0],
            "sum": database.execute("SELECT sum(amount) FROM account").fetchone()[0] or 0,
            "transfers": dict(database.execute("SELECT number, amount FROM transfer")),
        }
    finally:
        database.close()
