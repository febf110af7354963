"""What a browser is asked beside its screen: its DevTools protocol, over a socket instead of the network."""

from __future__ import annotations

import socket
import time
from collections import deque
from typing import Any

import msgspec

from agentgym.errors import BackendError

__all__ = ["DevTools"]

_RECEIVE_AT_MOST = 1 << 16
_SEND_PATIENCE_S = 10.0
_EVENTS_KEPT = 100


class DevTools:
    """Requests to a browser, and its answers: JSON that ends with a NUL, as ``--remote-debugging-pipe`` has it.

    Every method raises `BackendError` of kind ``"application"`` if the browser is gone.

    Args:
        sock: whose other end the browser reads and writes; this object owns it.
    """

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._unread = b""
        self._number = 0
        self._events: deque[dict[str, Any]] = deque(maxlen=_EVENTS_KEPT)
        self.session: str | None = None
        """Of the page that requests are meant for; None for the browser itself."""

    def send(self, method: str, **parameters: Any) -> int:
        """Sends a request without waiting; the number of its answer."""
        self._number += 1
        request: dict[str, Any] = {"id": self._number, "method": method, "params": parameters}
        if self.session is not None:
            request["sessionId"] = self.session
        try:
            # Not the patience of the answer that was waited for last.
            self._sock.settimeout(_SEND_PATIENCE_S)
            self._sock.sendall(msgspec.json.encode(request) + b"\0")
        except OSError as error:
            raise _gone() from error
        return self._number

    def answer(self, number: int, patience_s: float) -> dict[str, Any] | None:
        """The answer of that number; None if it did not come in time. Answers to others are dropped.

        Raises:
            BackendError: if the browser refused the request.
        """
        deadline = time.monotonic() + patience_s
        while (message := self._next(deadline)) is not None:
            if message.get("id") == number:
                if "error" in message:
                    raise BackendError(f"the browser refused: {message['error']['message']}", kind="application")
                result: dict[str, Any] = message["result"]
                return result
        return None

    def call(self, method: str, *, patience_s: float = 30.0, **parameters: Any) -> dict[str, Any]:
        """Sends a request and gives its answer.

        Raises:
            BackendError: if the browser refused it, or did not answer in time.
        """
        answer = self.answer(self.send(method, **parameters), patience_s)
        if answer is None:
            raise BackendError(f"the browser did not answer {method!r} within {patience_s:g} s", kind="application")
        return answer

    def forget_events(self) -> None:
        """Drops what was told and not asked for."""
        self._events.clear()

    def await_event(self, method: str, *, patience_s: float = 30.0) -> dict[str, Any]:
        """The parameters of the next event of a name.

        Raises:
            BackendError: if none came in time.
        """
        deadline = time.monotonic() + patience_s
        while True:
            while self._events:
                event = self._events.popleft()
                if event["method"] == method:
                    parameters: dict[str, Any] = event["params"]
                    return parameters
            if self._next(deadline) is None:
                raise BackendError(f"the browser told no {method!r} within {patience_s:g} s", kind="application")

    def close(self) -> None:
        self._sock.close()

    def _next(self, deadline: float) -> dict[str, Any] | None:
        """The next message, which if it is an event is kept; None if there was none until then."""
        while b"\0" not in self._unread:
            self._sock.settimeout(max(1e-4, deadline - time.monotonic()))
            try:
                piece = self._sock.recv(_RECEIVE_AT_MOST)
            except TimeoutError:
                return None
            except OSError as error:
                raise _gone() from error
            if not piece:
                raise _gone()
            self._unread += piece
        content, _, self._unread = self._unread.partition(b"\0")
        message: dict[str, Any] = msgspec.json.decode(content)
        if "method" in message:
            self._events.append(message)
        return message


def _gone() -> BackendError:
    return BackendError("the browser is gone", kind="application")
