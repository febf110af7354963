"""`agentgym run` and `agentgym qa` on tasks that are done with tools alone."""

from __future__ import annotations

import json
import re

import pytest

from tests.cli.conftest import Run

pytestmark = pytest.mark.episodes


def test_an_oracle_runs_on_tools(run: Run) -> None:
    code, out, err = run("run", "data/json-question", "--agent", "oracle", "--engine", "serial", "--json")
    assert code == 0, err
    (row,) = json.loads(out)["rows"]
    assert (row["task"], row["score"], row["steps"]) == ("data/json-question", 1.0, 2)


@pytest.mark.parametrize(("flag", "value"), [("observation", "screenshot"), ("sandbox", "none")])
def test_what_only_a_desktop_has_is_refused(run: Run, flag: str, value: str) -> None:
    code, _, err = run("run", "data/json-question", f"--{flag}", value)
    assert code == 2
    assert f"drop --{flag}" in err


def test_qa_of_tools_has_columns_for_mutants_and_exploits(run: Run) -> None:
    code, out, err = run("qa", "data/json-question", "--seed", "1")
    assert code == 0, err
    for words in ("mutants", "exploits", "2 of 2, 6 alike"):
        assert words in " ".join(out.split())
    stopped, tried = re.search(r"(\d+) of (\d+) │\s*$", out, re.MULTILINE).groups()  # type: ignore[union-attr]  # checked by it
    assert int(tried) > 10
    assert stopped == tried


def test_qa_of_tools_is_refused_without_a_sandbox(run: Run) -> None:
    code, _, err = run("qa", "data/json-question", "--sandbox", "none")
    assert code == 2
    assert "drop --sandbox" in err
