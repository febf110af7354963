"""Clients of servers, which the agents of a process share: to make one costs as much as many a call."""

from __future__ import annotations

import os
import threading
import weakref
from collections import deque
from typing import Any

from agentgym.agents.openai.options import Options
from agentgym.errors import UsageError

__all__ = ["Connection", "check_key"]

_OPENAI = "api.openai.com"


def check_key(options: Options) -> None:
    """Looks for the key before there is an episode.

    Raises:
        UsageError: if there is no key for a server that needs one.
    """
    if not os.environ.get(options.key_name) and options.base_url is None and "OPENAI_BASE_URL" not in os.environ:
        raise UsageError(
            f"there is no key in ${options.key_name}; set it, or give the base_url of a server without keys"
        )


class Connection:
    """A client, held until `close`; it is closed when nobody holds it any more.

    Args:
        options: say where the server is, and which variable has its key.

    Raises:
        UsageError: if there is no key for a server that needs one.
    """

    def __init__(self, options: Options) -> None:
        key = os.environ.get(options.key_name)
        base_url = options.base_url or os.environ.get("OPENAI_BASE_URL")
        check_key(options)
        self._secret = key or ""
        # A forked process must not speak on its parent's sockets.
        place = (os.getpid(), base_url, key or "none", options.timeout_s, options.retries)
        self.client = _pool.take(place)
        self._end = weakref.finalize(self, _pool.give_back, place)

    @property
    def is_own_server(self) -> bool:
        """Whether it is another than OpenAI's."""
        return str(self.client.base_url.host) != _OPENAI

    @property
    def address(self) -> str:
        """Where the server is, without a password."""
        url = self.client.base_url
        return f"{url.scheme}://{url.netloc.decode()}{url.path.rstrip('/')}"

    def without_key(self, text: str) -> str:
        """A text without the key, which servers quote when they refuse it."""
        return text.replace(self._secret, "[redacted]") if self._secret else text

    def close(self) -> None:
        """Lets it go. May be called twice."""
        self._end()

    def __repr__(self) -> str:
        return f"Connection({str(self.client.base_url)!r})"


_Place = tuple[int, str | None, str, float, int]


class _Pool:
    """Who holds how many of what."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held: dict[_Place, tuple[Any, int]] = {}
        self._returned: deque[_Place] = deque()

    def take(self, place: _Place) -> Any:
        try:
            with self._lock:
                client, holders = self._held.get(place, (None, 0))
                if client is None:
                    client = _made(place)
                self._held[place] = (client, holders + 1)
            return client
        finally:
            self._settle()

    def give_back(self, place: _Place) -> None:
        """Also from the garbage collector, at any line, even one of a thread that has the lock: never waits for it."""
        self._returned.append(place)
        self._settle()

    def _settle(self) -> None:
        """Counts what was given back, unless somebody has the lock, who does so afterwards."""
        while self._returned and self._lock.acquire(blocking=False):
            try:
                unused = self._unused()
            finally:
                self._lock.release()
            for client in unused:
                client.close()

    def _unused(self) -> list[Any]:
        unused = []
        while self._returned:
            place = self._returned.popleft()
            client, holders = self._held.pop(place)
            if holders > 1:
                self._held[place] = (client, holders - 1)
            else:
                unused.append(client)
        return unused


def _made(place: _Place) -> Any:
    import openai

    _, base_url, key, timeout_s, retries = place
    try:
        return openai.OpenAI(base_url=base_url, api_key=key, timeout=timeout_s, max_retries=retries)
    except openai.OpenAIError as error:
        raise UsageError(f"no client for {base_url or 'OpenAI'} can be made: {error}") from error


# Of the whole process, as its sockets are.
_pool = _Pool()
