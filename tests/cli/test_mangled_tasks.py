"""Whatever a task file says, `agentgym validate` says what is wrong with it, and never breaks."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agentgym.cli.taskcheck import check_tasks

_BOOK: dict[str, Any] = {"type": "vm_file", "path": ["a.xlsx", "b.csv"], "dest": ["a.xlsx", "b.csv"], "multi": True}
_ONE_CELL = {
    "type": "check_cell",
    "sheet_idx": "EI0",
    "coordinate": "A1",
    "props": {"value": {"method": "eq", "ref": 1}},
}
_VALIDATION = {"type": "data_validation", "sheet_idx": 0, "dv_props": [{"type": {"method": "eq", "ref": "list"}}]}
_FUZZY = {"type": "sheet_fuzzy", "sheet_idx0": 0, "sheet_idx1": "EI0", "rules": [{"range": ["A1"], "type": "includes"}]}
_STYLE = {"type": "style", "sheet_idx0": 0, "sheet_idx1": "EI0", "props": ["font_bold"]}
_TASK: dict[str, Any] = {
    "id": "a",
    "instruction": "b",
    "config": [
        {"type": "download", "parameters": {"files": [{"url": "https://example.org/a", "path": "a"}]}},
        {"type": "execute", "parameters": {"command": ["true"], "until": {"returncode": 0}}},
    ],
    "evaluator": {
        "func": ["compare_table", "check_json", "check_config_status"],
        "result": [_BOOK, {"type": "vm_file", "path": "a"}, {"type": "vm_command_line", "command": ["a"]}],
        "expected": [
            _BOOK,
            {"type": "rule", "rules": {"expect": [{"key": ["a", 0], "ref": 1}]}},
            {"type": "rule", "rules": {"key": "a", "value": "b", "type": "c"}},
        ],
        "options": [{"rules": [_ONE_CELL, _VALIDATION, _FUZZY, _STYLE]}, {"is_yaml": True}, None],
        "postconfig": [{"type": "sleep", "parameters": {"seconds": 1}}],
    },
    "max_steps": 3,
}
_JUNK: list[Any] = [
    None,
    5,
    -1.5,
    True,
    "x",
    "",
    [],
    {},
    [[]],
    [None],
    {"type": "rule"},
    {"a": 1},
    [1, "a"],
    {"ref": [1]},
]


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every place in a document: what it is in, and its key there."""
    for key in value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ():
        yield value, key
        yield from places(value[key])


def mangled(rng: random.Random, name: str) -> dict[str, Any]:
    task = {**copy.deepcopy(_TASK), "id": name}
    for _ in range(rng.choice([1, 1, 2])):
        within, key = rng.choice(list(places(task)))
        if isinstance(within, dict) and rng.random() < 0.3:
            within[rng.choice(["_note", "two words", "tipe"])] = within.pop(key)
        else:
            within[key] = copy.deepcopy(rng.choice(_JUNK))
    return task


def test_the_whole_task_has_no_fault(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps(_TASK))
    verdict = check_tasks(str(tmp_path))
    assert (verdict.tasks, verdict.problems, len(verdict.warnings)) == (1, (), 1)


@pytest.mark.parametrize("seed", range(3))
def test_no_mangled_task_breaks_the_check(tmp_path: Path, seed: int) -> None:
    rng = random.Random(seed)
    for number in range(100):
        (tmp_path / f"{number}.json").write_text(json.dumps(mangled(rng, f"task {number}")))
    verdict = check_tasks(str(tmp_path))
    assert verdict.tasks == 100
    # Some of what is done to it is as good as what was there.
    assert len({problem.message.partition(":")[0] for problem in verdict.problems}) > 60
    assert all(" - at $" in problem.message for problem in verdict.problems)
