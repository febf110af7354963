"""OpenTelemetry spans with the attributes of its conventions for generative AI, as OTLP JSON lines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeAlias

from agentgym.events import Reset, RunStarted
from agentgym.events.plain import plain, plain_text
from agentgym.export.base import fresh
from agentgym.export.writing import write_lines
from agentgym.sinks.spans import EpisodeSpans, Span
from agentgym.trajectory import Dataset, Episode

__all__ = ["export_otel"]

Form: TypeAlias = dict[str, Any]

_INTERNAL, _CLIENT = 1, 3
_ERROR = 2


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
        write_lines(path, map(_trace, _episodes(dataset, content)))


def _episodes(dataset: Dataset, content: bool) -> Iterator[list[Span]]:
    """The spans of each episode, its own first."""
    run_id, run = "", RunStarted()
    for episode in dataset:
        if episode.run_id != run_id:
            first = next(dataset.records(episode.run_id)).payload
            run_id, run = episode.run_id, first if isinstance(first, RunStarted) else RunStarted()
        *calls, own = _spans(episode, run, content)
        yield [own, *calls]


def _spans(episode: Episode, run: RunStarted, content: bool) -> Iterator[Span]:
    folded: EpisodeSpans | None = None
    for record in episode.records():
        if isinstance(record.payload, Reset):
            folded = EpisodeSpans(run, record, content=content)
        elif folded is not None:
            yield from folded.take(record)
    assert folded is not None, "an episode of a dataset has a reset"
    yield from folded.end()


def _trace(spans: list[Span]) -> Form:
    resource = {"service.name": "agentgym", "service.version": version("agentgym-envs")}
    scope = {"name": "agentgym.export.otel", "version": version("agentgym-envs")}
    return {
        "resourceSpans": [
            {
                "resource": {"attributes": _attributes(resource)},
                "scopeSpans": [{"scope": scope, "spans": [_form(span) for span in spans]}],
            }
        ]
    }


def _form(span: Span) -> Form:
    failed = {} if span.error is None else {"error.type": span.error[0]}
    form: Form = {
        "traceId": span.trace_id,
        "spanId": span.span_id,
        "parentSpanId": span.parent_id,
        "name": span.name,
        "kind": _CLIENT if span.is_client else _INTERNAL,
        "startTimeUnixNano": _nanoseconds(span.began),
        "endTimeUnixNano": _nanoseconds(span.ended),
        "attributes": _attributes({**span.attributes, **failed}),
    }
    if span.parent_id is None:
        del form["parentSpanId"]
        form["events"] = [
            {"timeUnixNano": _nanoseconds(one.time), "name": one.name, "attributes": _attributes(one.attributes)}
            for one in span.events
        ]
    if span.error is not None:
        form["status"] = {"code": _ERROR, "message": span.error[1]}
    return form


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
    return {"stringValue": plain_text(value)}


def _nanoseconds(time: str) -> str:
    moment = datetime.fromisoformat(time)
    return str(int(moment.replace(microsecond=0).timestamp()) * 10**9 + moment.microsecond * 1000)
