"""A module of a task: what is wrong with it, calls that show it, and what they should return."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from agentgym.suites.code.objects import CLASSES, draw_uses
from agentgym.suites.code.sources import Call, broken, class_source, loaded, module_source, outcome, stubbed
from agentgym.suites.code.subjects import Fault, Subject
from agentgym.suites.toolmaking import draw, draw_some

__all__ = ["Lesson", "broken_class", "broken_module", "tests_of", "unwritten_module"]

_TRIES = 400
_OTHERS = 16
_SHOWN, _HIDDEN = 1, 3
_TRIED = 2
"""Of each function that is to be written, how many calls are shown."""

Sample = Callable[[np.random.Generator], Call]


class Lesson(NamedTuple):
    """A module that does not do what its docstrings say.

    Attributes:
        name: its own.
        source: as the agent gets it.
        right: as it should be.
        parts: as it should be but for one part each, of those that are wrong.
        shown: calls for the tests that the agent sees.
        hidden: calls that it does not see.
    """

    name: str
    source: str
    right: str
    parts: Sequence[str]
    shown: Sequence[Call]
    hidden: Sequence[Call]

    def expected(self, call: Call) -> dict[str, Any]:
        return outcome(loaded(self.right), call)


def broken_module(rng: np.random.Generator, subject: Subject, count: int) -> Lesson:
    """A module with some faults in different functions, as far as it has as many."""
    faults = _draw_faults(rng, subject.faults, count)
    right = module_source(subject.name)

    def others(rng: np.random.Generator) -> Call:
        return _call_of(subject, draw(rng, list(subject.draws)), rng)

    samples = [lambda rng, name=fault.function: _call_of(subject, name, rng) for fault in faults]
    return _lesson(rng, subject.name, right, faults, samples=samples, others=others)


def broken_class(rng: np.random.Generator, count: int) -> Lesson:
    """A class with some faults."""
    name = draw(rng, sorted({fault.function for fault in CLASSES.faults}))
    known = [fault for fault in CLASSES.faults if fault.function == name]
    faults = draw_some(rng, known, min(count, len(known)))

    def sample(rng: np.random.Generator) -> Call:
        arguments, uses = draw_uses(rng, name)
        return {"function": name, "arguments": arguments, "then": uses}

    right = class_source(CLASSES.name, name)
    return _lesson(rng, name.lower(), right, faults, samples=[sample] * len(faults), others=sample)


def unwritten_module(rng: np.random.Generator, subject: Subject, count: int) -> Lesson:
    """A module some of whose functions are still to be written."""
    names = draw_some(rng, list(subject.draws), min(count, len(subject.draws)))
    right = module_source(subject.name)
    calls = [_call_of(subject, name, rng) for name in names for _ in range(_OTHERS)]
    return Lesson(
        subject.name,
        stubbed(right, names),
        right,
        [stubbed(right, [name]) for name in names],
        shown=[call for place, call in enumerate(calls) if place % _OTHERS < _TRIED],
        hidden=[*calls, *(_call_of(subject, draw(rng, list(subject.draws)), rng) for _ in range(_OTHERS))],
    )


def tests_of(package: str, lesson: Lesson) -> str:
    """The tests that the agent sees, for unittest."""
    lines = ["import unittest", "", f"from {package} import {lesson.name}", "", "", "class Test(unittest.TestCase):"]
    for number, call in enumerate(lesson.shown, 1):
        lines += [f"    def test_{call['function'].lower()}_{number}(self):", *_claims(lesson, call), ""]
    return "\n".join(lines)


def _claims(lesson: Lesson, call: Call) -> list[str]:
    written = f"{lesson.name}.{call['function']}({', '.join(map(repr, call['arguments']))})"
    expected = lesson.expected(call)
    if "error" in expected:
        return [f"        with self.assertRaises({expected['error']}):", f"            {written}"]
    if "then" not in call:
        return [f"        self.assertEqual({written}, {expected['value']!r})"]
    claims = [
        f"        self.assertEqual(one.{method}({', '.join(map(repr, arguments))}), {value!r})"
        for (method, arguments), value in zip(call["then"], expected["value"], strict=True)
    ]
    return [f"        one = {written}", *claims]


def _lesson(
    rng: np.random.Generator,
    name: str,
    right: str,
    faults: Sequence[Fault],
    *,
    samples: Sequence[Sample],
    others: Sample,
) -> Lesson:
    telling = [
        _telling(rng, right, broken(right, [fault]), sample) for fault, sample in zip(faults, samples, strict=True)
    ]
    return Lesson(
        name,
        broken(right, faults),
        right,
        [broken(right, [fault]) for fault in faults],
        shown=[*(call for calls in telling for call in calls[:_SHOWN]), *(others(rng) for _ in range(3))],
        hidden=[
            *(call for calls in telling for call in calls[_SHOWN:]),
            # What is mended may be broken in another way.
            *(sample(rng) for sample in samples for _ in range(_OTHERS)),
            *(others(rng) for _ in range(_OTHERS)),
        ],
    )


def _telling(rng: np.random.Generator, right: str, wrong: str, sample: Sample) -> list[Call]:
    """Calls that a fault makes a difference to."""
    found: list[Call] = []
    for _ in range(_TRIES):
        call = sample(rng)
        if call not in found and outcome(loaded(right), call) != outcome(loaded(wrong), call):
            found.append(call)
        if len(found) == _SHOWN + _HIDDEN:
            break
    # At least one is shown, and another is not.
    if len(found) <= _SHOWN:
        raise AssertionError(f"{len(found)} of {_TRIES} calls show what is wrong")
    return found


def _draw_faults(rng: np.random.Generator, faults: Sequence[Fault], count: int) -> list[Fault]:
    """Of as many functions, one each: two in one could hide each other."""
    names = draw_some(rng, sorted({fault.function for fault in faults}), count)
    return [draw(rng, [fault for fault in faults if fault.function == name]) for name in names]


def _call_of(subject: Subject, name: str, rng: np.random.Generator) -> Call:
    return {"function": name, "arguments": subject.draws[name](rng)}
