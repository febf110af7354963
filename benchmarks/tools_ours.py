"""Our side of the benchmark of tools: the functions, the environments that call them, and what a step is made of."""

from __future__ import annotations

import json
import statistics
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal

import gymnasium as gym
from pydantic import BaseModel, Field
from rich.console import Console
from tools_peers import MESSAGE, PEERS, UPDATE, Round, Side, peer, played
from tools_table import Line, duration

import agentgym  # noqa: F401 - registers the environments
from agentgym.actions import ToolCall
from agentgym.envs.tools import ToolEnv
from agentgym.errors import ToolError
from agentgym.events import Bus, Record, tracing
from agentgym.tasks import Task
from agentgym.tools import Tool, ToolContext, tool
from agentgym.wrappers import TrajectoryRecorder

__all__ = ["above_the_function", "against_peers"]

_MOST_US = 50.0
_TIMES = 100.0
_OWN_SECONDS = 0.4
_PEER_SECONDS = 3.0
_TASK = Task(id="bench", instruction="Call the tool.")


@tool
def echo(message: str) -> str:
    """Gives back what it is given.

    Args:
        message: anything.
    """
    return message


@tool(timeout_s=10.0)
def echo_in_time(message: str) -> str:
    """Gives back what it is given, within a time.

    Args:
        message: anything.
    """
    return message


@tool
async def echo_awaited(message: str) -> str:
    """Gives back what it is given, in a loop.

    Args:
        message: anything.
    """
    return message


class Article(BaseModel):
    """What is ordered."""

    name: Annotated[str, Field(min_length=1)]
    count: Annotated[int, Field(ge=1, le=100)] = 1
    colours: list[Literal["red", "green", "blue"]] = []


@tool
def order(articles: Annotated[list[Article], Field(min_length=1)], most: int = 100) -> int:
    """Orders articles, and tells how many pieces that are.

    Args:
        articles: of which.
        most: that there are of all.
    """
    return min(most, sum(one.count for one in articles))


@tool
def update_task_status(task_id: str, status: Literal["pending", "completed"], context: ToolContext) -> dict[str, Any]:
    """Sets how far a task is, as the tool of tau2's mock domain does.

    Args:
        task_id: of which.
        status: how far it is.
    """
    if "tasks" not in context.state:
        first = {"task_id": "task_1", "title": "Test task", "description": "A test task", "status": "pending"}
        context.state["tasks"] = {"task_1": first}
    tasks: dict[str, dict[str, Any]] = context.state["tasks"]
    if task_id not in tasks:
        raise ToolError(f"there is no task {task_id!r}")
    tasks[task_id]["status"] = status
    return tasks[task_id]


_ORDER: Mapping[str, Any] = {"articles": [{"name": "cup", "count": 3, "colours": ["red", "blue"]}, {"name": "plate"}]}


def stepped(env: gym.Env[Any, Any], action: Any) -> Side:
    return Side(lambda: env.reset(seed=0), lambda: str(env.step(action)[4]["tool_results"][0]["content"]))


def written(called: Tool, arguments: Mapping[str, Any]) -> str:
    """A call as a model writes it."""
    return json.dumps({"name": called.name, "arguments": dict(arguments)})


@contextmanager
def evented() -> Iterator[None]:
    """A run that somebody listens to."""
    bus = Bus()
    bus.subscribe(lambda _: None)
    with tracing(bus):
        yield


def above_the_function(console: Console, rounds: int) -> list[Line]:
    """What a step costs above the function that it calls."""
    with ExitStack() as stack:
        found = _in_turns(console, rounds, _own_sides(stack))
    steps = {name: _median_step(each) for name, each in found.items()}
    function = steps.pop(_FUNCTION)
    part = f"A step with a tool in this process, above the function itself ({duration(function)})"
    lines = []
    for name, seconds in steps.items():
        above = (seconds - function) * 1e6
        holds = None if name == _RECORDED else above < _MOST_US
        wanted = "" if holds is None else f"< {_MOST_US:g} us"
        lines.append(Line(part, name, f"{above:.1f} us", wanted=wanted, holds=holds))
    wrappers = (steps[_THROUGH_GYM] - steps[_EVENTED]) * 1e6
    lines.append(Line(part, "of that Gymnasium's own: PassiveEnvChecker, OrderEnforcing", f"{wrappers:.1f} us"))
    return lines


_FUNCTION = "the function"
_RECORDED = "gym.make, JSON text, recorded on disk by TrajectoryRecorder"
_EVENTED = "ToolEnv, JSON text, validated and evented"
_THROUGH_GYM = "gym.make, JSON text, validated and evented"


