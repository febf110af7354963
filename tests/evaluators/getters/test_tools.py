"""Getters of what tools left behind, and the metric that compares values."""

from __future__ import annotations

import sqlite3
import time
import tracemalloc
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from agentgym.backends.memory import MemoryBackend
from agentgym.errors import EvaluationError, TaskError
from agentgym.evaluators import check_spec, evaluate, metrics
from agentgym.evaluators.getters import tools
from agentgym.tasks import Check, EvaluatorSpec, GetterSpec, Task
from agentgym.tools import ToolContext


def _score(getter: Mapping[str, Any], expected: Any, *, machine: Any = None, kept: Any = None, **options: Any) -> float:
    rule = GetterSpec("rule", {"type": "rule", "rules": {"expected": expected}})
    check = Check("matches", GetterSpec(getter["type"], dict(getter)), rule, options)
    spec = EvaluatorSpec((check,))
    check_spec(spec)
    return evaluate(spec, machine or MemoryBackend(), None, kept=kept).value


@pytest.fixture
def left() -> Mapping[str, bytes]:
    context = ToolContext(Task("t", ""))
    context.calls.append({"name": "add", "arguments": {"a": 1}, "ok": True})
    context.state["findings"] = [{"text": "b", "source": "x"}, {"text": "a", "source": "y"}]
    context.submit(" 42.0000001\n")
    return {**context.evidence(), "shop.json": b'{"orders": [1, 2]}', "broken.json": b"{"}


def test_the_answer_the_findings_the_calls_and_evidence(left: Mapping[str, bytes]) -> None:
    for expected, score in ((42, 1.0), (43, 0.0), ("42.0000001", 1.0), ("42", 0.0), (None, 0.0)):
        assert _score({"type": "answer"}, expected, kept=left) == score
    found = [{"text": "a", "source": "y"}, {"text": "b", "source": "x"}]
    assert _score({"type": "findings"}, found, kept=left) == 0.0
    assert _score({"type": "findings"}, found, kept=left, ordered=False) == 1.0
    assert _score({"type": "tool_calls"}, [{"name": "add", "arguments": {"a": 1}, "ok": True}], kept=left) == 1.0
    assert _score({"type": "evidence", "name": "shop.json"}, {"orders": [1, 2]}, kept=left) == 1.0


def test_what_was_not_left_scores_zero() -> None:
    nothing = ToolContext(Task("t", "")).evidence()
    assert _score({"type": "answer"}, "", kept=nothing) == 0.0
    assert _score({"type": "findings"}, [], kept=nothing) == 1.0
    assert _score({"type": "tool_calls"}, [], kept=nothing) == 1.0
    assert _score({"type": "tool_calls"}, [], kept={}) == 0.0
    assert _score({"type": "evidence", "name": "shop.json"}, [], kept=nothing) == 0.0


def test_evidence_that_is_no_json_leaves_the_episode_unscored(left: Mapping[str, bytes]) -> None:
    with pytest.raises(EvaluationError, match=r"getter 'evidence' raised .* - at \$\.evaluator, check 0, result"):
        _score({"type": "evidence", "name": "broken.json"}, [], kept=left)


DEEP = "[" * 100_000


@pytest.mark.parametrize(
    "kept",
    [{"deep.json": DEEP.encode()}, {"deep.json": b'[{"a":' * 3000 + b"1" + b"}]" * 3000}, {"answer": b"\xff\xfe"}],
)
def test_what_is_too_deep_or_no_text_scores_zero(kept: Mapping[str, bytes]) -> None:
    getter = {"type": "answer"} if "answer" in kept else {"type": "evidence", "name": "deep.json"}
    assert _score(getter, 1, kept=kept) == 0.0


