"""An episode's records folded into spans: the agent's, and within it those of its model calls and tool calls."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from agentgym.events import (
    Failed,
    ModelRequest,
    ModelResponse,
    Record,
    Reset,
    Reward,
    RunStarted,
    Scored,
    Step,
    ToolCalled,
    ToolReturned,
)
from agentgym.sinks.genai import (
    Attributes,
    request_attributes,
    response_attributes,
    reward_attributes,
    score_attributes,
    tool_attributes,
)

__all__ = ["EVALUATION", "EpisodeSpans", "Span", "SpanEvent"]

EVALUATION = "gen_ai.evaluation.result"


@dataclass(frozen=True)
class SpanEvent:
    """Something at one moment; ``time`` is a record's ``ts_utc``."""

    name: str
    time: str
    attributes: Attributes


@dataclass(frozen=True)
class Span:
    """Something that took its time. Times are records' ``ts_utc``, ids hexadecimal.

    Attributes:
        parent_id: None of an episode's own.
        is_client: whether another program was called.
        error: what kind and what was said, of one that failed.
    """

    name: str
    trace_id: str
    span_id: str
    parent_id: str | None
    is_client: bool
    began: str
    ended: str
    attributes: Attributes
    events: tuple[SpanEvent, ...] = ()
    error: tuple[str, str] | None = None


@dataclass
class _Chat:
    name: str
    at: str
    request: ModelRequest | None
    parent: str


@dataclass
class _Tool:
    name: str
    at: str
    called: ToolCalled | None
    parent: str


@dataclass
class _Member:
    """An agent within the agent; ``parent`` is the span of who it acts for."""

    span_id: str
    parent: str
    began: str
    ended: str


@dataclass
class _Steps:
    """The steps of an episode without what they showed, and what was added to their rewards."""

    taken: list[tuple[str, Step]] = field(default_factory=list)
    late: dict[int, float] = field(default_factory=dict)

    @property
    def total_return(self) -> float:
        return sum(step.reward + self.late.get(step.step, 0.0) for _, step in self.taken)


