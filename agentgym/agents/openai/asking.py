"""Asks the model, tells the stream what was sent and what came, and says whose fault it is if nothing came."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from agentgym.agents.base import Emit
from agentgym.agents.openai.clients import Connection
from agentgym.agents.openai.conversation import Reply, Turn
from agentgym.agents.openai.fields import Torn, encodable_json, mapped
from agentgym.agents.openai.options import Options
from agentgym.agents.openai.telling import failure_event, in_order, reply_event, request_event
from agentgym.errors import BackendError, Refused, UsageError
from agentgym.events import Note
from agentgym.events.interceptors import around

__all__ = ["Dialect", "Model"]

_TOO_LONG = ("context_length", "context length", "maximum context", "exceeds the available context")
_PASSING = (408, 409, 429)
_SERVERS_FAULT = 500
# What reading JSON raises that has something else where a text, a number, an object is expected.
_ODD = (AttributeError, KeyError, TypeError, ValueError)


class Dialect(Protocol):
    """One of the APIs.

    Attributes:
        path: of its requests.
        said_under: the key of a request that has the conversation.
    """

    path: str
    said_under: str

    def parameters(self, *, own_server: bool) -> dict[str, Any]: ...

    def conversation(self, system: str, turns: list[Turn]) -> list[dict[str, Any]]: ...

    def tools(self, definitions: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]: ...

    def as_chat(self, conversation: list[dict[str, Any]]) -> list[dict[str, Any]]: ...

    def read(self, raw: Mapping[str, Any], name: Callable[[str], str]) -> Reply: ...

    def collected(self, chunks: Any, first: Callable[[], None]) -> dict[str, Any]: ...


class Model:
    """A model at a server, for the calls of one episode after the other.

    Args:
        options: say which, and where.
        dialect: the API that it is asked by.
    """

    def __init__(self, options: Options, dialect: Dialect) -> None:
        self._options, self._dialect = options, dialect
        self._connection: Connection | None = None
        self._emit: Emit = _nobody
        self._ids: set[str] = set()
        self._came: list[tuple[Any, Reply]] = []
        self._last_call: str | None = None

    def begin(self, emit: Emit) -> None:
        """Begins an episode, in which no call has an id yet."""
        self._emit, self._ids, self._came, self._last_call = emit, set(), [], None

    def request(self, conversation: list[dict[str, Any]], tools: list[dict[str, Any]]) -> dict[str, Any]:
        """The body of a request."""
        options = self._options
        body: dict[str, Any] = {"model": options.model, self._dialect.said_under: conversation}
        if tools:
            body["tools"] = tools
            if options.parallel_tool_calls is not None:
                body["parallel_tool_calls"] = options.parallel_tool_calls
        return {**body, **self._dialect.parameters(own_server=self._connected.is_own_server), **options.extra}

    def ask(self, request: Mapping[str, Any]) -> Reply:
        """What the model says to a request, which interceptors of ``model_call`` may change on its way.

        Raises:
            BackendError: of kind ``"network"``, if the server cannot be asked or answers nothing that can be read.
            Refused: if an interceptor refused.
            UsageError: if the server refuses the request or the key.
        """
        options = self._options
        self._came = []
        try:
            raw = around("model_call", dict(request), self._sent, name=options.model, agent_id=options.agent_id)
        except Refused as refused:
            self._emit(failure_event(f"refused: {refused}", options, call_id=_call_id(options)))
            raise
        return next((reply for came, reply in self._came if came is raw), None) or self._replaced(raw)

    def read(self, raw: Any) -> Reply:
        """The reply that a server's JSON is.

        Raises:
            Torn: if it is none.
        """
        try:
            return self._dialect.read(mapped(raw, "the reply"), self._named)
        except (Torn, *_ODD) as error:
            raise Torn(_what(error), raw) from error

    def close(self) -> None:
        """Lets the server go."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def __getstate__(self) -> dict[str, Any]:
        # A copy connects on its own, with the key of its own environment.
        return {**self.__dict__, "_connection": None, "_emit": _nobody, "_came": []}

    @property
    def _connected(self) -> Connection:
        if self._connection is None:
            self._connection = Connection(self._options)
        return self._connection

    def _replaced(self, raw: Any) -> Reply:
        """What an interceptor gave in place of what came."""
        self._ids -= {one.call_id for _, reply in self._came for one in reply.asked}
        try:
            reply = self.read(raw)
        except Torn as error:
            raise UsageError(f"an interceptor of 'model_call' returned no reply: {error}") from error
        value = {"call_id": self._last_call, "reply": raw}
        self._emit(Note(kind="replaced", text="model_call", value=value, agent_id=self._options.agent_id))
        return reply

    def _sent(self, request: dict[str, Any]) -> Any:
        """Sends a request, again if a reply came broken; what came is told before it is given back."""
        request = in_order(request)
        messages = self._dialect.as_chat(request[self._dialect.said_under])
        before: str | None = None
        for left in range(self._options.retries, -1, -1):
            call_id = self._last_call = _call_id(self._options)
            self._emit(request_event(request, messages, self._options, call_id=call_id))
            try:
                return self._answered(call_id, request, retry_of=before)
            except Torn as error:
                what = f"broken reply: {error}"
                self._emit(failure_event(what, self._options, call_id=call_id, retry_of=before, raw=error.raw))
                if not left:
                    told = f"the model {self._options.model!r} answered nothing that can be read: {error}"
                    raise BackendError(told, kind="network") from error
                before = call_id
        raise AssertionError("unreachable")

    def _answered(self, call_id: str, request: dict[str, Any], *, retry_of: str | None) -> Any:
        """What came of one request.

        Raises:
            Torn: if it is no reply.
        """
        import openai

        started = time.perf_counter()
        words: list[float] = []
        try:
            raw = encodable_json(self._posted(request, lambda: words.append(_since(started))))
        except openai.OpenAIError as error:
            raise self._fault(call_id, error, retry_of) from error
        duration_ms = _since(started)
        reply = self.read(raw)
        first = words[0] if words else None
        self._emit(
            reply_event(
                reply,
                raw,
                self._options,
                call_id=call_id,
                retry_of=retry_of,
                first_token_ms=first,
                duration_ms=duration_ms,
            )
        )
        self._came.append((raw, reply))
        return raw

    def _posted(self, request: dict[str, Any], word: Callable[[], None]) -> Any:
        """The reply's JSON.

        Args:
            word: is called for what comes of a stream.

        Raises:
            Torn: if it is none.
            UsageError: if the request itself is none.
        """
        import openai

        post = self._connected.client.post
        try:
            if not request.get("stream"):
                return post(self._dialect.path, body=request, cast_to=object)
            with post(
                self._dialect.path, body=request, cast_to=object, stream=True, stream_cls=openai.Stream[object]
            ) as stream:
                return self._streamed(stream, word)
        except (json.JSONDecodeError, UnicodeDecodeError) as error:
            raise Torn(f"no JSON: {error}") from error
        except ValueError as error:
            raise UsageError(f"the request cannot be written as JSON: {error}") from error

    def _streamed(self, stream: Any, word: Callable[[], None]) -> Any:
        import openai

        try:
            return self._dialect.collected(stream, word)
        except (openai.APIError, *_ODD) as error:
            raise Torn(f"the stream broke: {_what(error)}") from error

    def _fault(self, call_id: str, error: Exception, retry_of: str | None) -> Exception:
        """Tells of a request that failed; whose fault it was."""
        import openai

        options = self._options
        what = self._connected.without_key(str(error))
        self._emit(failure_event(f"{type(error).__name__}: {what}", options, call_id=call_id, retry_of=retry_of))
        status = error.status_code if isinstance(error, openai.APIStatusError) else _SERVERS_FAULT
        if status in _PASSING or status >= _SERVERS_FAULT:
            return BackendError(
                f"the model {options.model!r} could not be asked at {self._connected.address}: {what}", kind="network"
            )
        hint = "; give the agent context_tokens" if any(word in what.lower() for word in _TOO_LONG) else ""
        return UsageError(
            f"the server refuses what the model {options.model!r} is asked at {self._dialect.path}: {what}{hint}"
        )

    def _named(self, told: str) -> str:
        """An id that no other call of the episode has: the model's own, if it is."""
        call_id, number = told or "call-1", 2
        while call_id in self._ids:
            call_id, number = f"{told or 'call'}-{number}", number + 1
        self._ids.add(call_id)
        return call_id


def _what(error: Exception) -> str:
    return f"{type(error).__name__}: {error}" if isinstance(error, _ODD) else str(error)


def _call_id(options: Options) -> str:
    return f"{options.agent_id or 'model'}-{uuid.uuid4().hex[:16]}"


def _since(started: float) -> float:
    return round((time.perf_counter() - started) * 1000, 3)


def _nobody(_event: object) -> None:
    """Who is told before the first episode."""
