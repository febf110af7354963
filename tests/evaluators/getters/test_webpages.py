"""Pages are read, printed and signed in to by a real browser, on a site of our own in the same machine."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pypdf
import pytest

from agentgym.backends.base import Completed
from agentgym.backends.memory import MemoryBackend
from agentgym.backends.x11.backend import X11Backend
from agentgym.errors import MissingDependencyError, TaskError, UsageError
from agentgym.evaluators import check_spec, getters
from agentgym.evaluators.getters import webpages
from agentgym.setup import run_steps
from agentgym.setup.browser import in_browser, login
from agentgym.tasks import Check, EvaluatorSpec, GetterSpec, SetupStep

_SITE = "http://127.0.0.1:8765"


@pytest.fixture(scope="module")
def desktop() -> Iterator[X11Backend]:
    machine = X11Backend(accessibility=False)
    machine.reset(seed=0)
    machine.write("/tmp/site.py", Path(__file__).with_name("signinsite.py").read_bytes())
    machine.launch(["python3", "/tmp/site.py"])
    # 8765 in hexadecimal: waits until it is listened to.
    machine.run(["sh", "-c", "until grep -q ':223D ' /proc/net/tcp; do :; done"], timeout_s=30)
    yield machine
    machine.close()


def _tabs(desktop: X11Backend) -> list[str]:
    return in_browser(desktop, lambda browser: [page.url for page in browser.contexts[0].pages])


def _infos(backend: Any, *infos: dict[str, Any], url: str = f"{_SITE}/page") -> Any:
    return getters["info_from_website"](backend, {"url": url, "infos": list(infos), "backups": "as it was"})


@pytest.mark.desktop
def test_page_is_read_in_a_tab_that_is_closed_again(desktop: X11Backend) -> None:
    found = _infos(
        desktop,
        {"selector": "h1"},
        {"action": "click_and_inner_text", "selector": ["#next", "h1"]},
        {"action": "attribute", "selector": "#next", "attribute": "title"},
        {"action": "click_and_attribute", "selector": ["#next", "h1"], "attribute": "title"},
    )
    assert found == ["Hello there", "The second", "to the second", None]
    assert len(_tabs(desktop)) == 1


@pytest.mark.desktop
def test_page_that_cannot_be_read_is_as_the_task_says(desktop: X11Backend, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webpages, "_ELEMENT_MS", 200.0)
    assert _infos(desktop, {"selector": "h1"}, {"selector": "h7"}) == "as it was"
    assert _infos(desktop, {"selector": "h1"}, url=f"{_SITE}/gone") == "as it was"
    assert _infos(desktop, {"selector": "h1"}, url="http://no.such.host.example/") == "as it was"
    assert len(_tabs(desktop)) == 1


@pytest.mark.desktop
def test_page_is_printed_without_a_trace(desktop: X11Backend) -> None:
    before = desktop.run(["ls", "-A", "/tmp"]).stdout
    found = getters["pdf_from_url"](desktop, {"path": f"{_SITE}/page", "dest": "p.pdf"})
    assert found.name == "p.pdf"
    assert "Hello there" in pypdf.PdfReader(io.BytesIO(found.content)).pages[0].extract_text()
    assert desktop.run(["ls", "-A", "/tmp"]).stdout == before


def test_machine_without_browser_cannot_print() -> None:
    machine = MemoryBackend(commands={"sh": lambda _backend, _argv: Completed(127)})
    with pytest.raises(MissingDependencyError, match="no browser to print with"):
        getters["pdf_from_url"](machine, {"path": f"{_SITE}/page", "dest": "p.pdf"})
    with pytest.raises(UsageError, match="lets no browser's port out"):
        _infos(machine, {"selector": "h1"})


def test_action_that_is_none_is_refused_before_the_episode() -> None:
    config = {"url": _SITE, "infos": [{"action": "innertext", "selector": "h1"}]}
    check = Check(
        "exact_match", GetterSpec("info_from_website", config), GetterSpec("rule", {"rules": {"expected": ""}})
    )
    with pytest.raises(TaskError, match=r"'innertext'; the choices are .*infos\[0\]\.action"):
        check_spec(EvaluatorSpec((check,)))


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setitem(
        login._SITES,
        "googledrive",
        login._SITES["googledrive"]._replace(page=f"{_SITE}/drive"),
    )
    monkeypatch.setattr(login, "_SIGNED_IN_MS", 8000.0)
    (tmp_path / "settings.json").write_text(json.dumps({"email": "me@example.org", "password": "open sesame"}))
    return tmp_path / "settings.json"


def _login(backend: Any, settings: Path) -> None:
    told = {"settings_file": str(settings), "platform": "googledrive"}
    run_steps([SetupStep("login", told)], backend)


@pytest.mark.desktop
def test_browser_is_signed_in_once(desktop: X11Backend, settings: Path) -> None:
    told = json.loads(settings.read_text())
    settings.write_text(json.dumps({**told, "password": "closed sesame"}))
    with pytest.raises(TaskError, match=r"could not sign in to googledrive as me@example\.org: .*localhost") as caught:
        _login(desktop, settings)
    assert "sesame" not in str(caught.value)
    settings.write_text(json.dumps(told))
    _login(desktop, settings)
    assert f"{_SITE}/drive" in _tabs(desktop)
    # Another time nothing is asked for: a wrong password would be refused.
    settings.write_text(json.dumps({**told, "password": "closed sesame"}))
    _login(desktop, settings)


def test_settings_that_are_not_there_are_told(settings: Path) -> None:
    settings.write_text('{"email": "me"}')
    with pytest.raises(TaskError, match=r"no JSON with email and password: .*`password`"):
        _login(MemoryBackend(), settings)
    settings.unlink()
    with pytest.raises(TaskError, match=r"there are no settings to sign in with at .*JSON with email and password"):
        _login(MemoryBackend(), settings)
    with pytest.raises(TaskError, match=r"'facebook'.* - at \$\.config\[0\]\.parameters\.platform"):
        run_steps([SetupStep("login", {"settings_file": "s", "platform": "facebook"})], MemoryBackend())
