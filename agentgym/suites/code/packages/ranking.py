"""Ranks and averages."""


def ranks(scores):
    """Return the rank of each score, in the order of the scores; the highest has rank 1.

    Equal scores have the same rank, and the next lower one the rank as if they had not: 9, 7, 7, 5 rank 1, 2, 2, 4.
    """
    return [1 + sum(other > score for other in scores) for score in scores]


def median(values):
    """Return the middle of the sorted values, or the mean of the two in the middle; None if there are none."""
    if not values:
        return None
    ordered = sorted(values)
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2


def moving(values, width):
    """Return the sums of each width neighbouring values, from the left; none if there are fewer values."""
    return [sum(values[start : start + width]) for start in range(len(values) - width + 1)]


def best(scores, count):
    """Return the names of the count highest scores of a dict, the highest first.

    Of equal ones the first in the alphabet comes first.
    """
    return sorted(scores, key=lambda name: (-scores[name], name))[:count]


def streak(results):
    """Return the length of the longest run of true values."""
    longest = run = 0
    for result in results:
        run = run + 1 if result else 0
        longest = max(longest, run)
    return longest
