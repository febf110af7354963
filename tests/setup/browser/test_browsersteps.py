"""Tabs are opened and closed as OSWorld does it; a history that is laid is the one that the browser shows."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from agentgym.backends.x11.backend import X11Backend
from agentgym.errors import TaskError
from agentgym.setup import run_steps
from agentgym.setup.browser import in_browser, tabs
from agentgym.setup.browser.tabs import PageWarning
from agentgym.setup.windows import await_window
from agentgym.tasks import SetupStep

pytestmark = pytest.mark.desktop

_SITE = "http://localhost:8000"
_AWAIT_SITE = "until bash -c '</dev/tcp/127.0.0.1/8000' 2>/dev/null; do sleep 0.02; done"


@pytest.fixture(scope="module")
def machine() -> Iterator[X11Backend]:
    made = X11Backend(accessibility=False)
    yield made
    made.close()


@pytest.fixture
def desktop(machine: X11Backend) -> X11Backend:
    """A fresh one with a web site of its own, and without any other."""
    machine.reset(seed=0)
    for name in ("one", "two", "three"):
        machine.write(f"~/site/{name}.html", f"<title>Page {name}</title>".encode())
    machine.write("~/site/archive.zip", b"PK")
    machine.launch(["python3", "-m", "http.server", "8000", "--bind", "127.0.0.1", "--directory", "site"])
    machine.run(["sh", "-c", _AWAIT_SITE])
    return machine


def _run(desktop: X11Backend, kind: str, **parameters: Any) -> None:
    run_steps([SetupStep(kind, parameters)], desktop)


def _addresses(browser: Any) -> list[str]:
    return [page.url for page in browser.contexts[0].pages]


def _launch_as_tasks_do(desktop: X11Backend) -> None:
    desktop.launch(["google-chrome", "--remote-debugging-port=1337"])
    desktop.launch(["socat", "tcp-listen:9222,fork", "tcp:localhost:1337"])


def test_tabs_are_opened_in_place_of_the_first_and_closed_by_their_address(
    desktop: X11Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tabs, "_THERE_PATIENCE_S", 2.0)
    _launch_as_tasks_do(desktop)
    desktop.write("~/page.html", b"<title>A file</title>")
    addresses = [f"{_SITE}/one.html", "file:///home/user/page.html", f"{_SITE}/two.html?x=1"]
    _run(desktop, "chrome_open_tabs", urls_to_open=addresses)
    assert sorted(in_browser(desktop, _addresses, start=False)) == sorted(addresses)
    await_window(desktop, "Page two - Chromium")
    assert len(desktop.windows()) == 1
    in_browser(desktop, lambda browser: browser.contexts[0].new_page() and None)
    _run(desktop, "chrome_open_tabs", urls_to_open=[f"{_SITE}/three.html"])
    assert sorted(in_browser(desktop, _addresses)) == sorted([*addresses, f"{_SITE}/three.html"])
    _run(desktop, "chrome_close_tabs", urls_to_close=[*addresses[1:], "https://example.org", f"{_SITE}/three.html"])
    assert in_browser(desktop, _addresses) == [addresses[0]]


def test_page_that_does_not_load_is_told_and_its_tab_stays(desktop: X11Backend) -> None:
    addresses = ["https://example.org/a", f"{_SITE}/one.html", f"{_SITE}/archive.zip", "no address"]
    told = (
        r"^2 of 4 pages did not load: 'https://example.org/a': net::ERR_\w+; 'no address': .*Cannot navigate to invalid"
    )
    with pytest.warns(PageWarning, match=told):
        _run(desktop, "chrome_open_tabs", urls_to_open=addresses)
    assert {"chrome-error://chromewebdata/", f"{_SITE}/one.html"} <= set(in_browser(desktop, _addresses))
    with pytest.raises(TaskError, match=r"step 'chrome_open_tabs': 1 of 1 pages did not load: 'https://example.org/a'"):
        _run(desktop, "chrome_open_tabs", urls_to_open=["https://example.org/a"], must_load=True)


def test_history_that_is_laid_is_the_one_that_the_browser_shows(desktop: X11Backend) -> None:
    def shown(browser: Any) -> list[str]:
        page = browser.contexts[0].new_page()
        page.goto("chrome://history")
        page.get_by_role("link", name="Second page").wait_for()
        return [str(text).strip() for text in page.get_by_role("link").all_inner_texts()]

    visits = [("https://first.example/a", "First page", 3600), ("https://second.example/", "Second page", 7200)]
    keys = ("url", "title", "visit_time_from_now_in_seconds")
    _run(desktop, "update_browse_history", history=[{"url": "https://gone.example", "title": "Gone", keys[2]: 60}])
    _run(desktop, "update_browse_history", history=[dict(zip(keys, visit, strict=True)) for visit in visits])
    titles = [text for text in in_browser(desktop, shown) if text in ("First page", "Second page", "Gone")]
    assert titles == ["First page", "Second page"]
    with pytest.raises(TaskError, match=r"\$.config\[0\].parameters.history\[0\]"):
        _run(desktop, "update_browse_history", history=[{"url": "https://first.example"}])


def test_page_that_is_opened_is_a_tab_of_the_browser_that_the_task_started(desktop: X11Backend) -> None:
    _launch_as_tasks_do(desktop)
    _run(desktop, "chrome_open_tabs", urls_to_open=[f"{_SITE}/one.html"])
    _run(desktop, "open", path="~/site/two.html")
    assert sorted(in_browser(desktop, _addresses)) == ["file:///home/user/site/two.html", f"{_SITE}/one.html"]


def test_browser_that_a_task_ends_and_starts_again_is_another(desktop: X11Backend) -> None:
    _launch_as_tasks_do(desktop)
    _run(desktop, "chrome_open_tabs", urls_to_open=[f"{_SITE}/one.html"])
    _run(desktop, "launch", command=["pkill", "chrome"])
    assert desktop.windows() == []
    # What a getter reads is written.
    desktop.read("~/.config/google-chrome/Default/Preferences")
    _run(desktop, "launch", command=["google-chrome", "--remote-debugging-port=1337"])
    (address,) = in_browser(desktop, _addresses, start=False)
    assert address.startswith("chrome://new-tab-page")


def test_what_a_task_adds_to_the_settings_is_there_from_the_first_start(desktop: X11Backend) -> None:
    settings = "~/.config/google-chrome/Default/Preferences"
    session = {"restore_on_startup": 4, "startup_urls": [f"{_SITE}/two.html"]}
    desktop.write(settings, json.dumps(json.loads(desktop.read(settings)) | {"session": session}).encode())
    _launch_as_tasks_do(desktop)
    in_browser(desktop, lambda browser: browser.contexts[0].pages[0].wait_for_url(f"{_SITE}/two.html"), start=False)
