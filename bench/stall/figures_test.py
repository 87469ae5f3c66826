"""The pure parts of the benchmark: from times to stalls, from rows to medians, ratios and goals, to
text and to the picture.

    python3 figures_test.py
"""

import collections
import itertools
import os
import sys
import unittest
import xml.dom.minidom

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "tests", "e2e"))

import figure
import methods
import scenarios
import summary
import tables
from stall import NoWritesAround, longest_interval, worst_gap, worst_stall


def row(method, freeze, rep=0, **other):
    return {"scenario": "many", "method": method, "filesystem": "ext4", "N": 24, "load": "idle",
            "rep": rep, "freeze_ms": freeze, "thaw_ms": 1.0, "stall_ms": None} | other


MACHINE = {"processor": "P", "cores": 2, "memory_mib": 1, "kernel": "6.1", "direct_io": False,
           "quick": False, "versions": {"openvss": "1"}}
METHODS = [method.NAME for method in methods.ALL]


def rows_of(cell, repetitions=1, **milliseconds):
    """Of every method, in every repetition: a hundred milliseconds, or what is given for it."""
    return [row(method, milliseconds.get(method.replace("-", "_"), 100.0), rep, scenario=cell.scenario,
                filesystem=cell.kind, N=cell.count, load=cell.load,
                stall_ms=None if cell.load == "idle" else 100.0)
            for method in METHODS for rep in range(repetitions)]


def cell_of(title):
    cell, = (cell for cell in scenarios.whole() if cell.title == title)
    return cell


class Stall(unittest.TestCase):
    TIMES = [0, 10, 20, 60, 70, 200]

    def test_is_the_longest_interval_of_those_that_overlap(self):
        self.assertEqual(longest_interval(self.TIMES, 15, 65), 40)

    def test_counts_an_interval_that_only_begins_or_ends_within(self):
        self.assertEqual(longest_interval(self.TIMES, 15, 25), 40)
        self.assertEqual(longest_interval(self.TIMES, 30, 65), 40)

    def test_counts_an_interval_around_the_whole(self):
        self.assertEqual(longest_interval(self.TIMES, 30, 40), 40)

    def test_does_not_count_one_that_is_over_before_or_begins_after(self):
        self.assertEqual(longest_interval(self.TIMES, 61, 69), 10)

    def test_is_unknown_without_a_write_on_each_side(self):
        for begin, end in ((-1, 5), (65, 201), (-2, -1), (201, 202), (200, 200)):
            with self.assertRaises(NoWritesAround):
                longest_interval(self.TIMES, begin, end)
        with self.assertRaises(NoWritesAround):
            longest_interval([], 0, 1)

    def test_of_many_is_that_of_the_worst(self):
        self.assertEqual(worst_stall([[0, 10, 20], [0, 15, 20]], 5, 18), 15)


    def test_a_gap_ends_where_the_stall_may_begin(self):
        times = [0, 10, 20, 60, 200]
        self.assertEqual(worst_gap([times, times], 5, 40), 20)
        self.assertEqual(worst_gap([times], 5, 60), 40)
        self.assertEqual(worst_gap([times], 65, 90), 30)
        with self.assertRaises(NoWritesAround):
            worst_gap([times], -1, 90)


