"""Rows of measurements to medians, paired ratios and goals. Pure.

A ratio is told only where every repetition of both sides is there; of what lacks one it is said that it
was not measured.
"""

import dataclasses
import statistics

from scenarios import GROWTH

METRICS = ("freeze_ms", "thaw_ms", "stall_ms")
NAMES = {"freeze_ms": "freeze latency", "thaw_ms": "thaw latency", "stall_ms": "stall"}
OURS, LIMIT, PEERS = "openvss", "limit", ("qemu-ga", "hv_vss_daemon", "fsfreeze")
BEST_PEER = "best peer"
GROWTH_MS = 3.0  # of freeze latency, for each further filesystem


@dataclasses.dataclass(frozen=True)
class Goal:
    """A paired ratio that is to be looked at, and what it may be at most."""
    metric: str
    scenario: str
    load: str
    against: str
    most: float
    kinds: tuple = ("ext4", "xfs")


GOALS = (
    Goal("freeze_ms", "many", "idle", LIMIT, 1.2),
    Goal("freeze_ms", "many", "idle", "qemu-ga", 0.09),
    Goal("stall_ms", "many", "60MBps", "qemu-ga", 0.125),
    Goal("stall_ms", "many", "unthrottled", "qemu-ga", 0.08),
    Goal("stall_ms", "dirty", "dirty600", "qemu-ga", 0.15),
    Goal("freeze_ms", "one", "idle", BEST_PEER, 1.1),
    Goal("freeze_ms", "one", "60MBps", BEST_PEER, 1.1),
    Goal("stall_ms", "one", "60MBps", BEST_PEER, 1.1),
    Goal("thaw_ms", "many", "idle", "qemu-ga", 0.5, ("ext4",)),
)


def values(rows, metric, **wanted):
    """By repetition, of the rows that are as `wanted`; without those that have none."""
    return {row["rep"]: row[metric] for row in rows
            if row[metric] is not None and all(row[key] == wanted[key] for key in wanted)}


def paired_ratio(ours, peer):
    """The median of the ratios within each repetition: what disturbs a repetition disturbs both."""
    both = [ours[rep] / peer[rep] for rep in ours if rep in peer and peer[rep] > 0]
    return statistics.median(both) if both else None


def groups(rows):
    """(scenario, load, filesystem, N, method) in the order of their first rows."""
    return list(dict.fromkeys((row["scenario"], row["load"], row["filesystem"], row["N"],
                               row["method"]) for row in rows))


def spread(rows, metric, group):
    """Median and maximum, or None."""
    found = values(rows, metric, **dict(zip(("scenario", "load", "filesystem", "N", "method"),
                                            group))).values()
    return (statistics.median(found), max(found)) if found else None


def measured(rows, metric, cell, method, repetitions):
    """By repetition; nothing unless all of them are there."""
    found = values(rows, metric, scenario=cell.scenario, load=cell.load, filesystem=cell.kind,
                   N=cell.count, method=method)
    return found if len(found) >= repetitions else {}


def best_peer(rows, metric, cell, repetitions):
    """Whose median is the lowest; None unless all are there: the best may be the one that is not."""
    found = {peer: measured(rows, metric, cell, peer, repetitions) for peer in PEERS}
    if not all(found.values()):
        return None
    return min(found, key=lambda peer: statistics.median(found[peer].values()))


def entry(name, ours, peer, ratio, most):
    """`most`: None for one that is only looked at. `ratio`: None for one that was not measured."""
    return {"name": name, "ours": ours and round(ours, 3), "peer": peer and round(peer, 3),
            "ratio": ratio and round(ratio, 4), "goal": most,
            "holds": None if most is None or ratio is None else ratio <= most}


def ratio_entry(rows, goal, cell, most, repetitions):
    named = against = goal.against
    if against == BEST_PEER:
        against = best_peer(rows, goal.metric, cell, repetitions)
        named = f"{BEST_PEER}, {against}" if against else BEST_PEER
    name = f"{NAMES[goal.metric]}, {goal.load}, N={cell.count}, {cell.kind}, against {named}"
    ours, peer = (measured(rows, goal.metric, cell, method, repetitions)
                  for method in (OURS, against))
    ratio = paired_ratio(ours, peer)
    if ratio is None:
        return entry(name, None, None, None, most)
    return entry(name, statistics.median(ours.values()), statistics.median(peer.values()), ratio,
                 most)


def slope(points):
    """Of the straight line nearest to (x, y)."""
    return statistics.linear_regression(*zip(*points)).slope


def growth_points(rows, metric, load, method):
    """[(N, values)] of the scenario that grows, by ascending N."""
    counts = sorted({row["N"] for row in rows if row["scenario"] == "growth" and
                     row["load"] == load and row["method"] == method})
    points = [(count, values(rows, metric, scenario="growth", load=load, method=method, N=count))
              for count in counts]
    return [(count, list(found.values())) for count, found in points if found]


def growth_entry(rows, most, repetitions):
    points = [(count, statistics.median(found))
              for count, found in growth_points(rows, "freeze_ms", "idle", OURS)
              if len(found) >= repetitions]
    name = (f"freeze latency, idle, ext4, milliseconds for each further filesystem up to "
            f"N={GROWTH[-1]}, against {GROWTH_MS:g}")
    if [count for count, _ in points] != list(GROWTH):
        return entry(name, None, None, None, most)
    ours = slope(points)
    return entry(name, ours, GROWTH_MS, ours / GROWTH_MS, most)


def ratios(rows, cells, repetitions, with_goals=True):
    """All that is to be told of `cells`, measured or not. btrfs is looked at beside qemu-ga, without
    a goal."""
    asked = {(cell.scenario, cell.load, cell.kind): cell for cell in cells}
    wanted = [(goal, kind, goal.most if with_goals else None)
              for goal in GOALS for kind in goal.kinds]
    wanted += [(dataclasses.replace(goal, against="qemu-ga"), "btrfs", None)
               for goal in GOALS if goal.against != LIMIT]
    entries = [ratio_entry(rows, goal, asked[place], most, repetitions) for goal, kind, most in wanted
               if (place := (goal.scenario, goal.load, kind)) in asked]
    growing = {cell.count for cell in cells if (cell.scenario, cell.load) == ("growth", "idle")}
    if growing.issuperset(GROWTH):
        entries.append(growth_entry(rows, 1.0 if with_goals else None, repetitions))
    return entries
