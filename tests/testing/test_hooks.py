from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from agentgym.actions import ToolCall
from agentgym.events import POINTS, Call
from agentgym.hooks import hooks
from agentgym.hooks.person import answer, approve
from agentgym.testing.hooks import check_hook

ADD = ToolCall("add", {"a": 2})


def yes(_question: str, _patience_s: float | None) -> str:
    return "approve"


OWN: list[Any] = [
    *({"point": point, "hook": "time"} for point in POINTS),
    "tool_call=refuse:rm_*",
    {"point": "tool_call", "hook": "refuse", "allow": ["add"], "arguments": {"a": "9"}},
    "tool_call=limit:2",
    {"point": "tool_call", "hook": approve(ask=yes)},
    {"point": "tool_call", "hook": answer(ask=yes)},
]


# Not by their text, in which a function has its address, which is another in each process.
@pytest.mark.parametrize("hook", OWN)
def test_our_own_let_pass_what_they_have_no_reason_to_hold(hook: Any) -> None:
    check_hook(hook, value=ADD, name="add")


def test_none_of_our_own_is_forgotten() -> None:
    tried = [hook["hook"] if isinstance(hook, dict) else hook.partition("=")[2] for hook in OWN]
    names = {str(getattr(one, "__qualname__", one)).partition(".")[0].partition(":")[0] for one in tried}
    assert names == set(hooks)


Proceed = Callable[[Call], Any]


def swallows(call: Call, proceed: Proceed) -> Any:
    try:
        return proceed(call)
    except RuntimeError:
        return None


def wraps(call: Call, proceed: Proceed) -> Any:
    try:
        return proceed(call)
    except RuntimeError as error:
        raise type(error)("mine") from error


def twice(call: Call, proceed: Proceed) -> Any:
    proceed(call)
    return proceed(call)


def changes(call: Call, proceed: Proceed) -> Any:
    return proceed(replace(call, value=0))


def forgets(call: Call, proceed: Proceed) -> Any:
    proceed(call)


@pytest.mark.parametrize(
    ("hook", "promise"),
    [
        (swallows, "must let an error of the call pass; it gave None"),
        (wraps, "as it is; it made another"),
        (twice, "must make the call once"),
        (changes, "as it is; made were"),
        (forgets, "must give what came of the call; it gave None"),
    ],
)
def test_a_broken_promise_is_said(hook: Any, promise: str) -> None:
    with pytest.raises(AssertionError, match=promise):
        check_hook({"point": "tool_call", "hook": hook}, value=ADD, name="add")
