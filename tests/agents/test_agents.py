from __future__ import annotations

from collections.abc import Generator
from typing import Any

import gymnasium as gym
import numpy as np
import pytest

from agentgym.actions import Done, Fail, Press, ToolCall, TypeText, Wait
from agentgym.agents import Agent, NoopAgent, RandomAgent, ScriptedAgent, agents, make_agent
from agentgym.errors import UnknownNameError, UsageError
from agentgym.events import Event
from agentgym.runner import Episode
from agentgym.tasks import Task
from agentgym.tools import read_calls

TASK = Task(id="t", instruction="say hello")
SCREEN = {"screenshot": np.zeros((60, 80, 3), np.uint8)}


def ignore(_event: Event) -> None:
    pass


def echo(task: Task) -> Generator[Any, Any, None]:
    """Looks, types the instruction, then what it saw."""
    observation = yield Wait()
    yield TypeText(task.instruction)
    yield TypeText(str(sorted(observation)))


def played(agent: Agent, steps: int, task: Task = TASK) -> list[Any]:
    agent.reset(task, ignore)
    return [agent.act(SCREEN) for _ in range(steps)]


def test_a_script_is_told_the_task_and_what_it_sees() -> None:
    assert played(ScriptedAgent(echo), 3) == [Wait(), TypeText("say hello"), TypeText("['screenshot']")]


def test_a_script_that_has_ended_says_done() -> None:
    assert played(ScriptedAgent(echo), 5)[3:] == [Done(), Done()]


def test_a_reset_begins_the_script_again() -> None:
    agent = ScriptedAgent(echo)
    assert played(agent, 2) == played(agent, 2)


def test_a_script_can_be_named() -> None:
    assert played(make_agent(f"scripted:{__name__}:echo"), 1) == [Wait()]


@pytest.mark.parametrize(
    ("place", "says"),
    [
        ("nowhere:script", "cannot import 'nowhere' for the script"),
        ("agentgym.agents:make_agnt", "did you mean 'make_agent'"),
        ("agentgym", "a script is named 'module:function', got 'agentgym'"),
        ("agentgym.agents:__all__", "cannot be called"),
    ],
)
def test_a_script_that_does_not_exist_is_a_usage_error(place: str, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        make_agent(f"scripted:{place}")


class Mute:
    def reset(self, task: Task, emit: Any) -> None:
        pass


class Bare:
    pass


@pytest.mark.parametrize(("kind", "says"), [("Mute", "a Mute without act;"), ("Bare", "a Bare without reset and act;")])
def test_what_is_no_agent_is_told_what_one_needs(kind: str, says: str) -> None:
    with pytest.raises(UsageError, match=says) as raised:
        make_agent(f"{__name__}:{kind}")
    assert str(raised.value).endswith("an agent has the methods reset(task, emit) and act(observation)")


def test_an_agent_without_reset_is_refused() -> None:
    with pytest.raises(UsageError, match="before its first reset"):
        ScriptedAgent(echo).act(SCREEN)


def test_the_idle_agent_waits_and_says_done() -> None:
    assert played(NoopAgent(steps=2), 4) == [Wait(), Wait(), Done(), Done()]


def test_the_random_agent_draws_the_same_from_the_same_seed() -> None:
    assert played(RandomAgent(seed=1), 50) == played(RandomAgent(seed=1), 50)
    assert played(RandomAgent(seed=1), 50) != played(RandomAgent(seed=2), 50)


def test_the_random_agent_goes_on_drawing_in_the_next_episode() -> None:
    agent = RandomAgent(seed=1)
    assert played(agent, 20) != played(agent, 20)


def test_the_random_agent_stays_on_the_screen_it_sees() -> None:
    places = [
        (action.x, action.y) for action in played(RandomAgent(seed=3), 300) if getattr(action, "x", None) is not None
    ]
    assert max(x for x, _ in places) < 80
    assert max(y for _, y in places) < 60


def test_the_random_agent_never_gives_up() -> None:
    assert not any(isinstance(action, Done | Fail) for action in played(RandomAgent(), 300))


def test_the_random_agent_draws_calls_of_tools_from_the_action_space() -> None:
    def played_with(seed: int) -> list[Any]:
        env = gym.make("agentgym/Tools-v0", task=TASK, tools=["calculator", "submit"], max_steps=8)
        episode = Episode(env, RandomAgent(seed=seed), seed=0)
        return [episode.action for _ in episode]

    drawn = played_with(1)
    assert {call.name for text in drawn for call in read_calls(text) if isinstance(call, ToolCall)} <= {
        "calculator",
        "submit",
    }
    assert drawn == played_with(1) != played_with(2)


def test_the_random_agent_asks_for_an_action_space_where_there_is_no_desktop() -> None:
    with pytest.raises(UsageError, match=r"draw_from\(env.action_space\)"):
        RandomAgent().act("Find the largest file.")


def test_an_agent_that_draws_gets_the_seed_and_others_do_not() -> None:
    assert played(make_agent("random", seed=5), 20) == played(RandomAgent(seed=5), 20)
    assert played(make_agent("noop", seed=5), 1) == [Wait()]


def test_options_reach_the_agent() -> None:
    assert played(make_agent("noop", options={"steps": 0}), 1) == [Done()]


def test_unknown_options_are_a_usage_error() -> None:
    with pytest.raises(UsageError, match=r"'noop'.*stepps"):
        make_agent("noop", options={"stepps": 0})


def test_an_unknown_agent_is_met_with_a_suggestion() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'oracle'"):
        make_agent("oracel")


def test_the_named_agents_are_in_the_table() -> None:
    assert {"noop", "oracle", "random", "replay", "scripted"} <= set(agents)


def test_scripted_actions_may_be_raw() -> None:
    def script(_: Task) -> Generator[Any, Any, None]:
        yield "pyautogui.press('a')"
        yield Press("b")

    assert played(ScriptedAgent(script), 2) == ["pyautogui.press('a')", Press("b")]
