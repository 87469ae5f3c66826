"""The picture of stall over the number of filesystems, by hand: an SVG that is readable on a light
page and on a dark one."""

import math
import statistics

from summary import LIMIT, OURS, PEERS, growth_points

WIDTH, HEIGHT = 760, 440
LEFT, RIGHT, TOP, BOTTOM = 76, 170, 66, 62
LABEL_PX = 16  # from one label to the next
LOAD = "60MBps"
NOTHING = "no snapshot"  # what the load does to itself
TICKS = tuple(digit * 10 ** power for power in range(-1, 5) for digit in (1, 2, 5))

# class: light, dark
COLOURS = {
    "back": ("#ffffff", "#0d1117"), "text": ("#1f2328", "#e6edf3"), "rule": ("#d8dee4", "#30363d"),
    OURS: ("#0b62d6", "#6cb0ff"), LIMIT: ("#57606a", "#9aa4af"), NOTHING: ("#6e7781", "#8b949e"),
    "qemu-ga": ("#c2410c", "#fb923c"), "hv_vss_daemon": ("#a21caf", "#e879f9"),
    "fsfreeze": ("#3f6212", "#a3e635"),
}
SHAPES = {LIMIT: "stroke-dasharray:6 4", NOTHING: "stroke-dasharray:2 4", OURS: "stroke-width:4"}


def class_of(name):
    return name.replace(" ", "-").replace("_", "-")


def style():
    def rules(shade):
        yield f".back{{fill:{COLOURS['back'][shade]}}}"
        yield f"text{{fill:{COLOURS['text'][shade]}}}"
        yield f".rule{{stroke:{COLOURS['rule'][shade]}}}"
        for name in (OURS, LIMIT, NOTHING, *PEERS):
            colour = COLOURS[name][shade]
            yield f".line.{class_of(name)}{{stroke:{colour}}}"
            yield f".dot.{class_of(name)},text.{class_of(name)}{{fill:{colour}}}"
    shapes = "".join(f".line.{class_of(name)}{{{shape}}}" for name, shape in SHAPES.items())
    return ("text{font:13px sans-serif}.title{font-size:16px;font-weight:bold}"
            f".line{{fill:none;stroke-width:2}}{''.join(rules(0))}{shapes}"
            f"@media(prefers-color-scheme:dark){{{''.join(rules(1))}}}")


class Scale:
    """Logarithmic; from a number to a place on the page."""

    def __init__(self, least, most, begin, end):
        self._least = math.log(least)
        self._step = (end - begin) / ((math.log(most) - self._least) or 1)
        self._begin = begin

    def __call__(self, value):
        return self._begin + (math.log(value) - self._least) * self._step


def series(results):
    """{name: [(N, median, maximum)]} of what was measured."""
    found = {name: [(count, statistics.median(stalls), max(stalls)) for count, stalls in
                    growth_points(results["rows"], "stall_ms", LOAD, name)]
             for name in (*PEERS, OURS, LIMIT)}
    gaps = [row for row in results["before"] if row["scenario"] == "growth" and row["load"] == LOAD]
    found[NOTHING] = []
    for count in sorted({row["N"] for row in gaps}):
        median = statistics.median(row["gap_ms"] for row in gaps if row["N"] == count)
        found[NOTHING].append((count, median, median))
    return {name: points for name, points in found.items() if points}


def repetitions(results):
    """Of how many each median is, in words."""
    times = {len(stalls) for name in (*PEERS, OURS, LIMIT)
             for _, stalls in growth_points(results["rows"], "stall_ms", LOAD, name)}
    return " to ".join(map(str, sorted({min(times), max(times)})))


def spread_out(places):
    """{name: y} so that no two labels stand on each other; the order stays."""
    result, last = {}, -math.inf
    for name, place in sorted(places.items(), key=lambda item: item[1]):
        last = max(place, last + LABEL_PX)
        result[name] = last
    return result


def draw_axes(counts, ticks, across, down):
    right, bottom = WIDTH - RIGHT, HEIGHT - BOTTOM
    for tick in ticks:
        y = down(tick)
        yield f'<line class="rule" x1="{LEFT}" x2="{right}" y1="{y:.1f}" y2="{y:.1f}"/>'
        yield f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{tick:g}</text>'
    for count in counts:
        x = across(count)
        yield f'<line class="rule" x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" y2="{bottom}"/>'
        yield f'<text x="{x:.1f}" y="{bottom + 20}" text-anchor="middle">{count}</text>'
    middle = (LEFT + right) / 2
    yield f'<text x="{middle:.0f}" y="{HEIGHT - 16}" text-anchor="middle">filesystems frozen ' \
          'together (logarithmic)</text>'
    yield f'<text transform="translate(20 {(TOP + bottom) / 2:.0f}) rotate(-90)" ' \
          'text-anchor="middle">longest stall of a writer, ms (logarithmic)</text>'


def draw_series(name, points, across, down):
    kind = class_of(name)
    path = " ".join(f"{across(count):.1f},{down(median):.1f}" for count, median, _ in points)
    yield f'<polyline class="line {kind}" points="{path}"/>'
    for count, median, most in points:
        x, y = across(count), down(median)
        if name != NOTHING:
            yield f'<circle class="dot {kind}" cx="{x:.1f}" cy="{y:.1f}" r="4"/>'
        if most > median:
            yield f'<path class="line {kind}" style="stroke-width:1;stroke-dasharray:none" ' \
                  f'd="M{x:.1f} {y:.1f}V{down(most):.1f}m-4 0h8"/>'


def draw(results):
    """The text of the picture; raises ValueError where nothing of it was measured."""
    found = series(results)
    numbers = [value for points in found.values() for _, *two in points for value in two]
    if not numbers:
        raise ValueError(f"no stall with the load {LOAD} was measured: run `make bench`")
    counts = sorted({point[0] for points in found.values() for point in points})
    least = max((tick for tick in TICKS if tick <= min(numbers)), default=TICKS[0])
    most = min((tick for tick in TICKS if tick >= max(numbers)), default=TICKS[-1])
    across = Scale(counts[0], counts[-1], LEFT + 14, WIDTH - RIGHT - 14)
    down = Scale(least, most, HEIGHT - BOTTOM, TOP)
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
             f'width="{WIDTH}" height="{HEIGHT}" role="img" aria-label="Stall by the number of '
             f'filesystems and by who freezes them"><style>{style()}</style>',
             f'<rect class="back" width="{WIDTH}" height="{HEIGHT}" rx="8"/>',
             f'<text class="title" x="{LEFT}" y="28">How long applications stand still</text>',
             f'<text x="{LEFT}" y="48">ext4, 60 MB/s written over all; median of {repetitions(results)} '
             'with its maximum; lower is better</text>']
    parts += draw_axes(counts, [tick for tick in TICKS if least <= tick <= most], across, down)
    for name, points in found.items():
        parts += draw_series(name, points, across, down)
    labels = spread_out({name: down(points[-1][1]) for name, points in found.items()})
    parts += [f'<text class="{class_of(name)}" x="{WIDTH - RIGHT}" y="{y + 4:.1f}">'
              f'{name} {found[name][-1][1]:.0f} ms</text>' for name, y in labels.items()]
    return "\n".join(parts) + "\n</svg>\n"
