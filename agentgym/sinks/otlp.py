"""Spans of model calls, tool calls and episodes to an OpenTelemetry collector, as they end."""

from __future__ import annotations

import os
import time
import warnings
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

import msgspec

from agentgym.errors import StreamError, UsageError
from agentgym.events import Record, Reset, RunCompleted, RunStarted
from agentgym.events.plain import plain, plain_text
from agentgym.extras import needed
from agentgym.sinks.base import SinkOrder, SinkWarning
from agentgym.sinks.spans import EpisodeSpans, Span
from agentgym.trajectory.redaction import Redact, make_redact, scrub

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import ReadableSpan
    from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

__all__ = ["OtlpSpans", "otlp_sink"]

_TRACES = "/v1/traces"
_ANSWER_S = 3.0
_DELAY_MS = 500
_AT_ONCE = 100


class _Options(msgspec.Struct):
    content: bool = False
    patience_s: float = 5.0


class OtlpSpans:
    """Folds records into spans and hands each to OpenTelemetry's SDK when it ends.

    The SDK sends them from a thread, with its own queue of 2048 spans and its own retries: nothing waits for the
    collector. The span of an episode is sent when the next one begins or the run ends, with what was added to its
    rewards until then. Of a process that is killed the spans that ended are there; ``agentgym sync`` sends the rest,
    with the same ids.

    Args:
        endpoint: where traces are posted, ``"http://host:4318/v1/traces"``.
        content: whether prompts, answers, tools' arguments and results are sent.
        patience_s: how long ``close`` may take to send what waits.
        live: False to wait for the collector, and raise where it does not take what it is sent.
        redact: takes secrets out of texts; those that are known by what they look like if not given.
    """

    def __init__(
        self,
        endpoint: str,
        *,
        content: bool = False,
        patience_s: float = 5.0,
        live: bool = True,
        redact: Redact | None = None,
    ) -> None:
        needed("opentelemetry.sdk.trace", extra="otel")
        exporter = needed("opentelemetry.exporter.otlp.proto.http.trace_exporter", extra="otel")
        self._endpoint = endpoint
        self._content = content
        self._patience_s = patience_s
        self._live = live
        self._redact = redact or make_redact(os.environ)
        self._counting = _Counting(exporter.OTLPSpanExporter(endpoint=endpoint, timeout=_ANSWER_S))
        self._processor = _Batches(self._counting, endpoint) if not live else _sdk_processor(self._counting)
        self._form = _Form(self._redact)
        self._begin()

    def __call__(self, record: Record) -> None:
        if self._process != os.getpid():
            # What had begun is the parent's; the SDK starts its thread again by itself.
            self._begin()
        match record.payload:
            case RunStarted() as run:
                self._runs[record.run_id] = run
            case Reset():
                self._end(record.run_id)
                run = self._runs.get(record.run_id, RunStarted())
                self._episodes[record.run_id] = EpisodeSpans(run, record, content=self._content)
            case _ if record.run_id in self._episodes:
                self._send(self._episodes[record.run_id].take(record))
        if isinstance(record.payload, RunCompleted):
            self._end(record.run_id)
            self._runs.pop(record.run_id, None)

    def close(self) -> None:
        """Sends what waits. What the collector did not take is told.

        Raises:
            StreamError: the same, of a sink that is not live.
        """
        for run_id in list(self._episodes):
            self._end(run_id)
        if self._live:
            self._counting.deadline = time.monotonic() + self._patience_s
        self._processor.shutdown()
        lacking = self._handed - self._counting.sent
        if lacking > 0 and self._live:
            warnings.warn(
                f"{lacking} of {self._handed} spans were not taken by {self._redact(self._endpoint)}; what was "
                "recorded can be sent again: agentgym sync DATA --sink otlp:…",
                SinkWarning,
                stacklevel=2,
            )

    def _begin(self) -> None:
        self._process = os.getpid()
        self._runs: dict[str, RunStarted] = {}
        self._episodes: dict[str, EpisodeSpans] = {}
        self._handed = self._counting.sent = 0

    def _end(self, run_id: str) -> None:
        episode = self._episodes.pop(run_id, None)
        if episode is not None:
            self._send(episode.end())

    def _send(self, spans: Iterable[Span]) -> None:
        for span in spans:
            self._processor.on_end(self._form.readable(span))
            self._handed += 1


