"""Asks the model, tells the stream what was sent and what came, and says whose fault it is if nothing came."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from agentgym.agents.base import Emit
from agentgym.agents.openai.clients import Connection
from agentgym.agents.openai.conversation import Asked, Reply, Turn
from agentgym.agents.openai.costs import cost_usd
from agentgym.agents.openai.fields import Torn, mapped, usage_of
from agentgym.agents.openai.options import Options
from agentgym.errors import BackendError, Refused, UsageError
from agentgym.events import ModelRequest, ModelResponse, Note
from agentgym.events.interceptors import around
from agentgym.events.usage import Usage

__all__ = ["Dialect", "Model", "sent_body"]

_PROVIDER = "openai"
_TOO_LONG = ("context_length", "context length", "maximum context", "exceeds the available context")
_CONVERSATIONS = ("messages", "input")
_PASSING = (408, 409, 429)
_SERVERS_FAULT = 500


class Dialect(Protocol):
    """One of the APIs."""

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
        self._came: tuple[Any, Reply] | None = None
        self.last_call: str | None = None

    def begin(self, emit: Emit) -> None:
        """Begins an episode, in which no call has an id yet."""
        self._emit, self._ids, self._came, self.last_call = emit, set(), None, None

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
        self._came = None
        try:
            raw = around("model_call", dict(request), self._sent, name=options.model, agent_id=options.agent_id)
        except Refused as refused:
            self._tell_failed(_call_id(options), f"refused: {refused}")
            raise
        if (came := self._last_reply) is not None and came[0] is raw:
            return came[1]
        try:
            reply = self._dialect.read(mapped(raw, "what an interceptor gave in place of a reply"), self._named)
        except Torn as error:
            raise UsageError(f"an interceptor of 'model_call' returned no reply: {error}") from error
        value = {"call_id": self.last_call, "reply": raw}
        self._emit(Note(kind="replaced", text="model_call", value=value, agent_id=options.agent_id))
        return reply

    @property
    def _last_reply(self) -> tuple[Any, Reply] | None:
        return self._came

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def __getstate__(self) -> dict[str, Any]:
        # A copy connects on its own, with the key of its own environment.
        return {**self.__dict__, "_connection": None, "_emit": _nobody, "_came": None}

    @property
    def _connected(self) -> Connection:
        if self._connection is None:
            self._connection = Connection(self._options)
        return self._connection

    def _sent(self, request: dict[str, Any]) -> Any:
        """Sends a request, again if a reply came broken; what came is told before it is given back."""
        request = _in_order(request)
        before: str | None = None
        for left in range(self._options.retries, -1, -1):
            call_id = _call_id(self._options)
            self.last_call = call_id
            self._tell_request(call_id, request)
            try:
                return self._answered(call_id, request, retry_of=before)
            except Torn as error:
                self._tell_failed(call_id, f"broken reply: {error}", retry_of=before, raw=error.raw)
                if not left:
                    what = f"the model {self._options.model!r} answered nothing that can be read: {error}"
                    raise BackendError(what, kind="network") from error
                before = call_id
        raise AssertionError("unreachable")

    def _answered(self, call_id: str, request: dict[str, Any], *, retry_of: str | None) -> Any:
        """What came of one request.

        Raises:
            Torn: if it is no reply.
        """
        import openai

        started = time.perf_counter()
        first: list[float] = []
        try:
            raw = self._posted(request, lambda: first.append(_since(started)))
        except openai.OpenAIError as error:
            raise self._fault(call_id, error, retry_of) from error
        try:
            reply = self._dialect.read(mapped(raw, "the reply"), self._named)
        except Torn as error:
            # What is no reply may have cost something all the same.
            raise Torn(str(error), raw) from error
        self._emit(
            ModelResponse(
                call_id=call_id,
                id=reply.id,
                provider=_PROVIDER,
                model=reply.model,
                content=_content(reply),
                reasoning=reply.reasoning,
                tool_calls=[_told(one) for one in reply.asked],
                finish_reason=reply.finish_reason,
                usage=reply.usage,
                cost_usd=cost_usd(Usage.read(reply.usage), self._options.prices),
                first_token_ms=first[0] if first else None,
                prompt_token_ids=reply.prompt_token_ids,
                completion_token_ids=reply.completion_token_ids,
                completion_mask=None if reply.completion_token_ids is None else [1] * len(reply.completion_token_ids),
                logprobs=_fitting(reply),
                retry_of=retry_of,
                raw=raw,
                agent_id=self._options.agent_id,
                duration_ms=_since(started),
            )
        )
        self._came = (raw, reply)
        return raw

    def _posted(self, request: dict[str, Any], first: Callable[[], None]) -> Any:
        """The reply's JSON."""
        import openai

        client = self._connected.client
        if not request.get("stream"):
            try:
                return client.post(self._dialect.path, body=request, cast_to=object)
            except ValueError as error:
                raise Torn(f"no JSON: {error}") from error
        stream = client.post(
            self._dialect.path, body=request, cast_to=object, stream=True, stream_cls=openai.Stream[object]
        )
        with stream:
            try:
                return self._dialect.collected(stream, first)
            except (openai.APIError, ValueError) as error:
                raise Torn(f"the stream broke: {error}") from error

    def _fault(self, call_id: str, error: Exception, retry_of: str | None) -> Exception:
        """Tells of a request that failed; whose fault it was."""
        import openai

        what = self._connected.without_key(str(error))
        self._tell_failed(call_id, f"{type(error).__name__}: {what}", retry_of=retry_of)
        status = error.status_code if isinstance(error, openai.APIStatusError) else _SERVERS_FAULT
        if status in _PASSING or status >= _SERVERS_FAULT:
            message = f"the model {self._options.model!r} could not be asked: {what}"
            return BackendError(message, kind="network")
        hint = "; give the agent context_tokens" if any(word in what.lower() for word in _TOO_LONG) else ""
        return UsageError(f"the server refuses what the model {self._options.model!r} is asked: {what}{hint}")

    def _tell_request(self, call_id: str, request: Mapping[str, Any]) -> None:
        under = self._dialect.said_under
        beside = {name: value for name, value in request.items() if name not in ("model", "tools", "messages")}
        self._emit(
            ModelRequest(
                call_id=call_id,
                messages=self._dialect.as_chat(request[under]),
                provider=_PROVIDER,
                model=request.get("model"),
                tools=request.get("tools", []),
                parameters=beside,
                agent_id=self._options.agent_id,
            )
        )

    def _tell_failed(self, call_id: str, error: str, *, retry_of: str | None = None, raw: Any = None) -> None:
        usage = usage_of(raw) if isinstance(raw, Mapping) else None
        self._emit(
            ModelResponse(
                call_id=call_id,
                provider=_PROVIDER,
                model=self._options.model,
                error=error,
                usage=usage,
                cost_usd=cost_usd(Usage.read(usage), self._options.prices),
                retry_of=retry_of,
                raw=raw,
                agent_id=self._options.agent_id,
            )
        )

    def _named(self, told: str) -> str:
        """An id that no other call of the episode has: the model's own, if it is."""
        call_id, number = told or "call-1", 2
        while call_id in self._ids:
            call_id, number = f"{told or 'call'}-{number}", number + 1
        self._ids.add(call_id)
        return call_id


