"""Records as lines that a person reads while they come."""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from rich.console import Console
from rich.text import Text

from agentgym.errors import UsageError
from agentgym.events import (
    Failed,
    FinalReport,
    MessageSnapshot,
    ModelRequest,
    ModelResponse,
    Note,
    Phase,
    Record,
    Reset,
    Reward,
    RunCompleted,
    RunStarted,
    Scored,
    Step,
    ToolCalled,
    ToolReturned,
)
from agentgym.events.actiontext import action_text
from agentgym.events.chat import text_of, wanted
from agentgym.events.plain import plain_text
from agentgym.events.usage import Usage
from agentgym.sinks.base import Sink, SinkOrder
from agentgym.sinks.queued import Queued
from agentgym.trajectory.redaction import Redact, make_redact

__all__ = ["ConsoleLines", "console_sink"]

ENDS, STEPS, CONTENT, EVERYTHING = range(4)
_LEVELS = {"-q": ENDS, "": STEPS, "-v": CONTENT, "-vv": EVERYTHING}
_PIPE_WIDTH = 160
_RUN_STYLES = ("cyan", "magenta", "blue", "yellow", "green", "bright_black")
_BRIEF = 300
_INDENT = " " * 25
_ASIDE = "dim"


@dataclass
class _Episode:
    """What is told of an episode at its end."""

    began: datetime
    steps: int = 0
    total_return: float = 0.0
    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float = 0.0
    is_told: bool = False
    has_failed: bool = False
    tools: set[str | None] = field(default_factory=set)
    asked: dict[str, datetime] = field(default_factory=dict)
    called: dict[str, tuple[str, datetime]] = field(default_factory=dict)


