"""Small shell scripts with the ways in which they can be broken, what they read, and what they should print."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from agentgym.suites.toolmaking import draw, draw_some

__all__ = ["PROGRAMS", "Program"]

_NAMES = ("ada", "bo", "cy", "dee", "eve", "fay", "gus", "hal", "ivy", "jo")
_WORDS = ("blue", "copper", "delta", "ember", "fjord", "glass", "hollow", "iron", "jade", "kelp")


class Program(NamedTuple):
    """A script that reads one file.

    Attributes:
        faults: what is right in it, once, and what it can be replaced by. Every input shows each of them.
        draw: an input.
        reference: what it should print of an input.
    """

    name: str
    text: str
    faults: Sequence[tuple[str, str]]
    draw: Callable[[np.random.Generator], str]
    reference: Callable[[str], str]


def _draw_totals(rng: np.random.Generator) -> str:
    names = [*draw_some(rng, _NAMES, 4), "zoe#2"]
    # What is spent first has the larger name: in no order is the order of names that of sums.
    lines = [f"{name},{rng.integers(10, 99)}" for name in names for _ in range(int(rng.integers(2, 5)))]
    lines += [f"{min(names)},5000", "", f"# {names[0]},7", f"{max(names)},-9000"]
    return "\n".join(lines[int(place)] for place in rng.permutation(len(lines))) + "\n"


def _totals(text: str) -> str:
    sums: Counter[str] = Counter()
    for line in text.splitlines():
        if line and not line.startswith("#"):
            name, _, amount = line.partition(",")
            sums[name] += int(amount)
    return "".join(f"{name} {sums[name]}\n" for name in sorted(sums))


def _draw_repeats(rng: np.random.Generator) -> str:
    words = draw_some(rng, _WORDS, 6)
    lines = [f"{words[0]} {words[1]}"] * 2 + [words[2]] * 3 + [words[3]] * 11 + [words[4]] * 3 + [words[5]]
    return "\n".join(lines[int(place)] for place in rng.permutation(len(lines))) + "\n"


def _repeats(text: str) -> str:
    counts = Counter(text.splitlines())
    ranked = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    return "".join(f"{count}\t{line}\n" for line, count in ranked if count > 1)


def _draw_blocks(rng: np.random.Generator) -> str:
    lines = ["before all"]
    for _ in range(int(rng.integers(2, 4))):
        inner = [f"{draw(rng, _WORDS)} {rng.integers(100)}" for _ in range(int(rng.integers(1, 5)))]
        lines += ["not a BEGIN", "BEGIN", *inner, "no END yet", draw(rng, _WORDS), "END", draw(rng, _NAMES)]
    return "\n".join(lines) + "\n"


def _blocks(text: str) -> str:
    inside, kept = False, list[str]()
    for line in text.splitlines():
        if line == "END":
            inside = False
        if inside:
            kept.append(line)
        if line == "BEGIN":
            inside = True
    return "".join(f"{number}: {line}\n" for number, line in enumerate(kept, 1))


def _draw_lines(rng: np.random.Generator) -> str:
    words = [draw(rng, _WORDS) for _ in range(int(rng.integers(3, 7)))]
    longest = f"   {draw(rng, _WORDS)}\\{draw(rng, _NAMES)} and {rng.integers(100, 999)}"
    # As long as the first, and last, without an end of line.
    rival = f"   {'r' * (len(longest) - 3)}"
    return "\n".join([*words, longest, draw(rng, _NAMES), rival, draw(rng, _NAMES)])


def _draw_unended(rng: np.random.Generator) -> str:
    """The longest line is the last in half of the cases, and then has no end."""
    text = _draw_lines(rng)
    return text + f"\n  and the last is the {'very ' * int(rng.integers(3, 6))}longest"


def _longest(text: str) -> str:
    longest = ""
    for line in text.split("\n"):
        if len(line) > len(longest):
            longest = line
    return f"{len(longest)} {longest}\n"


def _draw_table(rng: np.random.Generator) -> str:
    heads = [*draw_some(rng, ("id", "owner", "status", "place"), 4), "total"]
    lines = [",".join(heads)]
    for number in range(int(rng.integers(5, 12))):
        status = ("open", "closed", "reopened", draw(rng, ("open", "closed")))[min(number, 3)]
        row = {"id": f"t{rng.integers(100, 999)}", "owner": draw(rng, _NAMES), "status": status}
        row |= {"place": draw(rng, _WORDS), "total": str(rng.integers(10, 500))}
        lines.append(",".join(row[head] for head in heads))
    opened = {"id": "t7", "owner": "ada", "status": "open", "place": "iron", "total": "11"}
    return "\n".join([*lines, ",".join(opened[head] for head in heads)]) + "\n"


def _table(text: str) -> str:
    heads, *rows = (line.split(",") for line in text.splitlines())
    found = [row for row in (dict(zip(heads, row, strict=True)) for row in rows) if row["status"] == "open"]
    lines = "".join(f"{row['id']} {row['total']}\n" for row in found)
    return f"{lines}sum {sum(int(row['total']) for row in found)}\n"


def _draw_camels(rng: np.random.Generator) -> str:
    return "".join(
        f"{draw(rng, _NAMES)}{draw(rng, _WORDS).title()}{draw(rng, _WORDS).title()}{rng.integers(1, 9)}Part\n"
        for _ in range(int(rng.integers(3, 8)))
    )


def _snakes(text: str) -> str:
    return re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", text).lower()


def _draw_times(rng: np.random.Generator) -> str:
    times = [f"{rng.integers(0, 10):02}:{rng.integers(0, 60):02}" for _ in range(int(rng.integers(4, 10)))]
    minutes = sum(int(time[:2]) * 60 + int(time[3:]) for time in [*times, "08:09"])
    # So that what is over is less than ten minutes, but some.
    return "\n".join([*times, "08:09", f"00:{(63 - minutes) % 60:02}"]) + "\n"


def _times(text: str) -> str:
    minutes = sum(int(line[:2]) * 60 + int(line[3:]) for line in text.splitlines())
    return f"{minutes // 60}:{minutes % 60:02}\n"


PROGRAMS = (
    Program(
        "totals",
        """#!/bin/bash
