"""Recorded messages in OpenAI's chat form, and the conversations that they make up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from agentgym.events import ModelResponse
from agentgym.events.chat import Wanted, text_of, tool, wanted
from agentgym.events.plain import plain
from agentgym.export.story import Story

__all__ = ["Conversation", "Message", "Wanted", "answer", "chat_message", "conversations", "text_of", "tool", "wanted"]

Message: TypeAlias = dict[str, Any]

_KEYS = ("role", "content", "name", "tool_calls", "tool_call_id", "weight", "refusal")


@dataclass(frozen=True)
class Conversation:
    """Messages from the first that a model was sent to its last answer, and the tools it had."""

    messages: list[Message]
    tools: list[dict[str, Any]]

    @property
    def prompt(self) -> list[Message]:
        """What came before the model's first word."""
        return self.messages[: self._first_answer]

    @property
    def completion(self) -> list[Message]:
        return self.messages[self._first_answer :]

    @property
    def _first_answer(self) -> int:
        roles = [message["role"] for message in self.messages]
        return roles.index("assistant")


def chat_message(raw: Mapping[str, Any]) -> Message:
    """A message with OpenAI's keys alone; the arguments of its tool calls are JSON texts."""
    message = {key: plain(raw[key]) for key in _KEYS if raw.get(key) is not None}
    if raw.get("tool_calls"):
        message["tool_calls"] = [_call(wanted(call)) for call in raw["tool_calls"]]
    if "content" not in message and "tool_calls" not in message:
        message["content"] = ""
    return message


def answer(response: ModelResponse) -> Message:
    """What a model said, as the message that it becomes."""
    return chat_message({"role": "assistant", "content": response.content, "tool_calls": response.tool_calls})


def conversations(story: Story) -> list[Conversation]:
    """What was said, each message once.

    Calls whose messages go on from those of the call before are one conversation; a history that was cut or rewritten
    begins another. Calls that failed, or have no request, are left out.
    """
    found: list[Conversation] = []
    for call in story.model_calls:
        if call.failed or call.request is None or call.response is None:
            continue
        sent = [chat_message(message) for message in call.request.messages]
        whole = Conversation([*sent, answer(call.response)], [tool(one) for one in call.request.tools])
        if found and _goes_on(found[-1].messages, sent):
            found.pop()
        found.append(whole)
    return found


def _goes_on(before: Sequence[Message], sent: Sequence[Message]) -> bool:
    # The last message of `before` is the answer; agents send it back with more or fewer keys than it came with.
    return len(sent) >= len(before) and list(sent[: len(before) - 1]) == list(before[:-1])


def _call(call: Wanted) -> dict[str, Any]:
    return {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.as_text}}