class ConsoleLines:
    """Writes a line for what happens: resets, model calls, tool calls, steps with their rewards, scores, failures.

    Args:
        level: 0 for how episodes end and what fails; 1 for their steps and calls, too; 2 with what models said, tools
            returned, notes and phases; 3 with all of each text.
        console: of rich; the standard error if none is given.
        redact: takes secrets out of texts; those that are known by what they look like if not given.
    """

    def __init__(self, *, level: int = STEPS, console: Console | None = None, redact: Redact | None = None) -> None:
        self._level = level
        self._console = console or _standard_error()
        self._redact = redact or make_redact(os.environ)
        self._agents: dict[str, RunStarted] = {}
        self._episodes: dict[str, _Episode] = {}

    def __call__(self, record: Record) -> None:
        now = datetime.fromisoformat(record.ts_utc)
        if isinstance(record.payload, RunStarted):
            self._agents[record.run_id] = record.payload
        # Of what was not seen to begin: a sink may be attached in the middle.
        episode = self._episodes.setdefault(record.run_id, _Episode(now))
        if isinstance(record.payload, Reset | RunCompleted):
            self._end(record, episode, now)
        if isinstance(record.payload, Reset):
            episode = self._episodes[record.run_id] = _Episode(now)
        if isinstance(record.payload, RunCompleted):
            self._agents.pop(record.run_id, None)
            self._episodes.pop(record.run_id)
        for level, line in self._lines(record, episode, now):
            if level <= self._level:
                self._write(record, now, line)

    def close(self) -> None:
        """Nothing is left open."""

    def _lines(self, record: Record, episode: _Episode, now: datetime) -> Iterator[tuple[int, Text]]:
        match record.payload:
            case Reset() as reset:
                yield STEPS, self._reset(reset, record.run_id)
            case ModelRequest() as request:
                episode.asked[request.call_id] = now
                yield EVERYTHING, _line("ask", f"{request.model or 'model'}: {len(request.messages)} messages")
            case ModelResponse() as response:
                yield from self._model(response, episode, now)
            case ToolCalled() as call:
                text = f"{call.name} {plain_text(call.arguments)}"
                episode.called[call.call_id] = (text, now)
                yield EVERYTHING, _line("call", text)
            case ToolReturned() as returned:
                yield from self._tool(returned, episode, now)
            case Step() as step:
                yield from self._step(step, episode)
            case Reward() as reward:
                episode.total_return += reward.value
                yield STEPS, _line("reward", f"{reward.name} of step {reward.step}  {_signed(reward.value)}")
            case Scored() as scored:
                episode.is_told = True
                yield ENDS, _summary(scored, episode, now)
            case Failed() as failed:
                episode.has_failed = True
                yield from self._failed(failed)
            case _:
                yield from self._rest(record.payload, episode)

    def _reset(self, reset: Reset, run_id: str) -> Text:
        run = self._agents.get(run_id, RunStarted())
        task = getattr(reset.task, "id", None) or reset.task_id
        if isinstance(reset.task, dict):
            task = reset.task.get("id", task)
        line = _line("reset", str(task or run.env.get("id") or "episode"), style="bold")
        for name, value in (("seed", reset.seed), ("agent", run.agent), ("model", run.model)):
            if value is not None:
                line.append(f"  {name} {value}", _ASIDE)
        return line

    def _model(self, response: ModelResponse, episode: _Episode, now: datetime) -> Iterator[tuple[int, Text]]:
        usage = Usage.read(response.usage)
        episode.input_tokens += usage.all_input_tokens or 0
        episode.output_tokens += usage.output_tokens or 0
        episode.cost_usd += response.cost_usd or 0.0
        line = _line("model", response.model or "model")
        line.append("  ")
        if response.usage:
            line.append(f"{_tokens(usage.all_input_tokens or 0, usage.output_tokens or 0)}  ")
        line.append(_took(response.duration_ms, episode.asked.pop(response.call_id, None), now), _ASIDE)
        if response.error is not None:
            yield STEPS, line.append(_one_line(response.error), "red")
            return
        said = text_of(response.content)
        calls = ", ".join(f"{call.name}({call.as_text})" for call in map(wanted, response.tool_calls))
        yield STEPS, line.append(_one_line(calls or said or ""))
        for name, text in (("thought", response.reasoning), ("said", said if calls else None)):
            if text:
                yield CONTENT, _line(name, self._brief(text), style=_ASIDE)

    def _tool(self, returned: ToolReturned, episode: _Episode, now: datetime) -> Iterator[tuple[int, Text]]:
        text, began = episode.called.pop(returned.call_id, (returned.name or "tool", None))
        episode.tools.add(returned.name)
        line = _line("tool", "")
        line.append(_took(returned.latency_ms, began, now), _ASIDE)
        if not returned.ok:
            line.append(f"{_one_line(returned.error or 'failed')}  ", "red")
        yield STEPS, line.append(_one_line(text))
        if returned.ok and returned.result is not None:
            result = returned.result if isinstance(returned.result, str) else plain_text(returned.result)
            yield CONTENT, _line("", self._brief(result), style=_ASIDE)

    def _step(self, step: Step, episode: _Episode) -> Iterator[tuple[int, Text]]:
        episode.steps += 1
        episode.total_return += step.reward
        line = _line(f"step {step.step}", "")
        line.append(f"{_signed(step.reward)}  ", "green" if step.reward > 0 else "red" if step.reward < 0 else _ASIDE)
        line.append(_took(step.duration_ms, None, None), _ASIDE)
        if step.terminated or step.truncated:
            line.append("ended  " if step.terminated else "cut off  ", "bold")
        refused = step.error or step.info.get("action_error")
        if refused:
            line.append(f"{_one_line(str(refused))}  ", "yellow")
        yield STEPS, line.append(_action(step.action, episode.tools))
        episode.tools.clear()
        if step.reward_terms:
            terms = "  ".join(f"{name} {_figure(value)}" for name, value in step.reward_terms.items())
            yield CONTENT, _line("", terms, style=_ASIDE)

    def _failed(self, failed: Failed) -> Iterator[tuple[int, Text]]:
        whose = "  (the machine, not the agent)" if failed.infrastructure else ""
        yield ENDS, _line("failed", f"{failed.during}: {failed.type}: {failed.message}{whose}", style="bold red")
        if failed.traceback:
            yield CONTENT, _line("", self._brief(failed.traceback, from_end=True), style="red")

    def _rest(self, event: object, episode: _Episode) -> Iterator[tuple[int, Text]]:
        match event:
            case Phase() as phase:
                yield CONTENT, _line("phase", f"{phase.name} {phase.status}", style=_ASIDE)
            case Note(kind="sink") as note:
                yield ENDS, _line("note", note.text or "", style="yellow")
            case Note() as note:
                told = note.text if note.text is not None else plain_text(note.value)
                yield CONTENT, _line("note", f"{note.kind}: {self._brief(told)}", style=_ASIDE)
            case FinalReport(text=str(text)):
                yield CONTENT, _line("report", self._brief(text))
            case MessageSnapshot() as kept:
                yield EVERYTHING, _line("kept", f"{len(kept.messages)} messages: {kept.purpose}", style=_ASIDE)
            case RunStarted() as run:
                yield EVERYTHING, _line("run", plain_text({"env": run.env.get("id"), "agent": run.agent}), style=_ASIDE)
            case RunCompleted() as run:
                is_well = run.status in ("completed", "success")
                told = f"{run.status}: {run.error}" if run.error else run.status
                level = EVERYTHING if is_well or episode.has_failed else ENDS
                yield level, _line("run", told, style=_ASIDE if is_well else "yellow")

    def _end(self, record: Record, episode: _Episode, now: datetime) -> None:
        if episode.steps and not episode.is_told:
            self._write(record, now, _summary(None, episode, now))

    def _brief(self, text: str, *, from_end: bool = False) -> str:
        text = _tame(text).strip()
        if self._level < EVERYTHING and len(text) > _BRIEF:
            text = f"…{text[-_BRIEF:]}" if from_end else f"{text[:_BRIEF]}…"
        return text.replace("\n", f"\n{_INDENT}")

    def _write(self, record: Record, now: datetime, line: Text) -> None:
        shown = self._redact(line.plain)
        if shown != line.plain:
            line = Text(shown)
        style = _RUN_STYLES[zlib.crc32(record.run_id.encode()) % len(_RUN_STYLES)]
        head = Text.assemble((f"{now.astimezone():%H:%M:%S} ", _ASIDE), (f"{_name(record):<7}", style))
        many = "\n" in line.plain or isinstance(record.payload, Failed) or self._level >= EVERYTHING
        self._console.print(head + line, no_wrap=not many, overflow="fold" if many else "ellipsis", soft_wrap=False)