@pytest.mark.parametrize("error", [RecursionError, MemoryError, OverflowError, UnicodeError])
def test_a_metric_to_which_it_is_too_much_scores_zero(
    error: type[Exception], left: Mapping[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    def much(_result: Any, _rules: Any) -> float:
        raise error

    monkeypatch.setitem(metrics._known, "much", much)
    rule = GetterSpec("rule", {"type": "rule", "rules": {"expected": 1}})
    spec = EvaluatorSpec((Check("much", GetterSpec("answer", {"type": "answer"}), rule),))
    assert evaluate(spec, MemoryBackend(), None, kept=left).value == 0.0


def test_json_that_is_too_deep_is_none() -> None:
    assert metrics["check_direct_json_object"](DEEP, {"expected": {"a": 1}}) == 0.0


def test_misspelt_keys_are_told_before_the_episode() -> None:
    with pytest.raises(TaskError, match="missing required field `name`"):
        _score({"type": "evidence", "nme": "x"}, [])
    with pytest.raises(TaskError, match="query"):
        _score({"type": "sqlite_rows", "path": "x"}, [])


def _broken_off(folder: Path) -> tuple[bytes, bytes]:
    """A database in the middle of a change that is larger than its cache, so that it has some of it; its journal."""
    path = folder / "cut.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("CREATE TABLE items (name TEXT)")
        database.executemany("INSERT INTO items VALUES (?)", [("old" * 500,)] * 50)
        database.execute("PRAGMA cache_size = 1")
        database.execute("BEGIN")
        database.execute("UPDATE items SET name = replace(name, 'old', 'new')")
        return path.read_bytes(), path.with_name("cut.db-journal").read_bytes()


@pytest.fixture
def machine(tmp_path: Path) -> MemoryBackend:
    """With a database whose last row is still in its write-ahead log."""
    backend = MemoryBackend()
    backend.reset(seed=0)
    path = tmp_path / "shop.db"
    database = sqlite3.connect(path)
    database.executescript("PRAGMA journal_mode = WAL; CREATE TABLE items (name TEXT, price REAL, stock INTEGER)")
    database.executemany("INSERT INTO items VALUES (?, ?, ?)", [("pen", 1.5, 3), ("ink", 0.1 + 0.2, None)])
    database.execute(
        "CREATE VIEW endless AS WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x FROM n) SELECT x FROM n"
    )
    database.execute("CREATE VIEW large AS SELECT zeroblob(500000000) AS x")
    database.execute(
        "CREATE VIEW many AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 1000) "
        "SELECT zeroblob(200000 + i) AS x FROM n"
    )
    database.execute(f"CREATE VIEW wide AS SELECT {', '.join(['zeroblob(200000)'] * 1000)}")
    database.execute("CREATE VIEW renamed AS SELECT x FROM readonly_x")
    database.commit()
    for name in ("shop.db", "shop.db-wal"):
        backend.write(f"~/{name}", (tmp_path / name).read_bytes())
    database.close()
    content, journal = _broken_off(tmp_path)
    assert b"newnew" in content
    backend.write("~/cut.db", content)
    backend.write("~/cut.db-journal", journal)
    backend.write("~/empty.db", b"")
    backend.write("~/text.db", b"no database at all, but long enough to be read as one" * 10)
    return backend


@pytest.mark.parametrize(
    ("path", "query", "expected", "score"),
    [
        ("~/shop.db", "SELECT name, price FROM items", [["pen", 1.5], ["ink", 0.3]], 1.0),
        ("~/shop.db", "SELECT name FROM items ORDER BY name", [["pen"], ["ink"]], 0.0),
        ("~/shop.db", "SELECT stock FROM items", [[3], [None]], 1.0),
        ("~/shop.db", "SELECT count(*) FROM items", [[2]], 1.0),
        ("~/shop.db", "SELECT x FROM orders", [], 0.0),
        ("~/text.db", "SELECT 1 FROM items", [[1]], 0.0),
        ("~/none.db", "SELECT 1", [[1]], 0.0),
        ("~/cut.db", "SELECT DISTINCT substr(name, 1, 3) FROM items", [["old"]], 1.0),
        ("~/empty.db", "SELECT 1", [[1]], 1.0),
        ("~/empty.db", "SELECT 1 FROM items", [[1]], 0.0),
        ("~/shop.db", "SELECT x FROM large", [], 0.0),
        ("~/shop.db", "SELECT x FROM many", [], 0.0),
        ("~/shop.db", "SELECT * FROM wide", [], 0.0),
        ("~/shop.db", "SELECT x FROM renamed", [], 0.0),
        pytest.param("~/shop.db", "SELECT x FROM endless", [], 0.0, marks=pytest.mark.episodes),
    ],
)
def test_rows_of_a_database(path: str, query: str, expected: Any, score: float, machine: MemoryBackend) -> None:
    before = machine.read("~/shop.db")
    assert _score({"type": "sqlite_rows", "path": path, "query": query}, expected, machine=machine) == score
    assert machine.read("~/shop.db") == before


def test_a_journal_cannot_name_a_file_of_ours(machine: MemoryBackend, tmp_path: Path) -> None:
    ours = tmp_path / "ours.txt"
    ours.write_text("not there-journal\0")
    name = str(ours).encode()
    length, total = (number.to_bytes(4, "big") for number in (len(name), sum(name)))
    page = (1).to_bytes(4, "big")
    told = page + name + length + total + bytes.fromhex("d9d505f920a163d7")
    machine.write("~/cut.db-journal", machine.read("~/cut.db-journal") + told)
    _score({"type": "sqlite_rows", "path": "~/cut.db", "query": "SELECT 1 FROM items"}, [], machine=machine)
    assert ours.exists()


def test_rows_without_an_end_score_zero(machine: MemoryBackend, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tools, "_QUERY_PATIENCE_S", 0.05)
    asked = {"type": "sqlite_rows", "path": "~/shop.db", "query": "SELECT count(*) FROM endless"}
    assert _score(asked, [[1]], machine=machine) == 0.0


def test_a_database_may_be_made_to_give_more_than_fits_into_memory(machine: MemoryBackend) -> None:
    tracemalloc.start()
    try:
        for name in ("many", "wide"):
            asked = {"type": "sqlite_rows", "path": "~/shop.db", "query": f"SELECT * FROM {name}"}
            assert _score(asked, [[1]], machine=machine) == 0.0
        assert tracemalloc.get_traced_memory()[1] < 100 << 20
    finally:
        tracemalloc.stop()


@pytest.mark.episodes
def test_a_search_that_takes_long_is_ended(machine: MemoryBackend, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tools, "_QUERY_PATIENCE_S", 0.05)
    text = "printf('%.250000c', 'a')"
    # In one step, which is not interrupted, and in many of which each takes long.
    slow = [f"instr({text}, printf('%.120000c', 'a') || 'b')", f"{text} LIKE '{'a%' * 5_000}b'"]
    for one in slow:
        query = f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT {one} FROM n"
        asked = {"type": "sqlite_rows", "path": "~/shop.db", "query": query}
        began = time.monotonic()
        assert _score(asked, [[1]], machine=machine) == 0.0
        assert time.monotonic() - began < 10


def test_a_broken_schema_is_no_fault_of_the_query(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "x.db")) as database:
        database.executescript(
            "CREATE TABLE orders (a); PRAGMA writable_schema = ON; "
            "INSERT INTO sqlite_master VALUES ('table', 'readonly', 'readonly', 9, 'CREATE TABL')"
        )
    machine = MemoryBackend()
    machine.reset(seed=0)
    machine.write("~/x.db", (tmp_path / "x.db").read_bytes())
    assert _score({"type": "sqlite_rows", "path": "~/x.db", "query": "SELECT a FROM orders"}, [], machine=machine) == 0


def test_a_query_that_is_no_sql_is_a_fault_of_the_task(machine: MemoryBackend) -> None:
    for query, says in (("SELEC 1", "SELEC 1.* is no SQL"), ("DELETE FROM items", "would change the database")):
        with pytest.raises(EvaluationError, match=says):
            _score({"type": "sqlite_rows", "path": "~/shop.db", "query": query}, [], machine=machine)


@pytest.mark.parametrize(
    ("result", "expected", "same"),
    [
        (1, 1.0000001, True),
        (1, 1.0001, False),
        (0, 1e-12, True),
        ("1e3", 1000, True),
        ("1,000", 1000, False),
        ("nan", 1, False),
        ("-.5", -0.5, True),
        ("+1.", 1, True),
        (" 10\n", 10, True),
        ("1_0", 10, False),
        ("١٠", 10, False),
        ("１０", 10, False),
        ("1e9999", 1, False),
        (10**400, 1.5, False),
        ("1" * 5000, 1, False),
        (True, 1, False),
        (True, True, True),
        (None, 0, False),
        (None, None, True),
        (" a ", "a", True),
        ("A", "a", False),
        (1, "1", False),
        ([1, "a "], [1, "a"], True),
        ([1], [1, 1], False),
        ({"a": [1.0]}, {"a": [1]}, True),
        ({"a": 1}, {"a": 1, "b": 2}, False),
        ("abc", ["a", "b", "c"], False),
        (b"x", "x", False),
    ],
)
def test_matches(result: Any, expected: Any, same: bool) -> None:
    assert metrics["matches"](result, {"expected": expected}) == float(same)


@pytest.mark.parametrize(
    ("result", "expected", "same"),
    [
        ([[1, "a"], [2, "b"]], [[2, "b"], [1, "a"]], True),
        ([[1], [1], [2]], [[1], [2], [2]], False),
        ([[1, 2]], [[2, 1]], False),
        ([1], [1, 1], False),
        ("x", "x", True),
    ],
)
def test_matches_in_any_order(result: Any, expected: Any, same: bool) -> None:
    assert metrics["matches"](result, {"expected": expected}, ordered=False) == float(same)
