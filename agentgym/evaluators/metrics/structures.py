"""Metrics on JSON and on accessibility trees."""

from __future__ import annotations

import functools
import json
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NotRequired, TypedDict

from lxml import etree
from rapidfuzz import fuzz

from agentgym.errors import MissingDependencyError
from agentgym.evaluators.metrics.registry import Metric
from agentgym.evaluators.metrics.texts import text_of
from agentgym.tasks.forms import PassedOver

__all__ = ["COMPARISONS", "METRICS", "check_comparison", "compared"]

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

_ABSENT = object()

_METHODS: Mapping[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "lt": operator.lt,
    "le": operator.le,
    "gt": operator.gt,
    "ge": operator.ge,
    "in": lambda value, ref: value in ref,
    "contains": lambda value, ref: ref in value,
    "str_list_eq": lambda value, ref: _split(value) == list(ref),
    "str_set_eq": lambda value, ref: set(_split(value)) == set(ref),
}


class JsonRule(TypedDict):
    key: list[str | int]
    ref: Any
    method: NotRequired[str]


class JsonRules(TypedDict, total=False):
    expect: list[JsonRule]
    unexpect: list[JsonRule]


class ObjectRules(TypedDict):
    expected: dict[str, Any]
    expect_in_result: NotRequired[bool]
    # OSWorld looks for it inside of `expected`, where it has none.
    ignore_list_order: NotRequired[PassedOver]


class ElementRule(TypedDict, total=False):
    xpath: str
    selectors: list[str]
    text: str
    exact: bool


COMPARISONS = (*_METHODS, "approx:N", "range.ee", "range.et", "range.te", "range.tt", "re", "re.FLAGS")
"""What may stand as ``method`` of a comparison."""


def compared(value: Any, rule: Mapping[str, Any]) -> bool:
    """Whether a value fulfils ``{"method": …, "ref": …}``; values of kinds that do not compare do not.

    ``approx:0.1`` allows that difference; ``re.I.M`` is a regular expression with flags; ``range.te`` is
    ``ref[0] < value <= ref[1]`` (``t`` for an end that is not in the range, ``e`` for one that is);
    ``str_list_eq`` and ``str_set_eq`` take the value apart at its commas.

    Raises:
        ValueError: if there is no such method.
    """
    method = _method(str(rule.get("method", "eq")))
    try:
        return bool(method(value, rule["ref"]))
    except (TypeError, AttributeError):
        return False


def check_comparison(rule: Any) -> None:
    """Returns if `compared` can do a rule.

    Raises:
        ValueError: says why not.
    """
    if not isinstance(rule, Mapping) or "ref" not in rule:
        raise ValueError(f"a comparison is {{'method': …, 'ref': …}}, not {rule!r}")
    _method(str(rule.get("method", "eq")))


def check_json(result: str | None, rules: JsonRules, *, is_yaml: bool = False) -> float:
    """Whether the values at the paths of ``rules["expect"]`` fulfil their rules, and none of ``rules["unexpect"]``.

    A rule is ``{"key": ["path", "to", 0], "method": "eq", "ref": …}``; its ``method`` is one of the comparisons
    below. What is expected must be there; what is unexpected counts as null where it is not.

    Args:
        is_yaml: the file is YAML, of which only plain data is read.

    Raises:
        MissingDependencyError: if it is YAML and PyYAML is not installed.
    """
    document = _parsed_yaml(text_of(result)) if is_yaml else _parsed(text_of(result))
    if document is None:
        return 0.0
    if not all(_has_path(document, rule["key"]) for rule in rules.get("expect", ())):
        return 0.0
    expected = all(compared(_at(document, rule["key"]), rule) for rule in rules.get("expect", ()))
    unexpected = any(compared(_at(document, rule["key"]), rule) for rule in rules.get("unexpect", ()))
    return float(expected and not unexpected)


