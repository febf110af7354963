"""Metrics on what a browser shows and keeps: tabs, addresses, bookmarks, cookies, history, settings."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal, NotRequired, TypedDict

from agentgym.evaluators.metrics.registry import Metric
from agentgym.setup.browser.addresses import host_of, same_address, without_query
from agentgym.tasks.forms import PassedOver

__all__ = ["METRICS"]

_LIKED = "Liked Authors"


class Address(TypedDict):
    type: Literal["url"]
    url: str


class Addresses(TypedDict):
    type: Literal["url"]
    urls: list[str]


class AddressPatterns(TypedDict):
    expected: list[str]
    type: NotRequired[PassedOver]
    url: NotRequired[PassedOver]


class SearchPattern(TypedDict):
    pattern: str


class Search(TypedDict):
    expect: SearchPattern


class Extensions(TypedDict):
    expected: list[str]


class Bookmarks(TypedDict):
    type: Literal["bookmark_bar_folders_names", "bookmark_bar_websites_urls", "liked_authors_websites_urls"]
    names: NotRequired[list[str]]
    urls: NotRequired[list[str | list[str]]]


class Domains(TypedDict):
    type: Literal["domains"]
    domains: list[str]


class Keywords(TypedDict):
    type: Literal["keywords"]
    keywords: list[str]


class Shortcut(TypedDict):
    type: Literal["name", "exec"]
    name: NotRequired[str]
    exec: NotRequired[str]


class FontSize(TypedDict):
    type: Literal["value", "range"]
    value: NotRequired[float]
    min: NotRequired[float]
    max: NotRequired[float]


class Items(TypedDict):
    items: list[str]


class Experiments(TypedDict):
    type: Literal["names"]
    names: list[str]


def is_expected_active_tab(result: Any, rules: Address) -> float:
    """Whether the tab in front shows ``rules["url"]``; ``www.``, the domain's suffix and a lone ``/`` do not count."""
    address = _address(result)
    if address is None or rules["type"] != "url":
        return 0.0
    return float(same_address(rules["url"], address))


def is_expected_active_tab_approximate(result: Any, rules: Address) -> float:
    """Whether the tab in front shows ``rules["url"]``, whatever follows the ``?`` of either."""
    address = _address(result)
    if address is None or rules["type"] != "url":
        return 0.0
    plain = without_query(address)
    return float(plain is not None and plain == without_query(rules["url"]))


def is_expected_url_pattern_match(result: Any, rules: AddressPatterns) -> float:
    """Whether each pattern of ``rules["expected"]``, a regular expression, is found in the address."""
    address = _address(result)
    return float(address is not None and all(re.search(pattern, address) for pattern in rules["expected"]))


def is_expected_search_query(result: Mapping[str, Any] | None, rules: Search) -> float:
    """Whether the pattern ``rules["expect"]["pattern"]`` is found in the address of the tab in front."""
    address = _address(result)
    return float(address is not None and re.search(rules["expect"]["pattern"], address) is not None)


def is_expected_tabs(result: Sequence[Mapping[str, str]] | None, rules: Addresses, *, strict: bool = False) -> float:
    """Whether as many tabs are open as ``rules["urls"]``, and each of these is among them.

    Args:
        strict: one tab stands for one address, also where two of them count as the same.
    """
    if not result or rules["type"] != "url":
        return 0.0
    found = [tab.get("url") for tab in result]
    wanted = rules["urls"]
    if len(found) != len(wanted):
        return 0.0
    if strict and not all(_times(url, found) == _times(url, wanted) for url in wanted):
        return 0.0
    return float(all(_times(url, found) for url in wanted))


def is_expected_installed_extensions(result: Sequence[str] | None, rules: Extensions) -> float:
    """Whether each of ``rules["expected"]`` is among the names of extensions, of which there must be one."""
    return float(bool(result) and set(rules["expected"]) <= set(result or ()))


def is_expected_bookmarks(result: Mapping[str, Any] | None, rules: Bookmarks) -> float:
    """Whether the bookmark bar has these folders or addresses and no others, in any order.

    ``rules["type"]`` is ``bookmark_bar_folders_names`` with ``names``, ``bookmark_bar_websites_urls`` with ``urls``, or
    ``liked_authors_websites_urls``: the folder "Liked Authors" has one address of each entry of ``urls``, which is one
    or a list of those that will do.

    Raises:
        ValueError: if there is no such type.
    """
    bar = _inside(result.get("bookmark_bar")) if result else None
    if rules["type"] == "bookmark_bar_folders_names":
        return float(bar is not None and _said(bar, "folder", "name") == set(rules["names"]))
    if rules["type"] == "bookmark_bar_websites_urls":
        return float(bar is not None and _said(bar, "url", "url") == set(rules["urls"]))
    if rules["type"] != "liked_authors_websites_urls":
        raise _no_type("is_expected_bookmarks", rules["type"])
    folders = (one for one in bar or () if one.get("type") == "folder" and one.get("name") == _LIKED)
    liked = _inside(next(folders, None))
    return float(liked is not None and _one_of_each(_said(liked, "url", "url"), rules["urls"]))


