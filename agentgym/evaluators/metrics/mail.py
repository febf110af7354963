"""Metrics on what Thunderbird keeps: preferences, filters, folders of mail."""

from __future__ import annotations

import io
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NotRequired, TypedDict

from agentgym.evaluators.metrics.registry import Metric
from agentgym.evaluators.metrics.structures import IncomparableError, fulfils
from agentgym.evaluators.metrics.texts import text_of

__all__ = ["METRICS"]

_PREFERENCE = re.compile(r'user_pref\("(?P<key>(?:[^"]|\\")+)", (?P<value>.+)\);')
# A value in quotes goes to the last of them, as OSWorld reads it: two such conditions are one.
_CONDITION = re.compile(r"""\b(?:AND|OR) \([\w ]+,[\w ']+,(?:".+"|[^)]+)\)|\bALL\b""", re.DOTALL)
_ONE_CONDITION = re.compile(r"""\b(?:AND|OR) \([\w ]+,[\w ']+,(?:".+?"|[^)]+)\)|\bALL\b""", re.DOTALL)
_KEYS = ("name", "enabled", "type", "action", "actionValue", "condition")
_ENVELOPE = re.compile(r"^From - .*\n", re.MULTILINE | re.IGNORECASE)
_DELETED = re.compile(r"^X-Mozilla-Status: 000[89]", re.MULTILINE)
_STATUS = re.compile(r"^X-Mozilla-Status:.*\n", re.MULTILINE)
_INTERNAL = re.compile(r"^X-Mozilla-Status2:.*\n", re.MULTILINE)
_LABELS = re.compile(r"^X-Mozilla-Keys:.*\n", re.MULTILINE)


class Comparison(TypedDict):
    ref: Any
    method: NotRequired[str]


class Preferences(TypedDict, total=False):
    expect: dict[str, Comparison]
    unexpect: dict[str, Comparison]


class Filters(TypedDict, total=False):
    expect: list[dict[str, Any]]
    unexpect: list[dict[str, Any]]


def check_thunderbird_prefs(result: str | None, rules: Preferences) -> float:
    """Whether the preferences of ``rules["expect"]`` are as they say, and none is as ``rules["unexpect"]`` says.

    Each is ``{"method": …, "ref": …}`` under the preference's name, as ``check_json`` compares. What is expected must
    have been set by the user.
    """
    text = text_of(result)
    if text is None:
        return 0.0
    wanted, unwanted = rules.get("expect", {}), rules.get("unexpect", {})
    fulfilled = dict.fromkeys(wanted, False)
    try:
        for key, value in _preferences(text):
            if key in wanted:
                fulfilled[key] = fulfils(value, wanted[key])
            elif key in unwanted and fulfils(value, unwanted[key]):
                return 0.0
    except (IncomparableError, json.JSONDecodeError, RecursionError):
        return 0.0
    return float(all(fulfilled.values()))


def check_thunderbird_filter(result: str | None, rules: Filters, *, strict: bool = False) -> float:
    """Whether each of ``rules["expect"]`` fits some filter of a file, and none of ``rules["unexpect"]`` does.

    A filter has ``name``, ``enabled`` (``"yes"`` or ``"no"``), ``type``, ``action`` and ``actionValue``, texts, and
    ``condition``, a list such as ``["AND (subject,contains,sale)"]``.

    Args:
        strict: whether conditions are the same in any order, and are told apart also where their values are in quotes.
    """
    text = text_of(result)
    filters = None if text is None else _filters(text, _ONE_CONDITION if strict else _CONDITION)
    if filters is None:
        return 0.0

    def found(wanted: Mapping[str, Any]) -> bool:
        wanted = _in_order(wanted) if strict else wanted
        return any(_fits(_in_order(one) if strict else one, wanted) for one in filters)

    return float(all(map(found, rules.get("expect", ()))) and not any(map(found, rules.get("unexpect", ()))))


def check_thunderbird_folder(
    result: str | Sequence[str | None] | None,
    expected: str | Sequence[str] | None,
    *,
    ignore_status: bool = False,
    ignore_keys: bool = False,
    remove_deleted: bool = True,
    remove_duplicate: bool = True,
    strict: bool = False,
) -> float:
    """Whether files hold the same mails as others, in any order.

    OSWorld passes over every mail that is not empty: two files are the same there unless one alone is empty.

    Args:
        ignore_status: whether it matters if a mail is read, starred, answered; with ``strict``.
        ignore_keys: whether the labels of a mail matter; with ``strict``.
        remove_deleted: mails that are marked as deleted do not count; with ``strict``.
        remove_duplicate: a mail counts once, however often it is there.
        strict: whether mails are compared: all but the line before each, which says when it was put there, and
            ``X-Mozilla-Status2``, which is the program's own.
    """
    found = result if isinstance(expected, list) else [result]
    wanted = expected if isinstance(expected, list) else [expected]
    if not isinstance(found, list) or (strict and len(found) != len(wanted)):
        return 0.0
    pairs = [(text_of(one), text_of(other)) for one, other in zip(found, wanted, strict=False)]
    if any(None in pair for pair in pairs):
        return 0.0
    if not strict:
        return float(
            all(_empty_mails(one, remove_duplicate) == _empty_mails(other, remove_duplicate) for one, other in pairs)
        )
    without = [_INTERNAL] + [_STATUS] * ignore_status + [_LABELS] * ignore_keys
    kept = [[_mails(text or "", without, deleted=not remove_deleted) for text in pair] for pair in pairs]
    count = set if remove_duplicate else Counter
    return float(all(count(one) == count(other) for one, other in kept))


def _preferences(text: str) -> Iterator[tuple[str, Any]]:
    for line in text.split("\n"):
        found = _PREFERENCE.fullmatch(line.strip())
        if found is not None:
            yield found["key"], json.loads(found["value"])


def _filters(text: str, condition: re.Pattern[str]) -> list[dict[str, Any]] | None:
    """The filters of a file; None if it says of one what it is before its name."""
    filters: list[dict[str, Any]] = []
    current: dict[str, Any] | None = None
    for line in io.StringIO(text):
        key = line.partition("=")[0]
        if key not in _KEYS or "=" not in line:
            continue
        if key == "name":
            current = {}
        if current is None:
            return None
        value = line[len(key) + 2 : -2].replace('\\"', '"').replace("\\\\", "\\")
        current[key] = condition.findall(value) if key == "condition" else value
        if key == "condition":
            filters.append(current)
    return filters


def _in_order(one: Mapping[str, Any]) -> Mapping[str, Any]:
    return {**one, "condition": sorted(one["condition"])} if "condition" in one else one


def _fits(one: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    return all(key in one and one[key] == value for key, value in wanted.items())


def _empty_mails(text: str | None, once: bool) -> int:
    """How many mails OSWorld looks at in a file; with ``once``, whether there are any."""
    number = sum(not mail.strip() for mail in (text or "").strip().split("FROM - "))
    return min(number, 1) if once else number


def _mails(text: str, without: Sequence[re.Pattern[str]], *, deleted: bool) -> list[str]:
    mails = _ENVELOPE.split(text)[1:]
    if not deleted:
        mails = [mail for mail in mails if not _DELETED.search(mail)]
    for lines in without:
        mails = [lines.sub("", mail) for mail in mails]
    return [mail.strip() for mail in mails]


METRICS: Mapping[str, Metric] = {
    "check_thunderbird_prefs": check_thunderbird_prefs,
    "check_thunderbird_filter": check_thunderbird_filter,
    "check_thunderbird_folder": check_thunderbird_folder,
}