class Ratios(unittest.TestCase):
    def test_are_paired_within_a_repetition(self):
        ours, peer = {0: 1, 1: 1, 2: 9}, {0: 10, 1: 5, 2: 10}  # the medians' own ratio is 0.1
        self.assertAlmostEqual(summary.paired_ratio(ours, peer), 0.2)
        self.assertAlmostEqual(summary.paired_ratio({0: 2, 1: 8}, {1: 4, 2: 1}), 2)
        self.assertIsNone(summary.paired_ratio({0: 1}, {1: 1}))

    MANY, ONE = cell_of("many: 24 ext4, idle"), cell_of("one: 1 ext4, idle")

    def rows(self, ours):
        return [row("openvss", ours, 0), row("openvss", 3 * ours, 1), row("limit", 50, 0),
                row("limit", 150, 1), row("qemu-ga", 1000, 0), row("qemu-ga", 3000, 1)]

    def test_a_goal_holds_up_to_its_number(self):
        entries = summary.ratios(self.rows(60), [self.MANY], 2)
        self.assertEqual([(entry["name"], entry["ours"], entry["peer"], entry["ratio"],
                           entry["goal"], entry["holds"]) for entry in entries], [
            ("freeze latency, idle, N=24, ext4, against limit", 120, 100, 1.2, 1.2, True),
            ("freeze latency, idle, N=24, ext4, against qemu-ga", 120, 2000, 0.06, 0.09, True),
            ("thaw latency, idle, N=24, ext4, against qemu-ga", 1, 1, 1, 0.5, False)])
        self.assertFalse(summary.ratios(self.rows(61), [self.MANY], 2)[0]["holds"])

    def test_without_goals_nothing_is_said_to_hold(self):
        entries = summary.ratios(self.rows(60), [self.MANY], 2, with_goals=False)
        self.assertEqual([(entry["goal"], entry["holds"]) for entry in entries], 3 * [(None, None)])

    def test_a_repetition_short_is_not_judged(self):
        rows = self.rows(60)
        rows.remove(row("qemu-ga", 3000, 1))
        self.assertEqual([(entry["peer"], entry["ratio"], entry["holds"])
                          for entry in summary.ratios(rows, [self.MANY], 2)],
                         [(100, 1.2, True), (None, None, None), (None, None, None)])

    def test_the_best_peer_is_none_of_ours(self):
        rows = rows_of(self.ONE, openvss=33, limit=20, qemu_ga=35, hv_vss_daemon=30)
        entry, = summary.ratios(rows, [self.ONE], 1)
        self.assertEqual(entry["name"],
                         "freeze latency, idle, N=1, ext4, against best peer, hv_vss_daemon")
        self.assertEqual((entry["ratio"], entry["holds"]), (1.1, True))

    def test_the_best_peer_is_unknown_while_one_is_missing(self):
        rows = [each for each in rows_of(self.ONE, openvss=33) if each["method"] != "qemu-ga"]
        entry, = summary.ratios(rows, [self.ONE], 1)
        self.assertEqual((entry["name"], entry["goal"], entry["holds"]),
                         ("freeze latency, idle, N=1, ext4, against best peer", 1.1, None))

    def test_btrfs_is_looked_at_without_a_goal(self):
        cell = cell_of("many: 24 btrfs, idle")
        entries = summary.ratios(rows_of(cell, openvss=25), [cell], 1)
        self.assertEqual([(entry["ratio"], entry["goal"], entry["holds"]) for entry in entries],
                         [(0.25, None, None), (1, None, None)])

    def test_growth_is_the_slope_of_the_medians(self):
        cells = [scenarios.growing(count, "idle") for count in scenarios.GROWTH]
        rows = [row("openvss", 30 + each * count, rep, scenario="growth", N=count)
                for count in scenarios.GROWTH for rep, each in enumerate((1.5, 2, 9))]
        entry, = summary.ratios(rows, cells, 3)
        self.assertEqual((entry["ours"], entry["holds"]), (2, True))
        self.assertAlmostEqual(entry["ratio"], 2 / 3, 3)
        entry, = summary.ratios(rows[:-1], cells, 3)
        self.assertEqual((entry["ours"], entry["holds"]), (None, None))
        self.assertEqual(summary.ratios(rows, cells[:-1], 3), [])

    def test_of_a_whole_run_every_goal_is_told_though_nothing_is_measured(self):
        entries = summary.ratios([], scenarios.whole(), 10)
        goals = [entry for entry in entries if entry["goal"] is not None]
        self.assertEqual(len(goals), sum(len(goal.kinds) for goal in summary.GOALS) + 1)
        self.assertEqual({(entry["ratio"], entry["holds"]) for entry in entries}, {(None, None)})

    def test_a_spread_is_median_and_maximum_without_what_was_not_measured(self):
        rows = [row("openvss", freeze, rep) for rep, freeze in enumerate((1, 9, 2))]
        group = summary.groups(rows)[0]
        self.assertEqual(summary.spread(rows, "freeze_ms", group), (2, 9))
        self.assertIsNone(summary.spread(rows, "stall_ms", group))


