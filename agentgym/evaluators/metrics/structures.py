"""Metrics on JSON and on accessibility trees."""

from __future__ import annotations

import functools
import json
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, NotRequired, TypedDict

from lxml import etree
from rapidfuzz import fuzz

from agentgym.errors import MissingDependencyError
from agentgym.evaluators.metrics.registry import Metric
from agentgym.evaluators.metrics.texts import text_of

__all__ = ["COMPARISONS", "METRICS", "IncomparableError", "check_comparison", "compared", "fulfils"]

_NAMESPACE = "https://accessibility.{system}.example.org/ns"
_PREFIXES = {
    "st": "state",
    "attr": "attributes",
    "cp": "component",
    "doc": "document",
    "docattr": "document/attributes",
    "txt": "text",
    "val": "value",
    "act": "action",
    "class": "class",
    "role": "role",
}

_ABSENT = object()
_FAILED = "__EVALUATION_FAILED__"

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
    ignore_list_order: NotRequired[bool]


class ElementRule(TypedDict, total=False):
    xpath: str
    selectors: list[str]
    text: str
    exact: bool


COMPARISONS = (*_METHODS, "approx:N", "range.ee", "range.et", "range.te", "range.tt", "re", "re.FLAGS")
"""What may stand as ``method`` of a comparison."""


class IncomparableError(Exception):
    """A value is of a kind for which a comparison has no answer."""


def compared(value: Any, rule: Mapping[str, Any]) -> bool:
    """Whether a value fulfils ``{"method": …, "ref": …}``; values of kinds that do not compare do not.

    ``approx:0.1`` allows that difference; ``re.I.M`` is a regular expression with flags; ``range.te`` is
    ``ref[0] < value <= ref[1]`` (``t`` for an end that is not in the range, ``e`` for one that is);
    ``str_list_eq`` and ``str_set_eq`` take the value apart at its commas.

    Raises:
        ValueError: if there is no such method.
    """
    try:
        return fulfils(value, rule)
    except IncomparableError:
        return False


def fulfils(value: Any, rule: Mapping[str, Any]) -> bool:
    """What `compared` says, but for kinds that do not compare.

    Raises:
        IncomparableError: if the value is of such a kind.
        ValueError: if there is no such method.
    """
    method = _method(str(rule.get("method", "eq")))
    try:
        return bool(method(value, rule["ref"]))
    except (TypeError, AttributeError) as error:
        raise IncomparableError(str(error)) from error


def check_comparison(rule: Any) -> None:
    """Returns if `compared` can do a rule.

    Raises:
        ValueError: says why not.
    """
    if not isinstance(rule, Mapping) or "ref" not in rule:
        raise ValueError(f"a comparison is {{'method': …, 'ref': …}}, not {rule!r}")
    _method(str(rule.get("method", "eq")))


def check_json(result: str | None, rules: JsonRules, *, is_yaml: bool = False, strict: bool = False) -> float:
    """Whether the values at the paths of ``rules["expect"]`` fulfil their rules, and none of ``rules["unexpect"]``.

    A rule is ``{"key": ["path", "to", 0], "method": "eq", "ref": …}``; its ``method`` is one of the comparisons
    below. What is expected must be there; what is unexpected counts as null where it is not. A place beyond the end
    of a list, or a value that cannot be compared, makes the score 0.

    Args:
        is_yaml: the file is YAML, of which only plain data is read.
        strict: whether what is beyond the end or cannot be compared is simply not what is unexpected.

    Raises:
        MissingDependencyError: if it is YAML and PyYAML is not installed.
    """
    document = _parsed_yaml(text_of(result)) if is_yaml else _parsed(text_of(result))
    if document is _ABSENT or (is_yaml and document is None):
        return 0.0
    try:
        expected = all(fulfils(_at(document, rule["key"]), rule) for rule in rules.get("expect", ()))
    except (IncomparableError, LookupError, TypeError):
        return 0.0
    unexpected = (_has_unexpected(document, rule, strict) for rule in rules.get("unexpect", ()))
    return float(expected and not any(unexpected))


def _has_unexpected(document: Any, rule: Mapping[str, Any], strict: bool) -> bool:
    try:
        value = _at(document, rule["key"])
    except (KeyError, TypeError):
        value = None
    except IndexError:
        return not strict
    try:
        return fulfils(value, rule)
    except IncomparableError:
        return not strict


