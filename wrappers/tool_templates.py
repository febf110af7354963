"""Calls of tools as numbers: which tool, and which of the values that were found for its arguments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any, Literal

import gymnasium as gym
import msgspec
import numpy as np
import numpy.typing as npt
from gymnasium import spaces
from gymnasium.utils import RecordConstructorArgs

from agentgym.actions import ToolCall, Wait
from agentgym.errors import UsageError
from agentgym.registry import suggestion
from agentgym.spaces import ToolCallText
from agentgym.tools import Tool, resolve_tools
from agentgym.wrappers.tool_arguments import Candidate, Found, Seen, Source
from agentgym.wrappers.tool_features import hashed, object_words, words
from agentgym.wrappers.tool_forms import Form, forms_of

__all__ = ["ToolTemplates"]

_INSTRUCTION = 32
_RESULT = 64
_OBJECT = 32
_NAMED, _MOST_NAMED = 2, 3
_OF_CANDIDATE = 4 + _OBJECT


class ToolTemplates(gym.Wrapper[Any, Any, Any, Any], RecordConstructorArgs):
    """Tools for learners that choose among numbers and see numbers.

    A template is a tool whose arguments are each chosen from a short list: values that are given, or values that the
    episode has shown so far (`Found`): identifiers, addresses, amounts in the instruction and in results. A tool whose
    required arguments have no source is left out; optional ones without a source are not given.

    The action space is a Discrete of every tool with every choice of its arguments, or, with ``space="multi"``, a
    MultiDiscrete of the tool and of one choice for each argument. `action_masks`, which sb3-contrib's ``MaskablePPO``
    asks for, and ``info["action_mask"]`` say which can be called: those for whose arguments something was found, and
    in a Discrete none that was made already with the same values. An action for which nothing was found does nothing
    and counts.

    The observation is float32 (n,), from 0 to 1: the instruction's words; what came of the last call, its tool and
    whether it was ok; which tools were called; how much of the steps is used up; and of each value that can be chosen
    whether it is there, is in the instruction, how far a text of its object is, whether no other's is farther, and what
    else its object says. All words are hashed.

    Args:
        env: ``agentgym/Tools-v0``, or a wrapper around it.
        arguments: by ``"argument"`` or ``"tool.argument"``, the values, or a `Found`, or a dict of its fields.
        tools: what `agentgym.tools.resolve_tools` takes: those to be chosen from.
        space: ``"discrete"`` or ``"multi"``.
        steps: the environment's ``max_steps``, of which the observation tells how much is used up. An episode that
            ends because they are has terminated, and is not truncated: it could be seen coming, and learners must
            not add to its score what they think would have come after.

    Raises:
        UsageError: if it is no environment of tools, an argument is unknown, or no tool is left.
    """

    def __init__(
        self,
        env: gym.Env[Any, Any],
        arguments: Mapping[str, Source | Mapping[str, Any]],
        tools: Sequence[str],
        *,
        space: Literal["discrete", "multi"] = "discrete",
        steps: int = 20,
    ) -> None:
        # As dicts and lists, so that the spec survives JSON.
        plain = msgspec.to_builtins(dict(arguments))
        RecordConstructorArgs.__init__(self, arguments=plain, tools=list(tools), space=space, steps=steps)
        gym.Wrapper.__init__(self, env)
        if not isinstance(env.action_space, ToolCallText):
            raise UsageError(f"ToolTemplates wraps agentgym/Tools-v0, not {env}")
        if space not in ("discrete", "multi"):
            raise UsageError(f"space is {space!r}; it can be 'discrete' or 'multi'")
        if steps < 1:
            raise UsageError(f"steps is {steps!r}; it must be at least 1")
        known = resolve_tools(tools)
        self._sources = {name: _source(name, source) for name, source in arguments.items()}
        _check_names(self._sources, known)
        self.forms = forms_of(known, self._sources)
        """The tools that can be called, each with the arguments that are chosen for it."""
        if not self.forms:
            raise UsageError(f"none of {', '.join(known)} can be called with values for {', '.join(arguments)}")
        self._found = {name: one for name, one in self._sources.items() if isinstance(one, Found) and one.of is None}
        self._chosen = list(dict.fromkeys(name for form in self.forms for name in form.chosen))
        self._sizes = {name: _size(self._sources[name]) for name in self._chosen}
        self._calls = [
            (form, picked) for form in self.forms for picked in product(*(range(self._sizes[n]) for n in form.chosen))
        ]
        self._steps = steps
        self._discrete = space == "discrete"
        if self._discrete:
            self.action_space = spaces.Discrete(len(self._calls))
        else:
            self.action_space = spaces.MultiDiscrete([len(self.forms), *self._sizes.values()])
        size = _INSTRUCTION + _RESULT + 1 + 2 * len(self.forms) + 1
        size += _OF_CANDIDATE * sum(source.most for source in self._found.values())
        self.observation_space = spaces.Box(0.0, 1.0, (size,), np.float32)
        self._last: Mapping[str, Any] = {}
        self._begin("")
        self._mask = self._masked()

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        _, info = self.env.reset(seed=seed, options=options)
        self._begin(self.env.get_wrapper_attr("task").instruction)
        return self._observation(), self._told(info)

    def step(self, action: Any) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        if not self.action_space.contains(action):
            raise UsageError(f"the action {action!r} is not in {self.action_space}")
        call = self.call(action)
        _, reward, terminated, truncated, info = self.env.step(Wait() if call is None else call)
        self._taken += 1
        self._last = {}
        for result in info["tool_results"]:
            self._look(result)
        if call is not None:
            self._made.add(_key(call))
        used_up = truncated and self._taken >= self._steps
        return self._observation(), reward, terminated or used_up, truncated and not used_up, self._told(info)

    def call(self, action: Any) -> ToolCall | None:
        """The call that an action stands for now; None if there is no value for one of its arguments."""
        if self._discrete:
            form, picked = self._calls[int(action)]
        else:
            form = self.forms[int(action[0])]
            choices = dict(zip(self._chosen, (int(place) for place in action[1:]), strict=True))
            picked = tuple(choices[name] for name in form.chosen)
        return self._filled(form, picked)

    def action_masks(self) -> npt.NDArray[np.bool_]:
        """Bool: which actions call something now; of a MultiDiscrete, all its parts one after the other."""
        return self._mask.copy()

    def _masked(self) -> npt.NDArray[np.bool_]:
        if self._discrete:
            calls = [self._filled(form, picked) for form, picked in self._calls]
            mask = np.array([call is not None for call in calls], np.bool_)
            new = np.array([call is not None and _key(call) not in self._made for call in calls], np.bool_)
            return new if new.any() else mask
        ready = [any(self._filled(*one) is not None for one in self._calls if one[0] is form) for form in self.forms]
        parts = [np.array(ready, np.bool_)]
        for name in self._chosen:
            there = np.arange(self._sizes[name]) < max(1, len(self._values(name)))
            parts.append(there)
        return np.concatenate(parts)

    def _begin(self, instruction: str) -> None:
        self._instruction = instruction
        self._wanted = words(instruction)
        self._seen = Seen(self._found, instruction)
        self._made: set[bytes] = set()
        self._rows: dict[Candidate, npt.NDArray[np.float32]] = {}
        self._taken = 0
        self._last = {}
        self._called: set[str] = set()

    def _look(self, result: Mapping[str, Any]) -> None:
        self._last = result
        if result["ok"]:
            self._called.add(result["name"])
            self._seen.add(result["content"])

    def _told(self, info: dict[str, Any]) -> dict[str, Any]:
        self._mask = self._masked()
        return {**info, "action_mask": self._mask.astype(np.int8)}

    def _values(self, name: str) -> Sequence[Candidate]:
        source = self._sources[name]
        return self._seen.candidates(name) if isinstance(source, Found) else [Candidate(value) for value in source]

    def _filled(self, form: Form, picked: Sequence[int]) -> ToolCall | None:
        chosen: dict[str, Candidate] = {}
        for name, place in zip(form.chosen, picked, strict=True):
            values = self._values(name)
            if place >= len(values):
                return None
            chosen[name] = values[place]
        arguments = {}
        for argument, name in form.arguments.items():
            source = self._sources[name]
            if isinstance(source, Found) and source.of is not None:
                about = chosen[form.arguments[source.of]].about
                beside = [about[key] for key in source.keys if key in about]
                if not beside:
                    return None
                arguments[argument] = beside[0]
            else:
                arguments[argument] = chosen[name].value
        return ToolCall(form.tool, arguments)

    def _observation(self) -> npt.NDArray[np.float32]:
        names = [form.tool for form in self.forms]
        parts = [
            hashed(self._wanted, _INSTRUCTION),
            hashed(words(self._last.get("content", "")), _RESULT),
            np.array([self._last.get("ok", False), *(self._last.get("name") == name for name in names)]),
            np.array([name in self._called for name in names]),
            np.array([min(1.0, self._taken / self._steps)]),
            *(self._described(name) for name in self._found),
        ]
        return np.concatenate(parts).astype(np.float32)

    def _described(self, name: str) -> npt.NDArray[np.float32]:
        rows = np.zeros((self._found[name].most, _OF_CANDIDATE), np.float32)
        known = self._seen.candidates(name)
        for row, one in zip(rows, known, strict=False):
            if one not in self._rows:
                self._rows[one] = self._row(one)
            row[:] = self._rows[one]
        if known:
            rows[:, _MOST_NAMED] = (rows[:, _NAMED] > 0) & (rows[:, _NAMED] == rows[:, _NAMED].max())
        return rows.ravel()

    def _row(self, one: Candidate) -> npt.NDArray[np.float32]:
        told = np.array([1.0, str(one.value) in self._instruction, one.named, 0.0], np.float32)
        return np.concatenate([told, hashed(object_words(one.about), _OBJECT)])


def _source(name: str, source: Source | Mapping[str, Any]) -> Source:
    if isinstance(source, Mapping):
        try:
            return msgspec.convert(source, Found)
        except msgspec.ValidationError as error:
            raise UsageError(f"the argument {name!r}: {error}") from error
    if isinstance(source, Found):
        return source
    if isinstance(source, str) or not source:
        raise UsageError(f"the values of the argument {name!r} must be a list that is not empty, or a Found")
    return tuple(source)


def _size(source: Source) -> int:
    return source.most if isinstance(source, Found) else len(source)


def _check_names(sources: Mapping[str, Source], tools: Mapping[str, Tool]) -> None:
    every = {argument for tool in tools.values() for argument in tool.parameters["properties"]}
    every |= {f"{tool.name}.{argument}" for tool in tools.values() for argument in tool.parameters["properties"]}
    for name in sources:
        if name not in every:
            raise UsageError(f"no tool has an argument {name!r}; {suggestion(name, sorted(every))}")


def _key(call: ToolCall) -> bytes:
    return msgspec.json.encode([call.name, call.arguments], order="sorted")
