"""An event in a few words, for a line on a terminal."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

from agentgym.actions import ToolCall, parse_action, to_pyautogui
from agentgym.actions.quoting import cut, short
from agentgym.errors import ActionError
from agentgym.events.types import (
    Event,
    Failed,
    FinalReport,
    MessageSnapshot,
    ModelRequest,
    ModelResponse,
    Note,
    Phase,
    Reset,
    Reward,
    RunCompleted,
    RunStarted,
    Scored,
    Step,
    ToolCalled,
    ToolReturned,
)
from agentgym.events.usage import Usage

__all__ = ["action_in_words", "call_in_words", "in_words"]


def in_words(event: Event) -> str:
    """What the event says, on one line: no more than some 200 characters, no observation."""
    words = _WORDS[type(event)](event)
    said = "  ".join(word for word in words if word)
    return " ".join(said.split("\n"))


def action_in_words(action: Any) -> str:
    """An action as it would be written, cut."""
    if isinstance(action, str):
        return cut(action)
    if hasattr(action, "tolist"):
        return short(action.tolist())
    try:
        parsed = parse_action(action)
    except ActionError:
        return short(action)
    return call_in_words(parsed.name, parsed.arguments) if isinstance(parsed, ToolCall) else cut(to_pyautogui(parsed))


def call_in_words(name: str | None, arguments: Mapping[str, Any] | None) -> str:
    """A call of a tool as it would be written in Python, cut."""
    said = ", ".join(f"{key}={short(value)}" for key, value in (arguments or {}).items())
    return cut(f"{name or '?'}({said})")


def _run_started(event: RunStarted) -> Sequence[str]:
    env = event.env.get("id") or event.env.get("class")
    return _pairs(agent=event.agent, model=event.model, env=env, session=event.session_id, continues=event.continues)


def _reset(event: Reset) -> Sequence[str]:
    task = event.task.get("id") if isinstance(event.task, dict) else getattr(event.task, "id", None)
    return _pairs(task=task or event.task_id, seed=event.seed)


def _phase(event: Phase) -> Sequence[str]:
    return event.name, event.status, _milliseconds(event.duration_ms)


def _model_request(event: ModelRequest) -> Sequence[str]:
    return event.model or "", f"{len(event.messages)} messages" if event.messages else ""


def _model_response(event: ModelResponse) -> Sequence[str]:
    if event.error is not None:
        return event.model or "", f"error: {cut(event.error)}", _milliseconds(event.duration_ms)
    usage = Usage.read(event.usage)
    tokens = "" if usage.output_tokens is None else f"{usage.all_input_tokens or 0}+{usage.output_tokens} tokens"
    called = ", ".join(str(call.get("function", call).get("name")) for call in event.tool_calls)
    said = cut(event.content) if isinstance(event.content, str) else ""
    return said, f"-> {called}" if called else "", tokens, _milliseconds(event.duration_ms)


def _tool_called(event: ToolCalled) -> Sequence[str]:
    return (call_in_words(event.name, event.arguments),)


def _tool_returned(event: ToolReturned) -> Sequence[str]:
    took = _milliseconds(event.latency_ms if event.duration_ms is None else event.duration_ms)
    if not event.ok:
        return event.name or "", f"failed: {cut(event.error or '')}", took
    shown = event.result_preview if event.result_preview is not None else event.result
    return event.name or "", cut(shown) if isinstance(shown, str) else short(shown), took


def _message_snapshot(event: MessageSnapshot) -> Sequence[str]:
    return event.purpose, f"{len(event.messages)} messages"


def _step(event: Step) -> Sequence[str]:
    end = "terminated" if event.terminated else "truncated" if event.truncated else ""
    refused = event.info.get("action_error")
    error = f"action error: {cut(str(refused))}" if refused is not None else ""
    return f"{event.step}", f"reward {event.reward:g}", end, action_in_words(event.action), error


def _reward(event: Reward) -> Sequence[str]:
    return f"{event.value:+g}", event.name, f"to step {event.step}"


def _scored(event: Scored) -> Sequence[str]:
    return f"{event.value:g}", "" if event.name == "score" else event.name, event.label or ""


def _failed(event: Failed) -> Sequence[str]:
    machine = "the machine's fault" if event.infrastructure else ""
    return f"during {event.during}", f"{event.type}: {cut(event.message)}", machine


def _run_completed(event: RunCompleted) -> Sequence[str]:
    counted = f"{event.episodes} episodes, {event.steps} steps"
    return event.status, cut(event.error or ""), counted, _milliseconds(event.duration_ms)


def _final_report(event: FinalReport) -> Sequence[str]:
    return (cut(event.text) if event.text is not None else event.path or "",)


def _note(event: Note) -> Sequence[str]:
    return event.kind, cut(event.text or ""), "" if event.value is None else short(event.value)


def _pairs(**values: Any) -> Sequence[str]:
    return [f"{name} {value}" for name, value in values.items() if value is not None]


def _milliseconds(duration_ms: float | None) -> str:
    if duration_ms is None:
        return ""
    return f"{duration_ms / 1000:.1f} s" if duration_ms >= 1000 else f"{duration_ms:.3g} ms"


_WORDS = cast(
    "Mapping[type[Event], Callable[[Event], Sequence[str]]]",
    {
        RunStarted: _run_started,
        Reset: _reset,
        Phase: _phase,
        ModelRequest: _model_request,
        ModelResponse: _model_response,
        ToolCalled: _tool_called,
        ToolReturned: _tool_returned,
        MessageSnapshot: _message_snapshot,
        Step: _step,
        Reward: _reward,
        Scored: _scored,
        Failed: _failed,
        RunCompleted: _run_completed,
        FinalReport: _final_report,
        Note: _note,
    },
)
