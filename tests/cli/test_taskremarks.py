"""What `agentgym validate` says of tasks that can be played, and are not what was meant."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from agentgym.cli.taskcheck import check_tasks
from agentgym.cli.taskremarks import READ_BY_TOOLS, remarks_on
from agentgym.tasks import parse_task
from agentgym.tools.mcp.servers import METADATA

ROOT = Path(__file__).parents[2]
ANSWER = {
    "func": "matches",
    "result": {"type": "answer"},
    "expected": {"type": "rule", "rules": {"expected": 3}},
}
MISSING = "the answer that is judged; add 'submit', unless tools= of the environment does - at $.tools"


def remarks(**said: Any) -> list[str]:
    return list(remarks_on(parse_task({"id": "a", "instruction": "b", **said})))


@pytest.mark.parametrize("key", [*READ_BY_TOOLS, "reward_hooks", "evaluator"])
def test_what_stands_under_metadata_is_not_read_and_told(key: str) -> None:
    says = f"nothing reads {key!r} here; write it beside 'id', not under 'metadata' - at $.metadata.{key}"
    assert remarks(metadata={key: {}, "colour": "red"}) == [says]


def test_what_stands_beside_id_is_read() -> None:
    assert remarks(corpus="world:7", hosts={"shop": 8080}, clock="2026-03-01", metadata="mine", colour="red") == []


def test_a_key_like_one_that_tools_read_is_told() -> None:
    assert remarks(host={"shop": 8080}) == ["nothing reads 'host'; did you mean 'hosts'? - at $.host"]
    assert remarks(host=1, hosts={"shop": 8080}) == []


def test_the_setup_of_a_file_is_its_config() -> None:
    assert remarks(setup=[]) == ["nothing reads 'setup'; the setup steps of a file are its 'config' - at $.setup"]


def test_an_answer_that_no_tool_submits_is_told() -> None:
    assert remarks(evaluator=ANSWER) == [f"the task names no tools, so that none submits {MISSING}"]
    assert remarks(evaluator=ANSWER, tools=["bash"]) == [f"none of the task's tools submits {MISSING}"]


@pytest.mark.parametrize("tools", [["bash", "submit"], ["shop:sell"], ["bash", "mcp:shelf"]])
def test_tools_that_submit_or_may_are_not_remarked_on(tools: list[str]) -> None:
    assert remarks(evaluator=ANSWER, tools=tools) == []


def test_remarks_have_file_and_line_and_are_no_problem(tmp_path: Path) -> None:
    file = tmp_path / "tasks.json"
    file.write_text('{"id": "a", "instruction": "b",\n"metadata": {\n"corpus": "world:7"}}')
    verdict = check_tasks(str(file))
    assert verdict.problems == ()
    assert [one.message.partition(": ")[0] for one in verdict.warnings] == [f"{file}:3"]


@pytest.mark.parametrize("suite", ["shell", "data", "code", "service", "research", "mixed"])
def test_there_is_nothing_odd_about_our_own(suite: str) -> None:
    assert check_tasks(suite).warnings == ()


def test_every_key_that_tools_read_is_known() -> None:
    code = "".join(path.read_text() for path in (ROOT / "agentgym" / "tools").rglob("*.py"))
    read = set(re.findall(r'\.metadata(?:\.get\(|\[)"(\w+)"', code))
    assert read | {METADATA} == set(READ_BY_TOOLS)
