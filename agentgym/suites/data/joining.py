"""A table is to be made of two others."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np

from agentgym.families import TaskFamily
from agentgym.suites.data.asking import DATA, TOOLS, money
from agentgym.suites.data.orders import PRODUCTS, REGIONS, Row, cents, csv_text, draw_orders
from agentgym.suites.toolmaking import HOME, Calls, bash, draw, draw_level, file_is, lay_all, make_task, python, tree_is
from agentgym.tasks import Task

__all__ = ["FAMILIES"]

_GROUPS = ("garden", "home", "office", "sports")
_MANAGERS = ("Ada", "Grace", "Hedy", "Lise", "Mary")
_LINES = Mapping[str, int]


def _make(rng: np.random.Generator) -> Task:
    level = draw_level(rng)
    rows = draw_orders(rng, 30 * level)
    by = draw(rng, ("group", "manager"))
    key, table, names = ("product", "products", PRODUCTS) if by == "group" else ("region", "regions", REGIONS)
    # Of level 2 and 3, some have no line in the second table.
    known = names[1:] if level >= 2 else names
    belongs = {name: draw(rng, _GROUPS if by == "group" else _MANAGERS) for name in known}
    counted = [row for row in rows if level < 3 or row["status"] != "cancelled"]
    report = _report(counted, key, belongs, by)
    files = {
        "orders.csv": csv_text(rows),
        f"{table}.csv": csv_text([{key: name, by: value} for name, value in belongs.items()]),
    }
    unknown = f" What has no line in {table}.csv counts under the {by} unknown." if level >= 2 else ""
    cancelled = " Orders with the status cancelled do not count." if level == 3 else ""
    return make_task(
        "data/join-tables",
        f"~/data/orders.csv has an order on each line; ~/data/{table}.csv says to which {by} each {key} belongs. Write "
        f"~/report.csv with the first line {by},orders,pieces,revenue and then one line for each {by} that has orders: "
        f"its number of orders, the sum of their quantities, and the sum of quantity times price with two decimals, "
        f"such as 120.50.{unknown}{cancelled} The line with the largest revenue comes first; of equal ones that first "
        f"whose {by} comes first in the alphabet. Use no quotes and no blanks. Leave ~/data as it is.",
        setup=lay_all(DATA, files),
        checks=[file_is(f"{HOME}/report.csv", report), tree_is(DATA, files)],
        tools=tuple(name for name in TOOLS if name != "submit"),
        drawn={"level": level, "key": key, "by": by, "table": table, "report": report},
    )


def _report(rows: Sequence[Row], key: str, belongs: Mapping[str, str], by: str) -> str:
    sums: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    for row in rows:
        line = sums[belongs.get(row[key], "unknown")]
        for place, number in enumerate((1, int(row["quantity"]), cents(row))):
            line[place] += number
    ranked = sorted(sums.items(), key=lambda pair: (-pair[1][2], pair[0]))
    lines = (f"{name},{count},{pieces},{money(revenue)}\n" for name, (count, pieces, revenue) in ranked)
    return f"{by},orders,pieces,revenue\n{''.join(lines)}"


_CODE = """
import csv
belongs = {{row["{key}"]: row["{by}"] for row in csv.DictReader(open("{data}/{table}.csv"))}}
sums = {{}}
for row in csv.DictReader(open("{data}/orders.csv")):
    if {level} == 3 and row["status"] == "cancelled":
        continue
    line = sums.setdefault(belongs.get(row["{key}"], "unknown"), [0, 0, 0])
    line[0] += 1
    line[1] += int(row["quantity"])
    line[2] += int(row["quantity"]) * int(row["price"].replace(".", ""))
ranked = sorted(sums.items(), key=lambda pair: (-pair[1][2], pair[0]))
with open("{home}/report.csv", "w") as report:
    print("{by},orders,pieces,revenue", file=report)
    for name, (count, pieces, cents) in ranked:
        print(f"{{name}},{{count}},{{pieces}},{{cents // 100}}.{{cents % 100:02}}", file=report)
"""


def _code(task: Task) -> str:
    return _CODE.format(**task.seed_params, data=DATA, home=HOME)


def _solve(task: Task) -> Calls:
    yield bash("head -n 3 ~/data/*.csv")
    yield python(_code(task))


def _in_other_order(task: Task) -> Calls:
    yield python(_code(task))
    yield bash("tac ~/report.csv > /tmp/turned && cp /tmp/turned ~/report.csv")


def _round(task: Task) -> Calls:
    yield python(_code(task))
    yield bash("sed -i -E 's/\\.[0-9]{2}$//' ~/report.csv")


def _forget_one(task: Task) -> Calls:
    yield python(_code(task))
    yield bash("sed -i '$d' ~/report.csv")


FAMILIES = (
    TaskFamily(
        "join-tables",
        _make,
        _solve,
        {"in another order": _in_other_order, "without decimals": _round, "a line lost": _forget_one},
        tags=("data", "csv"),
    ),
)
