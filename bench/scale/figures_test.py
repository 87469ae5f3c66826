"""The arithmetic of bench/scale on rows that are made up."""

import unittest

import figures


def row(method, writers, rep, down_ms, up_ms=0.0):
    return {"method": method, "writers": writers, "rep": rep, "down_ms": down_ms, "up_ms": up_ms}


class Figures(unittest.TestCase):
    def test_ratio_is_the_median_of_pairs_not_of_the_two_medians(self):
        rows = [row("openvss", 10, rep, ms) for rep, ms in enumerate((1, 4, 9))]
        rows += [row("echo", 10, rep, ms) for rep, ms in enumerate((1, 1, 9))]
        self.assertEqual(figures.paired_ratio(rows, 10), 1)

    def test_a_run_without_its_partner_is_no_pair(self):
        rows = [row("openvss", 10, 0, 1), row("echo", 10, 0, 1), row("echo", 10, 1, 1)]
        with self.assertRaises(ValueError):
            figures.paired_ratio(rows, 10)

    def test_time_is_down_and_up_together(self):
        self.assertEqual(figures.of([row("echo", 10, 0, 2, 3)], "echo", 10), [5])

    def test_line_through_points_of_a_line_explains_everything(self):
        line = figures.line_through([(10, 12), (100, 102), (1000, 1002)])
        self.assertAlmostEqual(line["ms_per_writer"], 1)
        self.assertAlmostEqual(line["ms_at_none"], 2)
        self.assertAlmostEqual(line["r_squared"], 1)

    def test_what_grows_with_the_square_does_not_pass_for_a_line(self):
        line = figures.line_through([(n, n * n) for n in (10, 100, 1000, 10_000)])
        self.assertLess(line["r_squared"], 0.999)

    def test_goals_hold_up_to_their_limit_and_no_further(self):
        rows = [row("openvss", 10, 0, 1.5), row("echo", 10, 0, 1)]
        memory = {"kib_per_writer": 4.1}
        idle = {"seconds": 60, "processes": {"vssd": {"wake_ups": 0}, "freezer": {"wake_ups": 1}}}
        self.assertEqual([goal["holds"] for goal in figures.goals(rows, memory, idle)],
                         [True, False, False])


if __name__ == "__main__":
    unittest.main()