class _Counting:
    """An exporter that counts what arrived, and sends nothing after its deadline."""

    def __init__(self, exporter: SpanExporter) -> None:
        self._exporter = exporter
        self._fails = False
        self.deadline = float("inf")
        self.sent = 0

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        from opentelemetry.sdk.trace.export import SpanExportResult

        is_closing = self.deadline != float("inf")
        if is_closing and (self._fails or time.monotonic() > self.deadline):
            return SpanExportResult.FAILURE
        result = self._exporter.export(spans)
        self._fails = result is not SpanExportResult.SUCCESS
        if not self._fails:
            self.sent += len(spans)
        return result

    def shutdown(self) -> None:
        self._exporter.shutdown()

    def force_flush(self, timeout_millis: int = 30000) -> bool:
        return self._exporter.force_flush(timeout_millis)


class Processor(Protocol):
    """What spans are handed to."""

    def on_end(self, span: ReadableSpan) -> None: ...

    def shutdown(self) -> None: ...


class _Batches:
    """Sends spans a hundred at a time, in the caller's thread; raises where they are not taken."""

    def __init__(self, exporter: _Counting, endpoint: str) -> None:
        self._exporter = exporter
        self._endpoint = endpoint
        self._spans: list[ReadableSpan] = []

    def on_end(self, span: ReadableSpan) -> None:
        self._spans.append(span)
        if len(self._spans) >= _AT_ONCE:
            self._send()

    def shutdown(self) -> None:
        try:
            self._send()
        finally:
            self._exporter.shutdown()

    def _send(self) -> None:
        from opentelemetry.sdk.trace.export import SpanExportResult

        spans, self._spans = self._spans, []
        if spans and self._exporter.export(spans) is not SpanExportResult.SUCCESS:
            raise StreamError(f"{self._endpoint} did not take {len(spans)} spans")


class _Form:
    """Spans as the SDK has them, without secrets."""

    def __init__(self, redact: Redact) -> None:
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.util.instrumentation import InstrumentationScope

        self._redact = redact
        ours = version("agentgym-envs")
        self._resource = Resource.create({"service.name": "agentgym", "service.version": ours})
        self._scope = InstrumentationScope("agentgym.sinks.otlp", ours)

    def readable(self, span: Span) -> ReadableSpan:
        from opentelemetry.sdk.trace import Event, ReadableSpan
        from opentelemetry.trace import SpanKind, Status, StatusCode

        failed = {} if span.error is None else {"error.type": span.error[0]}
        status = Status() if span.error is None else Status(StatusCode.ERROR, self._redact(span.error[1]))
        events = [Event(one.name, self._values(one.attributes), _nanoseconds(one.time)) for one in span.events]
        return ReadableSpan(
            span.name,
            context=_context(span.trace_id, span.span_id),
            parent=None if span.parent_id is None else _context(span.trace_id, span.parent_id),
            resource=self._resource,
            attributes=self._values({**span.attributes, **failed}),
            events=events,
            kind=SpanKind.CLIENT if span.is_client else SpanKind.INTERNAL,
            status=status,
            start_time=_nanoseconds(span.began),
            end_time=_nanoseconds(span.ended),
            instrumentation_scope=self._scope,
        )

    def _values(self, attributes: Mapping[str, Any]) -> dict[str, Any]:
        told = {name: plain(value) for name, value in attributes.items() if value is not None}
        return {
            name: scrub(plain_text(value) if isinstance(value, dict) else value, self._redact)
            for name, value in told.items()
            if value is not None
        }


def otlp_sink(order: SinkOrder) -> OtlpSpans:
    address = urlsplit(order.place)
    if address.scheme not in ("http", "https") or not address.netloc:
        raise UsageError(f"expected otlp:http://HOST:4318, got {order.shown!r}")
    options = order.read(_Options)
    endpoint = order.place if address.path.strip("/") else order.place.rstrip("/") + _TRACES
    return OtlpSpans(
        endpoint, content=options.content, patience_s=options.patience_s, live=order.live, redact=order.redact
    )


def _sdk_processor(exporter: Any) -> Processor:
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    return BatchSpanProcessor(exporter, schedule_delay_millis=_DELAY_MS)


def _context(trace_id: str, span_id: str) -> Any:
    from opentelemetry.trace import SpanContext, TraceFlags

    return SpanContext(int(trace_id, 16), int(span_id, 16), is_remote=False, trace_flags=TraceFlags(TraceFlags.SAMPLED))


def _nanoseconds(moment: str) -> int:
    parsed = datetime.fromisoformat(moment)
    return int(parsed.replace(microsecond=0).timestamp()) * 10**9 + parsed.microsecond * 1000