# Sums up: totals.sh FILE
# FILE has lines NAME,AMOUNT with whole numbers. Empty lines, and lines that begin with #, do not count.
# Prints NAME, a blank and the sum of the amounts for each name, a line each, in the order of the bytes of the names.
grep -v -e '^#' -e '^$' "$1" |
  awk -F ',' '{ sum[$1] += $2 } END { for (name in sum) print name, sum[name] }' |
  LC_ALL=C sort -k 1,1
""",
        (
            ("-F ','", "-F ';'"),
            ("+= $2", "= $2"),
            ("-k 1,1", "-k 2,2n"),
            ("-e '^#'", "-e '#'"),
            ("-e '^$'", "-e '^ $'"),
        ),
        _draw_totals,
        _totals,
    ),
    Program(
        "repeats",
        """#!/bin/bash
# Finds lines that are there more than once: repeats.sh FILE
# Prints how often, a tab, and the line. The most frequent comes first, of equally frequent ones the lesser in bytes.
LC_ALL=C sort "$1" | uniq -c |
  awk '$1 > 1 { count = $1; sub(/^ *[0-9]+ /, ""); print count "\\t" $0 }' |
  LC_ALL=C sort -t "$(printf '\\t')" -k 1,1nr -k 2,2
""",
        (("$1 > 1", "$1 > 2"), ('LC_ALL=C sort "$1"', 'cat "$1"'), ("1,1nr", "1,1r"), ('"\\t" $0', '"\\t" $1')),
        _draw_repeats,
        _repeats,
    ),
    Program(
        "blocks",
        """#!/bin/bash
