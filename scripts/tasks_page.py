#!/usr/bin/env python3
"""Renews the tables of docs/tasks.md from what they describe: forms of task files, steps, getters and metrics.

python scripts/tasks_page.py
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints, is_typeddict

import msgspec

from agentgym.evaluators import getter_needs, getters, metrics
from agentgym.evaluators.beforehand import rules_form
from agentgym.evaluators.getters.forms import getter_forms
from agentgym.evaluators.metrics.sheetvalues import FuzzyRule
from agentgym.evaluators.metrics.structures import COMPARISONS, compared
from agentgym.evaluators.metrics.tables import KINDS, Kind
from agentgym.setup import steps
from agentgym.tasks.forms import PassedOver, fields_of
from agentgym.tasks.parsing import EvaluatorForm, TaskForm

__all__ = ["PAGE", "renewed"]

PAGE = Path(__file__).parents[1] / "docs" / "tasks.md"

_BLOCK = re.compile(r"(<!-- made by scripts/tasks_page.py: (?P<name>[a-z ]+) -->\n).*?(<!-- end -->)", re.DOTALL)
_SECTION = re.compile(r"^(Args|Raises|Returns|Attributes):$", re.MULTILINE)
_ARGUMENT = re.compile(r"^    (\w+): (.*(?:\n {8}.*)*)", re.MULTILINE)

_WORDS: Mapping[Any, str] = {
    str: "text",
    bool: "true or false",
    int: "whole number",
    float: "number",
    type(None): "null",
    Any: "anything",
    dict: "object",
}


def renewed(page: str) -> str:
    """The page with every table made anew; what is written by hand stays."""
    return _BLOCK.sub(lambda found: f"{found[1]}\n{_TABLES[found['name']]()}\n\n{found[3]}", page)


def fields(form: Any) -> str:
    told = arguments(form)
    return table(
        ("key", "what it may be", "what it says"),
        [
            (f"`{name}`{' (must be there)' if required else ''}", kind_in_words(kind), told.get(name, ""))
            for name, (kind, required) in fields_of(form).items()
        ],
    )


def setup_steps() -> str:
    return table(
        ("step", "what it does", "parameters"),
        [
            (", ".join(f"`{name}`" for name in names), said(step), parameters(step, after=1))
            for step, names in by_function(steps).items()
        ],
    )


def getter_table() -> str:
    return table(
        ("getter", "what it fetches", "keys beside `type`"),
        [(f"`{name}`", said(getters[name]) + _needed(name), keys(getter_forms[name])) for name in ours(getters)],
    )


def metric_table() -> str:
    return table(
        ("metric", "its value", "`rules` of the expected `rule`", "`options`"),
        [
            (
                f"`{name}`",
                said(metrics[name]),
                rules(rules_form(metrics[name])),
                parameters(metrics[name], kind=inspect.Parameter.KEYWORD_ONLY),
            )
            for name in ours(metrics)
        ],
    )


def sheet_rules() -> str:
    return table(
        ("`type`", "holds", "keys", "properties"),
        [(f"`{name}`", said(kind.holds), _keys_of_rule(kind), _properties(kind)) for name, kind in KINDS.items()],
    )


def comparisons() -> str:
    return f"`{'`, `'.join(COMPARISONS)}`. {said(compared)}"


def fuzzy_keys() -> str:
    return rules(FuzzyRule).replace("<br>", ", ")


def ours(registry: Mapping[str, Any]) -> list[str]:
    """The names without those that other installed packages add."""
    return [name for name in registry if _module(registry[name]).startswith("agentgym.")]


def by_function(registry: Mapping[str, Any]) -> dict[Any, list[str]]:
    """Our functions, each with the names that it has."""
    names: dict[Any, list[str]] = {}
    for name in ours(registry):
        names.setdefault(registry[name], []).append(name)
    return names


def said(thing: object) -> str:
    """A docstring in one line, without its sections."""
    text = inspect.getdoc(thing)
    if not text:
        raise ValueError(f"{thing!r} has no docstring to be described with")
    return in_line(_SECTION.split(text)[0])


def arguments(thing: object) -> dict[str, str]:
    """What the section ``Args`` of a docstring says of each."""
    parts = _SECTION.split(inspect.getdoc(thing) or "")
    section = dict(zip(parts[1::2], parts[2::2], strict=True)).get("Args", "")
    return {name: in_line(words) for name, words in _ARGUMENT.findall(section)}


def in_line(text: str) -> str:
    """Markdown of a docstring's reStructuredText, fit for a cell."""
    text = " ".join(text.split())
    return re.sub(r"`+([^`]+)`+", r"`\1`", text).replace("|", "\\|")


