"""The arguments of tool calls as objects, as chat templates write them out."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from agentgym.export.chat import Message

__all__ = ["with_objects"]


def with_objects(messages: Sequence[Message]) -> list[Message]:
    """Chat messages whose calls have their arguments as objects, not as JSON texts.

    TRL and transformers have them so (TRL, "Dataset formats", Tool calling; the texts are OpenAI's): a template either
    quotes a text once more or refuses it. A text that is no JSON object stays the text that the model wrote.
    """
    return [
        {**message, "tool_calls": [_opened(call) for call in message["tool_calls"]]}
        if "tool_calls" in message
        else message
        for message in messages
    ]


def _opened(call: Message) -> Message:
    function = call["function"]
    return {**call, "function": {**function, "arguments": _object(function["arguments"])}}


def _object(text: str) -> dict[str, object] | str:
    try:
        return msgspec.json.decode(text or "{}", type=dict[str, object])
    except msgspec.MsgspecError:
        return text
