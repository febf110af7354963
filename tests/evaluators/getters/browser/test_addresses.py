"""Getters of the address bar give the address of the tab in front, whole or in parts."""

from __future__ import annotations

from typing import Any

import pytest

from agentgym.backends.base import Window
from agentgym.errors import TaskError
from agentgym.evaluators import check_spec, metrics, needs_of
from agentgym.tasks import Check, EvaluatorSpec, GetterSpec
from tests.evaluators.getters.browser.browsing import Browsing, tree

ADDRESS = "active_url_from_accessTree"


def test_prefix_comes_before_what_the_bar_shows() -> None:
    machine = Browsing(tree("babycenter.com/baby-names"))
    assert machine.get(ADDRESS) == "https://babycenter.com/baby-names"
    assert machine.get(ADDRESS, goto_prefix="https://www.") == "https://www.babycenter.com/baby-names"


@pytest.mark.parametrize("text", ["chrome://settings/appearance", "https://www.a.org/?q=1", "file:///home/user/a.html"])
def test_address_that_is_shown_whole_gets_no_prefix(text: str) -> None:
    assert Browsing(tree(text)).get(ADDRESS, goto_prefix="https://www.") == text


def test_host_with_a_port_is_no_scheme() -> None:
    assert Browsing(tree("localhost:8000/a")).get(ADDRESS) == "https://localhost:8000/a"


@pytest.mark.parametrize("application", ["Google Chrome", "Chromium"])
def test_window_in_front_counts(application: str) -> None:
    assert Browsing(tree("a.org", "b.org", active=1, application=application)).get(ADDRESS) == "https://b.org"
    assert Browsing(tree("a.org", "b.org", active=9, application=application)).get(ADDRESS) == "https://a.org"


@pytest.mark.parametrize(
    "found",
    [None, "", "<desktop-frame>", tree(), tree(""), tree("a.org", "", active=1), tree("a.org", application="X")],
)
@pytest.mark.parametrize(
    ("getter", "config"),
    [
        (ADDRESS, {}),
        ("active_tab_info", {}),
        ("active_tab_html_parse", {"category": "class"}),
        ("active_tab_url_parse", {"parse_keys": ["q"]}),
        ("url_dashPart", {"partIndex": 0, "returnType": "string"}),
        ("url_path_parse", {"parse_keys": []}),
    ],
)
def test_without_an_address_there_is_nothing(found: str | None, getter: str, config: dict[str, Any]) -> None:
    assert Browsing(found).get(getter, **config) is None


class _Starting(Browsing):
    """Whose browser has a window before it tells what is in it."""

    looks = 0

    def observe(self, kinds: Any) -> Any:
        self.looks += 1
        return dict.fromkeys(kinds, tree("a.org") if self.looks > 2 else tree())

    def windows(self) -> list[Window]:
        return [Window("A - Chromium", "chromium.Chromium", 0, 0, 64, 48, active=True)]


def test_browser_that_was_just_started_is_waited_for() -> None:
    assert _Starting().get(ADDRESS) == "https://a.org"


def test_query_is_read_by_its_keys() -> None:
    machine = Browsing(tree("a.org/s?q=drip+coffee&amp;m=x%2Cy&amp;empty=&amp;q=2"))
    get = machine.get
    assert get("active_tab_url_parse", parse_keys=["q", "none"]) == {"q": "drip coffee", "none": ""}
    assert get("active_tab_url_parse", parse_keys=["q"], replace={"q": "time"}) == {"time": "drip coffee"}
    assert get("active_tab_url_parse", parse_keys=["m", "empty"], split_list=True) == {"m": ["x", "y"], "empty": [""]}


def test_address_that_is_none_has_no_query() -> None:
    assert Browsing(tree("[::1/?q=1")).get("active_tab_url_parse", parse_keys=["q"]) is None


@pytest.mark.parametrize(
    ("place", "options", "expected"),
    [
        (-2, {"returnType": "json", "key": "time"}, {"time": "june-weather"}),
        ("4", {"returnType": "string"}, "june-weather"),
        (-1, {"returnType": "string", "needDeleteId": True}, "329260"),
        (-1, {"returnType": "string"}, "329260?id=3"),
        (6, {"returnType": "string"}, None),
        (-7, {"returnType": "string"}, None),
    ],
)
def test_part_between_slashes_is_told_by_its_place(place: Any, options: dict[str, Any], expected: Any) -> None:
    machine = Browsing(tree("accuweather.com/m1/june-weather/329260?id=3"))
    assert machine.get("url_dashPart", partIndex=place, **options) == expected


MACYS = (
    "macys.com/shop/mens-clothing/mens-shirts/Men_regular_size_t,Price_discount_range,Sleeve_length/"
    "L,50_PERCENT_%20off%20%26%20more%7C60_PERCENT_%20off,Short%20Sleeve"
)
KEYS = ["mens_clothing", "shirts", "Men_regular_size_t", "Price_discount_range", "short_sleeve"]
HALF = "50_PERCENT_ off & more"


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        (MACYS, [True, True, "L", HALF, True]),
        (MACYS.replace("50_", "30_PERCENT_%20off%20%26%20more%7C50_"), [True, True, "L", f"not_{HALF}", True]),
        ("macys.com/shop/mens-clothing/Product_department,a/Shirts,b", [True, True, None, f"not_{HALF}", None]),
        ("macys.com/shop/a,b", [None, None, None, f"not_{HALF}", None]),
        ("macys.com", [None, None, None, f"not_{HALF}", None]),
    ],
)
@pytest.mark.parametrize("getter", ["url_path_parse", "macys_product_url_parse"])
def test_path_of_a_shop_says_what_it_shows(getter: str, address: str, expected: list[Any]) -> None:
    found = Browsing(tree(address)).get(getter, parse_keys=KEYS)
    assert [found.get(key) for key in KEYS] == expected
    wanted = dict(zip(KEYS, [True, True, "L", HALF, True], strict=True))
    score = metrics["check_direct_json_object"](found, {"expected": wanted})
    assert score == (expected == list(wanted.values()))


def _spec(getter: str, **config: Any) -> EvaluatorSpec:
    rule = GetterSpec("rule", {"type": "rule", "rules": {"expected": {}}})
    return EvaluatorSpec((Check("check_direct_json_object", GetterSpec(getter, {"type": getter, **config}), rule),))


def test_tree_that_a_getter_looks_at_is_asked_for() -> None:
    for getter in (ADDRESS, "active_tab_info", "active_tab_html_parse", "url_path_parse", "url_dashPart"):
        assert needs_of(_spec(getter)) == {"accessibility_tree"}
    assert needs_of(_spec("open_tabs_info")) == frozenset()


@pytest.mark.parametrize(
    ("getter", "config", "says"),
    [
        ("active_tab_html_parse", {"category": "klass"}, r"choices are 'class', 'label', .* - at \$.evaluator.result"),
        ("active_tab_html_parse", {"category": "class", "classObject": {}}, "no key 'classObject' is known here"),
        ("active_tab_url_parse", {}, "missing required field `parse_keys`"),
        ("gotoRecreationPage_and_get_html_content", {"selector": "class"}, "missing required field `class`"),
        ("url_dashPart", {"partIndex": 1, "returnType": "list"}, "choices are 'string', 'json'"),
        ("page_info", {"link": "x"}, "missing required field `url`"),
    ],
)
def test_misspelt_keys_are_told_before_the_episode(getter: str, config: dict[str, Any], says: str) -> None:
    with pytest.raises(TaskError, match=says):
        check_spec(_spec(getter, **config))
