"""How many tokens a table has, and as much of it as there is room for."""

from __future__ import annotations

import functools
import hashlib
import os
import re
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias, get_args

from agentgym.errors import UsageError
from agentgym.registry import suggestion

if TYPE_CHECKING:
    import tiktoken

__all__ = ["Counter", "Counting", "estimated", "token_counter", "trimmed"]

Counter: TypeAlias = Callable[[str], int]
"""From a text to how many tokens it has."""

Counting: TypeAlias = Literal["auto", "tiktoken", "estimate"]

_CUT = "[...]\n"
_ENCODING = "cl100k_base"
"""Of GPT-4, by which OSWorld's agents count."""

_ENCODING_AT = f"https://openaipublic.blob.core.windows.net/encodings/{_ENCODING}.tiktoken"
# What the encoding never joins: a word with the blank before it, up to three digits, signs, blanks.
_PIECES = re.compile(r"(?P<word>[^\r\n\w]?[^\W\d_]+)|(?P<number>\d{1,3})|(?P<signs> ?[^\s\w]+|_+)|\s+")
_USUAL_CASE = re.compile(r"[^A-Z]*[A-Z]?[^A-Z]*\Z")


def token_counter(counting: Counting = "auto") -> tuple[str, Counter]:
    """What counts tokens, and its name: ``"cl100k_base"`` or ``"estimate"``.

    Nothing is downloaded: GPT-4's encoding can be had where `tiktoken` is installed and has it in its cache.

    Args:
        counting: ``"auto"`` for the encoding where it is, and else the estimate.

    Raises:
        UsageError: if the encoding is wanted and not there, or there is no such way to count.
    """
    if counting not in get_args(Counting):
        raise UsageError(f"no way to count tokens {counting!r}; {suggestion(str(counting), get_args(Counting))}")
    if counting != "estimate" and _encoding() is not None:
        return _ENCODING, _counted
    if counting == "tiktoken":
        raise UsageError(
            f"the encoding {_ENCODING} is not here: pip install tiktoken, and once, with a network, "
            f"python -c \"import tiktoken; tiktoken.get_encoding('{_ENCODING}')\" (TIKTOKEN_CACHE_DIR says where to)"
        )
    return "estimate", estimated


def estimated(text: str) -> int:
    """About as many tokens as GPT-4's encoding makes of a text: of what desktops show 4 to 40 % more."""
    return sum(_tokens_of(found) for found in _PIECES.finditer(text))


def trimmed(rows: Sequence[str], max_tokens: int, count: Counter) -> str:
    """The rows as one text, as many of them, whole, as have at most so many tokens; then ``[...]`` if some are missing.

    OSWorld cuts within a row, and within a number, which is another place then.
    """
    left = max_tokens
    for place, row in enumerate(rows):
        left -= count(row if place + 1 == len(rows) else f"{row}\n")
        if left < 0:
            return "".join(f"{row}\n" for row in rows[:place]) + _CUT
    return "\n".join(rows)


def _counted(text: str) -> int:
    encoding = _encoding()
    assert encoding is not None
    # What stands for the end of a text is text here, too.
    return len(encoding.encode_ordinary(text))


@functools.cache
def _encoding() -> tiktoken.Encoding | None:
    try:
        import tiktoken
    except ModuleNotFoundError:
        return None
    # Where tiktoken looks before it asks the network (`tiktoken/load.py`, 0.14).
    folder = os.environ.get("TIKTOKEN_CACHE_DIR", os.environ.get("DATA_GYM_CACHE_DIR"))
    if folder is None:
        folder = os.path.join(tempfile.gettempdir(), "data-gym-cache")
    if not folder or not (Path(folder) / hashlib.sha1(_ENCODING_AT.encode()).hexdigest()).is_file():
        return None
    return tiktoken.get_encoding(_ENCODING)


def _tokens_of(piece: re.Match[str]) -> int:
    """Rather too many: it was tried on trees, prose, code, names of keys, and other alphabets."""
    text = piece[0]
    plain = sum(map(str.isascii, text))
    others = len(text.encode("utf-8", "replace")) - plain
    match piece.lastgroup:
        case "word":
            # What is no word of a language, such as ``aGVsbG8``, comes in smaller pieces.
            pieces = -(-plain // 4) if _USUAL_CASE.match(text) else -(-plain * 2 // 3)
            return max(1, pieces + others // 2)
        case "signs":
            return -(-plain // 2) + -(-others * 3 // 4)
    return 1
