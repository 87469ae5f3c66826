"""Results as text: for the terminal, and as Markdown for docs/, around what is written by hand in
measurements.in.md."""

import os
import string

from scenarios import SCENARIOS
from summary import METRICS, groups, spread


TEMPLATE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "measurements.in.md")


def number(value, decimals=None):
    """Three digits that count, or so many decimals, and never an exponent."""
    if value is None:
        return "-"
    if decimals is not None:
        return f"{value:.{decimals}f}"
    if value >= 100:
        return f"{value:.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def spread_text(found):
    return "-" if found is None else f"{number(found[0])} / {number(found[1])}"


def measurement_lines(rows):
    """The head, then a line for each cell and method: median / maximum."""
    lines = [("scenario", "load", "fs", "N", "method", "reps", "freeze ms", "thaw ms", "stall ms")]
    for group in groups(rows):
        times = sum(group == (row["scenario"], row["load"], row["filesystem"], row["N"],
                              row["method"]) for row in rows)
        lines.append((*map(str, group), str(times),
                      *(spread_text(spread(rows, metric, group)) for metric in METRICS)))
    return lines


def verdict(entry):
    if entry["ratio"] is None:
        return "not measured"
    return {None: "measured", True: "yes", False: "NO"}[entry["holds"]]


def ratio_lines(entries):
    lines = [("what", "ours", "peer", "ratio", "goal", "holds")]
    for entry in entries:
        goal = "-" if entry["goal"] is None else f"{entry['goal']:g}"
        lines.append((entry["name"], number(entry["ours"]), number(entry["peer"]),
                      number(entry["ratio"], 3), goal, verdict(entry)))
    return lines


def as_text(lines):
    widths = [max(map(len, column)) for column in zip(*lines)]
    return "\n".join("  ".join(text.ljust(width) for text, width in zip(line, widths)).rstrip()
                     for line in lines)


def as_markdown(lines):
    rule = ("---",) * len(lines[0])
    return "\n".join(f"| {' | '.join(line)} |" for line in (lines[0], rule, *lines[1:]))


def machine_sentence(machine):
    peers = ", ".join(f"{name} {version}" for name, version in sorted(machine["versions"].items()))
    return (f"{machine['processor']}, {machine['cores']} cores, {machine['memory_mib']} MiB of "
            f"memory, Linux {machine['kernel']}; {peers}; loop devices with"
            f"{'' if machine['direct_io'] else 'out'} direct I/O.")


def summary_sentence(entries):
    goals = [entry for entry in entries if entry["goal"] is not None]
    if not goals:
        return "No goal is about what was measured."
    held = sum(entry["holds"] is True for entry in goals)
    missing = sum(entry["ratio"] is None for entry in goals)
    return f"{held} of {len(goals)} goals hold{f', {missing} not measured' if missing else ''}."


def terminal(results):
    return "\n\n".join((as_text(measurement_lines(results["rows"])),
                        *([as_text(ratio_lines(results["ratios"]))] if results["ratios"] else []),
                        "Milliseconds, median / maximum; the ratio is the median of those within "
                        "each repetition.\n" + machine_sentence(results["machine"]),
                        summary_sentence(results["ratios"])))


def markdown(results):
    """The template says what the figures mean; raises KeyError where it asks for what is not here."""
    with open(TEMPLATE, encoding="utf-8") as file:
        template = string.Template(file.read())
    entries = results["ratios"]
    return template.substitute(
        machine=machine_sentence(results["machine"]), verdict=summary_sentence(entries),
        ratios=as_markdown(ratio_lines(entries)), rows=as_markdown(measurement_lines(results["rows"])),
        scenarios="\n".join(f"- *{name}*: {what}" for name, what in SCENARIOS.items()))
