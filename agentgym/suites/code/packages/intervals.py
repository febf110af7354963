"""Closed intervals of whole numbers, each a list of its first and last number."""


def merge(intervals):
    """Return the fewest intervals that hold the same numbers, in their order.

    Intervals that overlap become one, and so do those that touch: [1, 3] and [4, 6] become [1, 6].
    """
    merged = []
    for first, last in sorted(intervals):
        if merged and first <= merged[-1][1] + 1:
            merged[-1][1] = max(merged[-1][1], last)
        else:
            merged.append([first, last])
    return merged


def count(intervals):
    """Return how many numbers lie in at least one of the intervals."""
    return sum(last - first + 1 for first, last in merge(intervals))


def gaps(intervals, first, last):
    """Return, as intervals in their order, the numbers from first to last that lie in none of the intervals."""
    found = []
    for start, end in merge(intervals):
        if start > last:
            break
        if start > first:
            found.append([first, start - 1])
        first = max(first, end + 1)
    if first <= last:
        found.append([first, last])
    return found


def common(one, other):
    """Return the numbers that lie in both intervals as an interval, or None if there are none."""
    first, last = max(one[0], other[0]), min(one[1], other[1])
    return [first, last] if first <= last else None
