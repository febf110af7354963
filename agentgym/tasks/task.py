"""What a task is made of: plain data that survives JSON."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

__all__ = ["Check", "EvaluatorSpec", "GetterSpec", "SetupStep", "Task"]


class SetupStep(msgspec.Struct, frozen=True):
    """One setup or postconfig step, in OSWorld's form ``{"type": …, "parameters": {…}}``.

    Args:
        type: the step's name.
        parameters: its parameters by name.
    """

    type: str
    parameters: dict[str, Any] = {}


class GetterSpec(msgspec.Struct, frozen=True):
    """What to fetch: the getter's name and the whole dict of the task, ``type`` included, that it is called with."""

    type: str
    config: dict[str, Any] = {}


class Check(msgspec.Struct, frozen=True):
    """One metric, applied to what one or two getters fetch."""

    metric: str
    result: GetterSpec | None = None
    expected: GetterSpec | None = None
    options: dict[str, Any] = {}


class EvaluatorSpec(msgspec.Struct, frozen=True):
    """How a task is judged: all checks (``and``) or the best of them (``or``), after the ``postconfig`` steps.

    An ``infeasible`` task is solved by saying so. A ``strict`` one is judged rightly also where OSWorld's metrics, and
    ours by default, reward what was not done.
    """

    checks: tuple[Check, ...] = ()
    conj: Literal["and", "or"] = "and"
    postconfig: tuple[SetupStep, ...] = ()
    infeasible: bool = False
    strict: bool = False


class Task(msgspec.Struct, frozen=True):
    """One task. Everything in it is plain data that survives JSON.

    Args:
        seed_params: what was drawn for it, where a family made it.
        metadata: whatever else its file says.
    """

    id: str
    instruction: str
    setup: tuple[SetupStep, ...] = ()
    evaluator: EvaluatorSpec | None = None
    tools: tuple[str, ...] = ()
    related_apps: tuple[str, ...] = ()
    snapshot: str | None = None
    max_steps: int | None = None
    seed_params: dict[str, Any] = {}
    metadata: dict[str, Any] = {}
