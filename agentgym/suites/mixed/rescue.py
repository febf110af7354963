"""A family on a text that is only in a window, and on what only a shell can make of it."""

from __future__ import annotations

import hashlib

import numpy as np

from agentgym.actions import Hotkey, ToolCall, TypeText
from agentgym.families import TaskFamily
from agentgym.suites.apps.making import CONFIRM, DOCUMENTS, patiently, text_is
from agentgym.suites.mixed.making import Moves, make_task, only_shown
from agentgym.suites.toolmaking import bash, draw, draw_some
from agentgym.tasks import Task

__all__ = ["FAMILIES"]

_NAMES = ("agenda", "chapter", "ledger", "letter", "minutes", "recipe", "report")
_GOODS = ("barley", "candles", "felt", "honey", "oats", "rope", "salt", "tar", "wax", "wool")
_SUMS = f"{DOCUMENTS}/SHA256SUMS"


def _make_rescue(rng: np.random.Generator) -> Task:
    name = f"{draw(rng, _NAMES)}-{rng.integers(10, 100)}.txt"
    lines = [f"{rng.integers(2, 900)} {goods} at {rng.integers(2, 90)} crowns" for goods in draw_some(rng, _GOODS, 6)]
    text = "\n".join(lines) + "\n"
    digest = hashlib.sha256(text.encode()).hexdigest()
    return make_task(
        "rescue",
        f"The file {DOCUMENTS}/{name} has been deleted. Its text is still open in the text editor, and nowhere else: "
        f"save it there again, unchanged. Then write with bash what `sha256sum {name}` says of it in {DOCUMENTS} into "
        f"{_SUMS}.",
        setup=only_shown(f"{DOCUMENTS}/{name}", text),
        checks=[text_is(f"{DOCUMENTS}/{name}", text), text_is(_SUMS, f"{digest}  {name}")],
        tools=["bash"],
        drawn={"name": name},
    )


def _rescue(task: Task) -> Moves:
    yield from _save(task)
    yield _sum(task)


def _only_save(task: Task) -> Moves:
    yield from _save(task)


def _only_sum(task: Task) -> Moves:
    yield bash(f"touch {DOCUMENTS}/{task.seed_params['name']}")
    yield _sum(task)


def _sum_before_saving(task: Task) -> Moves:
    yield from _only_sum(task)
    yield from _save(task)


def _save_with_a_letter_more(task: Task) -> Moves:
    yield TypeText("x")
    yield from _rescue(task)


def _save(task: Task) -> Moves:
    yield Hotkey(("ctrl", "shift", "s"))
    yield Hotkey(("ctrl", "a"))
    yield patiently(TypeText(f"{DOCUMENTS}/{task.seed_params['name']}"))
    yield CONFIRM


def _sum(task: Task) -> ToolCall:
    return bash(f"cd {DOCUMENTS} && sha256sum {task.seed_params['name']} > {_SUMS}")


FAMILIES = (
    TaskFamily(
        "rescue",
        _make_rescue,
        _rescue,
        {
            "only saved": _only_save,
            "only summed": _only_sum,
            "summed too early": _sum_before_saving,
            "a letter more": _save_with_a_letter_more,
        },
        tags=("editor", "bash", "mixed"),
    ),
)
