"""What is made of the rows that scale_crowd prints: medians, a line through them, what is reached."""

import statistics

OURS, PEER = "openvss", "echo"
GOAL_RATIO = 1.5          # of the bare server's time, at the highest number
GOAL_KIB_PER_WRITER = 4


def total_ms(row):
    return row["down_ms"] + row["up_ms"]


def of(rows, method, writers):
    """Times of one method with one number of writers, by repetition."""
    return [total_ms(row) for row in rows if (row["method"], row["writers"]) == (method, writers)]


def numbers(rows):
    return sorted({row["writers"] for row in rows})


def paired_ratio(rows, writers):
    """Median of the ratios of the two runs that came one after the other."""
    return statistics.median(ours / peer for ours, peer in
                             zip(of(rows, OURS, writers), of(rows, PEER, writers), strict=True))


def line_through(points):
    """Least squares through (x, y): slope, intercept, and how much of the spread it explains."""
    mean_x = statistics.fmean(x for x, _ in points)
    mean_y = statistics.fmean(y for _, y in points)
    spread = sum((x - mean_x) ** 2 for x, _ in points)
    slope = sum((x - mean_x) * (y - mean_y) for x, y in points) / spread
    intercept = mean_y - slope * mean_x
    left = sum((y - slope * x - intercept) ** 2 for x, y in points)
    total = sum((y - mean_y) ** 2 for _, y in points)
    return {"ms_per_writer": slope, "ms_at_none": intercept,
            "r_squared": 1 - left / total if total else 1.0}


def fit(rows, method):
    """Through every repetition, not through medians: its spread counts against the line."""
    return line_through([(writers, ms) for writers in numbers(rows)
                         for ms in of(rows, method, writers)])


def goal(name, ours, peer, ratio, limit):
    return {"name": name, "ours": ours, "peer": peer, "ratio": ratio, "goal": limit,
            "holds": ratio <= limit}


def goals(rows, memory, idle):
    most = numbers(rows)[-1]
    kib = memory["kib_per_writer"]
    awake = sum(process["wake_ups"] for process in idle["processes"].values())
    return [goal(f"fan-out, {most} writers, against a bare epoll echo (ms)",
                 statistics.median(of(rows, OURS, most)), statistics.median(of(rows, PEER, most)),
                 paired_ratio(rows, most), GOAL_RATIO),
            goal("memory of a writer in vssd (KiB)", kib, GOAL_KIB_PER_WRITER,
                 kib / GOAL_KIB_PER_WRITER, 1),
            goal(f"wake-ups in {idle['seconds']} s of idling, all three", awake, 0, awake, 0)]


def table(rows):
    """Lines for a person."""
    yield f"{'writers':>8}  {'vssd ms':>9}  {'max':>9}  {'echo ms':>9}  {'max':>9}  {'ratio':>6}  us/writer"
    for writers in numbers(rows):
        ours, peer = of(rows, OURS, writers), of(rows, PEER, writers)
        median = statistics.median(ours)
        yield (f"{writers:>8}  {median:>9.2f}  {max(ours):>9.2f}  {statistics.median(peer):>9.2f}"
               f"  {max(peer):>9.2f}  {paired_ratio(rows, writers):>6.2f}"
               f"  {1000 * median / writers:>9.1f}")
