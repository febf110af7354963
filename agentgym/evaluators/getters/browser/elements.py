"""The getter of texts in the page of the tab in front, found by class, label, path or the address."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, Literal

import msgspec

from agentgym.backends.base import Backend
from agentgym.evaluators.getters.browser.addressbar import active_address
from agentgym.evaluators.getters.browser.pages import in_active_tab
from agentgym.evaluators.getters.forms import getter_forms
from agentgym.evaluators.getters.registry import getter_needs, getters
from agentgym.setup.browser import playwright_error

__all__: list[str] = []

_OTHER = "is_other_exist"

_TEXTS = "elements => elements.map(element => element.textContent || '')"
_OWN_TEXTS = """elements => elements.slice(0, 1).flatMap(element => Array.from(element.childNodes)
    .filter(node => node.nodeType === Node.TEXT_NODE && node.textContent.trim()).map(node => node.textContent))"""
_HEADINGS = """elements => elements.map(element => element.querySelector('h3'))
    .filter(heading => heading).map(heading => heading.textContent)"""
_SPANS = """elements => elements.map(element => element.querySelector('span'))
    .filter(span => span).map(span => span.innerText)"""

_Found = dict[str, Any]
_Ranks = dict[str, dict[str, str]]
_Named = dict[str, str]


class Elements(msgspec.Struct, kw_only=True):
    """What to look for in the page.

    Args:
        goto_prefix: what the address bar does not show of the address, and is put before.
        category: which of the others count: ``class`` and ``class&url`` those that begin so, and the latter
            ``url_include_expected…``; each of the others one.
        class_singleObject: by the class, the name to give the text of its first element.
        class_multiObject: by the class, and by the place among its elements, the name to give the text; with
            ``class&url``, by the class the texts that it may have.
        class_multiObject_child: likewise, of the texts that its first element has between others.
        class_multiObject_only_child: likewise, of the elements' first ``h3``.
        class_multiObject_search_exist: by the class, texts, each true if an element has it; with ``is_other_exist``,
            which is true if an element has another.
        class_multiObject_li: by the class, texts that ``span`` in its ``li.catAllProducts`` may have.
        url_include_expected: words, each true if it is in the address.
        url_include_expected_multichoice: by words for it in the address, the name that is true then.
        labelObject: by a text, the name to give the whole text of the first element that has it.
        xpathObject: by the path, the name to give the text of the first element there.
        inputObject: by the path, the name to give what is typed into the first field there.
    """

    goto_prefix: str = "https://"
    category: Literal["class", "label", "xpath", "input", "class&url"]
    class_singleObject: _Named = {}  # noqa: N815 - OSWorld's names
    class_multiObject: _Ranks | dict[str, list[str]] = {}  # noqa: N815
    class_multiObject_child: _Ranks = {}  # noqa: N815
    class_multiObject_only_child: _Ranks = {}  # noqa: N815
    class_multiObject_search_exist: dict[str, list[str]] = {}  # noqa: N815
    class_multiObject_li: dict[str, list[str]] = {}  # noqa: N815
    url_include_expected: list[str] = []
    url_include_expected_multichoice: _Named = {}
    labelObject: _Named = {}  # noqa: N815
    xpathObject: _Named = {}  # noqa: N815
    inputObject: _Named = {}  # noqa: N815


@getters.register("active_tab_html_parse")
def active_tab_html_parse(backend: Backend, config: dict[str, Any]) -> dict[str, Any] | None:
    """By the names that the task gives, texts in the page of the tab in front, without blanks around them.

    A text that is not there is empty. Nothing is found of a tab that cannot be reached; None if there is no tab.
    """
    read = _CATEGORIES[config["category"]]
    address = active_address(backend, config)
    if address is None:
        return None
    nothing: _Found = {}
    return in_active_tab(backend, address, lambda page: read(page, config), otherwise=nothing)


def _of_classes(page: Any, config: Mapping[str, Any]) -> _Found:
    found: _Found = {}
    for key, script in (
        ("class_multiObject", _TEXTS),
        ("class_multiObject_child", _OWN_TEXTS),
        ("class_multiObject_only_child", _HEADINGS),
    ):
        for name, ranks in config.get(key, {}).items():
            texts = _texts(page, f".{name}", script)
            found |= {given: _nth(texts, int(rank)) for rank, given in ranks.items()}
    for name, wanted in config.get("class_multiObject_search_exist", {}).items():
        found |= _existing(_texts(page, f".{name}"), wanted, already=found)
    for name, given in config.get("class_singleObject", {}).items():
        found[given] = _nth(_texts(page, f".{name}"), 0)
    return found


def _existing(texts: list[str], wanted: list[str], *, already: _Found) -> _Found:
    found = {one: one in texts for one in wanted if one != _OTHER}
    if _OTHER in wanted:
        found[_OTHER] = bool(already.get(_OTHER)) or any(text not in wanted for text in texts)
    return found


def _of_classes_and_address(page: Any, config: Mapping[str, Any]) -> _Found:
    found: _Found = {}
    for key, below in (("class_multiObject", ""), ("class_multiObject_li", " li.catAllProducts")):
        for name, wanted in config.get(key, {}).items():
            texts = _texts(page, f".{name}{below}", _SPANS if below else _TEXTS)
            found |= _chosen([text.lower() for text in texts], [one.lower() for one in wanted], already=found)
    address = page.url.lower()
    words = [(word, word) for word in config.get("url_include_expected", ())]
    for word, given in [*words, *config.get("url_include_expected_multichoice", {}).items()]:
        found.setdefault(given.lower(), word.lower() in address)
    return found


def _chosen(texts: list[str], wanted: list[str], *, already: _Found) -> _Found:
    found: _Found = {one: True for one in wanted if one in texts}
    other = any(all(text not in one for one in wanted) for text in texts)
    return {**found, _OTHER: bool(already.get(_OTHER)) or other}


def _of_labels(page: Any, config: Mapping[str, Any]) -> _Found:
    return _named(config.get("labelObject", {}), lambda label: _text(page.locator(f"text={label}")))


def _of_paths(page: Any, config: Mapping[str, Any]) -> _Found:
    return _named(config.get("xpathObject", {}), lambda path: _text(page.locator(f"xpath={path}")))


def _of_fields(page: Any, config: Mapping[str, Any]) -> _Found:
    return _named(config.get("inputObject", {}), lambda path: _typed(page.locator(f"xpath={path}")))


def _named(wanted: Mapping[str, str], read: Callable[[str], str]) -> _Found:
    return {given: _or_nothing(partial(read, place), "").strip() for place, given in wanted.items()}


def _text(found: Any) -> str:
    return (found.first.text_content() or "") if found.count() else ""


def _typed(found: Any) -> str:
    return found.first.input_value() if found.count() else ""


def _texts(page: Any, selector: str, script: str = _TEXTS) -> list[str]:
    texts: Iterable[str] = _or_nothing(lambda: page.eval_on_selector_all(selector, script), [])
    return [text.strip() for text in texts]


def _or_nothing(read: Callable[[], Any], nothing: Any) -> Any:
    try:
        return read()
    except playwright_error():
        # A name that is none in CSS or XPath, what is no field: as in OSWorld, nothing is there.
        return nothing


def _nth(texts: list[str], place: int) -> str:
    return texts[place] if -len(texts) <= place < len(texts) else ""


_CATEGORIES: Mapping[str, Callable[[Any, Mapping[str, Any]], _Found]] = {
    "class": _of_classes,
    "class&url": _of_classes_and_address,
    "input": _of_fields,
    "label": _of_labels,
    "xpath": _of_paths,
}

getter_forms.register("active_tab_html_parse", Elements)
getter_needs.register("active_tab_html_parse", ("accessibility_tree",))
