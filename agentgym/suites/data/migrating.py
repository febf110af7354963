"""The schema of a database is to be changed, and no row lost."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from agentgym.families import TaskFamily
from agentgym.suites.data.asking import DATA
from agentgym.suites.data.databases import lay_database, rows_are, table_sql
from agentgym.suites.toolmaking import Calls, draw, draw_level, draw_some, make_task, sql
from agentgym.tasks import Task

__all__ = ["FAMILIES"]

TOOLS = ("bash", "python", "sql", "read", "list")

_TABLES = ("guests", "members", "patients", "pupils", "staff")
_FIRST = ("Ada", "Bela", "Cleo", "Dora", "Emil", "Finn", "Gita", "Hugo", "Ines", "Jana", "Kofi", "Lara")
_LAST = ("Adams", "Brandt", "Cole", "Diaz", "Eder", "Fox", "Gray", "Holm", "Ivers", "Jung", "Kern", "Lund")
_CITIES = ("Arles", "Bruges", "Como", "Delft", "Evora", "Faro")
_NOTES = ("Called twice.", "Prefers mail.", "Moved in May.", "It's complicated.")

_Row = tuple[int, str, str, float]
"""Number, full name, city and fee."""


def _make(rng: np.random.Generator) -> Task:
    level = draw_level(rng)
    name, fee = draw(rng, _TABLES), draw(rng, ("fee", "balance", "deposit"))
    base = f"{DATA}/{name}.db"
    rows = _draw_rows(rng, 6 * level)
    notes = [(number, draw(rng, rows)[0], draw(rng, _NOTES)) for number in range(1, 4 + level)]
    before = {"id": "INTEGER PRIMARY KEY", "name": "TEXT NOT NULL", "city": "TEXT NOT NULL", fee: "REAL NOT NULL"}
    script = table_sql(name, before, rows) + table_sql(
        "notes", {"id": "INTEGER PRIMARY KEY", "person_id": "INTEGER NOT NULL", "body": "TEXT NOT NULL"}, notes
    )
    parts = draw_some(rng, ("names", "cents", "cities"), level)
    schema, after = _schema(name, fee, parts), _migrated(rows, parts)
    checks = [
        rows_are(
            base, "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') ORDER BY name", _tables(name, parts)
        ),
        rows_are(base, f'SELECT name, type, "notnull", pk FROM pragma_table_info({name!r})', _columns(schema)),
        rows_are(base, f"SELECT * FROM {name} ORDER BY id", after),
        rows_are(base, f"SELECT DISTINCT typeof({_last(schema)}) FROM {name}", [[_kind(parts, _last(schema))]]),
        rows_are(base, "SELECT id, person_id, body FROM notes ORDER BY id", notes),
    ]
    if "cities" in parts:
        cities = sorted({row[2] for row in rows})
        checks += [
            rows_are(base, "SELECT id, name FROM cities ORDER BY id", list(enumerate(cities, 1))),
            rows_are(base, "SELECT name, type, \"notnull\", pk FROM pragma_table_info('cities')", _CITY_COLUMNS),
            rows_are(
                base,
                f'SELECT "table", "from", "to" FROM pragma_foreign_key_list({name!r})',
                [["cities", "city_id", "id"]],
            ),
        ]
    told = "\n".join(f"- {_TOLD[part].format(name=name, fee=fee)}" for part in parts)
    return make_task(
        "data/migrate-schema",
        f"The SQLite database ~/data/{name}.db has the tables {name} and notes. Change {name} so:\n{told}\n"
        f"In the end, {name} has exactly these columns, in this order: {', '.join(schema)}. Keep all rows, with their "
        "ids. Leave the table notes as it is, and no other table or view behind.",
        setup=[lay_database(base, script)],
        checks=checks,
        tools=TOOLS,
        drawn={"level": level, "name": name, "fee": fee, "parts": parts, "schema": schema},
    )


_TOLD = {
    "names": "Instead of name there are first_name and last_name, the words before and after its only blank.",
    "cents": "Instead of {fee}, an amount of dollars, there is {fee}_cents, the same amount in cents, a whole number.",
    "cities": (
        "Instead of city there is city_id, a foreign key to the column id of a new table cities with exactly the two "
        "columns id INTEGER PRIMARY KEY and name TEXT NOT NULL. It has each city of {name} once; ids count from 1, in "
        "the order of the alphabet."
    ),
}
_CITY_COLUMNS = [["id", "INTEGER", 0, 1], ["name", "TEXT", 1, 0]]


def _draw_rows(rng: np.random.Generator, count: int) -> list[_Row]:
    names = draw_some(rng, [f"{first} {last}" for first in _FIRST for last in _LAST], count)
    numbers = sorted(draw_some(rng, range(1, 100), count))
    return [
        (number, name, draw(rng, _CITIES), int(rng.integers(100, 100_000)) / 100)
        for number, name in zip(numbers, names, strict=True)
    ]


def _schema(name: str, fee: str, parts: Sequence[str]) -> list[str]:
    """Declared columns, as the instruction has them."""
    del name
    columns = ["id INTEGER PRIMARY KEY"]
    columns += ["first_name TEXT NOT NULL", "last_name TEXT NOT NULL"] if "names" in parts else ["name TEXT NOT NULL"]
    columns += ["city_id INTEGER NOT NULL REFERENCES cities(id)"] if "cities" in parts else ["city TEXT NOT NULL"]
    columns += [f"{fee}_cents INTEGER NOT NULL"] if "cents" in parts else [f"{fee} REAL NOT NULL"]
    return columns


def _columns(schema: Sequence[str]) -> list[list[Any]]:
    words = (column.split() for column in schema)
    return [[name, kind, int(rest[0] == "NOT"), int(rest[0] == "PRIMARY")] for name, kind, *rest in words]


def _last(schema: Sequence[str]) -> str:
    return schema[-1].split()[0]


def _kind(parts: Sequence[str], column: str) -> str:
    return "integer" if "cents" in parts and column.endswith("_cents") else "real"


def _tables(name: str, parts: Sequence[str]) -> list[list[str]]:
    return [[one] for one in sorted([name, "notes", *(["cities"] if "cities" in parts else [])])]


def _migrated(rows: Sequence[_Row], parts: Sequence[str]) -> list[list[Any]]:
    cities = sorted({row[2] for row in rows})
    return [
        [
            number,
            *(name.split() if "names" in parts else [name]),
            cities.index(city) + 1 if "cities" in parts else city,
            round(fee * 100) if "cents" in parts else fee,
        ]
        for number, name, city, fee in rows
    ]


def _steps(task: Task, *, cents: str = "CAST(round({fee} * 100) AS INTEGER)", keep: str = "") -> list[str]:
    drawn = task.seed_params
    name, fee, parts = drawn["name"], drawn["fee"], drawn["parts"]
    blank = "instr(old.name, ' ')"
    chosen = ["old.id"]
    chosen += (
        [f"substr(old.name, 1, {blank} - 1)", f"substr(old.name, {blank} + 1)"] if "names" in parts else ["old.name"]
    )
    chosen += ["cities.id"] if "cities" in parts else ["old.city"]
    chosen += [cents.format(fee=f"old.{fee}")] if "cents" in parts else [f"old.{fee}"]
    joined = " JOIN cities ON cities.name = old.city" if "cities" in parts else ""
    first = [
        "CREATE TABLE cities (id INTEGER PRIMARY KEY, name TEXT NOT NULL)",
        f"INSERT INTO cities (name) SELECT DISTINCT city FROM {name} ORDER BY city",
    ]
    return [
        *(first if "cities" in parts else []),
        f"CREATE TABLE changed ({', '.join(drawn['schema'])})",
        f"INSERT INTO changed SELECT {', '.join(chosen)} FROM {name} AS old{joined}{keep}",
        f"DROP TABLE {name}",
        f"ALTER TABLE changed RENAME TO {name}",
    ]


def _solve(task: Task) -> Calls:
    base = f"{DATA}/{task.seed_params['name']}.db"
    yield sql(base, "SELECT sql FROM sqlite_master")
    for step in _steps(task):
        yield sql(base, step)


def _lose_rows(task: Task) -> Calls:
    for step in _steps(task, keep=" WHERE old.id > (SELECT min(id) FROM {name})".format(**task.seed_params)):
        yield sql(f"{DATA}/{task.seed_params['name']}.db", step)


def _keep_old(task: Task) -> Calls:
    name = task.seed_params["name"]
    for step in _steps(task):
        kept = f"ALTER TABLE {name} RENAME TO old_{name}" if step.startswith("DROP") else step
        yield sql(f"{DATA}/{name}.db", kept)


def _as_view(task: Task) -> Calls:
    name = task.seed_params["name"]
    for step in _steps(task):
        kept = f"ALTER TABLE {name} RENAME TO old_{name}" if step.startswith("DROP") else step
        last = f"CREATE VIEW {name} AS SELECT * FROM changed" if step.startswith("ALTER") else kept
        yield sql(f"{DATA}/{name}.db", last)


FAMILIES = (
    TaskFamily(
        "migrate-schema",
        _make,
        _solve,
        {"a row lost": _lose_rows, "old table kept": _keep_old, "a view": _as_view},
        tags=("data", "sql"),
    ),
)