class Plan(unittest.TestCase):
    def orders(self, count):
        return [scenarios.balanced_order(range(count), repetition)
                for repetition in range(scenarios.WHOLE_REPETITIONS)]

    def test_each_method_comes_as_often_at_each_place(self):
        for place in zip(*self.orders(len(METHODS))):
            self.assertEqual(set(collections.Counter(place).values()), {2})

    def test_each_method_follows_each_other_one_as_often(self):
        orders = self.orders(len(METHODS))
        followed = collections.Counter(pair for order in orders for pair in itertools.pairwise(order))
        self.assertEqual(followed, {pair: 2 for pair in itertools.permutations(range(5), 2)})
        in_a_row = collections.Counter(itertools.pairwise(itertools.chain(*orders)))
        self.assertEqual(in_a_row.keys(), followed.keys())  # none follows itself
        self.assertLessEqual(max(in_a_row.values()), 3)

    def test_with_one_method_missing_as_many_rows_as_methods_are_balanced(self):
        followed = collections.Counter(pair for order in self.orders(4)[:4]
                                       for pair in itertools.pairwise(order))
        self.assertEqual(followed, {pair: 1 for pair in itertools.permutations(range(4), 2)})

    def test_every_goal_has_its_cells(self):
        cells = {(cell.scenario, cell.load, cell.kind) for cell in scenarios.whole()}
        for goal in summary.GOALS:
            for kind in (*goal.kinds, "btrfs"):
                self.assertIn((goal.scenario, goal.load, kind), cells)

    def test_files_of_the_writers_fit_their_filesystem_and_hold_a_burst(self):
        for cell in scenarios.whole() + scenarios.quick():
            self.assertLessEqual(2 * cell.file_mib, cell.size_mib / 2)
            self.assertLessEqual(scenarios.LOADS[cell.load].burst_mib, 2 * cell.file_mib)

    def test_the_estimate_grows_with_what_is_to_be_done(self):
        small, large = scenarios.growing(1, "idle"), scenarios.growing(128, "idle")
        self.assertLess(scenarios.estimated_seconds(small, 10, 5),
                        scenarios.estimated_seconds(large, 10, 5))
        self.assertLess(scenarios.estimated_seconds(small, 3, 5),
                        scenarios.estimated_seconds(small, 10, 5))


class Shown(unittest.TestCase):
    def results(self):
        rows = [row(method, 1, rep, scenario="growth", load="60MBps", N=count, stall_ms=stall * count)
                for method, stall in (("openvss", 30), ("qemu-ga", 31.0), ("limit", 3))
                for count in (1, 8) for rep in range(2)]
        before = [each | {"gap_ms": 2.0} for each in rows]
        ratios = summary.ratios([row("openvss", 130), row("limit", 100)], [Ratios.MANY], 1)
        return {"rows": rows, "before": before, "ratios": ratios, "machine": MACHINE}

    def test_a_goal_that_does_not_hold_is_said_plainly(self):
        text = tables.terminal(self.results())
        self.assertRegex(text, r"against limit +130 +100 +1\.300 +1\.2 +NO\n")
        self.assertRegex(text, r"against qemu-ga +- +- +- +0\.09 +not measured\n")
        self.assertTrue(text.endswith("0 of 3 goals hold, 2 not measured."), text)
        self.assertIn("without direct I/O", text)

    def test_numbers_have_three_digits_that_count(self):
        self.assertEqual([tables.number(value) for value in (0.004, 1.234, 12.34, 123.4, 12345)],
                         ["0.00", "1.23", "12.3", "123", "12345"])

    def test_markdown_has_a_line_for_each_method_and_cell(self):
        text = tables.markdown(self.results())
        self.assertEqual(text.count("\n| growth | 60MBps | ext4 |"), 6)
        self.assertIn("| openvss | 2 | 1.00 / 1.00 | 1.00 / 1.00 | 240 / 240 |", text)

    def test_the_picture_is_well_formed_and_names_everybody(self):
        text = figure.draw(self.results())
        picture = xml.dom.minidom.parseString(text)
        self.assertEqual(len(picture.getElementsByTagName("polyline")), 4)
        for name in ("openvss 240 ms", "qemu-ga 248 ms", "limit 24 ms", "no snapshot 2 ms"):
            self.assertIn(f">{name}<", text)

    def test_the_picture_says_of_how_many_its_medians_are(self):
        results = self.results()
        results["rows"].append(row("openvss", 1, 9))  # is not in the picture
        self.assertIn("median of 2 with its maximum", figure.draw(results))
        del results["rows"][0]
        self.assertIn("median of 1 to 2 with its maximum", figure.draw(results))

    def test_labels_of_the_picture_keep_their_distance(self):
        places = figure.spread_out({"a": 50, "b": 51, "c": 200, "d": 49})
        self.assertEqual(places, {"d": 49, "a": 65, "b": 81, "c": 200})

    def test_a_picture_of_nothing_is_refused(self):
        with self.assertRaisesRegex(ValueError, "make bench"):
            figure.draw({"rows": [], "before": []})


if __name__ == "__main__":
    unittest.main()
