"""BFCL's services at work: objects of its own classes, made anew for each episode, that share nothing."""

from __future__ import annotations

import copy
import decimal
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from agentgym.actions import ToolCall
from agentgym.extras import needed
from agentgym.suites.bfcl.episodes import Episode
from agentgym.suites.bfcl.limits import too_large
from agentgym.suites.bfcl.package import service_class

__all__ = ["FAILURE", "Services", "call_service", "is_error", "open_services"]

Services = Mapping[str, Any]
"""Objects of BFCL's classes, by their classes' names."""

FAILURE = "Error during execution: "
"""What BFCL puts before the text of an exception."""

_STATELESS = frozenset({"MathAPI"})


def open_services(episode: Episode) -> Services:
    """The services of an episode at its beginning."""
    return {name: _opened(name, episode) for name in episode.services}


def call_service(services: Services, call: ToolCall) -> str:
    """Calls a function of the one service that has it, and gives what BFCL would show of the result.

    An exception of the service is a result, too, as it is in BFCL.
    """
    owner = next((found for found in services.values() if _has(found, call.name)), None)
    if owner is None:
        return f"{FAILURE}name {call.name!r} is not defined"
    endless = too_large(owner, call)
    if endless:
        return FAILURE + endless
    try:
        with _own_precision(owner):
            return _shown(getattr(owner, call.name)(**copy.deepcopy(call.arguments)))
    except Exception as error:  # noqa: BLE001 - a boundary to foreign code, whose every exception BFCL shows to the agent
        return f"{FAILURE}{error}"


def is_error(shown: str) -> bool:
    """Whether a result says that nothing was done: an exception, or an object with a key ``error``."""
    return shown.startswith((FAILURE, '{"error":'))


def _opened(name: str, episode: Episode) -> Any:
    service = service_class(name)()
    if name not in _STATELESS:
        service._load_scenario(copy.deepcopy(episode.initial.get(name, {})), long_context=episode.long_context)
    # Again, because long contexts are objects of BFCL's modules that its services put into their state and then change.
    return copy.deepcopy(service)


def _has(service: Any, function: str) -> bool:
    return not function.startswith("_") and callable(getattr(type(service), function, None))


def _shown(result: Any) -> str:
    if isinstance(result, str):
        return result
    if not isinstance(result, dict):
        return str(result)
    try:
        return json.dumps(result)
    except (TypeError, ValueError):
        return str(result)


@contextmanager
def _own_precision(service: Any) -> Iterator[None]:
    """Brings back what two functions of the service for sums leave behind in the process."""
    if type(service).__name__ != "MathAPI":
        yield
        return
    mpmath = needed("mpmath", extra="bfcl")
    with decimal.localcontext(), mpmath.workdps(mpmath.mp.dps):
        yield
