"""OpenTelemetry spans with the attributes of its conventions for generative AI, as OTLP JSON lines."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeAlias

import msgspec

from agentgym.events.usage import Usage
from agentgym.export.base import fresh
from agentgym.export.chat import text_of, tool
from agentgym.export.genai_messages import input_messages, output_messages, system_instructions
from agentgym.export.story import ModelCall, Story, ToolUse, stories
from agentgym.export.writing import action_text, plain, write_lines
from agentgym.trajectory import Dataset

__all__ = ["export_otel"]

Form: TypeAlias = dict[str, Any]

_INTERNAL, _CLIENT = 1, 3
_ERROR = 2
_SAMPLING = {
    "temperature": "temperature",
    "top_p": "top_p",
    "top_k": "top_k",
    "max_tokens": "max_tokens",
    "max_completion_tokens": "max_tokens",
    "seed": "seed",
    "frequency_penalty": "frequency_penalty",
    "presence_penalty": "presence_penalty",
    "n": "choice.count",
    "stop": "stop_sequences",
    "stream": "stream",
}


def export_otel(dataset: Dataset, out: Path, *, content: bool = True) -> None:
    """Writes a file, one ``TracesData`` a line: each episode is a trace, as OTLP's file exporter writes them.

    An episode is a span ``invoke_agent``; within it each call of a model is a span ``chat``, each of a tool a span
    ``execute_tool``. A reward and the score are events ``gen_ai.evaluation.result`` of the episode's span: the first
    has the step, its action and how it ended under ``agentgym.``. Ids are drawn from the recording's own, so that
    another export has the same.

    Has no place for: observations and pictures, token ids and log probabilities, infos, notes, phases, reward terms,
    the task's setup and evaluator. Null, that is left out, where unknown: provider, token counts, response ids. The
    provider's name is demanded of ``chat`` spans: where none was recorded it is ``unknown``.

    Args:
        content: whether prompts, answers, tools' arguments and results are written; they are long, and may be private.

    Raises:
        UsageError: if something is at ``out``.
    """
    with fresh(out) as path:
        write_lines(path, (_traces(story, content) for story in stories(dataset)))


def _traces(story: Story, content: bool) -> Form:
    spans = [_Span(story, content).episode(), *_Span(story, content).children()]
    resource = {"service.name": "agentgym", "service.version": version("agentgym-envs")}
    scope = {"name": "agentgym.export.otel", "version": version("agentgym-envs")}
    return {
        "resourceSpans": [
            {"resource": {"attributes": _attributes(resource)}, "scopeSpans": [{"scope": scope, "spans": spans}]}
        ]
    }


class _Span:
    """The spans of one episode."""

    def __init__(self, story: Story, content: bool) -> None:
        self._story = story
        self._content = content
        self._trace = _id(story.name, 32)
        self._root = _id(f"{story.name}/episode", 16)

    def episode(self) -> Form:
        story = self._story
        agent = story.run.agent
        attributes = {
            "gen_ai.operation.name": "invoke_agent",
            "gen_ai.provider.name": story.provider,
            "gen_ai.agent.name": agent,
            "gen_ai.agent.version": story.run.agent_version,
            "gen_ai.conversation.id": story.run.session_id or story.name,
            "gen_ai.request.model": story.model,
            "agentgym.run_id": story.episode.run_id,
            "agentgym.episode": story.episode.number,
            "agentgym.task_id": story.task_id,
            "agentgym.seed": story.episode.seed,
            "agentgym.return": story.total_return,
            "agentgym.env": story.run.env.get("id"),
        }
        name = f"invoke_agent {agent}" if agent else "invoke_agent"
        span = self._span(name, self._root, _INTERNAL, story.began_at, story.ended_at, attributes)
        del span["parentSpanId"]
        span["events"] = list(self._evaluations())
        if story.failures:
            _fail(span, story.failures[-1].type, story.failures[-1].message)
        return span

    def children(self) -> Iterator[Form]:
        for turn in self._story.turns:
            for number, call in enumerate(turn.model_calls):
                yield self._chat(call, f"{turn.number}/chat/{number}/{call.call_id}", turn.ended_at)
            for number, use in enumerate(turn.tool_uses):
                yield self._tool(use, f"{turn.number}/tool/{number}/{use.call_id}", turn.ended_at)

    def _chat(self, call: ModelCall, name: str, otherwise: str) -> Form:
        began = call.asked_at or call.answered_at or otherwise
        model = call.model or self._story.model
        title = f"chat {model}" if model else "chat"
        attributes = self._request(call) | self._response(call)
        span = self._span(title, _id(f"{self._story.name}/{name}", 16), _CLIENT, began, call.answered_at, attributes)
        if call.response is not None and call.response.error is not None:
            _fail(span, "_OTHER", call.response.error)
        return span

    def _request(self, call: ModelCall) -> Form:
        request = call.request
        parameters = {**self._story.run.sampling, **(request.parameters if request else {})}
        attributes: Form = {
            "gen_ai.operation.name": "chat",
            "gen_ai.provider.name": call.provider or self._story.provider or "unknown",
            "gen_ai.request.model": (request and request.model) or self._story.model,
            "gen_ai.conversation.id": self._story.run.session_id or self._story.name,
        }
        attributes |= {
            f"gen_ai.request.{name}": [parameters[key]]
            if key == "stop" and _is_text(parameters[key])
            else parameters[key]
            for key, name in _SAMPLING.items()
            if parameters.get(key) is not None
        }
        if self._content and request is not None:
            attributes["gen_ai.input.messages"] = _json(input_messages(request.messages))
            told = system_instructions(request.messages)
            attributes["gen_ai.system_instructions"] = _json(told) if told else None
            if request.tools:
                attributes["gen_ai.tool.definitions"] = _json([_definition(one) for one in request.tools])
        return attributes

    def _response(self, call: ModelCall) -> Form:
        response = call.response
        if response is None:
            return {}
        usage = Usage.read(response.usage)
        first = response.first_token_ms
        return {
            "gen_ai.response.id": response.id,
            "gen_ai.response.model": response.model,
            "gen_ai.response.finish_reasons": [response.finish_reason] if response.finish_reason else None,
            "gen_ai.response.time_to_first_chunk": None if first is None else first / 1000,
            "gen_ai.usage.input_tokens": usage.all_input_tokens,
            "gen_ai.usage.output_tokens": usage.output_tokens,
            "gen_ai.usage.cache_creation.input_tokens": usage.cache_creation_input_tokens,
            "gen_ai.usage.cache_read.input_tokens": usage.cache_read_input_tokens,
            "gen_ai.usage.reasoning.output_tokens": usage.reasoning_tokens,
            "gen_ai.output.messages": _json(output_messages(response))
            if self._content and response.error is None
            else None,
        }

    def _tool(self, use: ToolUse, name: str, otherwise: str) -> Form:
        began = use.called_at or use.returned_at or otherwise
        attributes: Form = {
            "gen_ai.operation.name": "execute_tool",
            "gen_ai.tool.name": use.name,
            "gen_ai.tool.call.id": use.call_id,
            "gen_ai.tool.type": "function",
        }
        if self._content and use.called is not None:
            attributes["gen_ai.tool.call.arguments"] = _json(plain(use.called.arguments))
        if self._content and use.returned is not None and use.returned.ok:
            attributes["gen_ai.tool.call.result"] = text_of(plain(use.returned.result))
        title = f"execute_tool {use.name}"
        ended = use.returned_at
        span = self._span(title, _id(f"{self._story.name}/{name}", 16), _INTERNAL, began, ended, attributes)
        if use.returned is not None and not use.returned.ok:
            _fail(span, "tool_error", use.returned.error or "")
        return span

    def _evaluations(self) -> Iterator[Form]:
        for turn in self._story.turns:
            if turn.step is not None:
                about = {
                    "agentgym.step": turn.number,
                    "agentgym.action": action_text(turn.step.action) if self._content else None,
                    "agentgym.terminated": turn.step.terminated,
                    "agentgym.truncated": turn.step.truncated,
                }
                yield _evaluation("reward", turn.reward, turn.ended_at, about)
        scored = self._story.scored
        if scored is not None:
            told = {
                "gen_ai.evaluation.score.label": scored.label,
                "gen_ai.evaluation.explanation": scored.explanation,
            }
            yield _evaluation(scored.name, float(scored.value), self._story.ended_at, told)

    def _span(self, name: str, identity: str, kind: int, began: str, ended: str | None, attributes: Form) -> Form:
        return {
            "traceId": self._trace,
            "spanId": identity,
            "parentSpanId": self._root,
            "name": name,
            "kind": kind,
            "startTimeUnixNano": _nanoseconds(began),
            "endTimeUnixNano": _nanoseconds(ended or began),
            "attributes": _attributes(attributes),
        }


def _evaluation(name: str, value: float | None, at: str, more: Form) -> Form:
    attributes = {"gen_ai.evaluation.name": name, "gen_ai.evaluation.score.value": value, **more}
    return {
        "timeUnixNano": _nanoseconds(at),
        "name": "gen_ai.evaluation.result",
        "attributes": _attributes(attributes),
    }


def _fail(span: Form, kind: str, message: str) -> None:
    span["status"] = {"code": _ERROR, "message": message}
    span["attributes"] += _attributes({"error.type": kind})


def _definition(raw: Mapping[str, Any]) -> Form:
    """A tool as the conventions have it: flat."""
    form = tool(raw)
    return {"type": "function", **form["function"]}


def _attributes(values: Mapping[str, Any]) -> list[Form]:
    return [{"key": key, "value": _value(plain(value))} for key, value in values.items() if value is not None]


def _value(value: Any) -> Form:
    match value:
        case bool():
            return {"boolValue": value}
        case int():
            # 64 bits do not fit into JavaScript's numbers: protobuf's JSON has them as text.
            return {"intValue": str(value)}
        case float():
            return {"doubleValue": value}
        case list():
            return {"arrayValue": {"values": [_value(item) for item in value]}}
        case str():
            return {"stringValue": value}
    return {"stringValue": _json(value)}


def _nanoseconds(time: str) -> str:
    moment = datetime.fromisoformat(time)
    return str(int(moment.replace(microsecond=0).timestamp()) * 10**9 + moment.microsecond * 1000)


def _id(name: str, digits: int) -> str:
    return hashlib.sha256(name.encode()).hexdigest()[:digits]


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _json(value: Any) -> str:
    return msgspec.json.encode(plain(value)).decode()
