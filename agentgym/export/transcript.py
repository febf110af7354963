"""An episode as a person reads it: what the model was told, what it said and called, what came of that, the score."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import Any

from agentgym.actions.quoting import cut
from agentgym.events import (
    Event,
    Failed,
    ModelRequest,
    ModelResponse,
    Note,
    Reward,
    Scored,
    Step,
    ToolCalled,
    ToolReturned,
)
from agentgym.events.usage import Usage
from agentgym.events.words import action_in_words, call_in_words
from agentgym.export.writing import plain
from agentgym.trajectory import Episode

__all__ = ["transcript"]

_SPEAKER = 10
_PICTURES = ("image_url", "input_image", "image", "computer_screenshot")


def transcript(episode: Episode, *, most: int = 600, width: int = 120) -> Iterator[str]:
    """Lines of text, in the order in which things happened.

    What a model was told before is not told again; of several agents each has its own before.

    Args:
        episode: as it was recorded.
        most: characters of one text; the rest is left out.
        width: of a line.
    """
    return _Writer(episode, most, width).lines()


class _Writer:
    def __init__(self, episode: Episode, most: int, width: int) -> None:
        self._episode, self._most, self._width = episode, most, width
        self._told: dict[str | None, list[Any]] = {}
        self._used_tools = False
        self._score: float | None = None
        self._paid = 0.0
        self._steps = self._calls = self._tokens = 0

    def lines(self) -> Iterator[str]:
        episode = self._episode
        task = episode.task
        name = task.id if task is not None else "no task"
        yield f"{name}  (run {episode.run_id}, episode {episode.number})"
        if task is not None and task.instruction:
            yield from self._said("task", task.instruction)
        for record in episode.records():
            yield from self._event(record.payload)
        yield self._end()

    def _event(self, event: Event) -> Iterator[str]:
        match event:
            case ModelRequest():
                yield from self._request(event)
            case ModelResponse():
                yield from self._response(event)
            case ToolCalled(name=name, arguments=arguments):
                self._used_tools = True
                yield from self._said("call", call_in_words(name, plain(arguments)))
            case ToolReturned(ok=ok, result=result, error=error):
                yield from self._said("result" if ok else "error", _text(result if ok else error))
            case Step():
                yield from self._step(event)
            case Reward(name=name, value=value, step=step):
                self._paid += value
                yield from self._said("reward", f"{value:+g} {name}, to step {step}")
            case Note():
                yield from self._said("note", _noted(event))
            case Scored(value=value):
                self._score = float(value)
            case Failed(during=during, type=kind, message=message):
                yield from self._said("failed", f"during {during}: {kind}: {message}")

    def _request(self, request: ModelRequest) -> Iterator[str]:
        """The messages that were not there before, but for the model's own."""
        before = self._told.get(request.agent_id, [])
        same = 0
        while same < min(len(before), len(request.messages)) and before[same] == request.messages[same]:
            same += 1
        self._told[request.agent_id] = list(request.messages)
        for message in request.messages[same:]:
            if message.get("role") != "assistant":
                yield from self._said(str(message.get("role", "?")), _text(message.get("content")))

    def _response(self, response: ModelResponse) -> Iterator[str]:
        usage = Usage.read(response.usage)
        self._calls += 1
        self._tokens += (usage.all_input_tokens or 0) + (usage.output_tokens or 0)
        speaker = response.agent_id or response.model or "model"
        if response.reasoning:
            yield from self._said(speaker, f"(thinks) {response.reasoning}")
        if said := _text(response.content):
            yield from self._said(speaker, said)
        for wanted in response.tool_calls:
            function = wanted.get("function", wanted)
            yield from self._said(speaker, f"-> {function.get('name')}({_text(function.get('arguments'))})")
        if response.error is not None:
            yield from self._said(speaker, f"[failed] {_text(response.error)}")
        yield from self._said("", f"[{_cost(response, usage)}]")

    def _step(self, step: Step) -> Iterator[str]:
        self._steps += 1
        self._paid += step.reward
        end = ", terminated" if step.terminated else ", truncated" if step.truncated else ""
        # Calls of tools were told one by one.
        done = [] if self._used_tools else [action_in_words(step.action)]
        self._used_tools = False
        error = step.error or step.info.get("action_error")
        refused = [f"not done: {_text(error)}"] if error else []
        yield from self._said(f"step {step.step}", "; ".join([*done, f"reward {step.reward:g}{end}", *refused]))

    def _end(self) -> str:
        score = "no score" if self._score is None else f"score {self._score:g}"
        told = f"{score}, return {self._paid:g}, {self._steps} steps"
        return f"{told}, {self._calls} model calls, {self._tokens} tokens" if self._calls else told

    def _said(self, who: str, what: str) -> Iterator[str]:
        """The text beside the name of who says it."""
        label = cut(who, _SPEAKER)
        shown = cut(what, self._most)
        indented = f"{'':>{_SPEAKER}} | "
        lines = [
            line
            for part in shown.splitlines() or [""]
            for line in textwrap.wrap(part, self._width - len(indented), replace_whitespace=False) or [""]
        ]
        yield f"{label:>{_SPEAKER}} | {lines[0]}".rstrip()
        yield from (f"{indented}{line}".rstrip() for line in lines[1:])


def _noted(note: Note) -> str:
    parts = [note.kind, note.agent_id or "", note.text or "", "" if note.value is None else _text(note.value)]
    return "  ".join(part for part in parts if part)


def _cost(response: ModelResponse, usage: Usage) -> str:
    tokens = "" if usage.output_tokens is None else f"{usage.all_input_tokens or 0} + {usage.output_tokens} tokens"
    took = "" if response.duration_ms is None else f"{response.duration_ms / 1000:.1f} s"
    dear = "" if response.cost_usd is None else f"{response.cost_usd:.4f} USD"
    return ", ".join(part for part in (response.finish_reason, tokens, took, dear) if part) or "nothing is told of it"


def _text(content: Any) -> str:
    """What a message or a result says; pictures are named."""
    match content:
        case None:
            said = ""
        case str():
            said = content
        case [*parts]:
            said = "\n".join(map(_text, parts))
        case {"type": kind} if kind in _PICTURES:
            said = "[picture]"
        case {"$text": _, "length": length}:
            said = f"[a text of {length} characters]"
        case {"text": str(text)} | {"refusal": str(text)} | {"content": str(text)}:
            said = text
        case _:
            said = str(plain(content))
    return said