def console_sink(order: SinkOrder) -> Sink:
    if order.place not in _LEVELS or order.options:
        raise UsageError(f"the sink {order.text!r} is one of: {', '.join(f'console:{one}' for one in _LEVELS)}")
    lines = ConsoleLines(level=_LEVELS[order.place], redact=order.redact)
    return Queued(lines) if order.live else lines


def _standard_error() -> Console:
    console = Console(stderr=True, highlight=False)
    return console if console.is_terminal else Console(stderr=True, highlight=False, width=_PIPE_WIDTH)


def _name(record: Record) -> str:
    return f"{record.run_id[-4:]}·{record.episode}"


def _line(what: str, text: str, *, style: str = "") -> Text:
    return Text.assemble((f" {what:<8}", "bold" if what == "failed" else ""), (_tame(text), style))


def _summary(scored: Scored | None, episode: _Episode, now: datetime) -> Text:
    if scored is None:
        line = _line("end", "unscored", style="bold")
    else:
        told = f"{scored.value:.2f}{f'  {scored.label}' if scored.label else ''}"
        line = _line(scored.name[:8], told, style="bold green" if scored.value == 1 else "bold")
    line.append(
        f"  return {episode.total_return:.2f}  {episode.steps} steps  {(now - episode.began).total_seconds():.1f} s"
    )
    if episode.input_tokens or episode.output_tokens:
        line.append(f"  {_tokens(episode.input_tokens, episode.output_tokens)}")
    if episode.cost_usd:
        line.append(f"  ${episode.cost_usd:.4f}")
    return line


def _tokens(given: int, written: int) -> str:
    return f"{given:,} → {written:,} tokens"


def _took(told_ms: float | None, began: datetime | None, ended: datetime | None) -> str:
    if told_ms is None and (began is None or ended is None):
        return ""
    seconds = told_ms / 1000 if told_ms is not None else (ended - began).total_seconds()  # type: ignore[operator]  # seen above
    return f"{seconds:.2f} s  " if seconds >= 1 else f"{seconds * 1000:.0f} ms  "


def _one_line(text: str) -> str:
    return " ".join(_tame(text).split())


def _tame(text: str) -> str:
    """The text without what would steer the terminal: models and tools wrote it."""
    return text.replace("\x1b", "␛").replace("\x9b", "␛")


def _action(action: object, shown: set[str | None]) -> str:
    """An action as text; of a tool's call that was shown already its name alone."""
    name = action.get("name") if isinstance(action, Mapping) else getattr(action, "name", None)
    return name if isinstance(name, str) and name in shown else _one_line(action_text(action))


def _figure(value: object) -> str:
    return f"{value:g}" if isinstance(value, int | float) else plain_text(value)


def _signed(value: float) -> str:
    return f"{value:+.2f}" if value else "0"
