"""Reasoning that a model wrote into its reply, where its server does not tell it apart."""

from __future__ import annotations

import re

__all__ = ["apart"]

_THOUGHT = re.compile(r"\A\s*<think(?:ing)?>(.*?)</think(?:ing)?>\s*", re.DOTALL)
_REST = re.compile(r"\A(.*?)</think(?:ing)?>\s*", re.DOTALL)


def apart(text: str) -> tuple[str, str | None]:
    """What is said, and what was thought before it in ``<think>`` tags; None if nothing was.

    Templates that begin the thought themselves leave the model only its closing tag to write.
    """
    found = _THOUGHT.match(text) or (None if "<think" in text else _REST.match(text))
    if found is None:
        return text, None
    return text[found.end() :], found[1].strip() or None
