"""The conversation as the responses API has it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from agentgym.agents.openai.chatview import as_messages
from agentgym.agents.openai.conversation import LEFT_OUT, Answer, Asked, Reply, Seen, Turn, windowed
from agentgym.agents.openai.fields import Torn, listed, mapped, pruned, sayable, usage_of
from agentgym.agents.openai.options import Options
from agentgym.agents.openai.thoughts import apart

__all__ = ["PREVIEW", "Responses"]

_COMPUTER = "computer_call"
PREVIEW = "computer-use-preview"
"""How the models begin that are offered the tool of this name."""
_DONE = {"response.completed", "response.incomplete", "response.failed"}
_FIRST_WORDS = ("response.output_text.delta", "response.function_call_arguments.delta", "response.reasoning")


class Responses:
    """Writes requests of ``/responses``, and reads the replies. All that was said goes along in each request."""

    path = "/responses"
    said_under = "input"

    def __init__(self, options: Options) -> None:
        self._options = options
        # What is not kept at the server can only be told again as it was encrypted there.
        self._stored = options.extra.get("store") is not False

    def parameters(self, *, own_server: bool) -> dict[str, Any]:
        """What each request says besides the conversation and the tools. The API has no seed."""
        told = self._options
        given = {
            "temperature": told.temperature,
            "top_p": told.top_p,
            "max_output_tokens": told.max_tokens,
            "include": ["message.output_text.logprobs"] if told.logprobs is not False else None,
            "top_logprobs": told.logprobs if told.logprobs is not True and told.logprobs else None,
            "return_token_ids": told.token_ids or None,
            "truncation": "auto" if told.actions == "computer" and told.model.startswith(PREVIEW) else None,
            "stream": told.stream or None,
        }
        return {name: value for name, value in given.items() if value is not None}

    def conversation(self, system: str, turns: list[Turn]) -> list[dict[str, Any]]:
        """All items, with the last few pictures."""
        items: list[dict[str, Any]] = [{"role": "system", "content": system}] if system else []
        for turn, shown in windowed(turns, self._options.images):
            items += self._turn(turn, shown=shown)
        return items

    def tools(self, definitions: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Functions as this API names them: flat; its own tools as they are."""
        return [
            {"type": "function", **one["function"], "strict": False} if "function" in one else dict(one)
            for one in definitions
        ]

    def as_chat(self, conversation: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """The items as messages of chat completions, for readers of those."""
        return as_messages(conversation)

    def read(self, raw: Mapping[str, Any], name: Callable[[str], str]) -> Reply:
        """What the model said.

        Args:
            raw: the response.
            name: gives a call an id that no other call has.

        Raises:
            Torn: if it is no response, or one that failed.
        """
        if raw.get("status") == "failed" or raw.get("error"):
            raise Torn(f"the response failed: {_reason(raw)}")
        if not isinstance(raw.get("output"), list):
            raise Torn(f"a response without output: {str(dict(raw))[:200]}")
        items = [mapped(item, "an item") for item in raw["output"]]
        parts = [
            mapped(part, "a part")
            for item in items
            if item.get("type") == "message"
            for part in listed(item, "content")
        ]
        text, inline = apart(
            "".join(str(part.get("text") or "") for part in parts if part.get("type") == "output_text")
        )
        calls = [_asked(item, name) for item in items if item.get("type") in ("function_call", _COMPUTER)]
        refusals = [str(part.get("refusal")) for part in parts if part.get("type") == "refusal"]
        return Reply(
            id=raw.get("id"),
            model=raw.get("model"),
            text=text,
            refusal="\n".join(refusals) or None,
            reasoning="\n\n".join(filter(None, map(_thought, items))) or inline,
            asked=tuple(calls),
            sent_back=tuple(self._sent_back(items, calls)),
            finish_reason=_finish_reason(raw, calls),
            usage=usage_of(raw),
            prompt_token_ids=raw.get("prompt_token_ids"),
            completion_token_ids=raw.get("token_ids"),
            logprobs=[float(one["logprob"]) for part in parts for one in part.get("logprobs") or ()] or None,
        )

    def collected(self, chunks: Iterable[Any], first: Callable[[], None]) -> dict[str, Any]:
        """A streamed response, which its last event holds.

        Args:
            first: is called when the model said its first word.

        Raises:
            Torn: if the stream ended before the response did.
        """
        for chunk in chunks:
            event = mapped(chunk, "an event")
            kind = str(event.get("type"))
            if kind.startswith(_FIRST_WORDS):
                first()
            if kind == "error":
                raise Torn(f"the stream says: {event.get('message')}")
            if kind in _DONE:
                return dict(mapped(event.get("response"), "the response"))
        raise Torn("the stream ended before the response did")

    def _turn(self, turn: Turn, *, shown: bool) -> list[dict[str, Any]]:
        screens = [answer for answer in turn.answers if _actions(answer)]
        if screens and not shown:
            return _in_words(turn)
        items = list(turn.said.sent_back) if turn.said is not None else []
        items += [_output(answer, turn.seen) for answer in turn.answers]
        seen = Seen(turn.seen.text) if screens else turn.seen
        if seen.image is not None and shown:
            text = [{"type": "input_text", "text": seen.text}] if seen.text else []
            picture = {"type": "input_image", "image_url": seen.image, "detail": "auto"}
            items.append({"role": "user", "content": [*text, picture]})
        elif seen.image is not None or seen.text:
            left_out = LEFT_OUT if seen.image is not None and self._options.images else ""
            items.append({"role": "user", "content": "\n\n".join(part for part in (seen.text, left_out) if part)})
        return items

    def _sent_back(self, items: Sequence[Mapping[str, Any]], calls: Sequence[Asked]) -> Iterable[dict[str, Any]]:
        """The items as they are said again. Without its reasoning, an item may not say that it had some, by its id."""
        ids = iter(calls)
        # A thought must be followed by what it led to.
        led = next((place for place, item in enumerate(reversed(items)) if item.get("type") != "reasoning"), len(items))
        items = items[: len(items) - led]
        keeps = self._options.keep_reasoning is not False
        for item in items:
            kept = pruned(item)
            if item.get("type") in ("function_call", _COMPUTER):
                call = next(ids)
                kept["call_id"] = call.call_id
                kept |= sayable(call.name, call.arguments) if isinstance(call.arguments, str) else {}
            if item.get("type") == "reasoning" and not (keeps and (self._stored or "encrypted_content" in kept)):
                continue
            if not (keeps and self._stored) and item.get("type") in ("function_call", "message"):
                kept.pop("id", None)
            yield kept


def _asked(item: Mapping[str, Any], name: Callable[[str], str]) -> Asked:
    call_id = name(str(item.get("call_id") or ""))
    if item["type"] == _COMPUTER:
        actions = item.get("actions") or [item.get("action")]
        done = [dict(mapped(one, "a computer's action")) for one in actions]
        checks = tuple(dict(mapped(one, "a check")) for one in item.get("pending_safety_checks") or ())
        return Asked(call_id, "computer", done, checks)
    return Asked(call_id, str(item.get("name") or ""), str(item.get("arguments") or ""))


def _output(answer: Answer, seen: Seen) -> dict[str, Any]:
    if _actions(answer):
        output = {"type": "computer_screenshot", "image_url": seen.image}
        told = {"type": f"{_COMPUTER}_output", "call_id": answer.to.call_id, "output": output}
        return {**told, "acknowledged_safety_checks": list(answer.to.checks)} if answer.to.checks else told
    return {"type": "function_call_output", "call_id": answer.to.call_id, "output": answer.text}


def _in_words(turn: Turn) -> list[dict[str, Any]]:
    """What stands for calls of the computer whose screenshot is left out, without which they cannot be told."""
    said = [turn.said.text] if turn.said is not None and turn.said.text else []
    done = [json.dumps(action, ensure_ascii=False) for one in turn.answers for action in _actions(one)]
    told = [f"{one.to.name} gave: {one.text}" for one in turn.answers if not _actions(one)]
    return [
        {"role": "assistant", "content": "\n".join([*said, *done])},
        {"role": "user", "content": "\n\n".join([*told, *([turn.seen.text] if turn.seen.text else []), LEFT_OUT])},
    ]


def _actions(answer: Answer) -> list[dict[str, Any]]:
    """Of a call of the computer."""
    return answer.to.arguments if isinstance(answer.to.arguments, list) else []


def _thought(item: Mapping[str, Any]) -> str:
    if item.get("type") != "reasoning":
        return ""
    parts = item.get("summary") or item.get("content") or ()
    return "\n\n".join(str(part.get("text") or "") for part in parts)


def _finish_reason(raw: Mapping[str, Any], calls: Sequence[Asked]) -> str | None:
    """In the words of chat completions, where they have one."""
    if raw.get("status") == "incomplete":
        why = mapped(raw.get("incomplete_details") or {}, "incomplete_details").get("reason")
        return "length" if why in (None, "max_output_tokens") else str(why)
    return "tool_calls" if calls else "stop"


def _reason(raw: Mapping[str, Any]) -> str:
    error = raw.get("error")
    return str(error.get("message", error) if isinstance(error, Mapping) else error)
