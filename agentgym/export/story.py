"""An episode's events joined: requests with their answers, tools' calls with their results, steps with their causes."""

from __future__ import annotations

import operator
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

import msgspec

from agentgym.events import (
    Failed,
    FinalReport,
    ModelRequest,
    ModelResponse,
    Note,
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
from agentgym.export.writing import plain
from agentgym.trajectory import Dataset, Episode

T = TypeVar("T")

__all__ = ["ModelCall", "Move", "Story", "ToolUse", "Turn", "moves", "stories"]


@dataclass
class ModelCall:
    """A request and its answer; either may be missing. Times are the records' ``ts_utc``."""

    call_id: str
    request: ModelRequest | None = None
    response: ModelResponse | None = None
    asked_at: str | None = None
    answered_at: str | None = None

    @property
    def failed(self) -> bool:
        return self.response is None or self.response.error is not None

    @property
    def model(self) -> str | None:
        return _first(*(event.model for event in (self.response, self.request) if event))

    @property
    def provider(self) -> str | None:
        return _first(*(event.provider for event in (self.response, self.request) if event))


@dataclass
class ToolUse:
    """A tool's call and what came of it; either may be missing."""

    call_id: str
    called: ToolCalled | None = None
    returned: ToolReturned | None = None
    called_at: str | None = None
    returned_at: str | None = None

    @property
    def name(self) -> str | None:
        return _first(*(event.name for event in (self.called, self.returned) if event))


@dataclass
class Turn:
    """What led to a step, and the step without its observation; the last one may have led to none.

    Attributes:
        number: of the step, from 1.
        late: reward terms that were added afterwards.
    """

    number: int
    began_at: str
    ended_at: str
    step: Step | None = None
    late: list[Reward] = field(default_factory=list)
    model_calls: list[ModelCall] = field(default_factory=list)
    tool_uses: list[ToolUse] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)

    @property
    def reward(self) -> float | None:
        """The step's own and what was added afterwards; None where there was no step."""
        return None if self.step is None else self.step.reward + sum(term.value for term in self.late)

    @property
    def error(self) -> str | None:
        """What the step, its action, or the last call of the model failed with."""
        if self.step is not None:
            told = self.step.error or self.step.info.get("action_error")
            if told:
                return str(told)
        last = self.model_calls[-1].response if self.model_calls else None
        return None if last is None else last.error

    @property
    def is_empty(self) -> bool:
        return self.step is None and not self.model_calls and not self.tool_uses


@dataclass(frozen=True)
class Move:
    """One answer of a model, or one action without any, with the tools that it called.

    ``closes`` says that the turn's step, with its reward and observation, came of it.
    """

    turn: Turn
    call: ModelCall | None
    tools: tuple[ToolUse, ...]
    closes: bool


@dataclass
class Story:
    """One episode, told."""

    episode: Episode
    run: RunStarted
    reset: Reset = field(default_factory=lambda: Reset(observation=None))
    began_at: str = ""
    ended_at: str = ""
    turns: list[Turn] = field(default_factory=list)
    scored: Scored | None = None
    failures: list[Failed] = field(default_factory=list)
    completed: RunCompleted | None = None
    report: FinalReport | None = None

    @property
    def name(self) -> str:
        return f"{self.episode.run_id}-{self.episode.number}"

    @property
    def task_id(self) -> str | None:
        return self.reset.task_id if self.episode.task is None else self.episode.task.id

    @property
    def instruction(self) -> str | None:
        return None if self.episode.task is None else self.episode.task.instruction

    @property
    def model_calls(self) -> list[ModelCall]:
        return [call for turn in self.turns for call in turn.model_calls]

    @property
    def model(self) -> str | None:
        return _first(self.run.model, *(call.model for call in self.model_calls))

    @property
    def provider(self) -> str | None:
        return _first(self.run.provider, *(call.provider for call in self.model_calls))

    @property
    def score(self) -> float | None:
        return None if self.scored is None else float(self.scored.value)

    @property
    def max_steps(self) -> int | None:
        task = self.episode.task
        said = (self.run.env.get("kwargs") or {}).get("max_steps")
        return _first(self.run.max_steps, said if isinstance(said, int) else None, task.max_steps if task else None)

    @property
    def total_return(self) -> float:
        return sum(turn.reward for turn in self.turns if turn.reward is not None)

    @property
    def seconds(self) -> float:
        return (datetime.fromisoformat(self.ended_at) - datetime.fromisoformat(self.began_at)).total_seconds()

    @property
    def final_result(self) -> str | None:
        """What the agent said at the end: its report, the run's result, or its last answer if that called no tool."""
        if self.report is not None and self.report.text is not None:
            return self.report.text
        if self.completed is not None and self.completed.final_result is not None:
            said = self.completed.final_result
            return said if isinstance(said, str) else msgspec.json.encode(said).decode()
        last = self.model_calls[-1].response if self.model_calls else None
        if last is None or last.tool_calls or not isinstance(last.content, str):
            return None
        return last.content

    @property
    def succeeded(self) -> bool | None:
        """Whether it scored 1; where it has no score, what the agent claimed; None where nobody said."""
        if self.score is not None:
            return self.score == 1.0
        return None if self.completed is None else self.completed.success


