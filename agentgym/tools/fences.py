"""Blocks of code in what a model wrote."""

from __future__ import annotations

__all__ = ["fenced"]

_FENCE = "```"


def fenced(text: str) -> list[str]:
    """What stands between fences of three backticks, in order. A block that is never closed is none."""
    blocks: list[str] = []
    inside: list[str] | None = None
    for line in text.split("\n"):
        bare = line.rstrip()
        if inside is None:
            _, opened, language = bare.rpartition(_FENCE)
            inside = [] if opened and (not language or language.isalnum()) else None
        elif bare.endswith(_FENCE):
            blocks.append("\n".join([*inside, bare.removesuffix(_FENCE)]))
            inside = None
        else:
            inside.append(line)
    return blocks
