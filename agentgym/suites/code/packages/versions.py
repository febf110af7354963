"""Versions such as 1.10.2, which may end in a stage such as 2.0-rc1."""


def parse(text):
    """Return the numbers of a version as a list, without zeros at the end; v before them, and a stage, are left out."""
    numbers = [int(part) for part in text.removeprefix("v").partition("-")[0].split(".")]
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return numbers


def compare(one, other):
    """Return -1, 0 or 1: whether one version is before, equal to or after the other.

    The numbers decide; of equal ones, a version with a stage is before one without, and stages are compared as texts.
    """
    keys = []
    for text in (one, other):
        stage = text.partition("-")[2]
        keys.append((parse(text), stage == "", stage))
    return (keys[0] > keys[1]) - (keys[0] < keys[1])


def newest(texts, stages):
    """Return the last version of a list, the first of equal ones; None if there is none.

    Those with a stage count only if stages is true.
    """
    best = None
    for text in texts:
        if "-" in text and not stages:
            continue
        if best is None or compare(text, best) > 0:
            best = text
    return best


def bump(text, part):
    """Return a version of three numbers without stage with one counted up, which is major, minor or patch.

    What comes after it becomes 0. Raise ValueError for any other part.
    """
    if part not in ("major", "minor", "patch"):
        raise ValueError(f"a version has no {part}")
    place = ("major", "minor", "patch").index(part)
    numbers = [int(one) for one in text.split(".")]
    raised = numbers[:place] + [numbers[place] + 1] + [0] * (2 - place)
    return ".".join(str(one) for one in raised)
