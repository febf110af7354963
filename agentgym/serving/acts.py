"""What an environment's actions are as calls: its tools as they are, a desktop's actions one by one, or text."""

from __future__ import annotations

import io
import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Protocol, cast, get_args

import gymnasium as gym
import msgspec
import numpy as np
from PIL import Image

from agentgym import spaces
from agentgym.actions import Action, Batch, Done, Fail, Python, ToolCall
from agentgym.envs import DesktopEnv, ToolEnv
from agentgym.errors import UsageError

__all__ = ["Acts", "Offered", "Shown", "acts_of", "free_name"]


class Offered(msgspec.Struct, frozen=True):
    """Something that can be called.

    Args:
        schema: of the arguments, which are an object.
    """

    name: str
    description: str
    schema: dict[str, Any]


class Shown(msgspec.Struct, frozen=True):
    """What whoever called is shown.

    Args:
        images: as PNG.
        value: plain JSON, where there is more than text.
    """

    text: str = ""
    images: tuple[bytes, ...] = ()
    ok: bool = True
    value: dict[str, Any] | None = None


class Acts(Protocol):
    """The actions of an environment as calls.

    Attributes:
        pictures: whether what it shows can be looked at.
    """

    pictures: bool

    def offered(self) -> Sequence[Offered]:
        """What there is in the present episode."""

    def action(self, name: str, arguments: dict[str, Any]) -> Any:
        """What is given to ``step``, which itself refuses what cannot be."""

    def shown(self, observation: Any, info: Mapping[str, Any]) -> Shown:
        """What came of a step."""

    def leaving(self) -> Any:
        """The action by which whoever goes away says that he has finished; None if there is none."""


def acts_of(env: gym.Env[Any, Any]) -> Acts:
    """The calls that this kind of environment is acted in by.

    Raises:
        UsageError: if there are none.
    """
    inner = env.unwrapped
    if isinstance(inner, ToolEnv):
        return _ToolActs(inner)
    if isinstance(inner, DesktopEnv):
        return _DesktopActs(inner)
    if isinstance(env.action_space, gym.spaces.Text | spaces.UnicodeText):
        return _TextActs()
    raise UsageError(
        f"actions of {env.action_space} cannot be called by name; serve an environment of tools, a desktop or text"
    )


class _ToolActs:
    pictures = False

    def __init__(self, env: ToolEnv) -> None:
        self._env = env

    def offered(self) -> Sequence[Offered]:
        return [*_tools(self._env), *_endings(self._env).values()]

    def action(self, name: str, arguments: dict[str, Any]) -> Any:
        return _ending(name, self._env) or ToolCall(name, arguments)

    def shown(self, observation: Any, info: Mapping[str, Any]) -> Shown:
        return _results(info)

    def leaving(self) -> Any:
        return Done()


class _DesktopActs:
    pictures = True

    def __init__(self, env: DesktopEnv) -> None:
        self._env = env

    def offered(self) -> Sequence[Offered]:
        return [*_DESKTOP.values(), *_tools(self._env), *_endings(self._env).values()]

    def action(self, name: str, arguments: dict[str, Any]) -> Any:
        if name in _tools_of(self._env):
            return ToolCall(name, arguments)
        if name in _KINDS:
            return {**arguments, "kind": _KINDS[name].__name__}
        # A name that nobody has is told so by the environment, as a step.
        return _ending(name, self._env) or ToolCall(name, arguments)

    def shown(self, observation: Any, info: Mapping[str, Any]) -> Shown:
        seen = dict(observation) if isinstance(observation, Mapping) else {"screenshot": observation}
        images = tuple(_png(one) for one in seen.values() if _is_picture(one))
        told = _results(info)
        texts = [told.text, *(one for kind, one in seen.items() if isinstance(one, str) and kind != "tool_result")]
        return Shown("\n\n".join(filter(None, texts)), images, told.ok)

    def leaving(self) -> Any:
        return Done()


