"""Our environments for TRL's `GRPOTrainer`: tools as methods, and a score as the reward."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any

from agentgym.adapters.annotated import method_of
from agentgym.adapters.episodes import Came, Episodes, Made, maker
from agentgym.errors import ToolError, UsageError

__all__ = ["environment_factory", "rows"]

_TAKEN = ("reset", "get_reward")


def environment_factory(made: Made = "agentgym/Tools-v0", **arguments: Any) -> Callable[[], Any]:
    """What `GRPOTrainer` takes as its ``environment_factory``: each instance has an environment of its own.

    The tools are those of all tasks that the environment draws from. Where actions are text there is one tool,
    ``act``. A call that fails is raised, which TRL counts, and tells the model. The reward is the score of the state in
    which the model leaves off; an episode without a score has none, not 0.

    The columns ``seed`` and ``task`` of a row, if there are such, begin the episode, so that the generations of one
    row are given the same task: see `rows`.

    Args:
        made: an id, or a function that makes the environment, such as with a recorder around it.
        arguments: of the environment, if it is an id.

    Raises:
        UsageError: if its actions are neither text nor calls, or a tool's name is taken by TRL.
    """
    make = maker(made, arguments)
    probe = Episodes(make())
    try:
        tools = {tool["function"]["name"]: method_of(tool, _call) for tool in probe.tools()}
    finally:
        probe.close()
    if clash := [name for name in tools if name in _TAKEN or name.startswith("_")]:
        raise UsageError(f"the tool {clash[0]!r} cannot be a method of TRL's: {', '.join(_TAKEN)} and _names are taken")

    def begin(self: Any) -> None:
        self._episodes = Episodes(make())
        # TRL closes nothing.
        self._end = weakref.finalize(self, self._episodes.close)

    name = made if isinstance(made, str) else getattr(made, "__name__", "environment")
    return type(name, (), {"__init__": begin, "reset": _reset, "get_reward": _get_reward, **tools})


def rows(number: int, *, prompt: str = "", seed: int = 0) -> list[dict[str, Any]]:
    """Rows of a dataset to train on: a prompt, to which the observation of a reset is appended, and a seed each."""
    return [{"prompt": [{"role": "user", "content": prompt}], "seed": seed + index} for index in range(number)]


def _reset(self: Any, *, seed: int | None = None, task: Any = None, **_: Any) -> str | list[dict[str, Any]]:
    """Starts the episode of a row, whose other columns are for others."""
    return _content(self._episodes.begin(seed=seed, task=task))


def _get_reward(self: Any) -> float | None:
    score: float | None = self._episodes.score()
    return score


def _call(self: Any, name: str, arguments: dict[str, Any]) -> str | list[dict[str, Any]]:
    came: Came = self._episodes.call(name, arguments)
    if not came.ok:
        raise ToolError(came.text)
    return _content(came)


def _content(came: Came) -> str | list[dict[str, Any]]:
    """Text, or where there is something to see, the parts of a message."""
    if not came.images:
        return came.text
    parts: list[dict[str, Any]] = [{"type": "image", "image": image} for image in came.images]
    return [*parts, {"type": "text", "text": came.text}] if came.text else parts