def check_direct_json_object(result: Any, rules: ObjectRules) -> float:
    """Whether each key of ``rules["expected"]`` has its value in the result.

    A result that is text is JSON, or Python's form of it with single quotes. With ``rules["expect_in_result"]``, a
    text need only be contained in its value, and of a list one item.
    """
    document = _parsed_loosely(result) if isinstance(result, str) else result
    if not isinstance(document, Mapping):
        return 0.0
    fits = _contains if rules.get("expect_in_result", False) else operator.eq
    return float(all(fits(document.get(key), value) for key, value in rules["expected"].items()))


def check_accessibility_tree(result: str | None, rules: list[ElementRule]) -> float:
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


def _found(tree: etree._Element, rule: ElementRule) -> list[etree._Element]:
    names = {prefix: f"{_NAMESPACE}/{name}" for prefix, name in _PREFIXES.items()}
    if "xpath" in rule:
        found = tree.xpath(rule["xpath"], namespaces=names)
        return [element for element in found if isinstance(element, etree._Element)] if isinstance(found, list) else []
    from lxml.cssselect import CSSSelector

    selected: Any = CSSSelector(", ".join(rule["selectors"]), namespaces=names)(tree)
    return list(selected)


def _best_text(found: Sequence[etree._Element], rule: ElementRule) -> float:
    if "text" not in rule:
        return 1.0
    texts = [element.text or "" for element in found]
    if rule.get("exact", True):
        return float(rule["text"] in texts)
    return max(fuzz.ratio(rule["text"], text) for text in texts) / 100


def _method(form: str) -> Callable[[Any, Any], bool]:
    name, _, argument = form.replace(":", ".", 1).partition(".")
    if name == "approx":
        return lambda value, ref: _approximates(value, ref, float(argument or 0))
    if name == "re":
        flags = functools.reduce(operator.or_, [re.RegexFlag[flag] for flag in argument.split(".") if flag], 0)
        return lambda value, ref: re.search(ref, value, flags) is not None
    if form in ("range.ee", "range.et", "range.te", "range.tt"):
        left, right = _METHODS[f"l{argument[0]}"], _METHODS[f"l{argument[1]}"]
        return lambda value, ref: left(ref[0], value) and right(value, ref[1])
    if form not in _METHODS:
        raise ValueError(f"no comparison {form!r}; there are {', '.join(_METHODS)}, approx, range and re")
    return _METHODS[form]


def _split(value: str) -> list[str]:
    return value.strip("\"'").split(",")


def _approximates(value: Any, wanted: Any, tolerance: float) -> bool:
    try:
        return abs(float(value) - float(wanted)) <= tolerance
    except (TypeError, ValueError):
        return False


def _has_path(document: Any, path: Sequence[str | int]) -> bool:
    return _at(document, path, _ABSENT) is not _ABSENT


def _at(document: Any, path: Sequence[str | int], default: Any = None) -> Any:
    for step in path:
        try:
            document = document[step]
        except (KeyError, IndexError, TypeError):
            return default
    return document


def _contains(found: Any, wanted: Any) -> bool:
    if isinstance(wanted, list):
        return any(one in found if isinstance(found, list) else one == found for one in wanted)
    return isinstance(wanted, str) and isinstance(found, str | list) and wanted in found


def _parsed(text: str | None) -> Any:
    if text is None:
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _parsed_yaml(text: str | None) -> Any:
    try:
        import yaml
    except ImportError as error:
        raise MissingDependencyError("PyYAML is not installed: pip install 'agentgym-envs[office]'") from error
    if text is None:
        return None
    try:
        return yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError):
        return None


def _parsed_loosely(text: str) -> Any:
    document = _parsed(text)
    return _parsed(text.replace("'", '"')) if document is None else document


METRICS: Mapping[str, Metric] = {
    "check_json": check_json,
    "check_direct_json_object": check_direct_json_object,
    "check_accessibility_tree": check_accessibility_tree,
}
