"""What exporters of texts write with: recorded values as plain JSON without secrets, and screens as PNG."""

from __future__ import annotations

import os
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from agentgym.display import picture_in as screen
from agentgym.events.actiontext import action_text
from agentgym.events.plain import plain
from agentgym.sinks.osworld import save_png
from agentgym.trajectory.redaction import Redact, make_redact, scrub

__all__ = ["action_text", "plain", "save_png", "screen", "write_json", "write_lines"]


def write_json(path: Path, value: Any) -> None:
    """Writes one JSON document, without secrets, whatever the recording holds."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(msgspec.json.format(msgspec.json.encode(scrub(plain(value), _redact()))) + b"\n")


def write_lines(path: Path, rows: Iterable[Any]) -> None:
    """Writes one JSON value a line, without secrets, whatever the recording holds."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        for row in rows:
            file.write(msgspec.json.encode(scrub(plain(row), _redact())) + b"\n")


@cache
def _redact() -> Redact:
    return make_redact(os.environ)
