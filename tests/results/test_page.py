"""docs/running.md says what there is."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import get_args

import pytest

from agentgym.families import suites
from agentgym.results import Attempt, FaultKind, RunConfig
from agentgym.results.config import IDENTITY
from agentgym.results.faults import BROKEN

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "running.md").read_text()


def rows(heading: str) -> list[str]:
    section = PAGE.partition(heading)[2].partition("\n## ")[0]
    return [line for line in section.splitlines() if line.startswith("| `")]


def named(text: str) -> set[str]:
    return set(re.findall(r"`([a-z_]+)`", text))


def test_every_setting_is_on_the_page() -> None:
    assert named(" ".join(row.split("|")[1] for row in rows("## Settings"))) == set(RunConfig.model_fields)


def test_every_key_of_a_line_is_on_the_page() -> None:
    table = [row for row in rows("## What lies") if ".json" not in row]
    keys = {"return" if name == "total_return" else name for name in Attempt.__struct_fields__} - {"skipped"}
    assert named(" ".join(row.split("|")[1] for row in table)) == keys


@pytest.mark.parametrize("kind", get_args(FaultKind))
def test_the_page_says_which_faults_are_done_again(kind: str) -> None:
    (row,) = [row for row in rows("## Going on") if kind in named(row.split("|")[1])]
    assert ("done again" in row.split("|")[4]) == (kind in BROKEN)


def test_the_pages_settings_can_be_read() -> None:
    text = PAGE.partition("```toml\n")[2].partition("```")[0]
    assert RunConfig(**tomllib.loads(text)).workers == 32


def test_the_page_says_which_settings_may_change() -> None:
    """All but those of the identity and the session may; ``out`` or ``result_root`` is the folder itself."""
    may = PAGE.partition("The same `--out` takes other ")[2].partition(". ")[0]
    may_not = PAGE.partition("It takes no other ")[2].partition(":")[0]
    assert named(may_not) == {*IDENTITY, "session"}
    assert named(may) == set(RunConfig.model_fields) - named(may_not) - {"out", "result_root"}


def test_the_task_of_a_group_is_there() -> None:
    (task,) = re.findall(r'task="([^"]+)"', (DOCS / "groups.md").read_text())
    suite, _, name = task.partition("/")
    assert name in suites[suite].families
