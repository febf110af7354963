"""Getters of a browser fetch from a real one what it shows and what it keeps."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from agentgym.backends.x11.backend import X11Backend
from agentgym.evaluators import getters, metrics
from agentgym.setup import run_steps
from agentgym.setup.browser import in_browser
from agentgym.tasks import SetupStep

pytestmark = pytest.mark.desktop

_PATIENCE_S = 60.0
_SITE = "http://127.0.0.1:8000"

_FLIGHTS = """<title>Flights</title><script>document.cookie = 'seen=yes; max-age=9999'</script>
<div class="date"> Tue, Jun 9, 2026 </div><div class="date">later</div>
<div class="way">SEA<div class="line"></div><span>to</span> NYC </div>
<div class="day"><h3> Apply </h3>for</div><div class="day">-</div><div class="day"><h3>10:15 AM</h3></div>
<b class="chip">Black</b><b class="chip">On sale</b>
<ul class="list"><li class="catAllProducts"><span>Jeans</span> 3</li><li class="catAllProducts">none</li></ul>
<form><p>Name: <input value=" James "></p><p>Mail</p></form>"""
_CART = "<title>Cart</title><p id=p></p><script>p.textContent = document.cookie</script>"
_HOME = """<title>Recreation</title><input id="hero-search-input"><button class="nav-search-button" onclick="
setTimeout(() => found.className = 'search-result-highlight--success', 50)">Search</button>
<a id="found" href="/camp.html" target="_blank">Diamond</a>"""
_CAMP = """<title>Diamond</title><button class="next-available" onclick="
for (const day of document.querySelectorAll('.day')) day.textContent = ' free ' + day.id">Next</button>
<i class="day" id="a">-</i><i class="day" id="b">-</i><i class="day" id="c">-</i>"""
_PAGES = {"flights": _FLIGHTS, "cart": _CART, "index": _HOME, "camp": _CAMP}
_EXTENSION = "/home/user/Desktop/helloExtension"

_SET = "([key, value]) => new Promise(done => chrome.settingsPrivate.setPref(key, value, '', done))"
# The browser reads its search engines a while after it has started.
_SEARCH_WITH = """name => import('chrome://settings/settings.js').then(async page => {
    const engines = page.SearchEnginesBrowserProxyImpl.getInstance();
    for (let look = 0; look < 600; look++) {
        const found = (await engines.getSearchEnginesList()).defaults.find(engine => engine.name === name);
        if (found) return engines.setDefaultSearchEngine(found.id, page.ChoiceMadeLocation.SEARCH_SETTINGS, null);
        await new Promise(done => setTimeout(done, 50));
    }
    throw new Error(`no search engine ${name}`);
})"""


@pytest.fixture(scope="module")
def desktop() -> Iterator[X11Backend]:
    machine = X11Backend()
    machine.reset(seed=0)
    for name, page in _PAGES.items():
        machine.write(f"~/www/{name}.html", page.encode())
    machine.write(f"{_EXTENSION}/manifest.json", b'{"manifest_version": 3, "name": "Hello", "version": "1.0"}')
    machine.launch(["python3", "-m", "http.server", "8000", "--bind", "127.0.0.1", "--directory", "/home/user/www"])
    _await(lambda: machine.run(["python3", "-c", f"import urllib.request as u; u.urlopen('{_SITE}')"]).returncode == 0)
    _start(machine)
    yield machine
    machine.close()


def _start(machine: X11Backend, *, port: bool = True) -> None:
    # Those of other sites are answered here, too, without their certificates.
    options = ["--host-resolver-rules=MAP *.gov 127.0.0.1:8000"]
    if port:
        options += ["--remote-debugging-port=1337", "--enable-unsafe-extension-debugging"]
    machine.launch(["google-chrome", *options, f"{_SITE}/cart.html"])
    _await(lambda: "127.0.0.1:8000" in (_get(machine, "active_url_from_accessTree") or ""))
    _await(lambda: any("Cart" in window.title for window in machine.windows()))
    machine.settle(10.0)


def _stop(machine: X11Backend) -> None:
    """Ends it as tasks do."""
    run_steps([SetupStep("launch", {"command": ["pkill", "chrome"]})], machine)


def _await(condition: Callable[[], Any]) -> None:
    deadline = time.monotonic() + _PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def _get(machine: X11Backend, name: str, **config: Any) -> Any:
    return getters[name](machine, {"type": name, **config})


def _go(machine: X11Backend, address: str) -> None:
    """Has the first tab go somewhere, and waits until the address bar says so."""

    def go(browser: Any) -> None:
        first = browser.contexts[0].pages[0]
        first.goto(f"{_SITE}/{address}")
        first.bring_to_front()

    in_browser(machine, go)
    _await(lambda: (_get(machine, "active_url_from_accessTree") or "").endswith(address))


def test_address_bar_tells_the_tab_in_front(desktop: X11Backend) -> None:
    _go(desktop, "flights.html?q=drip%20coffee")
    address = f"{_SITE}/flights.html?q=drip%20coffee"
    assert _get(desktop, "active_url_from_accessTree", goto_prefix="http://") == address
    assert _get(desktop, "active_tab_url_parse", parse_keys=["q"]) == {"q": "drip coffee"}
    info = _get(desktop, "active_tab_info", goto_prefix="https://www.")
    assert (info["title"], info["url"]) == ("Flights", address)
    assert "SEA" in info["content"]


_ALL_OF_CLASSES = {
    "class_singleObject": {"date": "time", "none": "nothing", "a/b": "odd"},
    "class_multiObject": {"date": {"1": "second", "2": "third"}},
    "class_multiObject_child": {"way": {"0": "start", "1": "end"}},
    "class_multiObject_only_child": {"day": {"0": "content", "1": "hour"}},
    "class_multiObject_search_exist": {"chip": ["Black", "Red", "is_other_exist"]},
}
_FOUND_OF_CLASSES = {
    "time": "Tue, Jun 9, 2026",
    "nothing": "",
    "odd": "",
    "second": "later",
    "third": "",
    "start": "SEA",
    "end": "NYC",
    "content": "Apply",
    "hour": "10:15 AM",
    "Black": True,
    "Red": False,
    "is_other_exist": True,
}


@pytest.mark.parametrize(
    ("category", "config", "expected"),
    [
        ("class", _ALL_OF_CLASSES, _FOUND_OF_CLASSES),
        (
            "class",
            {"class_multiObject_search_exist": {"chip": ["Black", "On sale", "is_other_exist"]}},
            {"Black": True, "On sale": True, "is_other_exist": False},
        ),
        (
            "class&url",
            {
                "class_multiObject": {"chip": ["black", "On Sale", "blue"]},
                "class_multiObject_li": {"list": ["Jeans"]},
                "url_include_expected": ["Q=Drip", "black", "rome"],
                "url_include_expected_multichoice": {"coffee": "Drink", "tea": "Tea"},
            },
            {
                "black": True,
                "on sale": True,
                "jeans": True,
                "is_other_exist": False,
                "q=drip": True,
                "rome": False,
                "drink": True,
                "tea": False,
            },
        ),
        ("class&url", {"class_multiObject": {"chip": ["black"]}}, {"black": True, "is_other_exist": True}),
        ("label", {"labelObject": {"10:15": "hour", "nowhere": "none"}}, {"hour": "10:15 AM", "none": ""}),
        (
            "xpath",
            {"xpathObject": {"/html/body/div[2]": "a", "//h9": "b", "][": "c"}},
            {"a": "later", "b": "", "c": ""},
        ),
        (
            "input",
            {"inputObject": {"/html/body/form/p[1]/input": "name", "/html/body/form/p[2]": "mail", "//h9": "none"}},
            {"name": "James", "mail": "", "none": ""},
        ),
    ],
)
def test_texts_of_the_page_are_found(
    desktop: X11Backend, category: str, config: Mapping[str, Any], expected: Mapping[str, Any]
) -> None:
    if not (_get(desktop, "active_url_from_accessTree") or "").endswith("coffee"):
        _go(desktop, "flights.html?q=drip%20coffee")
    assert _get(desktop, "active_tab_html_parse", category=category, goto_prefix="http://", **config) == expected


def test_pages_are_opened_with_the_agents_cookies_and_behind_its_tab(desktop: X11Backend) -> None:
    _go(desktop, "flights.html")
    found = _get(desktop, "page_info", url=f"{_SITE}/cart.html")
    assert (found["title"], found["url"]) == ("Cart", f"{_SITE}/cart.html")
    assert metrics["is_added_to_steam_cart"](found, {"items": ["seen=yes"]}) == 1
    assert _get(desktop, "active_url_from_accessTree", goto_prefix="http://") == f"{_SITE}/flights.html"
    assert _get(desktop, "open_tabs_info") == [{"title": "Flights", "url": f"{_SITE}/flights.html"}]


def test_page_that_cannot_be_opened_is_said_to_be(desktop: X11Backend) -> None:
    nowhere = "http://127.0.0.1:9/"
    assert _get(desktop, "page_info", url=nowhere) == {"title": "Connection failed", "url": nowhere, "content": ""}
    assert _get(desktop, "number_of_search_results") == 0


def test_every_tab_is_told(desktop: X11Backend) -> None:
    in_browser(desktop, lambda browser: browser.contexts[0].new_page().goto(f"{_SITE}/camp.html") and None)
    tabs = _get(desktop, "open_tabs_info")
    assert {"title": "Diamond", "url": f"{_SITE}/camp.html"} in tabs
    assert len(tabs) == 2
    in_browser(desktop, lambda browser: browser.contexts[0].pages[1].close())


def test_site_is_walked_through_for_what_is_expected(desktop: X11Backend) -> None:
    asked = {"selector": "class", "class": "day"}
    found = _get(desktop, "gotoRecreationPage_and_get_html_content", **asked, order="2")
    assert found == {"expected": {"day": "free c"}}
    assert metrics["check_direct_json_object"]({"day": "free c"}, found) == 1
    assert len(_get(desktop, "open_tabs_info")) == 1


def _choose_dark(browser: Any) -> None:
    page = browser.contexts[0].new_page()
    page.goto("chrome://settings/appearance")
    page.locator("#colorSchemeModeSelect").select_option("2")
    page.close()


def test_mode_of_colours_is_what_the_page_of_settings_shows(desktop: X11Backend) -> None:
    assert _get(desktop, "chrome_appearance_mode_ui") == "system"
    in_browser(desktop, _choose_dark)
    assert _get(desktop, "chrome_appearance_mode_ui") == "dark"
    assert _get(desktop, "chrome_color_scheme") == "dark"


_CHANGES = {
    "enable_do_not_track": True,
    "safebrowsing.enabled": True,
    "safebrowsing.enhanced": True,
    "session.restore_on_startup": 5,
    "webkit.webprefs.default_font_size": 24,
    "generated.cookie_default_content_setting": "session_only",
}


_CHOSEN = {
    "chrome_language": "en-US",
    "data_delete_automacally": "true",
    "default_search_engine": "Microsoft Bing",
    "enable_do_not_track": "true",
    "enable_enhanced_safety_browsing": "true",
    "enable_safe_browsing": "true",
    "enabled_experiments": [],
    "new_startup_page": "true",
    "profile_name": "Thomas",
}


def _change_settings(browser: Any) -> None:
    page = browser.contexts[0].new_page()
    page.goto("chrome://settings/manageProfile")
    page.evaluate(_SEARCH_WITH, "Microsoft Bing")
    for key, value in _CHANGES.items():
        assert page.evaluate(_SET, [key, value]), key
    page.evaluate("chrome.send('setProfileName', ['Thomas'])")
    browser.new_browser_cdp_session().send("Extensions.loadUnpacked", {"path": _EXTENSION})
    page.close()


def _make_folder(browser: Any) -> None:
    page = browser.contexts[0].new_page()
    page.goto("chrome://bookmarks")
    page.evaluate("new Promise(done => chrome.bookmarks.create({parentId: '1', title: 'Favorites'}, done))")
    page.close()


def test_what_it_was_used_for_is_told_by_it_and_by_its_files(desktop: X11Backend) -> None:
    _go(desktop, "flights.html")
    folders = {"type": "bookmark_bar_folders_names", "names": ["Favorites"]}
    assert metrics["is_expected_bookmarks"](_get(desktop, "bookmarks"), folders) == 0
    in_browser(desktop, _make_folder)
    assert metrics["is_expected_bookmarks"](_get(desktop, "bookmarks"), folders) == 1
    _stop(desktop)
    assert metrics["is_expected_bookmarks"](_get(desktop, "bookmarks"), folders) == 1
    visited = _get(desktop, "history", dest="history")
    assert metrics["check_history_deleted"](visited, {"type": "keywords", "keywords": ["flights"]}) == 0
    cookies = _get(desktop, "cookie_data", dest="Cookies")
    assert ["127.0.0.1", "seen"] in [[row[1], row[3]] for row in cookies]
    assert metrics["is_cookie_deleted"](cookies, {"type": "domains", "domains": ["127.0.0.1"]}) == 0
    _start(desktop)


def test_what_was_chosen_is_told_by_it_and_by_its_files(desktop: X11Backend) -> None:
    before = {name: _get(desktop, name) for name in ("data_delete_automacally", "enable_do_not_track")}
    assert set(before.values()) == {"false"}
    in_browser(desktop, _change_settings)
    for name in ("data_delete_automacally", "new_startup_page", "profile_name"):
        assert _get(desktop, name) == _CHOSEN[name], name
    assert _EXTENSION in _get(desktop, "find_unpacked_extension_path")
    _stop(desktop)
    for name, expected in _CHOSEN.items():
        assert _get(desktop, name) == expected, name
    assert metrics["check_font_size"](_get(desktop, "chrome_font_size"), {"type": "range", "min": 16, "max": 99}) == 1
    assert _EXTENSION in _get(desktop, "find_unpacked_extension_path")
    assert "Chromium PDF Viewer" in _get(desktop, "find_installed_extension_name")


def test_browser_that_lets_no_one_in_shows_its_address_and_no_more(desktop: X11Backend) -> None:
    _stop(desktop)
    _start(desktop, port=False)
    assert _get(desktop, "active_tab_info") is None
    assert _get(desktop, "active_tab_html_parse", category="class", class_singleObject={"date": "time"}) == {}
    _stop(desktop)
    assert _get(desktop, "active_url_from_accessTree") is None


def test_site_that_cannot_be_reached_equals_nothing(desktop: X11Backend) -> None:
    _stop(desktop)
    asked = {"selector": "class", "class": "day"}
    found = _get(desktop, "gotoRecreationPage_and_get_html_content", **asked)
    assert "ERR_" in found["expected"]["error_message"]
    assert metrics["check_direct_json_object"](found["expected"], found) == 0
