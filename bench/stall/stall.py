"""From the records of writes to a stall. Pure: times go in, a time comes out."""

import bisect
import itertools


class NoWritesAround(ValueError):
    """A stall needs a write completed before it and one after it."""


def longest_interval(times, begin, end):
    """Of the intervals between consecutive `times`, which ascend, that overlap [begin, end]."""
    first = bisect.bisect_right(times, begin) - 1
    last = max(bisect.bisect_left(times, end), first + 1)
    if first < 0 or last >= len(times):
        raise NoWritesAround(f"{len(times)} writes, and not one on each side")
    return max(later - earlier for earlier, later in itertools.pairwise(times[first:last + 1]))


def longest_until(times, begin, end):
    """The same, as it was known at `end`: what came later is not there yet."""
    return longest_interval([*times[:bisect.bisect_left(times, end)], end], begin, end)


def worst_stall(times_by_filesystem, begin, end):
    """That of the filesystem which has the longest, from the times of each one's writes."""
    return max(longest_interval(times, begin, end) for times in times_by_filesystem)


def worst_gap(times_by_filesystem, begin, end):
    """What the writers do to themselves from `begin` to `end`, when a stall may begin."""
    return max(longest_until(times, begin, end) for times in times_by_filesystem)
