from __future__ import annotations

import numpy as np
import pytest

from agentgym.actions import Click, Done, ToolCall
from agentgym.agents.human import TerminalAgent
from agentgym.tasks import Task

TOOL = {
    "type": "function",
    "function": {
        "name": "bash",
        "description": "Runs a command.\nMore.",
        "parameters": {"properties": {"command": {}}},
    },
}


def answering(*lines: str) -> TerminalAgent:
    waiting = iter(lines)
    agent = TerminalAgent(ask=lambda question, patience_s: next(waiting))
    agent.read_info({"tools": [TOOL]})
    agent.reset(Task(id="t", instruction="list"), lambda _: None)
    return agent


def test_what_is_written_is_done(capsys: pytest.CaptureFixture[str]) -> None:
    agent = answering('bash {"command": "ls"}', "bash", "pyautogui.click(1, 2)", " DONE ")
    assert [agent.act("list") for _ in range(4)] == [
        ToolCall("bash", {"command": "ls"}),
        ToolCall("bash"),
        Click(1, 2),
        Done(),
    ]
    assert capsys.readouterr().err.count("list\n") == 4


def test_what_cannot_be_read_is_asked_for_again(capsys: pytest.CaptureFixture[str]) -> None:
    agent = answering("bsh", "bash {", "?", "DONE")
    assert agent.act({"terminal": "$ "}) == Done()
    said = capsys.readouterr().err
    assert "bash(command): Runs a command.\n" in said
    assert "bsh" in said


def test_what_can_be_done_here_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    agent = answering("help", "DONE", "DONE")
    agent.act("list")
    said = capsys.readouterr().err
    assert 'bash {"command": "…"}' in said
    assert "bash(command): Runs a command.\n" in said
    assert "click" not in said
    assert "pyautogui" not in said
    agent.reset(Task(id="t", instruction="list"), lambda _: None)
    agent.act({"screenshot": np.zeros((2, 2, 3), np.uint8)})
    assert "pyautogui.press('enter')" in capsys.readouterr().err
