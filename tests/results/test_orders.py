from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from agentgym.engines import ProcessEngine, SerialEngine
from agentgym.engines.threads import ThreadEngine
from agentgym.errors import UsageError
from agentgym.results import RunConfig
from agentgym.results.orders import engine_for, orders
from agentgym.results.tree import words_of
from agentgym.runner import RolloutSpec


def engine(**settings: Any) -> Any:
    config = RunConfig(**{"tasks": "shell", "agent": "noop", **settings})
    return engine_for(config, orders(config))


@pytest.mark.parametrize(
    ("settings", "kind"),
    [
        ({}, ProcessEngine),
        ({"agent": "terminal"}, SerialEngine),
        ({"agent": "human"}, SerialEngine),
        ({"hooks": ("tool_call=approve",)}, SerialEngine),
        ({"hooks": ("tool_call=time",)}, ProcessEngine),
        ({"hooks": ("tool_call=approve",), "workers": 1, "engine": "threads"}, ThreadEngine),
        ({"agent": "human", "workers": 2}, ProcessEngine),
    ],
)
def test_a_person_is_asked_where_the_terminal_is(settings: dict[str, Any], kind: type) -> None:
    assert isinstance(engine(**settings), kind)


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"hooks": ("tool_call=approve",), "workers": 2}, "the hook 'approve' asks at the terminal, .*drop --workers"),
        ({"hooks": ("tool_call=answer",), "workers": 2, "engine": "threads"}, "'answer' asks .*drop --workers"),
        ({"agent": "terminal", "workers": 2}, "the agent 'terminal' asks at the terminal, .*drop --workers"),
        ({"agent": "terminal", "engine": "processes"}, "which the engine 'processes' has not: drop --engine"),
        ({"hooks": ("tool_call=approve",), "engine": "threads"}, "which the engine 'threads' has not: drop --engine"),
    ],
)
def test_several_do_not_ask_at_one_terminal(settings: dict[str, Any], says: str) -> None:
    with pytest.raises(UsageError, match=says):
        engine(**settings)


def test_one_environment_runs_at_a_time_where_nothing_is_said() -> None:
    assert engine().limits.workers == 1
    assert engine(engine="threads").limits.workers == 32
    assert engine(workers=3, timeout=5).limits.timeout_s == 5


def test_what_is_to_be_shown_does_not_fit_tools_alone() -> None:
    with pytest.raises(UsageError, match="no screen and always a sandbox: drop --observation"):
        engine(observation=("terminal",))


def test_settings_of_the_environment_reach_it() -> None:
    config = RunConfig(tasks="shell", agent="noop", split="test", max_steps=3, env_options={"render_mode": "ansi"})
    assert orders(config)[0].env_kwargs == {"max_steps": 3, "split": "test", "render_mode": "ansi"}
    desktop = RunConfig(tasks="apps/note-save", agent="noop", observation=("terminal",), backend="memory")
    expected = {"backend": "memory", "observation": ("terminal",), "sandbox": "bwrap"}
    assert orders(desktop)[0].env_kwargs == expected


def test_osworlds_observation_types_are_a_wrapper_and_what_it_is_made_from() -> None:
    def order(**settings: Any) -> RolloutSpec:
        (one,) = orders(RunConfig(tasks="apps/note-save", agent="noop", backend="memory", **settings))
        return one

    som = order(observation_type="som", observation=("terminal",), wrappers=("module:Other",))
    assert som.env_kwargs["observation"] == ("screenshot", "accessibility_tree", "terminal")
    assert som.wrappers == ({"wrapper": "agentgym.wrappers:ObservationType", "kind": "som"}, "module:Other")
    assert order(observation_type="a11y_tree").env_kwargs["observation"] == ("accessibility_tree",)
    assert order().wrappers == ()


def test_marks_by_a_wrapper_are_filed_as_marks() -> None:
    def told(wrapper: str | dict[str, Any], **settings: Any) -> tuple[str, str]:
        asked = {"agent": "openai", "model": "m", "result_root": "results", "observation_type": None, **settings}
        kinds = ("screenshot", "accessibility_tree")
        config = RunConfig(tasks="apps/note-save", observation=kinds, wrappers=(wrapper,), **asked)
        words = words_of(config, orders(config)[0])
        return words["action_space"], words["observation_type"]

    som = {"wrapper": "agentgym.wrappers:ObservationType", "kind": "som"}
    assert told(som) == told(json.dumps(som)) == ("pyautogui", "som")
    place = "agentgym.wrappers.observation_type:ObservationType"
    assert told(place) == ("desktop_action", "screenshot_a11y_tree")
    assert told({**som, "wrapper": place}, observation_type="a11y_tree") == ("pyautogui", "som")
    assert told("agentgym.wrappers:TextActions") == ("desktop_action", "screenshot_a11y_tree")


def test_where_osworlds_results_are_written_and_on_its_machines_the_screen_is_osworlds() -> None:
    def screen(**settings: Any) -> Any:
        return orders(RunConfig(**{"tasks": "apps/note-save", "agent": "noop", **settings}))[0].env_kwargs.get("screen")

    assert screen(result_root="results") == screen(backend="guest") == (1920, 1080)
    assert screen(env_options={"backend": "guest"}) == (1920, 1080)
    assert screen(result_root="results", backend="guest", env_options={"screen": [1280, 720]}) == [1280, 720]
    assert screen() is screen(result_root="results", tasks="shell") is None


@pytest.mark.parametrize("agent", ["oracle", "policy:nowhere"])
def test_who_reads_the_tree_itself_is_not_shown_a_table(agent: str) -> None:
    with pytest.raises(UsageError, match="drop --observation-type"):
        orders(RunConfig(tasks="apps/note-save", agent=agent, observation_type="a11y_tree"))


def test_osworlds_runs_have_its_number_of_steps_where_nobody_says_one(tmp_path: Path) -> None:
    tasks = tmp_path / "tasks.jsonl"
    tasks.write_text('{"id": "a", "instruction": "a"}\n{"id": "b", "instruction": "b", "max_steps": 30}\n')

    def steps(source: str, **settings: Any) -> list[Any]:
        config = RunConfig(tasks=source, agent="noop", **settings)
        return [spec.env_kwargs.get("max_steps") for spec in orders(config)]

    assert steps(str(tasks)) == [None, None]
    assert steps(str(tasks), result_root="r") == [15, None]
    assert steps(str(tasks), result_root="r", max_steps=50) == [50, 50]
    assert steps(str(tasks), result_root="r", env_options={"max_steps": 40}) == [40, 40]
    assert steps("apps/note-save", result_root="r") == [None]
