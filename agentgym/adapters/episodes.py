"""An environment's episodes, for a library that speaks text and calls."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

import gymnasium as gym
import numpy as np
from PIL import Image

from agentgym.actions.quoting import short
from agentgym.errors import BackendError, EvaluationError, UsageError
from agentgym.spaces import PyAutoGUIText, ToolCallText, UnicodeText
from agentgym.tools.replies import ACT, act_tool, action_in, manual

__all__ = ["Came", "Episodes", "Made", "maker"]

Made: TypeAlias = str | Callable[[], gym.Env[Any, Any]]
"""An environment's id, or a function that makes one, such as with wrappers around it."""


@dataclass(frozen=True)
class Came:
    """What came of an action.

    Args:
        text: what is told of it.
        images: what is seen, where the environment shows any.
        ok: whether it was done.
        over: whether that was the end.
        results: what came of each call, by its id.
    """

    text: str
    images: tuple[Image.Image, ...] = ()
    ok: bool = True
    over: bool = False
    results: Mapping[str, str] = field(default_factory=dict)


def maker(made: Made, arguments: Mapping[str, Any]) -> Callable[[], gym.Env[Any, Any]]:
    """The function that makes the environment.

    Raises:
        UsageError: if arguments come with a function, which has its own.
    """
    if isinstance(made, str):
        return lambda: gym.make(made, disable_env_checker=True, **arguments)
    if arguments:
        raise UsageError(f"arguments go with an id: {', '.join(arguments)} came with {short(made)}, which has its own")
    return made


class Episodes:
    """One environment, episode after episode.

    Args:
        env: whose actions are calls of tools, or text; this closes it.

    Raises:
        UsageError: if its actions are of another kind.
    """

    def __init__(self, env: gym.Env[Any, Any]) -> None:
        if not isinstance(env.action_space, UnicodeText):
            raise UsageError(f"the actions of {env} are {env.action_space}; here they must be text or calls of tools")
        self.env = env
        self._space = env.action_space
        self._over = True
        self._broke = False
        self._score: float | None = None

    def tools(self) -> Sequence[Mapping[str, Any]]:
        """Definitions, as OpenAI's API takes them, of what can be called.

        A desktop says which tools it has when it is reset: for one, this begins an episode.
        """
        if isinstance(self._space, ToolCallText):
            return self._space.tools
        return (*self._offered(), _act(self._space))

    def manual(self) -> str | None:
        """How a model is to write its calls, where there is more to call than ``act``; as for `tools`."""
        tools = self.tools()
        return manual(tools) if [one["function"]["name"] for one in tools] != [ACT] else None

    def begin(self, *, seed: int | None = None, task: Any = None) -> Came:
        """Starts an episode.

        Args:
            seed: draws the task and what varies in it.
            task: picks one, in any form that the environment takes, or as JSON text.
        """
        self._over, self._broke, self._score = False, False, None
        observation, _ = self.env.reset(seed=seed, options=None if task is None else {"task": _read(task)})
        return _shown(observation)

    def call(self, name: str, arguments: Mapping[str, Any]) -> Came:
        """Calls one of the tools."""
        if name == ACT and not isinstance(self._space, ToolCallText):
            return self.act(arguments.get("action"))
        return self.act({"name": name, "arguments": dict(arguments)})

    def answer(self, calls: Sequence[Mapping[str, Any]]) -> Came:
        """Makes the calls of one reply, in one step where their tools allow it.

        Args:
            calls: each with ``id``, ``name``, and ``arguments`` as JSON text.
        """
        if isinstance(self._space, ToolCallText) or all(call["name"] != ACT for call in calls):
            came = self.act(list(calls))
            return replace(came, results={call["id"]: came.results.get(call["id"], came.text) for call in calls})
        each = {call["id"]: self.act(_unpacked(_written(call))) for call in calls}
        last = each[calls[-1]["id"]]
        return replace(last, results={call_id: came.text for call_id, came in each.items()})

    def say(self, reply: str) -> Came:
        """Does what a model's reply says: the calls in its tags, or all of it."""
        action = action_in(reply)
        return self.act(action) if isinstance(self._space, ToolCallText) else self.act(_unpacked(action))

    def act(self, action: Any) -> Came:
        """Does an action. A machine that breaks ends the episode, which then has no score."""
        if self._over:
            return Came("The episode is over.", ok=False, over=True)
        try:
            observation, _, terminated, truncated, info = self.env.step(action)
        except BackendError as error:
            self._over = self._broke = True
            return Came(f"The machine broke: {error}", ok=False, over=True)
        self._over = terminated or truncated
        if self._over:
            self._score = info.get("score")
        return _told(observation, info, self._over)

    def score(self) -> float | None:
        """The score of the present state; None if there is none, which is not 0."""
        if self._broke:
            return None
        if self._over:
            return self._score
        evaluate = getattr(self.env.unwrapped, "evaluate", None)
        if evaluate is None:
            return None
        try:
            scored = evaluate()
        except (BackendError, EvaluationError):
            return None
        return None if scored is None else float(scored.value)

    def close(self) -> None:
        self.env.close()

    def _offered(self) -> Sequence[Mapping[str, Any]]:
        if not hasattr(self.env.unwrapped, "tools"):
            return ()
        _, info = self.env.reset(seed=0)
        offered: Sequence[Mapping[str, Any]] = info.get("tools", ())
        return offered


def _told(observation: Any, info: Mapping[str, Any], over: bool) -> Came:
    """What came of a step: results of calls where there are any, else what is shown."""
    if info.get("action_error") is not None:
        return Came(f"Not done: {info['action_error']}", ok=False, over=over)
    results = info.get("tool_results")
    if not results:
        shown = _shown(observation)
        return Came(shown.text, shown.images, over=over)
    text = "\n\n".join(result["content"] for result in results)
    by_id = {result["call_id"]: result["content"] for result in results}
    return Came(text, ok=all(result["ok"] for result in results), over=over, results=by_id)


def _shown(observation: Any) -> Came:
    if isinstance(observation, str):
        return Came(observation)
    parts = observation if isinstance(observation, Mapping) else {"screenshot": observation}
    images = tuple(Image.fromarray(part) for part in parts.values() if isinstance(part, np.ndarray))
    return Came("\n\n".join(part for part in parts.values() if isinstance(part, str)), images)


def _read(task: Any) -> Any:
    """Rows of a dataset cannot keep a task's form, so that they may have it as JSON text."""
    return json.loads(task) if isinstance(task, str) and task.lstrip().startswith("{") else task


def _written(call: Mapping[str, Any]) -> str:
    """A call as JSON text, whose arguments are text already, and may be none that can be read."""
    return f'{{"name": {json.dumps(call["name"])}, "arguments": {call["arguments"] or "{}"}}}'


def _unpacked(action: str) -> str:
    """The text that a call of ``act`` has in it; anything else as it is."""
    try:
        call = json.loads(action)
        return str(call["arguments"]["action"]) if call["name"] == ACT else action
    except (ValueError, KeyError, TypeError):
        return action


def _act(space: UnicodeText) -> Mapping[str, Any]:
    what = "Code of pyautogui's, such as pyautogui.click(40, 60)" if isinstance(space, PyAutoGUIText) else "The action"
    return act_tool(what)
