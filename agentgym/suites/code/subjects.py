"""The modules of `agentgym.suites.code.packages`: what can be broken in them, and what they are called with."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from agentgym.suites.code.packages import numerals, signs
from agentgym.suites.toolmaking import draw, draw_some

__all__ = ["SUBJECTS", "Fault", "Subject"]

Draw = Callable[[np.random.Generator], list[Any]]
"""Arguments of a call, of what JSON has."""


class Fault(NamedTuple):
    """What stands in a module once, and what it can be replaced by; in which function that shows."""

    function: str
    right: str
    wrong: str


class Subject(NamedTuple):
    """A module by its name."""

    name: str
    draws: Mapping[str, Draw]
    faults: Sequence[Fault]


_WORDS = ("a", "and", "bridge", "Cloud", "dune", "echo", "FERRY", "of", "stone", "the", "water", "wind")
# They have no types.
_written: Callable[[int], Any] = numerals.to_roman
_fulfils: Callable[[str], Any] = signs.valid_card

_NAMES = ("Ann", "Ben", "Cat", "Dan", "Eva", "Fay")


def _int(rng: np.random.Generator, low: int, high: int) -> int:
    return int(rng.integers(low, high))


def _ints(rng: np.random.Generator, least: int, most: int, *, low: int = 0, high: int = 10) -> list[int]:
    return [_int(rng, low, high) for _ in range(_int(rng, least, most + 1))]


def _intervals(rng: np.random.Generator) -> list[list[int]]:
    firsts = _ints(rng, 0, 5, high=20)
    return [[first, first + _int(rng, 0, 5)] for first in firsts]


def _text(rng: np.random.Generator) -> str:
    blanks = (" ", " ", "  ")
    return "".join(draw(rng, _WORDS) + draw(rng, blanks) for _ in range(_int(rng, 1, 9)))


def _grid(rng: np.random.Generator, *, rows: int = 0, columns: int = 0) -> list[list[int]]:
    size = rows or _int(rng, 1, 5), columns or _int(rng, 1, 5)
    return [[_int(rng, 0, 6) for _ in range(size[1])] for _ in range(size[0])]


def _place_in_grid(rng: np.random.Generator) -> list[Any]:
    grid = _grid(rng)
    return [grid, _int(rng, 0, len(grid)), _int(rng, 0, len(grid[0]))]


def _factors(rng: np.random.Generator) -> list[Any]:
    inner = _int(rng, 1, 4)
    return [_grid(rng, columns=inner), _grid(rng, rows=inner + int(rng.random() < 0.2))]


def _version(rng: np.random.Generator) -> str:
    numbers = ".".join(str(draw(rng, (0, 1, 2, 10))) for _ in range(_int(rng, 1, 4)))
    return draw(rng, ("", "", "v")) + numbers + draw(rng, ("", "", "", "-rc1", "-rc2", "-a1"))


def _versions(rng: np.random.Generator) -> list[str]:
    return [draw(rng, ("1", "1.0", "v1", "2-rc1", _version(rng))) for _ in range(_int(rng, 0, 6))]


def _roman(rng: np.random.Generator) -> str:
    written = str(_written(_int(rng, 1, 4000)))
    return draw(rng, (written, written, written.lower()))


def _line(rng: np.random.Generator) -> str:
    return ",".join(draw(rng, ("", "a", " b", '"c,d"', '"e""f"', '""', '"g"', "h i")) for _ in range(_int(rng, 1, 5)))


def _value(rng: np.random.Generator) -> str:
    return _letters(rng, 'ab c,"', 5)


def _table(rng: np.random.Generator) -> list[Any]:
    heads = draw_some(rng, ("id", "name", "town", '"a,b"'), 3)
    lines = [",".join(draw(rng, ("1", "x", '"y,z"')) for _ in range(_int(rng, 1, 4))) for _ in range(_int(rng, 0, 4))]
    return [[",".join(heads), *lines], draw_some(rng, ("id", "name", "town", "a,b", "none"), 2)]


def _path(rng: np.random.Generator, *, rooted: bool | None = None) -> str:
    parts = [draw(rng, ("a", "b", "..", "..", ".", "", "c.tar.gz", ".d", "ab", "e.")) for _ in range(_int(rng, 0, 6))]
    begins = "/" if rooted or (rooted is None and rng.random() < 0.5) else ""
    return begins + "/".join(parts)


def _nested(rng: np.random.Generator, depth: int = 0) -> list[Any]:
    return [
        _nested(rng, depth + 1) if depth < 3 and rng.random() < 0.4 else _int(rng, 0, 9) for _ in range(_int(rng, 0, 4))
    ]


def _letters(rng: np.random.Generator, letters: str, most: int) -> str:
    return "".join(draw(rng, letters) for _ in range(_int(rng, 0, most + 1)))


def _brackets(rng: np.random.Generator) -> str:
    text = ""
    for _ in range(_int(rng, 0, 4)):
        pair = draw(rng, ("()", "[]", "{}"))
        text = draw(rng, (pair[0] + text + pair[1], text + pair, text + "x"))
    return text + draw(rng, ("", "", "", "(", "]"))


def _card(rng: np.random.Generator) -> str:
    digits = _letters(rng, "0123456789", 12) + " 42"
    last = next((one for one in "0123456789" if _fulfils(digits + one)), "0")
    return draw(rng, (digits + last, digits + last, digits + "5", "0", " 7", "18"))


def _day(rng: np.random.Generator) -> list[int]:
    return [_int(rng, 1895, 2010), _int(rng, 1, 13), _int(rng, 1, 29)]


SUBJECTS = (
    Subject(
        "intervals",
        {
            "merge": lambda rng: [_intervals(rng)],
            "count": lambda rng: [_intervals(rng)],
            "gaps": lambda rng: [_intervals(rng), _int(rng, 0, 10), _int(rng, 10, 25)],
            "common": lambda rng: [[_int(rng, 0, 5), _int(rng, 5, 9)], [_int(rng, 3, 12), 12]],
        },
        (
            Fault("merge", "first <= merged[-1][1] + 1", "first <= merged[-1][1]"),
            Fault("merge", "max(merged[-1][1], last)", "last"),
            Fault("count", "last - first + 1 for first", "last - first for first"),
            Fault("gaps", "if start > last:", "if start >= last:"),
            Fault("gaps", "max(first, end + 1)", "end + 1"),
            Fault("common", "if first <= last else None", "if first < last else None"),
        ),
    ),
    Subject(
        "wording",
        {
            "wrap": lambda rng: [_text(rng), _int(rng, 3, 20)],
            "headline": lambda rng: [_text(rng), ["a", "and", "of", "the"]],
            "frequent": lambda rng: [_text(rng) + _text(rng), _int(rng, 1, 4)],
            "slug": lambda rng: [draw(rng, ("", " ", "--")) + _text(rng).replace("  ", draw(rng, ("!", ", ", " - ")))],
        },
        (
            Fault("wrap", "len(lines[-1]) + 1 + len(word)", "len(lines[-1]) + len(word)"),
            Fault("wrap", "<= width", "< width"),
            Fault("headline", "not in (0, last)", "!= 0"),
            Fault("headline", "text.lower().split()\n    last", "text.split()\n    last"),
            Fault("frequent", "(-numbers[word], word)", "-numbers[word]"),
            Fault("slug", "one.lower() if", "one if"),
            Fault("slug", '"-".join(kept.split())', 'kept.strip().replace(" ", "-")'),
        ),
    ),
    Subject(
        "numerals",
        {
            "to_roman": lambda rng: [draw(rng, (_int(rng, 1, 4000), _int(rng, 1, 100), 3999, 4000, 0))],
            "from_roman": lambda rng: [_roman(rng)],
            "to_base": lambda rng: [_int(rng, -50, 5000), draw(rng, (2, 3, 16, 36))],
            "ordinal": lambda rng: [draw(rng, (_int(rng, 1, 200), 100 * _int(rng, 0, 9) + _int(rng, 11, 14)))],
        },
        (
            Fault("to_roman", '(9, "IX")', '(9, "VIIII")'),
            Fault("to_roman", "1 <= number <= 3999", "1 <= number <= 3000"),
            Fault("to_roman", "while number >= value", "while number > value"),
            Fault("from_roman", "-value if value < following", "-value if value > following > 0"),
            Fault("from_roman", "text.upper()", "text"),
            Fault("to_base", "DIGITS[rest % base] + digits", "digits + DIGITS[rest % base]"),
            Fault("to_base", '"-" + digits if number < 0 else digits', "digits"),
            Fault("ordinal", "number % 100 in", "number in"),
        ),
    ),
    Subject(
        "days",
        {
            "is_leap": lambda rng: [
                draw(rng, (_int(rng, 1600, 2400), 4 * _int(rng, 400, 600), 100 * _int(rng, 16, 40)))
            ],
            "length": lambda rng: [_int(rng, 1890, 2030), draw(rng, (0, 1, 2, 2, 4, 6, 11, 12, 13))],
            "day_of_year": _day,
            "following": lambda rng: [*_day(rng), _int(rng, 0, 500)],
            "duration": lambda rng: [draw(rng, (_int(rng, 0, 90), _int(rng, -5000, 100_000), 3600))],
        },
        (
            Fault("is_leap", "or year % 400 == 0", "and year % 400 != 0"),
            Fault("is_leap", "(year % 100 != 0 or", "(year % 10 != 0 or"),
            Fault("length", "1 <= month <= 12", "0 <= month <= 12"),
            Fault("length", "LENGTHS[month - 1]", "LENGTHS[month % 12]"),
            Fault("day_of_year", "range(1, month)) + day", "range(1, month + 1)) + day"),
            Fault("following", "while day > length(year, month)", "if day > length(year, month)"),
            Fault("following", "year, month = year + 1, 1", "month = 1"),
            Fault("duration", "// 60 % 60", "// 60 % 24"),
        ),
    ),
    Subject(
        "grids",
        {
            "turn": lambda rng: [_grid(rng)],
            "product": _factors,
            "spiral": lambda rng: [_grid(rng)],
            "neighbours": _place_in_grid,
            "saddles": lambda rng: [_grid(rng)],
        },
        (
            Fault("turn", "zip(*grid[::-1])", "zip(*grid)"),
            Fault("product", "len(one[0]) != len(other)", "len(one) != len(other)"),
            Fault("product", "for column in zip(*other)", "for column in other"),
            Fault("spiral", "zip(*rest)][::-1]", "zip(*rest)]"),
            Fault("neighbours", "max(0, row - 1)", "max(0, row)"),
            Fault("neighbours", " - grid[row][column]", ""),
            Fault("saddles", "== max(row)", "== min(row)"),
        ),
    ),
    Subject(
        "versions",
        {
            "parse": lambda rng: [_version(rng)],
            "compare": lambda rng: [_version(rng), _version(rng)],
            "newest": lambda rng: [_versions(rng), bool(rng.random() < 0.5)],
            "bump": lambda rng: [
                f"{_int(rng, 0, 12)}.{_int(rng, 0, 12)}.{_int(rng, 1, 12)}",
                draw(rng, ("major", "minor", "patch", "stage")),
            ],
        },
        (
            Fault("parse", 'removeprefix("v")', 'removeprefix("V")'),
            Fault("parse", "numbers.pop()", "numbers.pop(0)"),
            Fault("compare", 'stage == "", stage', 'stage != "", stage'),
            Fault("newest", "and not stages", "and stages"),
            Fault("newest", "compare(text, best) > 0", "compare(text, best) >= 0"),
            Fault("bump", "[0] * (2 - place)", "numbers[place + 1 :]"),
        ),
    ),
    Subject(
        "coins",
        {
            "share": lambda rng: [_int(rng, 0, 1000), _int(rng, 1, 8)],
            "add_tax": lambda rng: [_int(rng, 0, 1000), draw(rng, (5, 7, 19, 50))],
            "fewest": lambda rng: [_int(rng, 0, 40), draw(rng, ([1, 5, 10], [1, 7, 10], [5, 9], [4, 6], [1, 6, 9]))],
            "written": lambda rng: [draw(rng, (_int(rng, -200_000, 900_000), _int(rng, -99, 99)))],
            "settle": lambda rng: [{name: _int(rng, 0, 500) for name in _NAMES[: _int(rng, 0, 6)]}],
        },
        (
            Fault(
                "share", "[each + 1] * rest + [each] * (people - rest)", "[each] * (people - rest) + [each + 1] * rest"
            ),
            Fault("add_tax", "percent + 50) // 100", "percent) // 100"),
            Fault("fewest", "if coin <= amount", "if coin < amount"),
            Fault("fewest", "min(counts) + 1", "counts[-1] + 1"),
            Fault("written", "divmod(abs(cents), 100)", "divmod(cents, 100)"),
            Fault("written", "{rest:02}", "{rest}"),
            Fault("settle", "paid[name] - due", "due - paid[name]"),
        ),
    ),
    Subject(
        "ranking",
        {
            "ranks": lambda rng: [_ints(rng, 0, 7)],
            "median": lambda rng: [_ints(rng, 0, 7)],
            "moving": lambda rng: [_ints(rng, 0, 8), _int(rng, 1, 5)],
            "best": lambda rng: [{name: _int(rng, 0, 4) for name in draw_some(rng, _NAMES, 5)}, _int(rng, 0, 4)],
            "streak": lambda rng: [[bool(one) for one in _ints(rng, 0, 12, high=2)]],
        },
        (
            Fault("ranks", "other > score for other in scores", "other > score for other in set(scores)"),
            Fault("median", "(ordered[half - 1] + ordered[half]) / 2", "ordered[half]"),
            Fault("median", "ordered = sorted(values)", "ordered = list(values)"),
            Fault("moving", "- width + 1", "- width"),
            Fault("best", "(-scores[name], name))", "scores[name])"),
            Fault("streak", "longest = max(longest, run)", "longest = run"),
        ),
    ),
    Subject(
        "quoting",
        {
            "split": lambda rng: [_line(rng)],
            "join": lambda rng: [[_value(rng) for _ in range(_int(rng, 1, 5))]],
            "quoted": lambda rng: [_value(rng)],
            "columns": _table,
        },
        (
            Fault("split", 'letter == "," and not inside', 'letter == ","'),
            Fault("split", "            value += '\"'\n", ""),
            Fault("split", "return [*values, value]", "return [*values, value] if value else values"),
            Fault("quoted", "value.replace('\"', '\"\"')", "value"),
            Fault("quoted", 'if "," in value or \'"\' in value', 'if "," in value'),
            Fault("columns", "and place < len(values) else None", "else None"),
        ),
    ),
    Subject(
        "places",
        {
            "normal": lambda rng: [_path(rng)],
            "suffix": lambda rng: [_path(rng)],
            "from_to": lambda rng: [_path(rng, rooted=True), _path(rng, rooted=True)],
            "inside": lambda rng: [
                _path(rng, rooted=True),
                draw(rng, ("/", "/a", "/a/b", "/a/", "/b/../a", _path(rng, rooted=True))),
            ],
        },
        (
            Fault("normal", 'if part in ("", "."):', 'if part == "":'),
            Fault("normal", "elif not rooted:", "else:"),
            Fault("normal", 'parts and parts[-1] != "..":', "parts:"),
            Fault("suffix", 'if stem.strip(".") else ""', ""),
            Fault("from_to", '[".."] * (len(one) - same)', '[".."] * len(one)'),
            Fault("inside", 'folder.rstrip("/") + "/"', "folder"),
        ),
    ),
    Subject(
        "series",
        {
            "chunks": lambda rng: [_ints(rng, 0, 9), _int(rng, 1, 5)],
            "flat": lambda rng: [_nested(rng)],
            "runs": lambda rng: [_ints(rng, 0, 9, high=3)],
            "rotated": lambda rng: [_ints(rng, 0, 6), _int(rng, -9, 10)],
            "pairs": lambda rng: [_ints(rng, 0, 8, high=6), _int(rng, 2, 9)],
            "interleaved": lambda rng: [_ints(rng, 0, 5), _ints(rng, 0, 5, low=10, high=20)],
        },
        (
            Fault("chunks", "range(0, len(values), size)", "range(0, len(values) - size + 1, size)"),
            Fault("flat", "flat(one) if", "one if"),
            Fault("runs", "found[-1][1] += 1", "found[-1][1] = 2"),
            Fault("rotated", "    count %= len(values)\n", ""),
            Fault(
                "rotated",
                "values[len(values) - count :] + values[: len(values) - count]",
                "values[count:] + values[:count]",
            ),
            Fault("pairs", "range(first + 1, len(values))", "range(first, len(values))"),
            Fault("interleaved", "+ one[shorter:] + other[shorter:]", "+ other[shorter:]"),
        ),
    ),
    Subject(
        "signs",
        {
            "shifted": lambda rng: [_letters(rng, "abyzABYZ .1", 9), _int(rng, -30, 31)],
            "valid_card": lambda rng: [_card(rng)],
            "packed": lambda rng: ["".join(draw(rng, "abc-") * _int(rng, 1, 12) for _ in range(_int(rng, 0, 5)))],
            "balanced": lambda rng: [_brackets(rng)],
            "distance": lambda rng: [_letters(rng, "abc", 6), _letters(rng, "abc", 6)],
        },
        (
            Fault("shifted", 'chr((ord(letter) - ord("A") + count) % 26 + ord("A"))', "chr(ord(letter) + count % 26)"),
            Fault("shifted", '"a" <= letter <= "z"', '"a" <= letter < "z"'),
            Fault("valid_card", "if digit > 4", "if digit > 5"),
            Fault("valid_card", "digits[-1::-2]", "digits[::2]"),
            Fault("packed", "if count >= 3", "if count > 3"),
            Fault("packed", "place = end", "place += max(1, min(count, 9))"),
            Fault("balanced", "return not opened", "return True"),
            Fault("distance", "row[-1] + 1, ", ""),
        ),
    ),
)