# Takes out what stands in blocks: blocks.sh FILE
# A block begins after a line that is BEGIN and nothing else, and ends before a line that is END and nothing else.
# Prints the lines of all blocks, each after its number (from 1, through all blocks), a colon and a blank.
awk '
  /^END$/ { inside = 0 }
  inside { print ++count ": " $0 }
  /^BEGIN$/ { inside = 1 }
' "$1"
""",
        (("/^END$/", "/END/"), ("++count", "count++"), ("/^BEGIN$/", "/BEGIN/"), ('": " $0', '": " $1')),
        _draw_blocks,
        _blocks,
    ),
    Program(
        "longest",
        """#!/bin/bash
# Finds the longest line: longest.sh FILE
# Prints its length, a blank and the line as it is, blanks at its beginning and backslashes included; of lines of the
# same length the first. The last line may have no end of line.
longest=""
while IFS= read -r line || [ -n "$line" ]; do
  if [ "${#line}" -gt "${#longest}" ]; then
    longest=$line
  fi
done < "$1"
printf '%d %s\\n' "${#longest}" "$longest"
""",
        (("-gt", "-ge"), ("IFS= read", "read"), ("read -r line", "read line")),
        _draw_lines,
        _longest,
    ),
    Program(
        "last",
        """#!/bin/bash
# Finds the longest line: last.sh FILE
# Prints its length, a blank and the line as it is, with the blanks at its beginning; of lines of the same length the
# first. The last line may have no end of line.
longest=""
while IFS= read -r line || [ -n "$line" ]; do
  if [ "${#line}" -gt "${#longest}" ]; then
    longest=$line
  fi
done < "$1"
printf '%d %s\\n' "${#longest}" "$longest"
""",
        (('|| [ -n "$line" ]; do', "; do"), ("IFS= read", "read"), ("longest=$line", "longest=${line:1}")),
        _draw_unended,
        _longest,
    ),
    Program(
        "open",
        """#!/bin/bash
# Lists what is open: open.sh FILE
# FILE is a CSV file without quotes; its first line names the columns, among them id, status and total, in any order.
# Prints id, a blank and total of each row whose status is open, and then "sum", a blank and the sum of these totals.
awk -F ',' '
  NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }
  $at["status"] == "open" { print $at["id"] " " $at["total"]; sum += $at["total"] }
  END { print "sum " sum + 0 }
' "$1"
""",
        (("i <= NF", "i < NF"), ('== "open"', '!= "closed"'), ("sum += ", "sum = "), ("sum + 0", "NR + 0")),
        _draw_table,
        _table,
    ),
    Program(
        "snakes",
        """#!/bin/bash
# Changes camelCase into snake_case: snakes.sh FILE
# Prints each line with a _ between a small letter or digit and a capital after it, and with small letters only.
sed -E 's/([a-z0-9])([A-Z])/\\1_\\2/g' "$1" | tr 'A-Z' 'a-z'
""",
        (("/g'", "/'"), ("[a-z0-9]", "[a-z]"), ("'A-Z' 'a-z'", "'A-Y' 'a-y' | tr -d p"), ("\\1_\\2", "\\1-\\2")),
        _draw_camels,
        _snakes,
    ),
    Program(
        "hours",
        """#!/bin/bash
# Adds up times: hours.sh FILE
# FILE has a time HH:MM on each line. Prints their sum as hours, a colon and minutes, the latter with two digits.
total=0
while IFS=: read hours minutes; do
  total=$((total + 10#$hours * 60 + 10#$minutes))
done < "$1"
printf '%d:%02d\\n' $((total / 60)) $((total % 60))
""",
        (("+ 10#$minutes", "+ $minutes"), ("* 60 +", "* 100 +"), ("%d:%02d", "%d:%d"), ("IFS=:", "IFS=.")),
        _draw_times,
        _times,
    ),
)
