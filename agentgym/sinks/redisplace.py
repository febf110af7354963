"""Which stream of which Redis server: ``redis://host:port/db?stream=NAME``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec

from agentgym.errors import UsageError
from agentgym.extras import needed
from agentgym.sinks.base import SinkOrder, read_order

__all__ = ["ANSWER_S", "StreamPlace", "connect", "is_passing", "place_of"]

CONNECT_S = 1.0
ANSWER_S = 2.0

# What a server says of its own state, which may change; all else that it refuses it will refuse again.
_PASSING = ("OOM", "LOADING", "READONLY", "MASTERDOWN", "CLUSTERDOWN", "MISCONF", "NOREPLICAS", "BUSY", "TRYAGAIN")


class _Options(msgspec.Struct):
    stream: str = "agentgym"
    maxlen: int | None = None
    patience_s: float = 5.0


@dataclass(frozen=True)
class StreamPlace:
    """A stream and the keys beside it.

    Attributes:
        url: of the server and its database.
        stream: the key.
        maxlen: so many entries are kept, about; None for all.
        patience_s: how long a sink that is closed may take to send the rest.
        shown: the whole text, without its password.
    """

    url: str
    stream: str
    maxlen: int | None
    patience_s: float
    shown: str

    @property
    def runs_key(self) -> str:
        """The hash of the last ``idx`` that the stream has of each run. The braces keep it on the stream's node."""
        return f"{{{self.stream}}}:runs"

    def done_key(self, group: str) -> str:
        """The hash of the last ``idx`` of each run that a group has dealt with."""
        return f"{{{self.stream}}}:done:{group}"


def place_of(order: SinkOrder | str) -> StreamPlace:
    """The place that a text names.

    Raises:
        UsageError: if it is none.
        MissingDependencyError: if redis is not installed.
    """
    if isinstance(order, str):
        order = read_order(order)
    if order.name not in ("redis", "rediss") or not order.place.startswith("//"):
        raise UsageError(f"expected redis://HOST:PORT/DB?stream=NAME, got {order.shown!r}")
    options = order.read(_Options)
    if not options.stream or (options.maxlen is not None and options.maxlen < 1) or options.patience_s < 0:
        raise UsageError(f"{order.shown!r}: stream needs a name, maxlen is at least 1, patience_s at least 0")
    url = f"{order.name}:{order.place}"
    try:
        needed("redis", extra="redis").connection.parse_url(url)
    except ValueError as error:
        raise UsageError(f"{order.shown!r}: {error}") from error
    return StreamPlace(url, options.stream, options.maxlen, options.patience_s, order.shown)


def connect(place: StreamPlace, *, answer_s: float = ANSWER_S) -> Any:
    """A client that connects when it is first used, and leaves trying again to its caller."""
    redis = needed("redis", extra="redis")
    from redis.backoff import NoBackoff
    from redis.retry import Retry

    # The older protocol gives lists where servers and clients of different ages differ in the other.
    return redis.Redis.from_url(
        place.url,
        protocol=2,
        socket_connect_timeout=CONNECT_S,
        socket_timeout=answer_s,
        retry=Retry(NoBackoff(), 0),
        client_name="agentgym",
    )


def is_passing(error: Exception) -> bool:
    """Whether trying again may help: the server is away or busy, not wrong."""
    from redis import exceptions

    if isinstance(error, exceptions.AuthenticationError | exceptions.AuthorizationError):
        return False
    if isinstance(error, exceptions.ConnectionError | exceptions.TimeoutError | OSError):
        return True
    return isinstance(error, exceptions.ResponseError) and str(error).startswith(_PASSING)
