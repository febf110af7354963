"""Python that is more than literal calls: an action where it may run, refused with a hint elsewhere."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

import pytest

from agentgym.actions import Batch, Click, Done, Press, Python, Wait, parse_action, to_pyautogui
from agentgym.actions.desktop_call import read_desktop_call
from agentgym.actions.scripts import written_code
from agentgym.actions.tags import with_places
from agentgym.agents.openai.options import system_text
from agentgym.agents.openai.places import Place
from agentgym.agents.openai.prompts import USUAL, checked_template, filled
from agentgym.backends.host import HostBackend
from agentgym.envs.acting import Acting
from agentgym.errors import ActionError
from agentgym.results import RunConfig
from agentgym.results.orders import orders
from agentgym.sinks.osworld import osworld_action
from agentgym.spaces import PyAutoGUIText, action_form

SCRIPTS = [
    "x, y = 100, 200\npyautogui.click(x, y)",
    "for _ in range(3):\n    pyautogui.press('down')",
    "pyautogui.press(['down'] * 5)",
    "pyautogui.click(2 * 50, 103)",
    "shot = pyautogui.screenshot()",
    "pyautogui.position()",
    "from time import sleep\nsleep(1)",
    "import subprocess; subprocess.run(['ls'])",
]


def code_of(action: Any) -> str:
    assert isinstance(action, Python)
    return action.code


@pytest.mark.parametrize("text", SCRIPTS)
def test_a_script_is_an_action_where_code_may_run(text: str) -> None:
    action = parse_action(text, code=True)
    assert code_of(action).endswith(text)
    assert "pyautogui.FAILSAFE = False" in code_of(action)
    assert parse_action(to_pyautogui(action)) == action
    assert parse_action(f"```python\n{text}\n```", code=True) == action
    assert parse_action({"action_type": "PYAUTOGUI", "command": text}, code=True) == action
    assert read_desktop_call({"action_type": "PYAUTOGUI", "command": text}, code=True) == action


@pytest.mark.parametrize("text", SCRIPTS)
def test_elsewhere_it_is_refused_and_told_what_would_run_it(text: str) -> None:
    with pytest.raises(ActionError, match=r"--env-option allow_code=true\) it would run as Python inside the sandbox"):
        parse_action(text)


def test_literal_calls_stay_what_they_are() -> None:
    text = "import pyautogui\npyautogui.click(1, 2); pyautogui.press('a'); time.sleep(0.5)"
    assert parse_action(text, code=True) == parse_action(text) == Batch((Click(1, 2), Press("a"), Wait(0.5)))


def test_the_words_at_the_end_of_a_script_are_actions() -> None:
    action = parse_action("n = 3  # times\npyautogui.press('down', presses=n)\nDONE", code=True)
    assert isinstance(action, Batch)
    script, done = action.actions
    assert code_of(script).endswith("\nn = 3  # times\npyautogui.press('down', presses=n)")
    assert done == Done()


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("é = 'ü' * 2; pyautogui.write(é); DONE", "é = 'ü' * 2; pyautogui.write(é);"),
        ("x = [1]\r\npyautogui.write(str(x))\r\nWAIT\r\nDONE", "x = [1]\npyautogui.write(str(x))"),
        ("x = [1]; pyautogui.write(str(x)); \\\nDONE", "x = [1]\npyautogui.write(str(x))"),
    ],
)
def test_code_before_such_words_stays_as_it_was_written(text: str, code: str) -> None:
    action = parse_action(text, code=True)
    assert isinstance(action, Batch)
    script = action.actions[0]
    assert isinstance(script, Python)
    assert written_code(script) == code


@pytest.mark.parametrize("text", ["hello", "x = 3", "not Python (", "[{'name': 'f'}]", "pyautogui.press('nokey')"])
def test_what_calls_nothing_or_is_wrong_is_refused_everywhere(text: str) -> None:
    with pytest.raises(ActionError) as refused:
        parse_action(text, code=True)
    assert "allow_code" not in str(refused.value)


def test_tags_stand_for_places_in_scripts_and_names_of_its_own_for_themselves() -> None:
    code = "for tag in (tag_1, tag_2):\n    pyautogui.click(*tag)\ntag_9 = 5\npyautogui.press('a', presses=tag_9)"
    script = code_of(parse_action(with_places(code, [(10, 20), (30, 40)]), code=True))
    clicked: list[tuple[int, ...]] = []

    class _Gui:
        def click(self, *place: int) -> None:
            clicked.append(place)

        def press(self, key: str, presses: int) -> None:
            clicked.append((ord(key), presses))

    body = script[script.index("for tag") :]
    exec(body, {"pyautogui": _Gui()})  # noqa: S102 - the test's own text
    assert clicked == [(10, 20), (30, 40), (97, 5)]


def test_a_model_is_told_whether_it_may_write_scripts() -> None:
    for code in (False, True):
        space = action_form("pyautogui", (640, 480), code=code).space
        assert space == PyAutoGUIText((640, 480), code=code) != PyAutoGUIText((640, 480), code=not code)
        manual = Place(kind="screen", writing="pyautogui", space=space).manual()
        assert ("any Python" in manual or "Python code" in manual) == code
        assert ("literal arguments" in manual) != code


class _Own(HostBackend):
    def __init__(self) -> None:
        """Without a screen."""

    def settle(self, timeout_s: float) -> bool:
        del timeout_s
        return True


def test_the_users_own_desktop_runs_no_script() -> None:
    acting = Acting(1.0, code=True, timed=lambda _: nullcontext())
    acted = acting.act(lambda: parse_action(SCRIPTS[0], code=True), _Own())
    assert acted.error == "your own desktop is driven by literal calls of pyautogui alone"
    assert acted.done == Wait()


@pytest.mark.parametrize(
    ("settings", "allowed", "system"),
    [
        ({"result_root": "r"}, True, "osworld"),
        ({"result_root": "r", "backend": "guest"}, True, None),
        ({"result_root": "r", "backend": "memory"}, None, None),
        ({"result_root": "r", "backend": "host"}, None, None),
        ({"result_root": "r", "sandbox": "none"}, None, None),
        ({"result_root": "r", "env_options": {"allow_code": False}}, False, "osworld"),
        ({"result_root": "r", "agent_options": {"system": "Be brief."}}, True, "Be brief."),
        ({"result_root": "r", "agent": "noop"}, True, None),
        ({}, None, None),
    ],
)
def test_osworlds_runs_allow_scripts_in_machines_that_hold_them(
    settings: dict[str, Any], allowed: bool | None, system: str | None, tmp_path: Any
) -> None:
    (tmp_path / "t.json").write_text('{"id": "t", "instruction": "Look.", "config": []}', encoding="utf-8")
    config = RunConfig(**{"tasks": str(tmp_path / "t.json"), "agent": "openai", "model": "m", **settings})
    if config.agent == "noop":
        config = config.model_copy(update={"model": None})
    (spec,) = orders(config)
    assert spec.env_kwargs.get("allow_code") == allowed
    assert spec.agent_options.get("system") == system


def test_the_preset_says_how_to_begin_on_a_bare_desktop() -> None:
    template = checked_template(system_text("osworld"))
    assert template.startswith(USUAL)
    told = filled(template, dict.fromkeys(("actions",), "Click."))
    assert "Click." in told
    assert "password is password" in told
    assert "ctrl+alt+t" in told
    assert system_text("osworlds") == "osworlds"


@pytest.mark.parametrize("text", SCRIPTS)
def test_results_have_the_code_as_it_was_written(text: str) -> None:
    assert osworld_action(parse_action(text, code=True), is_code=True) == text
    assert osworld_action(parse_action(f"{text}\nDONE", code=True), is_code=True).endswith("\nDONE")
    assert osworld_action(Python(text), is_code=True) == to_pyautogui(Python(text))