def sent_body(request: ModelRequest) -> bytes:
    """The body that an `OpenAIAgent` sent, byte for byte, from what the stream has of it."""
    parameters = dict(request.parameters)
    said = {"input": parameters.pop("input")} if "input" in parameters else {"messages": request.messages}
    tools = {"tools": request.tools} if request.tools else {}
    return _encoded({"model": request.model, **said, **tools, **parameters})


def _encoded(body: Mapping[str, Any]) -> bytes:
    # As the client does.
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def _in_order(request: Mapping[str, Any]) -> dict[str, Any]:
    """The request as `sent_body` writes it, whoever changed it on its way."""
    first = {name: request[name] for name in ("model", *_CONVERSATIONS, "tools") if request.get(name)}
    return {
        **first,
        **{name: value for name, value in request.items() if name not in ("model", *_CONVERSATIONS, "tools")},
    }


def _content(reply: Reply) -> Any:
    if reply.refusal is not None:
        return [{"type": "refusal", "refusal": reply.refusal}]
    return reply.text or None


def _fitting(reply: Reply) -> list[float] | None:
    """The log probabilities, if there is one a token; servers that tell none of a call's tokens give fewer."""
    ids, logprobs = reply.completion_token_ids, reply.logprobs
    return None if ids is not None and logprobs is not None and len(ids) != len(logprobs) else logprobs


def _told(asked: Asked) -> dict[str, Any]:
    """A call in the form of chat completions, by the id that the stream has of it."""
    arguments = asked.arguments if isinstance(asked.arguments, str) else json.dumps(asked.arguments, ensure_ascii=False)
    return {"id": asked.call_id, "type": "function", "function": {"name": asked.name, "arguments": arguments}}


def _call_id(options: Options) -> str:
    return f"{options.agent_id or 'model'}-{uuid.uuid4().hex[:16]}"


def _since(started: float) -> float:
    return round((time.perf_counter() - started) * 1000, 3)


def _nobody(_event: object) -> None:
    """Who is told before the first episode."""