def parameters(function: Callable[..., Any], *, after: int = 0, kind: Any = None) -> str:
    """What a function takes by name: all but the first few, or those of one kind."""
    told, hints = arguments(function), get_type_hints(function, include_extras=True)
    wanted = [
        one for one in list(inspect.signature(function).parameters.values())[after:] if kind is None or one.kind == kind
    ]
    return lines(
        (one.name, hints[one.name], one.default is one.empty, default(one.default), told.get(one.name, ""))
        for one in wanted
    )


def keys(form: type[msgspec.Struct]) -> str:
    told = arguments(form)
    return lines(
        (one.encode_name, one.type, one.required, default(one.default), told.get(one.encode_name, ""))
        for one in msgspec.structs.fields(form)
    )


def rules(form: Any) -> str:
    if form is None:
        return ""
    if get_origin(form) is list:
        return f"a list of objects:<br>{rules(get_args(form)[0])}"
    if get_origin(form) is dict:
        return f"an object, under each key {kind_in_words(get_args(form)[1])}"
    return lines((name, kind, required, "", "") for name, (kind, required) in fields_of(form).items())


def lines(entries: Iterator[tuple[str, Any, bool, str, str]]) -> str:
    """One line each: name, type, whether it must be there, default, and what is said of it."""
    return "<br>".join(
        f"`{name}`{'' if required else '?'}: {kind_in_words(kind)}{given}{f': {told}' if told else ''}"
        for name, kind, required, given, told in entries
    )


def default(value: Any) -> str:
    if value in (inspect.Parameter.empty, msgspec.NODEFAULT, None, ""):
        return ""
    return f" (`{msgspec.json.encode(value).decode()}`)"


def kind_in_words(kind: Any) -> str:  # noqa: PLR0911 - one return for each kind of type
    if kind == PassedOver:
        return "passed over, as in OSWorld"
    origin, parts = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return kind_in_words(parts[0])
    if kind == bool | str:
        # Files of OSWorld have the text "true", too.
        return kind_in_words(bool)
    if origin in (Union, UnionType):
        return " or ".join(dict.fromkeys(kind_in_words(part) for part in parts if part is not type(None)))
    if origin is Literal:
        return " or ".join(f"`{part}`" for part in parts)
    if origin is tuple:
        inner = [part for part in parts if part is not Ellipsis]
        return f"list of {_plural(inner[0])}" if Ellipsis in parts else f"`[{', '.join(map(_short, inner))}]`"
    if origin is not None and issubclass(origin, Sequence):
        return f"list of {_plural(parts[0])}"
    if is_typeddict(kind) or (isinstance(kind, type) and issubclass(kind, msgspec.Struct)):
        inside = ", ".join(
            f"{name}{'' if needed else '?'}: {_short(one)}" for name, (one, needed) in fields_of(kind).items()
        )
        return f"`{{{inside}}}`"
    return _WORDS[dict if origin is not None and issubclass(origin, Mapping) else kind]


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    return "\n".join(f"| {' | '.join(row)} |" for row in (heads, ["---"] * len(heads), *rows))


def _plural(kind: Any) -> str:
    words = kind_in_words(kind)
    return f"{words}s" if words in ("text", "number", "whole number", "object") else words


def _short(kind: Any) -> str:
    return kind_in_words(kind).replace("`", "")


def _needed(getter: str) -> str:
    if getter not in getter_needs:
        return ""
    return f" Needs a machine that shows {', '.join(f'`{kind}`' for kind in getter_needs[getter])}."


def _keys_of_rule(kind: Kind) -> str:
    unread = [f"`{key}`: passed over, as in OSWorld" for key in kind.unread]
    return "<br>".join([*(f"`{key}`" for key in kind.needs), *(f"`{key}`?" for key in kind.may), *unread])


def _properties(kind: Kind) -> str:
    return "" if kind.props is None else f"in `{kind.props[0]}`: {', '.join(f'`{name}`' for name in kind.props[1])}"


def _module(thing: Any) -> str:
    return str(getattr(thing, "__module__", ""))


_TABLES: Mapping[str, Callable[[], str]] = {
    "fields of a task": lambda: fields(TaskForm),
    "fields of an evaluator": lambda: fields(EvaluatorForm),
    "setup steps": setup_steps,
    "getters": getter_table,
    "metrics": metric_table,
    "rules of sheets": sheet_rules,
    "keys of fuzzy rules": fuzzy_keys,
    "comparisons": comparisons,
}

if __name__ == "__main__":
    PAGE.write_text(renewed(PAGE.read_text()))