class _TextActs:
    pictures = False

    def offered(self) -> Sequence[Offered]:
        schema = {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]}
        return [Offered("say", "Says it, which is one action.", schema)]

    def action(self, name: str, arguments: dict[str, Any]) -> Any:
        return arguments.get("text")

    def shown(self, observation: Any, info: Mapping[str, Any]) -> Shown:
        error = info.get("action_error")
        return Shown(str(observation) if error is None else f"{error}\n\n{observation}", ok=error is None)

    def leaving(self) -> Any:
        return None


def _results(info: Mapping[str, Any]) -> Shown:
    results = info.get("tool_results") or []
    error = info.get("action_error")
    texts = [*(one["content"] for one in results), *([] if error is None else [error])]
    return Shown("\n\n".join(texts), ok=error is None and all(one["ok"] for one in results))


def _tools_of(env: gym.Env[Any, Any]) -> Mapping[str, Any]:
    return cast("Mapping[str, Any]", getattr(env, "tools", {}))


def _tools(env: gym.Env[Any, Any]) -> list[Offered]:
    made = [tool.definition()["function"] for tool in _tools_of(env).values()]
    return [Offered(one["name"], one["description"], one["parameters"]) for one in made]


def _ending(name: str, env: gym.Env[Any, Any]) -> Done | Fail | None:
    ending = _endings(env).get(name)
    return None if ending is None else Done() if ending.name.endswith("done") else Fail()


def _endings(env: gym.Env[Any, Any]) -> Mapping[str, Offered]:
    """What ends the episode; ``env_done`` where the task has a tool ``done`` of its own."""
    taken = _tools_of(env)
    named = [msgspec.structs.replace(one, name=free_name(one.name, taken)) for one in _ENDINGS]
    return {one.name: one for one in named}


def free_name(name: str, taken: Collection[str]) -> str:
    """The name for what is offered besides a task's own tools."""
    return f"env_{name}" if name in taken else name


def _is_picture(thing: Any) -> bool:
    return isinstance(thing, np.ndarray) and thing.dtype == np.uint8 and thing.ndim == 3 and thing.shape[2] == 3


def _png(picture: Any) -> bytes:
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "PNG", compress_level=1)
    return file.getvalue()


_WORDS: Mapping[str, str] = {
    "RightClick": "Clicks with the right button, where the pointer is if no place is given.",
    "DoubleClick": "Clicks twice, where the pointer is if no place is given.",
    "MouseDown": "Presses a button and holds it.",
    "MouseUp": "Releases a button.",
    "KeyDown": "Presses a key of pyautogui's names and holds it.",
    "KeyUp": "Releases a key.",
}
"""Of actions whose names say it all to who reads their code."""


def _offered(kind: type[msgspec.Struct]) -> Offered:
    """An action as a call: its fields are the arguments."""
    (schema,), parts = msgspec.json.schema_components([kind], ref_template="#/$defs/{name}")
    fields = dict(parts[schema["$ref"].rpartition("/")[2]])
    properties = {name: field for name, field in fields["properties"].items() if name != "kind"}
    required = [name for name in fields.get("required", ()) if name != "kind"]
    name = re.sub(r"(?<!^)(?=[A-Z])", "_", kind.__name__).lower()
    description = _WORDS.get(kind.__name__) or kind.__doc__ or ""
    return Offered(
        name,
        description.replace("``", "`"),
        {"type": "object", "properties": properties, "required": required, "additionalProperties": False},
    )


_KINDS: Mapping[str, type[msgspec.Struct]] = {
    _offered(kind).name: kind for kind in get_args(Action) if kind not in (Batch, Done, Fail, Python, ToolCall)
}
_DESKTOP: Mapping[str, Offered] = {name: _offered(kind) for name, kind in _KINDS.items()}
_ENDINGS = (_offered(Done), _offered(Fail))