def _own_sides(stack: ExitStack) -> dict[str, Callable[[float], Round]]:
    """Each plays for some seconds."""
    bare = ToolEnv(_TASK, tools=[echo])
    stack.callback(bare.close)
    made = _made(stack, echo)
    _check_events(made)
    recorded = TrajectoryRecorder(_made(stack, echo), stack.enter_context(tempfile.TemporaryDirectory()))
    stack.callback(recorded.close)
    said = {"message": MESSAGE}
    call, text = ToolCall("echo", said), written(echo, said)
    function = Side(lambda: None, lambda: str(echo(MESSAGE)))
    listened = {
        "ToolEnv, a ToolCall, validated and evented": stepped(bare, call),
        _EVENTED: stepped(bare, text),
        _THROUGH_GYM: stepped(made, text),
        "the same, arguments of a nested schema": stepped(_made(stack, order), written(order, _ORDER)),
        "the same, a tool with a time limit": stepped(_made(stack, echo_in_time), written(echo_in_time, said)),
        "the same, a coroutine": stepped(_made(stack, echo_awaited), written(echo_awaited, said)),
    }
    return {
        _FUNCTION: partial(played, function),
        "ToolEnv, a ToolCall, validated, nobody listens": partial(played, stepped(bare, call)),
        **{name: partial(_played_evented, side) for name, side in listened.items()},
        _RECORDED: partial(played, stepped(recorded, text)),
    }


def _made(stack: ExitStack, called: Tool) -> gym.Env[Any, Any]:
    env: gym.Env[Any, Any] = gym.make("agentgym/Tools-v0", task=_TASK, tools=[called])
    stack.callback(env.close)
    return env


def _check_events(env: gym.Env[Any, Any]) -> None:
    """That a step is told of, and what does not fit is refused: what is measured is the whole of it."""
    seen: list[Record] = []
    bus = Bus()
    bus.subscribe(seen.append)
    with tracing(bus):
        env.reset(seed=0)
        *_, told = env.step(written(echo, {"message": MESSAGE}))
        *_, refused = env.step(written(echo, {"message": 5}))
    assert told["tool_results"][0]["content"] == MESSAGE, told
    assert not refused["tool_results"][0]["ok"], refused
    assert [one.event_type for one in seen] == ["tool_call", "tool_result"] * 2, seen


def _played_evented(side: Side, seconds: float) -> Round:
    with evented():
        return played(side, seconds)


def against_peers(console: Console, rounds: int, folder: Path | None) -> list[Line]:
    """Steps a second of the peers against ours that does the same; the same result of the tool on both sides."""
    ours = {
        "echo": (echo, {"message": MESSAGE}),
        "update_task_status": (update_task_status, UPDATE),
    }
    with ExitStack() as stack:
        sides: dict[str, Callable[[float], Round]] = {}
        for name, (called, arguments) in ours.items():
            sides[name] = partial(_played_evented, stepped(_made(stack, called), written(called, arguments)))
        for name in PEERS:
            sides[name] = stack.enter_context(peer(name, folder))
        found = _in_turns(console, rounds, sides, seconds=dict.fromkeys(PEERS, _PEER_SECONDS))
    return [line for name in PEERS for line in _against(name, found)]


def _against(name: str, found: Mapping[str, list[Round]]) -> Iterator[Line]:
    same = "update_task_status" if name.startswith("tau2") else "echo"
    ours, theirs = found[same], found[name]
    assert _same(ours[0].said, theirs[0].said), (ours[0].said, theirs[0].said)
    part = f"Against others: {same}; gym.make, JSON text, validated and evented"
    for what, figure in (("steps/s", "rate"), ("steps/s with resets, ten calls to an episode", "rate_with_resets")):
        mine, others = (statistics.median(getattr(one, figure) for one in each) for each in (ours, theirs))
        wanted = f">= {_TIMES:g} x" if figure == "rate" and "without" not in name else ""
        holds = mine / others >= _TIMES if wanted else None
        yield Line(part, f"{name}: {what}", f"{mine:,.0f}", f"{others:,.0f}", mine / others, wanted, holds)
    step, their_step = _median_step(ours), _median_step(theirs)
    yield Line(part, f"{name}: the median step", duration(step), duration(their_step), their_step / step)


def _same(one: str, other: str) -> bool:
    """Whether two results say the same, as text or as JSON."""
    return one == other or json.loads(one) == json.loads(other)


def _in_turns(
    console: Console,
    rounds: int,
    sides: Mapping[str, Callable[[float], Round]],
    *,
    seconds: Mapping[str, float] | None = None,
) -> dict[str, list[Round]]:
    found: dict[str, list[Round]] = {name: [] for name in sides}
    for number in range(rounds):
        console.log(f"round {number + 1} of {rounds}: {len(sides)} sides")
        for name, play in sides.items():
            found[name].append(play((seconds or {}).get(name, _OWN_SECONDS)))
    return found


def _median_step(each: list[Round]) -> float:
    return statistics.median(seconds for one in each for seconds in one.steps)
