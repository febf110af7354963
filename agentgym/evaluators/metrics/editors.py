"""Metrics on code editors: their settings, keys and extensions, and files of configuration."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Literal, TypedDict

from agentgym.evaluators.metrics.registry import Metric
from agentgym.evaluators.metrics.texts import text_of
from agentgym.extras import needed

__all__ = ["METRICS"]


class Settings(TypedDict):
    expected: dict[str, Any]


class Content(TypedDict):
    expected: str


class Background(TypedDict):
    value: str


class Extension(TypedDict):
    type: Literal["contain", "not_contain"]
    expected: str


def check_json_settings(result: str | None, rules: Settings) -> float:
    """Whether a JSON file has each of ``rules["expected"]``; what else it says does not matter."""
    settings = _json(text_of(result))
    if not isinstance(settings, dict):
        # OSWorld asks what nothing is expected of for nothing: any JSON will do.
        return float(settings is not _NO_JSON and not rules["expected"])
    return float(all(key in settings and settings[key] == value for key, value in rules["expected"].items()))


def check_json_keybindings(result: str | None, rules: Settings) -> float:
    """Whether a JSON list has ``rules["expected"]`` as an item; a first line that is no JSON is passed over."""
    text = text_of(result) or ""
    bindings = _json(text)
    if not isinstance(bindings, list):
        bindings = _json(text.partition("\n")[2])
    return float(isinstance(bindings, list) and rules["expected"] in bindings)


def compare_config(result: str | None, rules: Content, *, containment_ok: bool = False, strict: bool = False) -> float:
    """Whether a file is ``rules["expected"]``, with every blank and end of line.

    Args:
        containment_ok: with ``strict``, whether it need only be in the file; OSWorld passes it over.
        strict: whether ``containment_ok`` is heard.
    """
    text = text_of(result)
    if text is None:
        return 0.0
    return float(text == rules["expected"] or (strict and containment_ok and rules["expected"].strip() in text))


def compare_answer(result: str | None, rules: Content) -> float:
    """Whether a text is ``rules["expected"]``; an empty one is no answer."""
    return float(bool(result) and result == rules["expected"])


def is_extension_installed(result: str | None, rules: Extension, *, strict: bool = False) -> float:
    """Whether a list of extensions has ``rules["expected"]`` in it, or with the type ``"not_contain"`` has it not.

    Args:
        strict: whether it must be a whole line, with a version or without, and not a part of another's name.
    """
    if result is None:
        return 0.0
    names = {line.strip().partition("@")[0].lower() for line in result.splitlines()}
    found = rules["expected"].lower() in names if strict else rules["expected"] in result
    return float(found == (rules["type"] == "contain"))


def check_html_background_image(result: str | None, rules: Background) -> float:
    """Whether a style sheet within a page has the background image ``rules["value"]``, as ``url('…')``.

    Raises:
        MissingDependencyError: if beautifulsoup4 is not installed.
    """
    text = text_of(result)
    if text is None:
        return 0.0
    page = needed("bs4", extra="browser").BeautifulSoup(text, "html.parser")
    wanted = f"background-image: url('{rules['value']}')"
    return float(any(wanted in style.text for style in page.find_all("style")))


_NO_JSON = object()


def _json(text: str | None) -> Any:
    try:
        return _NO_JSON if text is None else json.loads(text)
    except (ValueError, RecursionError):
        return _NO_JSON


METRICS: Mapping[str, Metric] = {
    "check_json_settings": check_json_settings,
    "check_json_keybindings": check_json_keybindings,
    "compare_config": compare_config,
    "compare_answer": compare_answer,
    "is_extension_installed": is_extension_installed,
    "check_html_background_image": check_html_background_image,
}
