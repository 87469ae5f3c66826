"""Rows of measurements to medians, paired ratios and goals. Pure."""

import dataclasses
import statistics

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


def best_peer(rows, metric, **cell):
    """Whose median is the lowest; None without any."""
    medians = {}
    for peer in PEERS:
        found = values(rows, metric, method=peer, **cell)
        if found:
            medians[peer] = statistics.median(found.values())
    return min(medians, key=medians.get) if medians else None


def ratio_entry(rows, goal, kind, most):
    """None where one of the two was not measured. `most`: None for one that is only looked at."""
    cell = {"scenario": goal.scenario, "load": goal.load, "filesystem": kind}
    against = goal.against
    if against == BEST_PEER:
        against = best_peer(rows, goal.metric, **cell)
    ours = values(rows, goal.metric, method=OURS, **cell)
    peer = values(rows, goal.metric, method=against, **cell)
    ratio = paired_ratio(ours, peer)
    if ratio is None:
        return None
    count = next(row["N"] for row in rows if all(row[key] == cell[key] for key in cell))
    named = f"{BEST_PEER}, {against}" if goal.against == BEST_PEER else against
    return {"name": f"{NAMES[goal.metric]}, {goal.load}, N={count}, {kind}, against {named}",
            "ours": round(statistics.median(ours.values()), 3),
            "peer": round(statistics.median(peer.values()), 3), "ratio": round(ratio, 4),
            "goal": most, "holds": None if most is None else ratio <= most}


def slope(points):
    """Of the straight line nearest to (x, y)."""
    return statistics.linear_regression(*zip(*points)).slope


def growth_points(rows, metric, load, method):
    """(N, median) of the scenario that grows, by ascending N."""
    counts = sorted({row["N"] for row in rows if row["scenario"] == "growth" and
                     row["load"] == load and row["method"] == method})
    points = [(count, values(rows, metric, scenario="growth", load=load, method=method, N=count))
              for count in counts]
    return [(count, statistics.median(found.values())) for count, found in points if found]


def growth_entry(rows, with_goals):
    points = growth_points(rows, "freeze_ms", "idle", OURS)
    if len(points) < 2:
        return None
    ours = slope(points)
    return {"name": f"freeze latency, idle, ext4, milliseconds for each further filesystem up to "
                    f"N={points[-1][0]}, against {GROWTH_MS:g}",
            "ours": round(ours, 3), "peer": GROWTH_MS, "ratio": round(ours / GROWTH_MS, 4),
            "goal": 1.0 if with_goals else None, "holds": ours <= GROWTH_MS if with_goals else None}


def ratios(rows, with_goals=True):
    """All that can be told from `rows`. btrfs is looked at beside qemu-ga, without a goal."""
    entries = [ratio_entry(rows, goal, kind, goal.most if with_goals else None)
               for goal in GOALS for kind in goal.kinds]
    entries.append(growth_entry(rows, with_goals))
    entries += [ratio_entry(rows, dataclasses.replace(goal, against="qemu-ga"), "btrfs", None)
                for goal in GOALS if goal.against != LIMIT]
    return [entry for entry in entries if entry]
