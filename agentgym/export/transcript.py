"""An episode as a person reads it: what the model was told, what it said and called, what came of that, the score."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import Any

from agentgym.actions.quoting import cut
from agentgym.events import ModelRequest, ModelResponse, Note
from agentgym.events.usage import Usage
from agentgym.events.words import action_in_words, call_in_words
from agentgym.export.story import ModelCall, Move, Story, ToolUse, Turn, moves
from agentgym.export.writing import plain

__all__ = ["transcript"]

_SPEAKER = 10
_PICTURES = ("image_url", "input_image", "image", "computer_screenshot")


def transcript(story: Story, *, most: int = 600, width: int = 120) -> Iterator[str]:
    """Lines of text. What a model was told before is not told again; of several agents each has its own before.

    Args:
        story: the episode.
        most: characters of one text; the rest is left out.
        width: of a line.
    """
    return _Writer(story, most, width).lines()


class _Writer:
    def __init__(self, story: Story, most: int, width: int) -> None:
        self._story, self._most, self._width = story, most, width
        self._told: dict[str | None, list[Any]] = {}

    def lines(self) -> Iterator[str]:
        story = self._story
        yield f"{story.task_id or 'no task'}  (run {story.episode.run_id}, episode {story.episode.number})"
        if story.instruction:
            yield from self._said("task", story.instruction)
        for turn in story.turns:
            yield from self._turn(turn)
        for failed in story.failures:
            yield from self._said("failed", f"during {failed.during}: {failed.type}: {failed.message}")
        yield _end(story)

    def _turn(self, turn: Turn) -> Iterator[str]:
        for move in moves(turn):
            yield from self._move(move)
        for note in turn.notes:
            yield from self._said("note", _noted(note))
        if turn.step is not None:
            yield from self._said(f"step {turn.number}", _stepped(turn, with_action=not turn.tool_uses))

    def _move(self, move: Move) -> Iterator[str]:
        if move.call is not None:
            yield from self._asked(move.call)
        for use in move.tools:
            yield from self._used(use)

    def _asked(self, call: ModelCall) -> Iterator[str]:
        if call.request is not None:
            yield from self._request(call.request)
        response = call.response
        if response is None:
            yield from self._said("model", "[no answer was recorded]")
            return
        speaker = response.agent_id or response.model or "model"
        if response.reasoning:
            yield from self._said(speaker, f"(thinks) {response.reasoning}")
        said = _text(response.content)
        if said:
            yield from self._said(speaker, said)
        for wanted in response.tool_calls:
            function = wanted.get("function", wanted)
            yield from self._said(speaker, f"-> {function.get('name')}({function.get('arguments')})")
        if response.error is not None:
            yield from self._said(speaker, f"[failed] {_text(response.error)}")
        yield from self._said("", f"[{_cost(response)}]")

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

    def _used(self, use: ToolUse) -> Iterator[str]:
        if use.called is not None:
            yield from self._said("call", call_in_words(use.name, plain(use.called.arguments)))
        if use.returned is not None:
            ok, error = use.returned.ok, use.returned.error
            yield from self._said("result" if ok else "error", _text(use.returned.result if ok else error))

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


def _end(story: Story) -> str:
    usage = [Usage.read(call.response.usage) for call in story.model_calls if call.response is not None]
    tokens = sum((one.all_input_tokens or 0) + (one.output_tokens or 0) for one in usage)
    score = "no score" if story.score is None else f"score {story.score:g}"
    steps = sum(turn.step is not None for turn in story.turns)
    told = f"{score}, return {story.total_return:g}, {steps} steps"
    return f"{told}, {len(story.model_calls)} model calls, {tokens} tokens" if story.model_calls else told


def _stepped(turn: Turn, *, with_action: bool) -> str:
    assert turn.step is not None
    end = ", terminated" if turn.step.terminated else ", truncated" if turn.step.truncated else ""
    done = [action_in_words(turn.step.action)] if with_action else []
    refused = [f"not done: {turn.error}"] if turn.error else []
    return "; ".join([*done, f"reward {turn.step.reward:g}{end}", *refused])


def _noted(note: Note) -> str:
    parts = [note.kind, note.agent_id or "", note.text or "", "" if note.value is None else _text(note.value)]
    return "  ".join(part for part in parts if part)


def _cost(response: ModelResponse) -> str:
    usage = Usage.read(response.usage)
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
