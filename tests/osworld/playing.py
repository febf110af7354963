"""Plays a solution on a desktop: judged before the first action, and after the last."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import gymnasium as gym

import agentgym  # noqa: F401 - registers the environment
from agentgym.actions import Click, Done, RawAction, Wait
from agentgym.backends.base import Backend
from tests.osworld.mirror import fill
from tests.osworld.pages import middle_of
from tests.osworld.solution import ClickOn, Gone, Move, Seen, Solution, Written

__all__ = ["TASKS", "Played", "desktop", "play", "raw_task"]

T = TypeVar("T")
TASKS = Path(__file__).parent / "tasks"

_PATIENCE_S = 30.0
_REST_PATIENCE_S = 6.0
_LOOK_S = 0.1
"""A step takes LibreOffice for restless for 0.75 s, as it paints tool bars late. Looking again and again, each time
whether it has done anything since, finds it at rest sooner, and a slow one later."""


@dataclass(frozen=True)
class Played:
    """What came of it.

    Args:
        without: the score before the first action.
        score: the score after the last.
        actions: how many, with the last `Done`, without those that only wait.
        seconds: of it all, both judgings and the reset included.
    """

    without: float | None
    score: float | None
    actions: int
    seconds: float

    def solves(self, solution: Solution) -> bool:
        """Whether idleness scored nothing and the oracle what it must."""
        return self.without == 0 and self.score is not None and solution.least <= self.score <= 1


@contextmanager
def desktop() -> Iterator[gym.Env[Any, Any]]:
    """A desktop for tasks given at its resets: of OSWorld's size, and without a network."""
    env: gym.Env[Any, Any] = gym.make(
        "agentgym/Desktop-v0",
        tasks="apps",
        screen=(1920, 1080),
        settle_timeout=_LOOK_S,
        allow_code=True,
        disable_env_checker=True,
    )
    try:
        yield env
    finally:
        env.close()


def raw_task(identity: str) -> dict[str, Any]:
    """The task file as it was given."""
    (path,) = TASKS.glob(f"*/{identity}.json")
    task: dict[str, Any] = json.loads(path.read_text())
    return task


def play(env: gym.Env[Any, Any], solution: Solution, mirror: Path) -> Played:
    """Fills the mirror, and plays.

    Args:
        env: what `desktop` gave.
        solution: what is played.
        mirror: the folder that ``AGENTGYM_MIRROR`` names.

    Raises:
        AssertionError: if an action was refused or a window did not come; it says which.
    """
    task = raw_task(solution.task)
    fill(mirror, task, solution.files())
    began = time.monotonic()
    env.reset(seed=0, options={"task": task})
    judged: Any = env.unwrapped
    without = _value(judged.evaluate())
    if solution.afresh:
        env.reset(seed=0, options={"task": task})
    actions = sum(_do(env, move) for move in solution.oracle())
    info = env.step(Done())[4]
    assert info["failure"] is None, f"the task could not be judged: {info['failure']}"
    return Played(without, _value(info["score"]), actions + 1, time.monotonic() - began)


def _value(score: Any) -> float | None:
    return None if score is None else float(getattr(score, "value", score))


def _do(env: gym.Env[Any, Any], move: Move) -> int:
    """Does a move, and says how many actions it was."""
    backend: Backend = env.get_wrapper_attr("backend")
    match move:
        case Seen(title=title):
            _await(env, lambda: _shows(backend, title), f"no window {title!r}")
        case Gone(title=title):
            _await(env, lambda: not _shows(backend, title), f"still a window {title!r}")
        case Written(path=path, text=text):
            _await(env, lambda: _holds(backend, path, text), f"no {text!r} in {path}")
        case ClickOn(selector=selector):
            middle = _await(env, lambda: middle_of(backend, selector), f"no {selector!r} in the page")
            return _do(env, Click(*middle))
        case _:
            _step(env, move)
            return 1
    return 0


def _step(env: gym.Env[Any, Any], action: RawAction) -> None:
    """Does an action and waits until the desktop rests."""
    deadline = time.monotonic() + _REST_PATIENCE_S
    settled = _act(env, action)
    while not settled and time.monotonic() < deadline:
        settled = _act(env, Wait())


def _act(env: gym.Env[Any, Any], action: RawAction) -> bool:
    _, _, terminated, truncated, info = env.step(action)
    assert info["action_error"] is None, f"{action!r}: {info['action_error']}"
    assert not terminated, f"{action!r} ended the episode"
    assert not truncated, f"{action!r} was one step too many"
    return bool(info["settled"])


def _await(env: gym.Env[Any, Any], come: Callable[[], T | None], lacking: str) -> T:
    """Waits as an agent does that sees something missing, and gives what has come."""
    backend: Backend = env.get_wrapper_attr("backend")
    deadline = time.monotonic() + _PATIENCE_S
    while not (found := come()):
        assert time.monotonic() < deadline, f"{lacking}; there are {[window.title for window in backend.windows()]}"
        _step(env, Wait())
    _step(env, Wait())
    return found


def _shows(backend: Backend, title: str) -> bool:
    return any(title in window.title for window in backend.windows())


def _holds(backend: Backend, path: str, text: str) -> bool:
    try:
        return text.encode() in backend.read(path)
    except FileNotFoundError:
        return False
