"""Whether results are those of a whole run: the documentation shows no others. Pure."""

import collections

from scenarios import WHOLE_REPETITIONS, whole
from summary import LIMIT, OURS, PEERS


def why_not(results):
    """What is missing, as the end of a sentence; nothing where nothing is."""
    if results["machine"]["quick"]:
        return "they are of the quick mode"
    times = collections.Counter((row["scenario"], row["filesystem"], row["N"], row["load"],
                                 row["method"]) for row in results["rows"])
    wanted = {(cell.scenario, cell.kind, cell.count, cell.load, method): f"{cell.title}, {method}"
              for cell in whole() for method in (OURS, *PEERS, LIMIT)}
    missing = [name for key, name in wanted.items() if times[key] < WHOLE_REPETITIONS]
    if not missing:
        return ""
    return (f"{len(missing)} of {len(wanted)} measurements have fewer than {WHOLE_REPETITIONS} "
            f"repetitions, \"{missing[0]}\" is the first")
