"""Takes secrets out of what is about to be written: API keys, authorisation headers, tokens, passwords in URLs.

By what they look like, by the name they stand under, and by being a secret of this process's environment. It is a
net, not a proof: what a screenshot shows is kept as it is.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, TypeAlias

__all__ = [
    "REDACTED",
    "Redact",
    "given_secrets",
    "hidden",
    "is_secret_name",
    "make_redact",
    "named_secrets",
    "names_its_value",
    "scrub",
    "taking_out",
]

REDACTED = "[redacted]"

Redact: TypeAlias = Callable[[str], str]

_SHORT = 256

# A tuple: the union that one would write instead is made anew each time.
_NUMBERS = (int, float, complex, type(None))

_NAMES = (
    r"(?:x[-_]?)?(?:[a-z0-9]+[-_])*(?:api[-_]?key|apikey|access[-_]?key(?:[-_]id)?|secret[-_]?key|private[-_]?key"
    r"|auth[-_]?token|access[-_]?token|refresh[-_]?token|id[-_]?token|session[-_]?token|bearer[-_]?token"
    r"|client[-_]?secret|secret[-_]?access[-_]?key|aws[-_]?secret)"
)
_SECRET_NAME = re.compile(
    rf"(?:{_NAMES}|(?:proxy[-_])?authorization|(?:set[-_])?cookie|api[-_]?token|credentials?|password|passwd|passphrase)\Z",
    re.IGNORECASE,
)

_HEADER = re.compile(
    r"(?:(?:proxy-)?authorization|(?:set-)?cookie|(?:x-)?(?:[a-z0-9]+-)*(?:api-?key|token))\Z", re.IGNORECASE
)

# Each with lower-case texts of which one must occur for it to be tried: a search for a plain text is much cheaper
# than one for a pattern, and nearly everything that is recorded has none of them.
_PATTERNS: tuple[tuple[tuple[str, ...], re.Pattern[str], str], ...] = tuple(
    (markers, re.compile(pattern, flags), replacement)
    for markers, pattern, replacement, flags in (
        (("sk-", "pk-", "rk-"), r"\b[spr]k-(?:[a-z]+\d*-)*[A-Za-z0-9_\-]{16,}", REDACTED, 0),
        (("_live_", "_test_", "whsec_"), r"\b(?:[spr]k_(?:live|test)_|whsec_)[A-Za-z0-9]{10,}", REDACTED, 0),
        (("ghp_", "gho_", "ghu_", "ghs_", "ghr_"), r"\bgh[pousr]_[A-Za-z0-9]{20,}", REDACTED, 0),
        (("github_pat_", "glpat-"), r"\b(?:github_pat_|glpat-)[A-Za-z0-9_\-]{16,}", REDACTED, 0),
        (("xox",), r"\bxox[abeoprs]-[A-Za-z0-9\-]{10,}", REDACTED, 0),
        (("hooks.slack",), r"hooks\.slack\.com/services/[A-Za-z0-9/]+", f"hooks.slack.com/services/{REDACTED}", 0),
        (("akia", "asia"), r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b", REDACTED, 0),
        (("aiza", "ya29."), r"\b(?:AIza[0-9A-Za-z_\-]{30,}|ya29\.[0-9A-Za-z_\-]{10,})", REDACTED, 0),
        (
            ("hf_", "npm_", "pypi-", "nvapi-", "gsk_"),
            r"\b(?:hf_|npm_|pypi-|nvapi-|gsk_)[A-Za-z0-9_\-]{20,}",
            REDACTED,
            0,
        ),
        (("eyj",), r"\beyJ[A-Za-z0-9_\-]{8,}\.[A-Za-z0-9_\-]{8,}(?:\.[A-Za-z0-9_\-]*)?", REDACTED, 0),
        (("sg.",), r"\bSG\.[A-Za-z0-9_\-]{16,}\.[A-Za-z0-9_\-]{16,}", REDACTED, 0),
        (
            ("private key-----",),
            r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)",
            REDACTED,
            re.DOTALL,
        ),
        (
            ("bearer ", "basic ", "authorization"),
            r"(\b(?:proxy-)?authorization\b[\\\"']*\s*[:=]\s*+[\\\"']*+)(?!\[redacted\])[^\\\"'\r\n,}]+",
            rf"\1{REDACTED}",
            re.IGNORECASE,
        ),
        (
            ("bearer ", "basic "),
            r"\b((?i:bearer|basic)\s+)(?=[A-Za-z0-9._~+/\-]*[0-9A-Z_=])[A-Za-z0-9._~+/\-]{12,}=*",
            rf"\1{REDACTED}",
            0,
        ),
        (
            ("key", "token", "secret"),
            rf"(\b{_NAMES}\b[\\\"']*\s*[:=]\s*+[\\\"']*+)(?!\[redacted\])[^\s\\\"',;&}}]{{4,}}",
            rf"\1{REDACTED}",
            re.IGNORECASE,
        ),
        (
            ("--",),
            rf"((?<![\w-])--{_NAMES}\s+)(?!\[redacted\])[^\s\"'-][^\s\"']{{3,}}",
            rf"\1{REDACTED}",
            re.IGNORECASE,
        ),
        (
            ("password", "passwd", "passphrase"),
            (
                r"(\b(?:[a-z0-9]+[-_])*(?:password|passwd|passphrase)(?:[\\\"']+\s*:\s*[\\\"']+|=[\\\"']*+))"
                r"(?!\[redacted\])[^\s\\\"',;&}]{4,}"
            ),
            rf"\1{REDACTED}",
            re.IGNORECASE,
        ),
        (("://",), r"(\b[a-z][a-z0-9+.\-]*://[^\s/:@\"'<>]*:)[^\s/@\"'<>]+(?=@)", rf"\1{REDACTED}", re.IGNORECASE),
    )
)

_ENVIRONMENT_NAME = re.compile(r"(?:KEY|TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIALS?)\Z")
_SHORTEST_KNOWN = 12
_SHORTEST_GIVEN = 8


@lru_cache(maxsize=4096)
def is_secret_name(name: str) -> bool:
    """Whether a text under this name is a secret, whatever it looks like: ``api_key``, ``Authorization``."""
    return _SECRET_NAME.match(name) is not None


def make_redact(environment: Mapping[str, str]) -> Redact:
    """A function that takes the secrets out of a text.

    Args:
        environment: of the process. Values of variables whose names end in KEY, TOKEN, SECRET or PASSWORD, of at
            least 12 characters, are secrets wherever they stand.
    """
    known = tuple(
        value
        for name, value in environment.items()
        if _ENVIRONMENT_NAME.search(name) and len(value) >= _SHORTEST_KNOWN and os.sep not in value
    )
    short = lru_cache(maxsize=4096)(lambda text: _redact(text, known))

    def redact(text: str) -> str:
        return short(text) if len(text) <= _SHORT else _redact(text, known)

    return redact


def given_secrets(options: Any) -> frozenset[str]:
    """The texts among options that stand under the name of a secret, of at least 8 characters: of an ``api_key``.

    Options that stand in a text as a JSON object, as flags give those of hooks and wrappers, are looked through, too.
    What is shorter ("EMPTY", for a server that wants some key) is no secret, and would be taken out of other words.
    """
    return frozenset(text for text in _given(options, named=False) if len(text) >= _SHORTEST_GIVEN)


def taking_out(secrets: Iterable[str]) -> Redact:
    """A function that takes these very texts out of a text."""
    # One may be a part of another.
    known = sorted(secrets, key=len, reverse=True)

    def redact(text: str) -> str:
        for secret in known:
            text = text.replace(secret, REDACTED)
        return text

    return redact


def named_secrets(items: Sequence[Any]) -> frozenset[int]:
    """Which items of a list are secrets by the one before them.

    ``["--api-key", secret]``, as programs are called; ``("Authorization", secret)``, as headers are kept.
    """
    named = set()
    for place, item in enumerate(items[:-1]):
        if isinstance(item, str) and isinstance(items[place + 1], str | bytes):
            is_option = item.startswith("-") and is_secret_name(item.lstrip("-"))
            if is_option or (len(items) == 2 and _HEADER.match(item)):
                named.add(place + 1)
    return frozenset(named)


def hidden(value: Any) -> bool:
    """Whether a value that stands under the name of a secret may be one: a number or a switch is none."""
    return not isinstance(value, _NUMBERS)


def scrub(value: Any, redact: Redact) -> Any:
    """Plain JSON without its secrets."""
    if isinstance(value, _NUMBERS):
        return value
    match value:
        case str():
            return redact(value)
        case list() | tuple():
            named = named_secrets(value)
            return [REDACTED if place in named else scrub(item, redact) for place, item in enumerate(value)]
        case Mapping():
            pair = names_its_value(value)
            return {
                redact(str(key)): REDACTED
                if hidden(item) and (is_secret_name(str(key)) or (pair and key == "value"))
                else scrub(item, redact)
                for key, item in value.items()
            }
    return value


def names_its_value(value: Mapping[Any, Any]) -> bool:
    """Whether it is of the form ``{"name": "Authorization", "value": secret}``."""
    name = value.get("name", value.get("key")) if "value" in value else None
    return isinstance(name, str) and is_secret_name(name)


def _given(options: Any, *, named: bool) -> Iterator[str]:
    match options:
        case str() if named:
            yield options
        case str():
            yield from _given(_object_in(options), named=False)
        case Mapping():
            for key, value in options.items():
                yield from _given(value, named=named or is_secret_name(str(key)))
        case list() | tuple():
            for value in options:
                yield from _given(value, named=named)


def _object_in(text: str) -> Any:
    """The JSON object that a text is; None if it is none, of which whoever reads the options tells."""
    try:
        return json.loads(text) if text.lstrip().startswith("{") else None
    except ValueError:
        return None


def _redact(text: str, known: Iterable[str]) -> str:
    for secret in known:
        if secret in text:
            text = text.replace(secret, REDACTED)
    lowered = text.lower()
    for markers, pattern, replacement in _PATTERNS:
        if any(marker in lowered for marker in markers):
            text = pattern.sub(replacement, text)
    return text
