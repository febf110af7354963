"""The installed package ``bfcl-eval``: where its files lie, and its classes of services. Nothing of it is copied."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import msgspec

from agentgym.errors import MissingDependencyError
from agentgym.extras import needed

__all__ = ["SERVICES", "function_documents", "rows", "service_class"]

_SOURCES = "bfcl_eval.eval_checker.multi_turn_eval.func_source_code"


class _Place(NamedTuple):
    module: str
    documents: str


SERVICES: Mapping[str, _Place] = MappingProxyType(
    {
        "GorillaFileSystem": _Place("gorilla_file_system", "gorilla_file_system"),
        "MathAPI": _Place("math_api", "math_api"),
        "MessageAPI": _Place("message_api", "message_api"),
        "TicketAPI": _Place("ticket_api", "ticket_api"),
        "TradingBot": _Place("trading_bot", "trading_bot"),
        "TravelAPI": _Place("travel_booking", "travel_booking"),
        "TwitterAPI": _Place("posting_api", "posting_api"),
        "VehicleControlAPI": _Place("vehicle_control", "vehicle_control"),
    }
)
"""The stateful services of the multi-turn episodes, by their classes."""


def service_class(name: str) -> Any:
    """The class of a service, of the installed package.

    Raises:
        MissingDependencyError: says what to install.
    """
    return getattr(needed(f"{_SOURCES}.{SERVICES[name].module}", extra="bfcl"), name)


def function_documents(service: str) -> tuple[dict[str, Any], ...]:
    """What the package says of each function of a service, in its own dialect of JSON Schema."""
    return tuple(rows(f"multi_turn_func_doc/{SERVICES[service].documents}.json"))


def rows(path: str) -> Iterator[Any]:
    """The lines of one of the package's data files.

    Raises:
        MissingDependencyError: says what to install.
    """
    for line in (_folder() / "data" / path).read_bytes().splitlines():
        yield msgspec.json.decode(line)


def _folder() -> Path:
    spec = find_spec("bfcl_eval")
    if spec is None or spec.origin is None:
        raise MissingDependencyError(
            "bfcl-eval is not installed; beside what it pins: pip install --no-deps bfcl-eval; "
            "or: pip install 'agentgym-envs[bfcl]'"
        )
    return Path(spec.origin).parent
