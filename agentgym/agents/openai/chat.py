"""The conversation as chat completions have it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from agentgym.agents.openai.conversation import LEFT_OUT, Asked, Reply, Turn, windowed
from agentgym.agents.openai.fields import Torn, listed, mapped, sayable, text_in, usage_of
from agentgym.agents.openai.options import Options
from agentgym.agents.openai.thoughts import apart

__all__ = ["Chat"]

_THOUGHTS = ("reasoning_content", "reasoning")
_TOKEN_ID = "token_id:"


class Chat:
    """Writes requests of ``/chat/completions``, and reads the replies."""

    path = "/chat/completions"
    said_under = "messages"

    def __init__(self, options: Options) -> None:
        self._options = options

    def parameters(self, *, own_server: bool) -> dict[str, Any]:
        """What each request says besides the conversation and the tools.

        Args:
            own_server: whether it is not OpenAI's, whose name for ``max_tokens`` others do not know.
        """
        told = self._options
        given = {
            "temperature": told.temperature,
            "top_p": told.top_p,
            "seed": told.seed,
            "max_tokens" if own_server else "max_completion_tokens": told.max_tokens,
            "logprobs": True if told.logprobs is not False else None,
            "top_logprobs": told.logprobs if told.logprobs is not True and told.logprobs else None,
            "return_token_ids": told.token_ids or None,
            **({"stream": True, "stream_options": {"include_usage": True}} if told.stream else {}),
        }
        return {name: value for name, value in given.items() if value is not None}

    def conversation(self, system: str, turns: list[Turn]) -> list[dict[str, Any]]:
        """All messages, with the last few pictures."""
        messages = [{"role": "system", "content": system}] if system else []
        for turn, shown in windowed(turns, self._options.images):
            messages += self._turn(turn, shown=shown)
        return messages

    def tools(self, definitions: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        return [dict(one) for one in definitions]

    def as_chat(self, conversation: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return conversation

    def read(self, raw: Mapping[str, Any], name: Callable[[str], str]) -> Reply:
        """What the model said.

        Args:
            raw: the chat completion.
            name: gives a call an id that no other call has.

        Raises:
            Torn: if it is no chat completion.
        """
        choices = listed(raw, "choices")
        if not choices:
            raise Torn(f"a chat completion without a choice: {_told(raw)}")
        choice = mapped(choices[0], "a choice")
        message = mapped(choice.get("message"), "a message")
        text, inline = apart(text_in(message.get("content")))
        key = next((key for key in _THOUGHTS if message.get(key)), None)
        calls = [_asked(mapped(one, "a call"), name) for one in message.get("tool_calls") or ()]
        ids = choice.get("token_ids")
        logprobs, token_ids = _logprobs(choice.get("logprobs"))
        return Reply(
            id=raw.get("id"),
            model=raw.get("model"),
            text=text,
            refusal=message.get("refusal"),
            reasoning=str(message[key]) if key else inline,
            asked=tuple(calls),
            sent_back=(self._sent_back(message, calls, key),),
            finish_reason=choice.get("finish_reason"),
            usage=usage_of(raw),
            prompt_token_ids=raw.get("prompt_token_ids") or choice.get("prompt_token_ids"),
            completion_token_ids=ids if ids is not None else token_ids,
            logprobs=logprobs,
        )

    def collected(self, chunks: Iterable[Any], first: Callable[[], None]) -> dict[str, Any]:
        """A streamed completion as it would have come at once.

        Args:
            first: is called when the model said its first word.

        Raises:
            Torn: if the stream ended before the reply did.
        """
        whole: dict[str, Any] = {}
        message: dict[str, Any] = {"role": "assistant", "content": None}
        choice: dict[str, Any] = {"index": 0, "message": message, "finish_reason": None}
        calls: dict[int, dict[str, Any]] = {}
        for chunk in chunks:
            told = mapped(chunk, "a chunk")
            whole |= {key: value for key, value in told.items() if key != "choices" and value is not None}
            for part in listed(told, "choices"):
                if part.get("index"):
                    continue
                delta = mapped(part.get("delta") or {}, "a delta")
                if any(delta.get(key) for key in ("content", "refusal", "tool_calls", *_THOUGHTS)):
                    first()
                _add(message, delta, calls)
                _extend(choice, part)
        if calls:
            message["tool_calls"] = [calls[index] for index in sorted(calls)]
        completion = {**whole, "object": "chat.completion", "choices": [choice]}
        if choice["finish_reason"] is None:
            raise Torn("the stream ended before the reply did", completion)
        return completion

    def _turn(self, turn: Turn, *, shown: bool) -> list[dict[str, Any]]:
        messages = list(turn.said.sent_back) if turn.said is not None else []
        messages += [{"role": "tool", "tool_call_id": one.to.call_id, "content": one.text} for one in turn.answers]
        seen = turn.seen
        if shown:
            text = [{"type": "text", "text": seen.text}] if seen.text else []
            messages.append(
                {"role": "user", "content": [*text, {"type": "image_url", "image_url": {"url": seen.image}}]}
            )
        elif seen.image is not None or seen.text:
            left_out = LEFT_OUT if seen.image is not None and self._options.images else ""
            messages.append({"role": "user", "content": "\n\n".join(part for part in (seen.text, left_out) if part)})
        return messages

    def _sent_back(self, message: Mapping[str, Any], calls: Sequence[Asked], key: str | None) -> dict[str, Any]:
        # A text beside calls, too: OpenAI takes null there, llama.cpp's server and some chat templates do not.
        kept: dict[str, Any] = {"role": "assistant", "content": text_in(message.get("content"))}
        if message.get("refusal"):
            kept["refusal"] = message["refusal"]
        if calls:
            kept["tool_calls"] = [
                {**one, "id": call.call_id, "type": "function", "function": sayable(call.name, str(call.arguments))}
                for one, call in zip(message["tool_calls"], calls, strict=True)
            ]
        if key is not None and self._options.keep_reasoning:
            kept[key] = message[key]
        elif not self._options.keep_reasoning and kept["content"]:
            kept["content"] = apart(kept["content"])[0]
        return kept


def _asked(call: Mapping[str, Any], name: Callable[[str], str]) -> Asked:
    function = mapped(call.get("function"), "a call's function")
    arguments = function.get("arguments")
    return Asked(
        call_id=name(str(call.get("id") or "")),
        name=str(function.get("name") or ""),
        arguments=arguments
        if isinstance(arguments, str)
        else ""
        if arguments is None
        else json.dumps(arguments, ensure_ascii=False),
    )


def _logprobs(told: Any) -> tuple[list[float] | None, list[int] | None]:
    """Log probabilities, and where a server writes tokens as their ids, those."""
    tokens = told.get("content") if isinstance(told, Mapping) else None
    if not tokens:
        return None, None
    logprobs = [float(one["logprob"]) for one in tokens]
    written = [str(one.get("token", "")) for one in tokens]
    if not all(text.startswith(_TOKEN_ID) for text in written):
        return logprobs, None
    return logprobs, [int(text.removeprefix(_TOKEN_ID)) for text in written]


def _add(message: dict[str, Any], delta: Mapping[str, Any], calls: dict[int, dict[str, Any]]) -> None:
    """Puts a part of a message to what came before."""
    for key, value in delta.items():
        if key == "tool_calls":
            for one in value or ():
                empty = {"id": None, "type": "function", "function": {"name": "", "arguments": ""}}
                _add_call(calls.setdefault(_place_of(one, calls), empty), one)
        elif isinstance(value, str) and key != "role":
            message[key] = (message.get(key) or "") + value
        elif isinstance(value, list):
            message[key] = [*(message.get(key) or ()), *value]
        elif value is not None:
            message[key] = value


def _place_of(part: Mapping[str, Any], calls: Mapping[int, Mapping[str, Any]]) -> int:
    """Which call a part is of. Some servers number none of them, or all alike, and send each as one part."""
    index, call_id = part.get("index"), part.get("id")
    last = max(calls, default=-1)
    if not isinstance(index, int):
        return last + 1 if call_id or not calls else last
    known = calls[index]["id"] if index in calls else None
    return last + 1 if call_id and known and known != call_id else index


def _add_call(call: dict[str, Any], part: Mapping[str, Any]) -> None:
    function = part.get("function") or {}
    for key in ("name", "arguments"):
        call["function"][key] += function.get(key) or ""
    call |= {key: value for key, value in part.items() if key not in ("function", "index") and value}


def _extend(choice: dict[str, Any], part: Mapping[str, Any]) -> None:
    """What a chunk says of the choice beside its message."""
    choice["finish_reason"] = part.get("finish_reason") or choice["finish_reason"]
    for key in ("token_ids", "prompt_token_ids"):
        if part.get(key):
            choice[key] = [*choice.get(key, ()), *part[key]]
    content = (part.get("logprobs") or {}).get("content")
    if content:
        choice["logprobs"] = {"content": [*choice.get("logprobs", {}).get("content", ()), *content]}


def _told(raw: Mapping[str, Any]) -> str:
    error = raw.get("error")
    return str(error.get("message", error)) if isinstance(error, Mapping) else str(error or dict(raw))[:200]
