"""The action in a reply, or what is wrong with it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import numpy as np

from agentgym.actions import Action, Batch, Done, ToolCall, parse_action
from agentgym.actions.quoting import cut, short
from agentgym.actions.tags import with_places
from agentgym.agents.computer_use import to_action
from agentgym.agents.openai.conversation import Asked, Reply
from agentgym.agents.openai.places import COMPUTER, Place
from agentgym.errors import ActionError
from agentgym.registry import suggestion
from agentgym.tools import read_calls
from agentgym.tools.fences import fenced
from agentgym.tools.replies import ACT, action_in

__all__ = ["NoAction", "action_of", "as_it_came"]

_WORDS = ("DONE", "FAIL", "WAIT")
_CUT = "the reply was cut off, for want of tokens; answer shorter"


class NoAction(Exception):
    """A reply that is no action.

    Args:
        reason: of the whole.
        faults: of its calls, by their ids.
    """

    def __init__(self, reason: str, faults: Mapping[str, str] | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.faults = dict(faults or {})


def action_of(reply: Reply, place: Place) -> Any:
    """What the model does, as the environment takes it.

    Raises:
        NoAction: says what is wrong, and what would be right.
    """
    if reply.asked:
        return _joined(_called(reply, place))
    if reply.refusal is not None:
        raise NoAction(f"you refused ({cut(reply.refusal)}); say FAIL if you will not do it")
    try:
        return _written(reply.text, place)
    except ActionError as error:
        if place.ends_by_saying_so and not reply.cut:
            return Done()
        raise NoAction(_CUT if reply.cut else str(error)) from error


def as_it_came(reply: Reply) -> str:
    """A reply that is no action, as text, for the environment to say so."""
    if not reply.asked:
        return reply.refusal or reply.text
    return json.dumps([{"name": one.name, "arguments": _text(one), "id": one.call_id} for one in reply.asked])


def _called(reply: Reply, place: Place) -> list[Action]:
    """The calls, in their order.

    Raises:
        NoAction: if one is none; nothing is done of any then.
    """
    done: list[Action] = []
    faults: dict[str, str] = {}
    for one in reply.asked:
        try:
            done += _one(one, place)
        except ActionError as error:
            faults[one.call_id] = _CUT if reply.cut else str(error)
    if faults:
        raise NoAction(next(iter(faults.values())), faults)
    return done


def _one(asked: Asked, place: Place) -> Sequence[Action]:
    if asked.name in place.names:
        return [_tool_call(asked)]
    if isinstance(asked.arguments, list):
        return [to_action({"actions": asked.arguments}, screen=_screen(place), display=place.display)]
    if place.writing == "computer" and asked.name == COMPUTER:
        return [to_action(_object(asked), screen=_screen(place), display=place.display)]
    if asked.name == ACT and place.kind != "calls":
        action = _object(asked).get("action")
        if not isinstance(action, str):
            raise ActionError(f"act needs an action, which is text; given was {short(action)}")
        return [_written(action, place)]
    known = [str(one["function"]["name"]) for one in place.definitions() if "function" in one]
    raise ActionError(f"no tool {short(asked.name)}; {suggestion(asked.name, known)}")


def _tool_call(asked: Asked) -> ToolCall:
    (call,) = read_calls({"name": asked.name, "arguments": asked.arguments, "id": asked.call_id})
    fault = getattr(call, "fault", None)
    if fault is not None or not isinstance(call, ToolCall):
        raise ActionError(fault or f"not a call: {short(asked.name)}")
    return call


def _object(asked: Asked) -> dict[str, Any]:
    try:
        return msgspec.json.decode(_text(asked) or "{}", type=dict[str, Any])
    except (msgspec.MsgspecError, RecursionError) as error:
        raise ActionError(
            f"the arguments of {asked.name} are no JSON object: {short(asked.arguments)} ({error})"
        ) from error


def _written(text: str, place: Place) -> Any:
    """The action that a text means.

    Raises:
        ActionError: if it means none.
    """
    said = text.strip()
    if place.kind == "words":
        if not said:
            raise ActionError("the answer is empty")
        return text
    if place.kind == "values":
        return _value(said, place)
    if place.writing == "computer_13":
        return _dicts(said)
    code = _code(said)
    if place.kind == "calls":
        return _batch(read_calls(code))
    try:
        return parse_action(code if place.tags is None else with_places(code, place.tags), code=place.code)
    except ActionError:
        if not place.names:
            raise
        try:
            return _batch(read_calls(code))
        except ActionError:
            pass
        raise


def _dicts(said: str) -> Any:
    """OSWorld's dicts and words, in blocks of code or alone: one as the model wrote it, several in their order."""
    blocks = [block.strip() for block in fenced(said)]
    written = [*blocks, *_last_word(said, blocks)] or [said]
    found = [one for part in written for one in _objects(part)]
    actions = [parse_action(one) for one in found]
    return found[0] if len(found) == 1 else Batch(tuple(actions))


def _objects(written: str) -> Sequence[Any]:
    if written.upper() in _WORDS:
        return [written.upper()]
    try:
        value = msgspec.json.decode(written)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise ActionError(f"not a JSON object with an action_type: {short(written)} ({error})") from error
    return value if isinstance(value, list) and value else [value]


def _last_word(said: str, blocks: Sequence[str]) -> list[str]:
    """DONE, FAIL or WAIT, where the answer ends in it, after its blocks of code."""
    last = said.splitlines()[-1].strip(" .*`") if said else ""
    ends_in_block = bool(blocks) and blocks[-1].endswith(last)
    return [last] if last in _WORDS and not ends_in_block else []


def _code(said: str) -> str:
    """What of an answer is the action: calls in tags; the blocks of code, and a word after them; else all of it."""
    tagged = action_in(said)
    if tagged != said:
        return tagged
    blocks = [block.strip() for block in fenced(said)]
    return "\n".join([*blocks, *_last_word(said, blocks)]) or said


def _batch(calls: Sequence[Any]) -> Any:
    if not calls:
        return parse_action("WAIT")
    for call in calls:
        if (fault := getattr(call, "fault", None)) is not None:
            raise ActionError(fault)
    return _joined(list(calls))


def _joined(actions: Sequence[Any]) -> Any:
    return actions[0] if len(actions) == 1 else Batch(tuple(actions))


def _value(said: str, place: Place) -> Any:
    """A value of the environment's own space."""
    assert place.space is not None
    blocks = fenced(said)
    written = blocks[-1] if blocks else said
    try:
        (value,) = place.space.from_jsonable([msgspec.json.decode(written)])
    except (msgspec.MsgspecError, ValueError, TypeError, KeyError) as error:
        raise ActionError(f"not a value of {place.space}, as JSON: {short(written)}") from error
    fitting = np.asarray(value, place.space.dtype) if place.space.shape else value
    if not place.space.contains(fitting):
        raise ActionError(f"not in {place.space}: {short(written)}")
    return fitting


def _screen(place: Place) -> tuple[int, int]:
    if place.screen is None:
        raise ActionError("there is no screen here")
    return place.screen


def _text(asked: Asked) -> str:
    return asked.arguments if isinstance(asked.arguments, str) else json.dumps(asked.arguments)
