"""Metrics on what a browser shows and keeps."""

from __future__ import annotations

from typing import Any

import pytest

from agentgym.evaluators import metrics
from agentgym.setup.browser.addresses import same_address

SHOP = {"title": "Shop", "url": "https://www.shop.com/"}


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("https://www.shop.com/", "https://shop.co.uk", True),
        ("shop.com", "http://shop.com:8080/", True),
        (".shop.com", "shop.com", True),
        ("https://shop.com", "http://shop.com", False),
        ("https://eu.shop.com", "https://shop.com", False),
        ("https://shop.com/a", "https://shop.com/a/", False),
        ("https://shop.com?q=1", "https://shop.com", False),
        ("http://[::1/", "http://[::1/", False),
    ],
)
def test_addresses_are_the_same_but_for_country_and_browser(one: str, other: str, same: bool) -> None:
    assert same_address(one, other) is same


def test_the_tab_in_front_comes_as_text_or_with_its_title() -> None:
    rules = {"type": "url", "url": "https://shop.com"}
    assert metrics["is_expected_active_tab"](SHOP, rules) == 1
    assert metrics["is_expected_active_tab"](SHOP["url"], rules) == 1
    assert metrics["is_expected_active_tab"](None, rules) == 0


def test_a_query_does_not_count_approximately() -> None:
    rules = {"type": "url", "url": "chrome://password-manager/passwords"}
    assert metrics["is_expected_active_tab_approximate"]("chrome://password-manager/passwords?q=a", rules) == 1
    assert metrics["is_expected_active_tab_approximate"]("chrome://password-manager/settings", rules) == 0


def test_every_pattern_must_be_found() -> None:
    rules = {"expected": ["^https://www", r"shop\.com"]}
    assert metrics["is_expected_url_pattern_match"](SHOP, rules) == 1
    assert metrics["is_expected_url_pattern_match"]("https://shop.com", rules) == 0
    assert metrics["is_expected_search_query"](SHOP, {"expect": {"pattern": "shop"}}) == 1


def test_strictly_one_tab_stands_for_one_address() -> None:
    rules = {"type": "url", "urls": ["https://a.com", "https://a.org", "https://b.com"]}
    tabs = [{"url": url} for url in ("https://a.com", "https://b.com", "https://b.com")]
    assert metrics["is_expected_tabs"](tabs, rules) == 1
    assert metrics["is_expected_tabs"](tabs, rules, strict=True) == 0
    right = [{"url": url} for url in reversed(rules["urls"])]
    assert metrics["is_expected_tabs"](right, rules, strict=True) == 1
    assert metrics["is_expected_tabs"](right[1:], rules) == 0


def _bar(*children: dict[str, Any]) -> dict[str, Any]:
    return {"bookmark_bar": {"children": list(children)}}


def test_bookmarks_are_those_of_the_bar() -> None:
    bar = _bar(
        {"type": "folder", "name": "News", "children": []}, {"type": "url", "name": "a", "url": "https://a.com/"}
    )
    metric = metrics["is_expected_bookmarks"]
    assert metric(bar, {"type": "bookmark_bar_folders_names", "names": ["News"]}) == 1
    assert metric(bar, {"type": "bookmark_bar_websites_urls", "urls": ["https://a.com/"]}) == 1
    assert metric(bar, {"type": "bookmark_bar_websites_urls", "urls": ["https://a.com/", "https://b.com/"]}) == 0
    assert metric({}, {"type": "bookmark_bar_folders_names", "names": []}) == 0
    with pytest.raises(ValueError, match="no type 'else'"):
        metric(bar, {"type": "else"})


@pytest.mark.parametrize(
    ("urls", "score"), [(["a", "c"], 1), (["a", "b"], 0), (["c"], 0), (["a", "c", "d"], 0), (["b", "c"], 1)]
)
def test_a_folder_has_one_address_of_each_author(urls: list[str], score: float) -> None:
    children = [{"type": "url", "name": "n", "url": url} for url in urls]
    bar = _bar({"type": "folder", "name": "Liked Authors", "children": children})
    rules = {"type": "liked_authors_websites_urls", "urls": [["a", "b"], "c"]}
    assert metrics["is_expected_bookmarks"](bar, rules) == score


def test_a_cookie_of_a_subdomain_counts_strictly() -> None:
    rules = {"type": "domains", "domains": [".shop.com"]}
    metric = metrics["is_cookie_deleted"]
    assert metric([[1, "www.shop.com"]], rules) == 0
    assert metric([[1, "eu.shop.com"]], rules) == 1
    assert metric([[1, "eu.shop.com"]], rules, strict=True) == 0
    assert metric([[1, "myshop.com"]], rules, strict=True) == 1
    assert metric(None, rules) == 0


def test_no_address_of_the_history_has_a_keyword() -> None:
    rules = {"type": "keywords", "keywords": ["youtube"]}
    assert metrics["check_history_deleted"]([["https://a.com", "youtube", 1]], rules) == 1
    assert metrics["check_history_deleted"]([["https://youtube.com", "a", 1]], rules) == 0


def test_strictly_a_shortcut_has_just_that_name() -> None:
    rules = {"type": "name", "name": "2048"}
    metric = metrics["is_shortcut_on_desktop"]
    assert metric({"a": "[Desktop Entry]\nGenericName=2048\n"}, rules) == 1
    assert metric({"a": "[Desktop Entry]\nGenericName=2048\n"}, rules, strict=True) == 0
    assert metric({"a": "Exec=x\nName=2048"}, rules) == 0
    assert metric({"a": "Exec=x\nName=2048"}, rules, strict=True) == 1
    assert metric({"a": "Exec=x\n"}, {"type": "exec", "exec": "x"}) == 1


def test_settings_and_pages() -> None:
    assert metrics["check_font_size"]({"default_font_size": 20}, {"type": "range", "min": 16, "max": 24}) == 1
    assert metrics["check_font_size"]({"default_font_size": 16}, {"type": "range", "min": 16, "max": 24}) == 0
    assert metrics["check_font_size"]({"default_font_size": 16}, {"type": "value", "value": 16}) == 1
    assert metrics["is_added_to_steam_cart"]({"content": "<b>Half-Life</b>"}, {"items": ["Half-Life"]}) == 1
    assert metrics["is_added_to_steam_cart"]({"content": ""}, {"items": ["Half-Life"]}) == 0
    assert metrics["is_expected_installed_extensions"](["a", "b"], {"expected": ["b"]}) == 1
    assert metrics["is_expected_installed_extensions"]([], {"expected": []}) == 0
    assert metrics["check_enabled_experiments"](["a@1", "b"], {"type": "names", "names": ["a", "b"]}) == 1
