"""Metrics on JSON and on accessibility trees."""

from __future__ import annotations

import json
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from lxml import etree
from rapidfuzz import fuzz

from agentgym.evaluators.metrics.registry import Metric
from agentgym.evaluators.metrics.texts import text_of

__all__ = ["METRICS", "compared"]

_NAMESPACE = "https://accessibility.ubuntu.example.org/ns"
_PREFIXES = {
    "st": "state",
    "attr": "attributes",
    "cp": "component",
    "doc": "document",
    "docattr": "document/attributes",
    "txt": "text",
    "val": "value",
    "act": "action",
}

_METHODS: Mapping[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "lt": operator.lt,
    "le": operator.le,
    "gt": operator.gt,
    "ge": operator.ge,
    "in": lambda value, ref: value in ref,
    "contains": lambda value, ref: ref in value,
    "re": lambda value, ref: re.search(ref, str(value)) is not None,
    "str_list_eq": lambda value, ref: list(map(str, value)) == list(map(str, ref)),
}


def compared(value: Any, rule: Mapping[str, Any]) -> bool:
    """Whether a value fulfils ``{"method": …, "ref": …}``; values of kinds that do not compare do not.

    ``approx:0.1`` allows that difference.

    Raises:
        ValueError: if there is no such method.
    """
    name, _, argument = str(rule.get("method", "eq")).partition(":")
    if name == "approx":
        return _approximates(value, rule["ref"], float(argument or 0))
    if name not in _METHODS:
        raise ValueError(f"no comparison {name!r}; there are {', '.join(_METHODS)} and approx")
    try:
        return bool(_METHODS[name](value, rule["ref"]))
    except TypeError:
        return False


def check_json(result: str | None, rules: Mapping[str, Sequence[Mapping[str, Any]]]) -> float:
    """Whether the values at the paths of ``rules["expect"]`` fulfil their rules, and none of ``rules["unexpect"]``.

    A rule is ``{"key": ["path", "to", 0], "method": "eq", "ref": …}``.
    """
    document = _parsed(text_of(result))
    if document is None:
        return 0.0
    expected = all(_fulfils(document, rule) for rule in rules.get("expect", ()))
    return float(expected and not any(_fulfils(document, rule) for rule in rules.get("unexpect", ())))


def check_direct_json_object(result: Any, rules: Mapping[str, Any]) -> float:
    """Whether each key of ``rules["expected"]`` has its value in the result.

    With ``rules["expect_in_result"]``, the value need only be contained in it as text.
    """
    document = _parsed(result) if isinstance(result, str) else result
    if not isinstance(document, Mapping):
        return 0.0
    inside = rules.get("expect_in_result", False)
    return float(all(_has(document, key, value, inside) for key, value in rules["expected"].items()))


def check_accessibility_tree(result: str | None, rules: Sequence[Mapping[str, Any]]) -> float:
    """Whether each rule finds an element, and the best text among those found is near enough.

    A rule has an ``xpath``, or ``selectors`` (CSS, of which any may match, as OSWorld has them), and may have a
    ``text``, which must be equal; with ``exact`` false, the score is the product of the similarities.
    """
    if not result:
        return 0.0
    try:
        tree = etree.fromstring(result.encode())
    except etree.XMLSyntaxError:
        return 0.0
    score = 1.0
    for rule in rules:
        found = _found(tree, rule)
        if not found:
            return 0.0
        score *= _best_text(found, rule)
    return score


def _found(tree: etree._Element, rule: Mapping[str, Any]) -> list[etree._Element]:
    names = {prefix: f"{_NAMESPACE}/{name}" for prefix, name in _PREFIXES.items()}
    if "xpath" in rule:
        found = tree.xpath(rule["xpath"], namespaces=names)
        return [element for element in found if isinstance(element, etree._Element)] if isinstance(found, list) else []
    from lxml.cssselect import CSSSelector

    selected: Any = CSSSelector(", ".join(rule["selectors"]), namespaces=names)(tree)
    return list(selected)


def _best_text(found: Sequence[etree._Element], rule: Mapping[str, Any]) -> float:
    if "text" not in rule:
        return 1.0
    texts = [element.text or "" for element in found]
    if rule.get("exact", True):
        return float(rule["text"] in texts)
    return max(fuzz.ratio(rule["text"], text) for text in texts) / 100


def _approximates(value: Any, wanted: Any, tolerance: float) -> bool:
    try:
        return abs(float(value) - float(wanted)) <= tolerance
    except (TypeError, ValueError):
        return False


def _fulfils(document: Any, rule: Mapping[str, Any]) -> bool:
    for step in rule["key"]:
        try:
            document = document[step]
        except (KeyError, IndexError, TypeError):
            return False
    return compared(document, rule)


def _has(document: Mapping[str, Any], key: str, wanted: Any, inside: bool) -> bool:
    if key not in document:
        return False
    if inside:
        return str(wanted) in str(document[key])
    return bool(document[key] == wanted)


def _parsed(text: str | None) -> Any:
    if text is None:
        return None
    try:
        return json.loads(text)
    except ValueError:
        return None


METRICS: Mapping[str, Metric] = {
    "check_json": check_json,
    "check_direct_json_object": check_direct_json_object,
    "check_accessibility_tree": check_accessibility_tree,
}