def is_cookie_deleted(result: Sequence[Sequence[Any]] | None, rules: Domains, *, strict: bool = False) -> float:
    """Whether no cookie, a row of which the second value is its domain, is of one of ``rules["domains"]``.

    Args:
        strict: those of the domain's subdomains count as well.

    Raises:
        ValueError: if ``rules["type"]`` is not ``domains``.
    """
    if rules["type"] != "domains":
        raise _no_type("is_cookie_deleted", rules["type"])
    of_domain = _within if strict else same_address
    if result is None or any(len(cookie) < 2 or not isinstance(cookie[1], str) for cookie in result):
        return 0.0
    return float(not any(of_domain(domain, cookie[1]) for domain in rules["domains"] for cookie in result))


def check_history_deleted(result: Sequence[Sequence[Any]] | None, rules: Keywords) -> float:
    """Whether no address of the history, each a row's first value, has one of ``rules["keywords"]`` in it.

    Raises:
        ValueError: if ``rules["type"]`` is not ``keywords``.
    """
    if rules["type"] != "keywords":
        raise _no_type("check_history_deleted", rules["type"])
    if result is None or any(not row or not isinstance(row[0], str) for row in result):
        return 0.0
    return float(not any(keyword in row[0] for row in result for keyword in rules["keywords"]))


def is_shortcut_on_desktop(result: Mapping[str, str] | None, rules: Shortcut, *, strict: bool = False) -> float:
    """Whether a shortcut, of which each path has its text, has ``rules["name"]`` as its name or runs ``rules["exec"]``.

    Args:
        strict: the line must say just that; otherwise it may end so, as ``GenericName=`` does, and must not be the
            last one without an end.

    Raises:
        ValueError: if ``rules["type"]`` is neither ``name`` nor ``exec``.
    """
    if rules["type"] not in ("name", "exec"):
        raise _no_type("is_shortcut_on_desktop", rules["type"])
    line = f"Name={rules['name']}" if rules["type"] == "name" else f"Exec={rules['exec']}"
    texts = (result or {}).values()
    return float(any(line in text.splitlines() if strict else f"{line}\n" in text for text in texts))


def check_font_size(result: Mapping[str, Any] | None, rules: FontSize) -> float:
    """Whether the ``default_font_size`` is ``rules["value"]``, or between ``rules["min"]`` and ``rules["max"]``.

    Raises:
        ValueError: if ``rules["type"]`` is neither ``value`` nor ``range``.
    """
    if rules["type"] not in ("value", "range"):
        raise _no_type("check_font_size", rules["type"])
    size = (result or {}).get("default_font_size")
    if not isinstance(size, int | float):
        return 0.0
    return float(size == rules["value"] if rules["type"] == "value" else rules["min"] < size < rules["max"])


def is_added_to_steam_cart(result: Mapping[str, Any] | None, rules: Items) -> float:
    """Whether each of ``rules["items"]`` is in the ``content`` of a page."""
    content = (result or {}).get("content")
    return float(isinstance(content, str) and all(item in content for item in rules["items"]))


def check_enabled_experiments(result: Sequence[str] | None, rules: Experiments) -> float:
    """Whether the experiments that are on, each a name and perhaps ``@`` and a choice, are ``rules["names"]``.

    Raises:
        ValueError: if ``rules["type"]`` is not ``names``.
    """
    if rules["type"] != "names":
        raise _no_type("check_enabled_experiments", rules["type"])
    return float(result is not None and [one.partition("@")[0] for one in result] == rules["names"])


def _address(tab: Any) -> str | None:
    """The address that a getter gave by itself or within what it says of a tab; None if there is none."""
    found = tab.get("url") if isinstance(tab, Mapping) else tab
    return found if isinstance(found, str) and (found or isinstance(tab, Mapping)) else None


def _times(wanted: str, found: Sequence[Any]) -> int:
    return sum(same_address(wanted, one) for one in found)


def _within(domain: str, cookie: str) -> bool:
    wanted, found = host_of(domain), host_of(cookie)
    if wanted is None or found is None or wanted[1] != found[1]:
        return False
    outer = wanted[0].strip(".").removeprefix("www")
    return not outer or f".{found[0]}".endswith(f".{outer}")


def _inside(folder: Any) -> Sequence[Mapping[str, Any]] | None:
    children = folder.get("children") if isinstance(folder, Mapping) else None
    return children if isinstance(children, list) and all(isinstance(one, Mapping) for one in children) else None


def _said(entries: Sequence[Mapping[str, Any]], kind: str, key: str) -> set[Any]:
    return {entry.get(key) for entry in entries if entry.get("type") == kind}


def _one_of_each(found: set[Any], wanted: Sequence[str | list[str]]) -> bool:
    choices = [[one] if isinstance(one, str) else one for one in wanted]
    # One that is not there would make every choice wrong; without them there are few.
    kept = [[url for url in urls if url in found] for urls in choices]
    return found <= set(itertools.chain(*kept)) and any(set(picked) == found for picked in itertools.product(*kept))


def _no_type(metric: str, given: str) -> ValueError:
    return ValueError(f"{metric} has no type {given!r}")


METRICS: Mapping[str, Metric] = {
    one.__name__: one
    for one in (
        check_enabled_experiments,
        check_font_size,
        check_history_deleted,
        is_added_to_steam_cart,
        is_cookie_deleted,
        is_expected_active_tab,
        is_expected_active_tab_approximate,
        is_expected_bookmarks,
        is_expected_installed_extensions,
        is_expected_search_query,
        is_expected_tabs,
        is_expected_url_pattern_match,
        is_shortcut_on_desktop,
    )
}