def stories(dataset: Dataset) -> Iterator[Story]:
    """Each episode, told; none holds an observation, so that long ones fit into memory."""
    run_id, run = "", RunStarted()
    for episode in dataset:
        if episode.run_id != run_id:
            run_id, run = episode.run_id, _run_started(dataset, episode.run_id)
        yield _told(episode, run)


def moves(turn: Turn) -> list[Move]:
    """The turn's answers of models in order, each with the tools that it called; one of its own if there are none."""
    if not turn.model_calls:
        return [Move(turn, None, tuple(turn.tool_uses), closes=True)]
    owners = _owners(turn.model_calls)
    last = turn.model_calls[-1].call_id
    used: dict[str, list[ToolUse]] = {call.call_id: [] for call in turn.model_calls}
    for tool in turn.tool_uses:
        asked = tool.called and tool.called.model_call_id
        owner = asked if asked in used else owners.get(tool.call_id, last)
        used[owner].append(tool)
    return [
        Move(turn, call, tuple(used[call.call_id]), closes=call is turn.model_calls[-1]) for call in turn.model_calls
    ]


def _owners(calls: Sequence[ModelCall]) -> dict[str, str]:
    """By the id of a tool's call, the id of the model call that asked for it."""
    return {
        str(wanted.get("id", wanted.get("call_id"))): call.call_id
        for call in calls
        if call.response is not None
        for wanted in call.response.tool_calls
    }


def _run_started(dataset: Dataset, run_id: str) -> RunStarted:
    first = next(iter(dataset.records(run_id)), None)
    return first.payload if first is not None and isinstance(first.payload, RunStarted) else RunStarted()


def _told(episode: Episode, run: RunStarted) -> Story:
    story = Story(episode, run)
    teller = _Teller(story)
    for record in episode.records():
        teller.take(record)
    teller.close()
    return story


class _Teller:
    """Puts records in their places."""

    def __init__(self, story: Story) -> None:
        self._story = story
        self._calls: dict[str, ModelCall] = {}
        self._tools: dict[str, ToolUse] = {}
        self._turn = Turn(1, "", "")
        self._begun = False
        self._messages: list[Any] = []

    def take(self, record: Record) -> None:
        event, now = record.payload, record.ts_utc
        if isinstance(event, Reset):
            self._begin(event, now)
        elif self._begun:
            self._story.ended_at = self._turn.ended_at = now
            self._take_call(event, now)
            self._take_rest(event, now)

    def close(self) -> None:
        if not self._turn.is_empty or self._turn.notes:
            self._story.turns.append(self._turn)

    def _begin(self, reset: Reset, now: str) -> None:
        self._begun = True
        self._story.reset = msgspec.structs.replace(reset, observation=None)
        self._story.began_at = self._story.ended_at = now
        self._turn = Turn(1, now, now)

    def _take_call(self, event: object, now: str) -> None:
        match event:
            case ModelRequest(call_id=call_id):
                self._calls[call_id] = ModelCall(call_id, request=self._shared(event), asked_at=now)
                self._turn.model_calls.append(self._calls[call_id])
            case ModelResponse(call_id=call_id):
                if call_id not in self._calls:
                    self._calls[call_id] = ModelCall(call_id)
                    self._turn.model_calls.append(self._calls[call_id])
                self._calls[call_id].response, self._calls[call_id].answered_at = event, now
            case ToolCalled(call_id=call_id):
                self._tools[call_id] = ToolUse(call_id, called=event, called_at=now)
                self._turn.tool_uses.append(self._tools[call_id])
            case ToolReturned(call_id=call_id):
                if call_id not in self._tools:
                    self._tools[call_id] = ToolUse(call_id)
                    self._turn.tool_uses.append(self._tools[call_id])
                self._tools[call_id].returned, self._tools[call_id].returned_at = event, now

    def _shared(self, request: ModelRequest) -> ModelRequest:
        """The request with plain messages, those of the one before where they are the same: histories grow by a little.

        Without, an episode's messages, pictures included, would take memory with the square of its calls.
        """
        messages = plain(request.messages)
        same = list(map(operator.eq, messages, self._messages))
        kept = same.index(False) if False in same else len(same)
        self._messages = [*self._messages[:kept], *messages[kept:]]
        return msgspec.structs.replace(request, messages=self._messages)

    def _take_rest(self, event: object, now: str) -> None:
        story = self._story
        match event:
            case Step():
                self._turn.step = msgspec.structs.replace(event, observation=None)
                story.turns.append(self._turn)
                self._turn = Turn(event.step + 1, now, now)
            case Reward(step=step):
                for turn in story.turns:
                    if turn.number == step:
                        turn.late.append(event)
            case Note(step=number):
                owner = next((turn for turn in story.turns if turn.number == number), self._turn)
                owner.notes.append(event)
            case Scored():
                story.scored = event
            case Failed():
                story.failures.append(event)
            case RunCompleted():
                story.completed = event
            case FinalReport():
                story.report = event


def _first(*candidates: T | None) -> T | None:
    return next((one for one in candidates if one is not None), None)
