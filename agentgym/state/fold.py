"""The state of runs: a fold over their records."""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from agentgym.events import Record
from agentgym.events.failing import CALLED_OFF
from agentgym.events.usage import Usage
from agentgym.state.parts import AgentPart, Call, Detail, EpisodePart, Failure, RunPart, Status, StepPart

__all__ = ["Fold"]

_RECENT = 20
_FAILURES = 50

_ENDS: Mapping[str, Status] = {
    "completed": "done",
    "success": "done",
    "failure": "done",
    "limit": "done",
    "error": "failed",
    "timeout": "failed",
    "cancelled": "cancelled",
}

_PHASE_ENDS = frozenset({"end", "ended", "completed", "done", "finished", "error", "failed"})


class Fold:
    """Takes records, of any number of runs, and says what they come to.

    Attributes:
        runs: by id, in the order in which they were first heard of.
        failures: the last that broke.
    """

    def __init__(self, *, details: bool = False) -> None:
        self.runs: dict[str, RunPart] = {}
        self.failures: deque[Failure] = deque(maxlen=_FAILURES)
        self._recent = None if details else _RECENT
        self._by_type: Mapping[str, Callable[[RunPart, int, str, Any], None]] = {
            "run_started": self._run_started,
            "reset": self._reset,
            "phase": self._phase,
            "model_request": self._model_request,
            "model_response": self._model_response,
            "tool_call": self._tool_called,
            "tool_result": self._tool_returned,
            "step": self._step,
            "reward": self._reward,
            "scored": self._scored,
            "failed": self._failed,
            "run_completed": self._run_completed,
        }

    def apply(self, record: Record) -> None:
        """Takes a record in; one that was taken before is passed over, so that streams may overlap."""
        self.take(record.ts_utc, record.run_id, record.episode, record.idx, record.event_type, record.payload)

    def take(self, ts_utc: str, run_id: str, episode: int, idx: int, event_type: str, event: Any) -> None:
        """`apply` of a record's parts; of the event no more attributes are needed than those that are looked at."""
        run = self.runs.get(run_id)
        if run is None:
            run = self.runs[run_id] = RunPart(run_id, began_at=ts_utc)
        if idx < run.next_idx:
            return
        run.missing += idx - run.next_idx
        run.next_idx = idx + 1
        run.records += 1
        run.ended_at = ts_utc
        if run.status == "interrupted":
            self._resume(run)
        handle = self._by_type.get(event_type)
        if handle is not None:
            handle(run, episode, ts_utc, event)

    def end(self, run: RunPart, status: Status) -> None:
        """Says that a run has ended, and all that was going on in it."""
        run.status = status
        run.doing = None
        for episode in run.episodes.values():
            if episode.is_open:
                self._end_episode(episode, status if status != "done" else "cancelled")

    def _run_started(self, run: RunPart, _number: int, now: str, event: Any) -> None:
        run.began_at = now
        run.session_id, run.attempt, run.continues = event.session_id, event.attempt, event.continues
        run.agent, run.model, run.metadata = event.agent, event.model, event.metadata
        run.env = event.env.get("id") or event.env.get("class")

    def _run_completed(self, run: RunPart, _number: int, _now: str, event: Any) -> None:
        run.error = event.error
        self.end(run, _ENDS.get(event.status, "done"))

    def _phase(self, run: RunPart, _number: int, _now: str, event: Any) -> None:
        run.doing = None if event.status in _PHASE_ENDS else event.name

    def _reset(self, run: RunPart, number: int, now: str, event: Any) -> None:
        before = run.episodes.get(number - 1)
        if before is not None and before.is_open:
            self._end_episode(before, "cancelled")
        run.doing = None
        episode = self._episode(run, number, now)
        episode.status = "running"
        episode.began_at, episode.seed = now, event.seed
        task = event.task.get("id") if isinstance(event.task, dict) else getattr(event.task, "id", None)
        task = task or event.task_id
        # One text for the thousands of episodes of a task.
        episode.task = sys.intern(task) if type(task) is str else task

    def _step(self, run: RunPart, number: int, now: str, event: Any) -> None:
        episode = self._episode(run, number, now)
        episode.steps += 1
        reward = float(event.reward)
        episode.total_return += reward
        action_error = event.info.get("action_error")
        if action_error is not None:
            episode.action_errors += 1
        if event.agent_id is not None:
            self._agent(run, event, now)
        detail = episode.detail
        if detail is not None:
            detail.steps.append(
                StepPart(
                    event.step,
                    now,
                    reward,
                    event.duration_ms,
                    event.action,
                    action_error,
                    event.model_call_id,
                    event.agent_id,
                )
            )
            if detail.open_calls:
                _drop_pending(detail)
        failure = event.info.get("failure")
        if failure is not None:
            episode.failure = str(failure)
        if event.terminated or event.truncated:
            self._end_episode(episode, "done" if failure is None else "failed")

    def _reward(self, run: RunPart, number: int, now: str, event: Any) -> None:
        episode = self._episode(run, number, now)
        value = float(event.value)
        episode.total_return += value
        for step in reversed(episode.detail.steps if episode.detail is not None else ()):
            if step.number == event.step:
                step.reward += value
                return

    def _scored(self, run: RunPart, number: int, now: str, event: Any) -> None:
        self._episode(run, number, now).score = float(event.value)

    def _failed(self, run: RunPart, number: int, now: str, event: Any) -> None:
        message = f"{event.type}: {event.message}".removesuffix(": ")
        run.failures += 1
        self.failures.append(
            Failure(run.run_id, number, now, event.during, event.type, event.message, event.infrastructure)
        )
        if event.during == "reset":
            # The episode of this number is the one before; the one that was to come has none yet.
            run.error = message
            return
        episode = self._episode(run, number, now)
        episode.failure = message
        if event.during == "step" and episode.is_open:
            self._end_episode(episode, "cancelled" if event.type in CALLED_OFF else "failed")

    def _model_request(self, run: RunPart, number: int, now: str, event: Any) -> None:
        episode = self._episode(run, number, now)
        episode.totals.model_calls += 1
        if event.agent_id is not None:
            self._agent(run, event, now).totals.model_calls += 1
        if episode.detail is not None:
            call = Call("model", event.call_id, event.model, "running", event.agent_id, event.parent_id, began_at=now)
            _begin(episode.detail, call)

    def _model_response(self, run: RunPart, number: int, now: str, event: Any) -> None:
        episode = self._episode(run, number, now)
        usage = Usage.read(event.usage)
        episode.totals.use(usage, event.cost_usd)
        if event.agent_id is not None:
            self._agent(run, event, now).totals.use(usage, event.cost_usd)
        detail = episode.detail
        if detail is None:
            return
        call = detail.open_calls.pop(event.call_id, None)
        if call is None:
            call = Call("model", event.call_id, event.model, agent_id=event.agent_id, parent_id=event.parent_id)
            _keep(detail, call)
        call.name = event.model or call.name
        _close(call, now, event.error, event.duration_ms)
        for wanted in event.tool_calls:
            _want(detail, wanted, event)

    def _tool_called(self, run: RunPart, number: int, now: str, event: Any) -> None:
        episode = self._episode(run, number, now)
        episode.totals.tool_calls += 1
        if event.agent_id is not None:
            self._agent(run, event, now).totals.tool_calls += 1
        detail = episode.detail
        if detail is None:
            return
        asked = detail.open_calls.pop(event.call_id, None) or detail.open_calls.pop(event.provider_id, None)
        who = event.agent_id or (None if asked is None else asked.agent_id)
        asker = event.model_call_id or (None if asked is None else asked.model_call_id)
        call = Call("tool", event.call_id, event.name, "running", who, event.parent_id, asker, began_at=now)
        call.arguments = event.arguments
        _begin(detail, call)

    def _tool_returned(self, run: RunPart, number: int, now: str, event: Any) -> None:
        detail = self._episode(run, number, now).detail
        if detail is None:
            return
        call = detail.open_calls.pop(event.call_id, None)
        if call is None:
            call = Call("tool", event.call_id, event.name, agent_id=event.agent_id, parent_id=event.parent_id)
            _keep(detail, call)
        took = event.latency_ms if event.duration_ms is None else event.duration_ms
        _close(call, now, event.error if event.error or event.ok else "failed", took)

    def _episode(self, run: RunPart, number: int, now: str) -> EpisodePart:
        """The episode of this number; it is pending until its reset."""
        episode = run.episodes.get(number)
        if episode is None:
            detail = Detail(deque(maxlen=self._recent), deque(maxlen=self._recent))
            episode = run.episodes[number] = EpisodePart(run.run_id, number, detail=detail)
        episode.ended_at = now
        return episode

    def _agent(self, run: RunPart, event: Any, now: str) -> AgentPart:
        agent = run.agents.get(event.agent_id)
        if agent is None:
            agent = run.agents[event.agent_id] = AgentPart(event.agent_id)
        # Of a tool's call the agent itself is the parent.
        if event.parent_id not in (None, event.agent_id):
            agent.parent_id = event.parent_id
        agent.last_at = now
        return agent

    def _end_episode(self, episode: EpisodePart, status: Status) -> None:
        episode.status = status
        detail = episode.detail
        if detail is None:
            return
        for call in detail.open_calls.values():
            call.status = "interrupted" if status == "interrupted" else "cancelled"
        detail.open_calls.clear()
        if self._recent is not None:
            episode.detail = None

    def _resume(self, run: RunPart) -> None:
        """A run that was thought to be dead goes on."""
        run.status = "running"
        last = next(reversed(run.episodes.values()), None)
        if last is not None and last.status == "interrupted":
            last.status = "running"
            last.detail = last.detail or Detail(deque(maxlen=self._recent), deque(maxlen=self._recent))

    def episodes(self) -> Iterator[EpisodePart]:
        """Of all runs. Others may publish meanwhile: what is gone through is what there was."""
        return (episode for run in [*self.runs.values()] for episode in [*run.episodes.values()])


def _begin(detail: Detail, call: Call) -> None:
    detail.open_calls[call.call_id] = call
    _keep(detail, call)


def _keep(detail: Detail, call: Call) -> None:
    detail.calls.append(call)
    if call.kind == "model":
        detail.last_model = call
    else:
        detail.last_tool = call


def _close(call: Call, now: str, error: str | None, duration_ms: float | None) -> None:
    call.status = "done" if error is None else "failed"
    call.ended_at, call.error, call.duration_ms = now, error, duration_ms


def _want(detail: Detail, wanted: Mapping[str, Any], event: Any) -> None:
    """A tool's call that a model asked for: OpenAI's form, or the same, flat."""
    inner = wanted.get("function", wanted)
    identity = wanted.get("id") or wanted.get("call_id")
    if isinstance(identity, str) and isinstance(inner, Mapping):
        name, asker = inner.get("name"), event.call_id
        detail.open_calls[identity] = Call("tool", identity, name, "pending", event.agent_id, None, asker)


def _drop_pending(detail: Detail) -> None:
    """What a model asked for and was not called before the step was made has become the action, or nothing."""
    for identity in [key for key, call in detail.open_calls.items() if call.status == "pending"]:
        del detail.open_calls[identity]
