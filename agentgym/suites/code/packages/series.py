"""Work on lists."""


def chunks(values, size):
    """Return the values as lists of size each, in their order; the last one may be shorter."""
    return [values[start : start + size] for start in range(0, len(values), size)]


def flat(nested):
    """Return all values of lists within lists, to any depth, in their order."""
    values = []
    for one in nested:
        values += flat(one) if isinstance(one, list) else [one]
    return values


def runs(values):
    """Return lists of a value and how often it stands there in a row, in their order."""
    found = []
    for value in values:
        if found and found[-1][0] == value:
            found[-1][1] += 1
        else:
            found.append([value, 1])
    return found


def rotated(values, count):
    """Return the values moved count places to the right, those at the end to the beginning; negative to the left."""
    if not values:
        return []
    count %= len(values)
    return values[len(values) - count :] + values[: len(values) - count]


def pairs(values, total):
    """Return how many pairs of places, the first before the second, have values with this sum."""
    return sum(
        values[first] + values[second] == total
        for first in range(len(values))
        for second in range(first + 1, len(values))
    )


def interleaved(one, other):
    """Return the values of both lists in turn, beginning with the first; what is left of the longer one comes last."""
    both = [value for two in zip(one, other) for value in two]
    shorter = min(len(one), len(other))
    return both + one[shorter:] + other[shorter:]
