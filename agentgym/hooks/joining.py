"""Hooks that are named join a run, in their order, and leave it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import Any, cast

from agentgym.events import Bus, Failed, Record, failure
from agentgym.events.points import OnHookError
from agentgym.hooks.base import OBSERVE, Closes, Hook, Watches
from agentgym.hooks.naming import NamedHook

__all__ = ["join"]


def join(bus: Bus, named: Sequence[NamedHook]) -> Callable[[], None]:
    """Makes the hooks and has them observe and intercept; returns what ends that and closes those that can be closed.

    All are made before the first joins: where one cannot be made, none has.

    Raises:
        UsageError: if one cannot be made.
    """
    made = [(one, one.make()) for one in sorted(named, key=lambda one: one.order)]
    leaving = ExitStack()
    for one, hook in made:
        for leave in _joined(bus, one, hook):
            leaving.callback(leave)
    return leaving.close


def _joined(bus: Bus, named: NamedHook, hook: Any) -> list[Callable[[], object]]:
    leaving: list[Callable[[], object]] = [hook.close] if isinstance(hook, Closes) else []
    if named.point == OBSERVE:
        return [*leaving, bus.subscribe(_observer(bus, named, hook), *named.events)]
    if isinstance(hook, Watches):
        leaving.append(bus.subscribe(hook.watch))
    on_error = cast("OnHookError", named.on_error)
    return [
        *leaving,
        bus.intercept(named.point, hook, order=named.order, on_error=on_error, name=named.name),
    ]


def _observer(bus: Bus, named: NamedHook, hook: Hook) -> Hook:
    return (_NotingObserver if named.on_error == "note" else _NamedObserver)(bus, named.name, hook)


class _NamedObserver:
    """An observer whose errors say whose they are."""

    def __init__(self, _bus: Bus, name: str, hook: Hook) -> None:
        self._name = name
        self._hook = hook

    def __call__(self, record: Record) -> None:
        try:
            self._hook(record)
        except Exception as error:
            error.add_note(f"raised by the hook {self._name} at {OBSERVE!r}")
            raise


class _NotingObserver:
    """An observer whose errors are published; it is not called with the records of its own."""

    def __init__(self, bus: Bus, name: str, hook: Hook) -> None:
        self._bus = bus
        self._during = f"hook {name} at observe"
        self._hook = hook

    def __call__(self, record: Record) -> None:
        if isinstance(record.payload, Failed) and record.payload.during == self._during:
            return
        try:
            self._hook(record)
        except Exception as error:  # noqa: BLE001 - foreign code; published with its name, as was asked for
            error.add_note(f"raised over record {record.idx}, {record.event_type!r}")
            self._bus.publish(failure(self._during, error))
