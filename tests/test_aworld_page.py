"""Each row of docs/aworld.md is run: its last cell names the function that does what the row says."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.aworld import hookpoints, messages, protocol, runs, states, teams

PAGE = (Path(__file__).parents[1] / "docs" / "aworld.md").read_text()
MODULES = (hookpoints, protocol, messages, runs, states, teams)
CHECKS: dict[str, Callable[[], None]] = {
    name: thing
    for module in MODULES
    for name, thing in vars(module).items()
    if name.startswith("check_") and thing.__module__ == module.__name__
}
SERVERS = ("check_ray", "check_spark")


class Row(NamedTuple):
    theirs: str
    ours: str
    checks: list[str]


def rows() -> Iterator[Row]:
    for line in PAGE.splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split(" | ")]
        if line.startswith("|") and cells[-1] != "test" and not set(line) <= set("|- "):
            yield Row(cells[0], cells[1], re.findall(r"`(\w+)`", cells[-1]) if len(cells) == 3 else [])


def parameters() -> Iterator[object]:
    for row in rows():
        marks = [pytest.mark.episodes] if set(row.checks) & set(SERVERS) else []
        yield pytest.param(row, id=row.theirs.replace("`", ""), marks=marks)


@pytest.mark.parametrize("row", list(parameters()))
def test_the_row_is_true(row: Row) -> None:
    assert row.theirs
    assert row.ours
    assert row.checks, f"no function runs the row {row.theirs}"
    for name in row.checks:
        CHECKS[name]()


def test_no_check_is_of_no_row() -> None:
    named = {name for row in rows() for name in row.checks}
    assert sorted(CHECKS.keys() - named) == []


def test_no_two_checks_have_one_name() -> None:
    names = [name for module in MODULES for name in vars(module) if name.startswith("check_")]
    assert [name for name, times in Counter(names).items() if times > 1] == []


def test_every_hook_point_message_and_state_of_aworld_is_on_the_page() -> None:
    assert [name for name in AWORLD.split() if f"`{name}`" not in PAGE and name not in PAGE.split()] == []


AWORLD = """
session_started session_finished session_failed task_created task_completed agent_started agent_stopped
user_input_received before_llm_call after_llm_call before_tool_call after_tool_call tool_call_failed
before_context_compact after_context_compact file_changed output_process pre_task_call post_task_call
pre_input_parse post_input_parse pre_build_context post_build_context pre_build_task post_build_task pre_run_task
post_run_task on_task_error
stopReason systemMessage additionalContext updatedInput updatedOutput permissionDecisionReason watchPaths async
asyncTaskId asyncTimeout hookSpecificOutput
agent tool task plan output tool_callback agent_callback group human human_response memory context_response chunk
background_task
__start __finished __output __error __rerun __human_confirm __cancel __interrupt __subscribe_tool __subscribe_agent
__group_actions __group_results __agent_result __system_prompt __tool_result __task_response
RUNNING SUCCESS FAILED BREAKED TIMEOUT interrupted resumed
RuntimeStateManager.create_node run_node run_succeed run_failed break_node run_timeout get_node get_nodes
query_by_task_id wait_for_node_completion
Runners.sync_run sync_run_task Runners.streaming_run_task streamed_run_task Runners.evaluate
"""