class EpisodeSpans:
    """Takes the records of one episode from its reset on.

    Ids are drawn from the recording's own, so that a run that is told twice has the same.

    Args:
        run: what is known of its run.
        reset: the record of its reset.
        content: whether prompts, answers, tools' arguments and results are told.
    """

    def __init__(self, run: RunStarted, reset: Record, *, content: bool) -> None:
        assert isinstance(reset.payload, Reset)
        self._run = run
        self._run_id, self._number = reset.run_id, reset.episode
        self._reset = reset.payload
        self._content = content
        self._name = f"{reset.run_id}-{reset.episode}"
        self._began = self._ended = reset.ts_utc
        self._model, self._provider = run.model, run.provider
        self._turn = 1
        self._counts = {"chat": 0, "tool": 0}
        self._chats: dict[str, _Chat] = {}
        self._tools: dict[str, _Tool] = {}
        self._members: dict[str, _Member] = {}
        self._steps = _Steps()
        self._scored: Scored | None = None
        self._failed: Failed | None = None

    def take(self, record: Record) -> Iterator[Span]:
        """The spans that a record ends."""
        now = self._ended = record.ts_utc
        match record.payload:
            case ModelRequest() as request:
                self._know(request)
                self._chats[request.call_id] = self._asked(request, request, now)
            case ModelResponse() as response:
                self._know(response)
                chat = self._chats.pop(response.call_id, None) or self._asked(response, None, now)
                self._parent(response, now)
                yield self._chat(chat, response, now)
            case ToolCalled() as called:
                self._tools[called.call_id] = self._called(called, called, now)
            case ToolReturned() as returned:
                tool = self._tools.pop(returned.call_id, None) or self._called(returned, None, now)
                self._parent(returned, now)
                yield self._tool(tool, returned, now)
            case _:
                self._take_rest(record.payload, now)

    def end(self) -> Iterator[Span]:
        """The calls that have no end, the agents within the agent, and the episode's own span, which is last."""
        for chat in self._chats.values():
            yield self._chat(chat, None, chat.at)
        for tool in self._tools.values():
            yield self._tool(tool, None, tool.at)
        for agent_id, member in self._members.items():
            yield self._member(agent_id, member)
        yield self._episode()

    def _take_rest(self, event: object, now: str) -> None:
        match event:
            case Step() as step:
                # Without the observation, which may be large.
                kept = Step(
                    step=step.step,
                    observation=None,
                    action=step.action if self._content else None,
                    reward=step.reward,
                    terminated=step.terminated,
                    truncated=step.truncated,
                )
                self._steps.taken.append((now, kept))
                self._turn = step.step + 1
                self._counts = dict.fromkeys(self._counts, 0)
            case Reward() as reward:
                self._steps.late[reward.step] = self._steps.late.get(reward.step, 0.0) + reward.value
            case Scored() as scored:
                self._scored = scored
            case Failed() as failed:
                self._failed = failed

    def _know(self, event: ModelRequest | ModelResponse) -> None:
        self._model = self._model or event.model
        self._provider = self._provider or event.provider

    def _asked(self, event: ModelRequest | ModelResponse, request: ModelRequest | None, now: str) -> _Chat:
        return _Chat(self._place("chat", event.call_id), now, request, self._parent(event, now))

    def _called(self, event: ToolCalled | ToolReturned, called: ToolCalled | None, now: str) -> _Tool:
        return _Tool(self._place("tool", event.call_id), now, called, self._parent(event, now))

    def _parent(self, event: ModelRequest | ModelResponse | ToolCalled | ToolReturned, now: str) -> str:
        """The span of who made a call: a tool that asks a model, an agent within the agent, or the episode's own."""
        if (tool := self._tools.get(event.parent_id or "")) is not None:
            return self._span_id(tool.name)
        if isinstance(event, ModelRequest | ModelResponse) and event.agent_id and event.parent_id:
            known = self._members.get(event.agent_id)
            if known is None:
                above = self._members.get(event.parent_id)
                parent = self._root if above is None else above.span_id
                known = _Member(self._span_id(f"agent/{event.agent_id}"), parent, now, now)
                self._members[event.agent_id] = known
            return self._seen(known, now)
        member = self._members.get(event.agent_id or "") or self._members.get(event.parent_id or "")
        return self._root if member is None else self._seen(member, now)

    def _seen(self, member: _Member, now: str) -> str:
        """The span of an agent that did something, and did it for another: neither has ended before."""
        member.ended = now
        for other in self._members.values():
            if other.span_id == member.parent:
                self._seen(other, now)
        return member.span_id

    def _member(self, agent_id: str, member: _Member) -> Span:
        attributes: Attributes = {
            "gen_ai.operation.name": "invoke_agent",
            "gen_ai.agent.id": agent_id,
            "gen_ai.agent.name": agent_id,
            "gen_ai.conversation.id": self._conversation,
        }
        return self._span(
            f"invoke_agent {agent_id}",
            f"agent/{agent_id}",
            member.began,
            member.ended,
            attributes,
            error=None,
            is_client=False,
            parent=member.parent,
        )

    def _place(self, kind: str, call_id: str) -> str:
        number = self._counts[kind]
        self._counts[kind] += 1
        return f"{self._turn}/{kind}/{number}/{call_id}"

    def _chat(self, chat: _Chat, response: ModelResponse | None, ended: str) -> Span:
        request = chat.request
        model = (response and response.model) or (request and request.model) or self._model
        provider = (response and response.provider) or (request and request.provider) or self._provider
        attributes: Attributes = {
            "gen_ai.operation.name": "chat",
            "gen_ai.provider.name": provider or "unknown",
            "gen_ai.request.model": (request and request.model) or self._model,
            "gen_ai.conversation.id": self._conversation,
            "gen_ai.agent.id": (request or response or self._run).agent_id,
            **request_attributes(request, self._run, content=self._content),
        }
        if response is not None:
            attributes |= response_attributes(response, content=self._content)
        error = None if response is None or response.error is None else ("_OTHER", response.error)
        return self._span(
            f"chat {model}" if model else "chat", chat.name, chat.at, ended, attributes, error=error, parent=chat.parent
        )

    def _tool(self, tool: _Tool, returned: ToolReturned | None, ended: str) -> Span:
        known = tool.called or returned
        attributes = tool_attributes(tool.called, returned, content=self._content)
        attributes["gen_ai.agent.id"] = known and known.agent_id
        error = None if returned is None or returned.ok else ("tool_error", returned.error or "")
        name = f"execute_tool {known and known.name}"
        return self._span(name, tool.name, tool.at, ended, attributes, error=error, is_client=False, parent=tool.parent)

    def _episode(self) -> Span:
        run, reset = self._run, self._reset
        attributes = {
            "gen_ai.operation.name": "invoke_agent",
            "gen_ai.provider.name": self._provider,
            "gen_ai.agent.name": run.agent,
            "gen_ai.agent.version": run.agent_version,
            "gen_ai.conversation.id": self._conversation,
            "gen_ai.request.model": self._model,
            "agentgym.run_id": self._run_id,
            "agentgym.episode": self._number,
            "agentgym.task_id": _task_id(reset.task) or reset.task_id,
            "agentgym.seed": reset.seed,
            "agentgym.return": self._steps.total_return,
            "agentgym.env": run.env.get("id"),
        }
        failed = self._failed
        return Span(
            name=f"invoke_agent {run.agent}" if run.agent else "invoke_agent",
            trace_id=_id(self._name, 32),
            span_id=self._root,
            parent_id=None,
            is_client=False,
            began=self._began,
            ended=self._ended,
            attributes=attributes,
            events=tuple(self._evaluations()),
            error=None if failed is None else (failed.type, failed.message),
        )

    def _evaluations(self) -> Iterator[SpanEvent]:
        for at, step in self._steps.taken:
            late = self._steps.late.get(step.step, 0.0)
            yield SpanEvent(EVALUATION, at, reward_attributes(step, late, content=self._content))
        if self._scored is not None:
            yield SpanEvent(EVALUATION, self._ended, score_attributes(self._scored))

    @property
    def _root(self) -> str:
        return self._span_id("episode")

    def _span_id(self, name: str) -> str:
        return _id(f"{self._name}/{name}", 16)

    @property
    def _conversation(self) -> str:
        return self._run.session_id or self._name

    def _span(
        self,
        title: str,
        name: str,
        began: str,
        ended: str,
        attributes: Attributes,
        *,
        error: tuple[str, str] | None,
        parent: str,
        is_client: bool = True,
    ) -> Span:
        return Span(
            name=title,
            trace_id=_id(self._name, 32),
            span_id=self._span_id(name),
            parent_id=parent,
            is_client=is_client,
            began=began,
            ended=ended,
            attributes=attributes,
            error=error,
        )


def _task_id(task: Any) -> str | None:
    return task.get("id") if isinstance(task, dict) else getattr(task, "id", None)


def _id(name: str, digits: int) -> str:
    return hashlib.sha256(name.encode()).hexdigest()[:digits]
