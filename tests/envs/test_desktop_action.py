"""The tool `desktop_action`: what its calls mean, and what a model is told that made them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import gymnasium as gym
import pytest
from gymnasium.error import ResetNeeded
from gymnasium.utils.env_checker import check_env

from agentgym.actions import (
    Action,
    Batch,
    Click,
    Done,
    DoubleClick,
    DragTo,
    Fail,
    Hotkey,
    KeyDown,
    MouseDown,
    MoveTo,
    Press,
    RightClick,
    Scroll,
    TypeText,
    Wait,
)
from agentgym.actions.desktop_call import TAKES, definition, read_desktop_call
from agentgym.agents.openai import OpenAIAgent
from agentgym.backends.base import Completed, Window
from agentgym.backends.memory import MemoryBackend
from agentgym.envs import DesktopEnv
from agentgym.errors import ActionError, BackendError, UsageError
from agentgym.runner import Episode
from agentgym.spaces import DesktopCallText
from agentgym.trajectory.spacejson import space_from_json, space_to_json
from tests.modelserver import call, calls, serving

_SAID = {
    "func": "exact_match",
    "result": {"type": "vm_command_line", "command": ["typed"]},
    "expected": {"type": "rule", "rules": {"expected": "hello"}},
}
_TASK: dict[str, Any] = {"id": "say", "instruction": "Type hello.", "evaluator": _SAID}
_WINDOW = {"type": "launch", "parameters": {"command": ["notepad"]}}


def _typed(backend: MemoryBackend, _argv: Sequence[str]) -> Completed:
    return Completed(0, backend.typed.encode())


def _python(_backend: MemoryBackend, argv: Sequence[str]) -> Completed:
    return Completed(0, b"42\n") if "ls -l" in argv[2] else Completed(1, b"", b"bash: no such command")


def _env(task: Any = _TASK, **options: Any) -> DesktopEnv:
    machine = MemoryBackend(commands={"typed": _typed, "python3": _python})
    return DesktopEnv(task, backend=machine, screen=(64, 48), **options)


def _call(**arguments: Any) -> dict[str, Any]:
    return {"name": "desktop_action", "arguments": arguments}


def _told(info: dict[str, Any], place: int = 0) -> tuple[dict[str, Any], str]:
    first, _, rest = info["tool_results"][place]["content"].partition("\n")
    return json.loads(first), rest


@pytest.mark.parametrize(
    ("arguments", "meant"),
    [
        ({"action_type": "CLICK", "coordinate": [3, 4]}, Click(3, 4)),
        ({"action_type": "click", "clicks": 2}, Click(clicks=2)),
        ({"action_type": "DOUBLE_CLICK", "coordinate": [3, 4], "text": "", "keys": []}, DoubleClick(3, 4)),
        ({"action_type": "right click", "coordinate": None}, RightClick()),
        ({"action_type": "MOVE_TO", "coordinate": [3, 4]}, MoveTo(3, 4)),
        ({"action_type": "DRAG", "coordinate": [3, 4]}, DragTo(3, 4)),
        ({"action_type": "MOUSE_DOWN", "coordinate": [3, 4]}, Batch((MoveTo(3, 4), MouseDown()))),
        ({"action_type": "SCROLL", "clicks": -3}, Scroll(dy=-3)),
        ({"action_type": "TYPING", "text": "a b"}, TypeText("a b")),
        ({"action_type": "PRESS", "key": "Enter"}, Press("enter")),
        ({"action_type": "KEY_DOWN", "key": "shift"}, KeyDown("shift")),
        ({"action_type": "HOTKEY", "keys": ["ctrl", "s"]}, Hotkey(("ctrl", "s"))),
        ({"action_type": "PYAUTOGUI", "command": "pyautogui.click(1, 2)"}, Click(1, 2)),
        ({"action_type": "WAIT"}, Wait()),
        ({"action_type": "DONE"}, Done()),
        ({"action_type": "FAIL"}, Fail()),
    ],
)
def test_a_call_means_an_action(arguments: dict[str, Any], meant: Action) -> None:
    assert read_desktop_call(arguments) == meant


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({}, r"action_type is None; it must be one of CLICK, "),
        ({"action_type": "CLIK"}, r"no action_type 'CLIK'; did you mean 'CLICK'\?"),
        ({"action_type": "TYPING"}, r"TYPING needs 'text'; given was \{\}"),
        ({"action_type": "MOVE_TO", "coordinate": [1]}, r"\[1\]"),
        ({"action_type": "MOVE_TO", "coordinate": "3,4"}, r"coordinate is '3,4'; it must be \[x, y\]"),
        ({"action_type": "PRESS", "key": "entr"}, r"entr.*did you mean 'enter'"),
        ({"action_type": "PRESS", "key": "tab", "text": "x"}, r"PRESS takes no 'text'; it takes 'key'"),
        ({"action_type": "DONE", "text": "x"}, r"DONE takes no 'text'; it takes nothing else"),
        ({"action_type": "CLICK", "where": [1, 2]}, r"no parameter 'where'; it has action_type, coordinate, "),
        ({"action_type": "HOTKEY", "keys": 3}, r"keys is 3; it must be a list of key names"),
        ({"action_type": "COMMAND", "command": "ls"}, r"only in an environment made with allow_code=True"),
        ({"action_type": "PYAUTOGUI", "command": "os.remove('x')"}, r"os\.remove"),
    ],
)
def test_a_call_that_means_none_says_what_would_be_right(arguments: dict[str, Any], said: str) -> None:
    with pytest.raises(ActionError, match=said):
        read_desktop_call(arguments)


def test_the_definition_offers_commands_only_where_they_run() -> None:
    for code in (False, True):
        parameters = definition((64, 48), code=code)["function"]["parameters"]
        assert list(parameters["properties"]) == [
            *("action_type", "coordinate", "text", "key", "keys", "clicks", "command")
        ]
        assert parameters["properties"]["action_type"]["enum"] == [kind for kind in TAKES if code or kind != "COMMAND"]


def test_a_step_is_told_a_line_of_json_and_what_is_on_the_screen() -> None:
    env = _env({**_TASK, "config": [_WINDOW]}, action="desktop_action")
    _, info = env.reset(seed=0)
    assert [one["function"]["name"] for one in info["tools"]] == ["desktop_action"]
    _, reward, _, _, info = env.step(_call(action_type="TYPING", text="hello"))
    told, text = _told(info)
    assert told == {
        "done": False,
        "reward": 0.0,
        "info": {"settled": True, "action_error": None, "failure": None},
        "obs_summary": "64x48 pixels, 1 window, active 'notepad'",
    }
    assert text.startswith("TYPING was done.\nThe screen has 64x48 pixels, 1 window, the lowest first:\n- 'notepad' of")
    _, reward, terminated, _, info = env.step(_call(action_type="DONE"))
    told, text = _told(info)
    assert (reward, terminated) == (told["reward"], told["done"]) == (1.0, True)
    assert told["info"]["score"] == 1.0
    assert "The episode is over." in text


def test_what_cannot_be_done_is_told_and_costs_a_step() -> None:
    env = _env(max_steps=2)
    env.reset(seed=0)
    info = env.step(_call(action_type="CLICK", coordinate=[64, 1]))[4]
    told, text = _told(info)
    assert told["info"]["action_error"] == info["action_error"]
    assert text.startswith(f"Not done: {info['action_error']}")
    assert not info["tool_results"][0]["ok"]
    assert "64" in info["action_error"]
    assert env.step(_call(action_type="CLIK"))[3]


def test_fail_judges_the_infeasible() -> None:
    env = _env({"id": "no", "instruction": "Do it.", "evaluator": {"func": "infeasible"}})
    env.reset(seed=0)
    assert env.step(_call(action_type="FAIL"))[1:3] == (1.0, True)


def test_commands_run_in_the_machine_and_print() -> None:
    env = _env(allow_code=True)
    env.reset(seed=0)
    info = env.step(_call(action_type="COMMAND", command="ls -l"))[4]
    assert "COMMAND was done.\nIt printed:\n42\n" in _told(info)[1]
    info = env.step(_call(action_type="COMMAND", command="nosuch"))[4]
    assert _told(info)[1].startswith("Not done: the code failed: bash: no such command")


def test_calls_of_one_step_are_answered_one_by_one() -> None:
    env = _env(observation=("screenshot", "tool_result"))
    env.reset(seed=0)
    both = [{**_call(action_type="TYPING", text=text), "id": text} for text in ("hel", "lo")]
    observation, _, _, _, info = env.step(both)
    assert [(one["call_id"], one["ok"]) for one in info["tool_results"]] == [("hel", True), ("lo", True)]
    assert observation["tool_result"].count("TYPING was done.") == 2
    info = env.step([{**_call(action_type="TYPING"), "id": "bad"}, {**both[0], "id": "good"}])[4]
    assert [_told(info, place)[1].partition("\n")[0] for place in (0, 1)] == [
        "Not done: TYPING needs 'text'; given was {}",
        "Not done: another call of the same step cannot be read",
    ]
    assert env.step(_call(action_type="DONE"))[1] == 1.0


def test_the_focus_is_told_where_the_tree_is_observed() -> None:
    class Focused(MemoryBackend):
        def observe(self, kinds: Sequence[str]) -> dict[str, Any]:
            state = "https://accessibility.ubuntu.example.org/ns/state"
            tree = f'<desktop-frame xmlns:st="{state}"><push-button name="OK" st:focused="true"/></desktop-frame>'
            seen = super().observe(kinds)
            return {kind: tree if kind == "accessibility_tree" else seen[kind] for kind in kinds}

    env = DesktopEnv(_TASK, backend=Focused(), screen=(64, 48), observation=("accessibility_tree",))
    env.reset(seed=0)
    assert "The focus is on push-button 'OK'." in _told(env.step(_call(action_type="WAIT"))[4])[1]


@pytest.mark.parametrize("where", [{"tools": ["desktop_action", "calculator"]}, {"action": "desktop_action"}])
def test_it_is_offered_where_it_is_named_with_the_size_of_the_screen(where: dict[str, Any]) -> None:
    for env in (_env(**where), _env({**_TASK, "tools": where.get("tools", [])}, **{**where, "tools": None})):
        told = env.reset(seed=0)[1]["tools"]
        assert told[0] == definition((64, 48))
        assert [one["function"]["name"] for one in told] == ["desktop_action", *where.get("tools", ())[1:]]
        info = env.step([_call(action_type="TYPING", text="hello")])[4]
        assert "TYPING was done." in _told(info)[1]


def test_where_there_is_no_desktop_the_tool_says_so() -> None:
    env: Any = gym.make("agentgym/Tools-v0", task={**_TASK, "tools": ["desktop_action"]}).unwrapped
    env.reset(seed=0)
    info = env.step(_call(action_type="WAIT"))[4]
    assert "there is no desktop here" in info["tool_results"][0]["content"]
    env.close()


def test_replays_lead_to_the_same_place() -> None:
    env = _env()
    env.reset(seed=0)
    env.step(_call(action_type="PYAUTOGUI", command="pyautogui.write('hel'); pyautogui.write('lo')"))
    token = env.snapshot()
    env.step(_call(action_type="TYPING", text="no"))
    env.restore(token)
    assert env.step("DONE")[1] == 1.0


# Made without a spec on purpose: the machine is an object.
@pytest.mark.filterwarnings("ignore:.*Not able to test alternative render modes")
def test_gymnasiums_checker_is_content_and_samples_are_done() -> None:
    check_env(_env(action="desktop_action", max_steps=5, render_mode="rgb_array"))
    env = _env(action="desktop_action")
    env.reset(seed=0)
    env.action_space.seed(0)
    assert [env.step(env.action_space.sample())[4]["action_error"] for _ in range(60)] == [None] * 60


def test_the_space_survives_json() -> None:
    space = DesktopCallText((64, 48), code=True)
    assert space_from_json(space_to_json(space)) == space
    assert space != DesktopCallText((64, 48))


@pytest.mark.parametrize("api", ["chat", "responses"])
def test_a_model_is_offered_the_tool_and_told_what_came_of_it(api: str) -> None:
    script = [
        call("desktop_action", action_type="CLICK", coordinate=[70, 2]),
        calls(
            ("desktop_action", {"action_type": "TYPING", "text": "hel"}),
            ("desktop_action", {"action_type": "TYPING", "text": "lo"}),
        ),
        call("desktop_action", action_type="DONE"),
    ]
    with serving(script) as server:
        agent = OpenAIAgent("m", base_url=server.url, api=api, actions="auto")
        result = Episode(_env(action="desktop_action"), agent, seed=0).run()
        agent.close()
    assert (result.score, result.steps, server.refused) == (1.0, 3, [])
    bodies = [one.body.decode() for one in server.exchanges]
    assert all("desktop_action" in body and '"act"' not in body for body in bodies)
    assert "Not done: " in bodies[1]
    assert bodies[2].count("TYPING was done.") == 2


def test_an_agent_that_wants_the_tool_where_it_is_not_offered_is_told() -> None:
    with serving([]) as server:
        agent = OpenAIAgent("m", base_url=server.url, actions="desktop_action")
        with pytest.raises(UsageError, match="make it with action='desktop_action'"):
            Episode(_env(), agent, seed=0).run()
        agent.close()


@pytest.mark.desktop
def test_on_a_real_desktop_commands_run_and_windows_are_told() -> None:
    editor = {"type": "launch", "parameters": {"command": ["mousepad", "--disable-server"]}}
    shown: Any = ("screenshot", "accessibility_tree")
    env: Any = gym.make(
        "agentgym/Desktop-v0",
        task={**_TASK, "config": [editor]},
        action="desktop_action",
        allow_code=True,
        observation=shown,
    )
    env.reset(seed=0)
    told, text = _told(env.step(_call(action_type="COMMAND", command="echo $((6 * 7)) && whoami"))[4])
    assert "COMMAND was done.\nIt printed:\n42\n" in text
    assert "Mousepad" in told["obs_summary"]
    info = env.step(_call(action_type="TYPING", text="hello"))[4]
    assert "The focus is on " in _told(info)[1]
    env.close()


class _Blind(MemoryBackend):
    """A machine that breaks when it is asked for its windows."""

    broken = False

    def windows(self) -> Sequence[Window]:
        if self.broken:
            raise BackendError("the machine died")
        return super().windows()


def test_a_machine_that_breaks_when_it_is_looked_at_ends_the_episode() -> None:
    machine = _Blind(commands={"typed": _typed})
    env = DesktopEnv(_TASK, backend=machine, screen=(64, 48))
    env.reset(seed=0)
    machine.broken = True
    with pytest.raises(BackendError, match="the machine died"):
        env.step(_call(action_type="CLICK", coordinate=[3, 4]))
    with pytest.raises(ResetNeeded):
        env.step(_call(action_type="WAIT"))


def test_a_machine_that_breaks_as_it_is_judged_takes_no_answer_away() -> None:
    def typed(backend: MemoryBackend, argv: Sequence[str]) -> Completed:
        machine.broken = True
        return _typed(backend, argv)

    machine = _Blind(commands={"typed": typed})
    env = DesktopEnv(_TASK, backend=machine, screen=(64, 48))
    env.reset(seed=0)
    env.step("pyautogui.write('hello')")
    _, reward, terminated, _, info = env.step(_call(action_type="DONE"))
    assert (reward, terminated, _told(info)[0]["reward"]) == (1.0, True, 1.0)