def check_direct_json_object(result: Any, rules: ObjectRules, *, strict: bool = False) -> float:
    """Whether each key of ``rules["expected"]`` has its value in the result.

    A result that is text is JSON, or Python's form of it with single quotes. With ``rules["expect_in_result"]``, a
    text need only be contained in its value, and of a list one item. An expected ``"__EVALUATION_FAILED__"`` says that
    there was nothing to be had to compare with, and scores 0.

    Args:
        strict: whether ``rules["ignore_list_order"]`` is heard, which OSWorld looks for in the wrong place.
    """
    document = _parsed_loosely(result) if isinstance(result, str) else result
    expected = rules["expected"]
    if document is None or document is _ABSENT or _FAILED in expected.values():
        return 0.0
    if not isinstance(document, Mapping):
        return float(not expected)
    fits = _fitting(rules, strict)
    return float(all(fits(document.get(key), value) for key, value in expected.items()))


def _fitting(rules: ObjectRules, strict: bool) -> Callable[[Any, Any], bool]:
    if rules.get("expect_in_result", False):
        return _contains
    return _equal_in_any_order if strict and rules.get("ignore_list_order", False) else operator.eq


def _equal_in_any_order(found: Any, wanted: Any) -> bool:
    if not (isinstance(found, list) and isinstance(wanted, list)):
        return bool(found == wanted)
    return len(found) == len(wanted) and all(found.count(one) == wanted.count(one) for one in wanted)


def check_accessibility_tree(
    result: str | None, rules: list[ElementRule], *, osname: Literal["ubuntu", "windows", "macos"] = "ubuntu"
) -> float:
    """Whether each rule finds an element, and the best text among those found is near enough.

    A rule has an ``xpath``, or ``selectors`` (CSS, of which any may match, as OSWorld has them), and may have a
    ``text``, which must be equal; with ``exact`` false, the score is the product of the similarities.

    Args:
        osname: whose names of states and actions the rules use.
    """
    if not result:
        return 0.0
    try:
        tree = etree.fromstring(result.encode())
    except etree.XMLSyntaxError:
        return 0.0
    names = {prefix: f"{_NAMESPACE.format(system=osname)}/{name}" for prefix, name in _PREFIXES.items()}
    score = 1.0
    for rule in rules:
        found = _found(tree, rule, names)
        if not found:
            return 0.0
        score *= _best_text(found, rule)
    return score


def _found(tree: etree._Element, rule: ElementRule, names: Mapping[str, str]) -> Sequence[Any]:
    """The elements, or what else an XPath finds, such as attributes."""
    if "xpath" in rule:
        found = tree.xpath(rule["xpath"], namespaces=dict(names))
        return found if isinstance(found, list | str) else []
    from lxml.cssselect import CSSSelector

    selected: Any = CSSSelector(", ".join(rule["selectors"]), namespaces=dict(names))(tree)
    return list(selected)


def _best_text(found: Sequence[Any], rule: ElementRule) -> float:
    if "text" not in rule:
        return 1.0
    # An element without text has none, not an empty one.
    texts = [element.text or None for element in found if isinstance(element, etree._Element)]
    if rule.get("exact", True):
        return float(rule["text"] in texts)
    return max((fuzz.ratio(rule["text"], text) / 100 for text in texts if text), default=0.0)


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


def _at(document: Any, path: Sequence[str | int]) -> Any:
    for step in path:
        document = document[step]
    return document


def _contains(found: Any, wanted: Any) -> bool:
    if isinstance(wanted, list):
        return isinstance(found, list | str) and any(
            one in ([found] if isinstance(found, str) else found) for one in wanted
        )
    return isinstance(wanted, str) and isinstance(found, str | list | dict) and wanted in found


def _parsed(text: str | None) -> Any:
    if text is None:
        return _ABSENT
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return _ABSENT


def _parsed_yaml(text: str | None) -> Any:
    try:
        import yaml
    except ImportError as error:
        raise MissingDependencyError("PyYAML is not installed: pip install 'agentgym-envs[office]'") from error
    if text is None:
        return _ABSENT
    try:
        return yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError):
        return _ABSENT


def _parsed_loosely(text: str) -> Any:
    document = _parsed(text)
    return _parsed(text.replace("'", '"')) if document is _ABSENT else document


METRICS: Mapping[str, Metric] = {
    "check_json": check_json,
    "check_direct_json_object": check_direct_json_object,
    "check_accessibility_tree": check_accessibility_tree,
}
