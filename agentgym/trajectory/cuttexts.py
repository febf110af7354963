"""Which texts of a recording are only beginnings, since ``preview_chars`` was set when it was made."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from agentgym.trajectory.framereader import FrameReader

__all__ = ["cut_texts"]


def cut_texts(line: bytes, frames: FrameReader) -> Iterator[str]:
    """The digests of the whole texts of which a line of the stream has the beginning alone.

    Raises:
        DatasetError: if a conversation that it refers to cannot be read.
    """
    # Few lines have any; a text that looks like this has its quotes escaped.
    if b'"$preview":' in line or b'"$json":' in line:
        yield from _within(msgspec.json.decode(line), frames)


def _within(form: Any, frames: FrameReader) -> Iterator[str]:
    if isinstance(form, list):
        for item in form:
            yield from _within(item, frames)
    elif isinstance(form, dict):
        if "$preview" in form:
            yield form["sha256"]
        elif "$json" in form:
            yield from _within(msgspec.json.decode(frames.blob(form["$json"])), frames)
        else:
            for item in form.values():
                yield from _within(item, frames)
