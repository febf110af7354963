"""Hooks as they are named: ``"tool_call=refuse:rm_*"``, or a dict with the hook's options."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any, cast

from agentgym.errors import TaskError, UnknownNameError, UsageError
from agentgym.events import EVENT_TYPES, POINTS
from agentgym.hooks.base import OBSERVE, Hook, KnowsPoints, hooks, points_of
from agentgym.registry import faults_of_options, resolve, suggestion

__all__ = ["NamedHook", "faults_of_task_hooks", "hooks_of_task", "read_hook"]

_KEYS = ("point", "hook", "order", "on_error")
_ON_ERROR = ("raise", "note")


@dataclass(frozen=True)
class NamedHook:
    """A hook before it is made.

    Attributes:
        point: one of `agentgym.events.POINTS`, or ``observe``.
        hook: a name of `agentgym.hooks.hooks`, with its first argument behind a colon; ``"module:function"``; or, in
            Python, the function itself.
        events: of an observer: the types of records that it is called with; all if empty.
        order: lower is further out; of equal ones the first is.
        on_error: whether an error of its own is raised, or published while all goes on without it.
        options: keyword arguments of what makes the hook.
    """

    point: str
    hook: str | Hook
    events: tuple[str, ...] = ()
    order: float = 0
    on_error: str = "raise"
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """By which it is called in errors and in the stream."""
        return self.hook if isinstance(self.hook, str) else str(getattr(self.hook, "__qualname__", repr(self.hook)))

    @property
    def is_of_a_module(self) -> bool:
        """Whether it is code that somebody names by its place, and not one that was installed to be named."""
        return isinstance(self.hook, str) and ":" in self.hook and self.hook.partition(":")[0] not in hooks

    def make(self) -> Hook:
        """The hook, as it joins a run.

        Raises:
            UsageError: if there is none of that name, or it does not take these options.
        """
        if not isinstance(self.hook, str):
            return self.hook
        if self.is_of_a_module:
            found = _found(self.hook, self.options)
            return cast("Hook", found(**self.options) if inspect.isclass(found) else found)
        kind, colon, argument = self.hook.partition(":")
        return hooks[kind](*([argument] if colon else []), **self.options)

    def check(self) -> None:
        """Looks for it without making it.

        Raises:
            UsageError: if there is none at the place that it names, or that does not take these options.
        """
        if isinstance(self.hook, str) and self.is_of_a_module:
            _found(self.hook, self.options)


def read_hook(said: str | Mapping[str, Any] | NamedHook) -> NamedHook:
    """A hook from any form in which it is named.

    Args:
        said: ``"POINT=HOOK"``, ``"observe=HOOK"``, ``"observe:TYPE,TYPE=HOOK"``, the dict ``{"point", "hook"}`` with
            ``order``, ``on_error`` and the hook's options, or that dict as JSON text.

    Raises:
        UsageError: says what of it cannot work.
    """
    if isinstance(said, NamedHook):
        return said
    entry = _entry(said)
    fault = next(_faults(entry, ""), None)
    if fault is not None:
        raise UsageError(f"{fault.removesuffix(' - at ')}, in the hook {said!r}")
    return _read(cast("Mapping[str, Any]", entry))


def hooks_of_task(metadata: Mapping[str, Any], *, trusted: bool) -> tuple[NamedHook, ...]:
    """The hooks that a task names under its key ``hooks``.

    Args:
        metadata: of the task.
        trusted: whether its functions of modules are imported and called, here, outside any sandbox.

    Raises:
        TaskError: if something of it cannot work, or is not trusted; gives the JSON path.
    """
    said = metadata.get("hooks", [])
    fault = next(faults_of_task_hooks(said), None)
    if fault is not None:
        raise TaskError(fault)
    read = tuple(map(_read, said))
    for index, one in enumerate(read):
        if one.is_of_a_module and not trusted:
            raise TaskError(
                f"the task's hook {one.name!r} is a function of a module, which would run here, outside any sandbox: "
                "if you trust the task file, give --trust-task-hooks (trust_task_hooks=True of RolloutSpec and of "
                f"Episode) - at $.hooks[{index}].hook"
            )
    return read


def faults_of_task_hooks(said: object, where: str = "$.hooks") -> Iterator[str]:
    """Every fault of what a task says of its hooks, with its JSON path. Modules that it names are not imported."""
    if not isinstance(said, list | tuple):
        yield f"hooks are a list of objects such as {{'point': 'tool_call', 'hook': 'time'}}, got {said!r} - at {where}"
        return
    for index, entry in enumerate(said):
        place = f"{where}[{index}]"
        yield from _faults(entry, place)
        if isinstance(entry, Mapping) and entry.get("point") == "reset":
            yield f"a task's hooks join after its reset: 'reset' comes too late - at {place}.point"


def _found(place: str, options: Mapping[str, Any]) -> Any:
    """What is at ``"module:function"``; an argument behind the name of a hook is written the same, and may be meant."""
    try:
        found = resolve(place, "hook")
    except UsageError as error:
        meant = get_close_matches(place.partition(":")[0], hooks, n=1)
        raise UsageError(f"{error}; did you mean the hook {meant[0]!r}?" if meant else str(error)) from error
    if inspect.isclass(found):
        try:
            inspect.signature(found).bind(**options)
        except TypeError as error:
            raise UsageError(f"the hook {place!r} cannot be made from these options: {error}") from error
    elif options:
        raise UsageError(f"the hook {place!r} is a function, which takes no options: drop {', '.join(options)}")
    return found


def _entry(said: str | Mapping[str, Any]) -> object:
    if not isinstance(said, str):
        return said
    if said.lstrip().startswith("{"):
        try:
            return cast("object", json.loads(said))
        except json.JSONDecodeError as error:
            raise UsageError(f"the hook {said!r} is no JSON: {error}") from error
    point, equals, hook = said.partition("=")
    if not equals or not hook:
        raise UsageError(
            f"a hook is named POINT=HOOK, such as tool_call=time or observe:step=my_module:watch, got {said!r}"
        )
    return {"point": point.strip(), "hook": hook.strip()}


def _read(entry: Mapping[str, Any]) -> NamedHook:
    point, _, events = str(entry["point"]).partition(":")
    return NamedHook(
        point=point,
        hook=entry["hook"],
        events=tuple(one.strip() for one in events.split(",") if one.strip()),
        order=entry.get("order", 0),
        on_error=entry.get("on_error", "raise"),
        options={key: value for key, value in entry.items() if key not in _KEYS},
    )


def _faults(entry: object, where: str) -> Iterator[str]:
    if not isinstance(entry, Mapping):
        yield f"a hook is an object such as {{'point': 'tool_call', 'hook': 'time'}}, got {entry!r} - at {where}"
        return
    point = entry.get("point")
    yield from _faults_of_point(point, f"{where}.point" if where else "")
    order = entry.get("order", 0)
    if isinstance(order, bool) or not isinstance(order, int | float):
        yield f"order is a number, got {order!r} - at {_at(where, 'order')}"
    if entry.get("on_error", "raise") not in _ON_ERROR:
        yield f"on_error is raise or note, got {entry['on_error']!r} - at {_at(where, 'on_error')}"
    hook = entry.get("hook")
    if isinstance(hook, str) and hook:
        options = {key: value for key, value in entry.items() if key not in _KEYS}
        yield from _faults_of_hook(hook, point, options, where)
    elif isinstance(hook, str) or not callable(hook):
        yield f"hook is a name or 'module:function', got {hook!r} - at {_at(where, 'hook')}"


def _faults_of_point(point: object, where: str) -> Iterator[str]:
    known = (*POINTS, OBSERVE)
    if not isinstance(point, str):
        yield f"point is one of {', '.join(known)}, got {point!r} - at {where}"
        return
    name, colon, events = point.partition(":")
    if name not in known:
        yield f"no point named {name!r}; {suggestion(name, known)} - at {where}"
    elif colon and name != OBSERVE:
        yield f"only 'observe' is of types of events, not {name!r} - at {where}"
    for event in events.split(",") if colon else ():
        if event.strip() not in EVENT_TYPES:
            yield f"no event named {event.strip()!r}; {suggestion(event.strip(), EVENT_TYPES)} - at {where}"


def _faults_of_hook(hook: str, point: object, options: Mapping[str, Any], where: str) -> Iterator[str]:
    kind, colon, argument = hook.partition(":")
    if kind not in hooks and colon:
        if not argument:
            yield f"hook is a name or 'module:function', got {hook!r} - at {_at(where, 'hook')}"
        return
    try:
        factory = hooks[kind]
    except UnknownNameError as error:
        yield f"{error} - at {_at(where, 'hook')}"
        return
    fitting = points_of(factory)
    if isinstance(point, str) and point.partition(":")[0] not in fitting:
        yield f"the hook {kind!r} has no use at {point!r}, only at {', '.join(fitting)} - at {_at(where, 'point')}"
    found = list(faults_of_options("hook", kind, factory, options, where, positional=bool(colon)))
    yield from found
    if not found:
        yield from _faults_of_making(factory, [argument] if colon else [], options, point, where)


def _faults_of_making(
    factory: Callable[..., Hook], arguments: list[str], options: Mapping[str, Any], point: object, where: str
) -> Iterator[str]:
    try:
        made: object = factory(*arguments, **options)
    except UsageError as error:
        yield f"{error} - at {where}"
        return
    fault = made.fault_at(str(point)) if isinstance(made, KnowsPoints) else None
    if fault is not None:
        yield f"{fault} - at {where}"


def _at(where: str, key: str) -> str:
    return f"{where}.{key}" if where else ""
