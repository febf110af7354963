"""A real browser without a window, driven by Debian's chromedriver."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tempfile
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

__all__ = ["Browser", "browser"]

_ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
_ARGUMENTS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1000,900",
)


class Browser:
    """One page.

    Args:
        session: its address at the driver.
    """

    def __init__(self, session: str) -> None:
        self._session = session

    def open(self, url: str) -> None:
        self._ask("POST", "/url", {"url": url})

    def element(self, selector: str) -> dict[str, str]:
        found: dict[str, str] = self._ask("POST", "/element", {"using": "css selector", "value": selector})
        return found

    def text(self, selector: str) -> str:
        return str(self.run(f"return document.querySelector({json.dumps(selector)}).textContent"))

    def click(self, selector: str) -> None:
        self._ask("POST", f"/element/{self.element(selector)[_ELEMENT]}/click", {})

    def write(self, selector: str, text: str) -> None:
        place = f"/element/{self.element(selector)[_ELEMENT]}"
        self._ask("POST", f"{place}/clear", {})
        self._ask("POST", f"{place}/value", {"text": text})

    def pointer(self, *actions: dict[str, Any]) -> None:
        """Moves, presses, releases, as WebDriver has them."""
        self._ask("POST", "/actions", {"actions": [{"type": "pointer", "id": "mouse", "actions": list(actions)}]})

    def wheel(self, selector: str, dy: int) -> None:
        scroll = {"type": "scroll", "x": 0, "y": 0, "deltaX": 0, "deltaY": dy, "origin": self.element(selector)}
        self._ask("POST", "/actions", {"actions": [{"type": "wheel", "id": "wheel", "actions": [scroll]}]})

    def keys(self, *keys: dict[str, Any]) -> None:
        self._ask("POST", "/actions", {"actions": [{"type": "key", "id": "keys", "actions": list(keys)}]})

    def run(self, script: str) -> Any:
        return self._ask("POST", "/execute/sync", {"script": script, "args": []})

    def wait(self, condition: str) -> None:
        """Until the expression is true on the page."""
        script = (
            f"const done = arguments[0]; const look = () => ({condition}) ? done(true) : setTimeout(look, 20); look();"
        )
        self._ask("POST", "/execute/async", {"script": script, "args": []})

    def screenshot(self, path: Path) -> None:
        import base64

        path.write_bytes(base64.b64decode(self._ask("GET", "/screenshot")))

    def _ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        return _ask(method, f"{self._session}{path}", body)


@contextmanager
def browser() -> Iterator[Browser]:
    """A browser until the block ends."""
    programs = {name: shutil.which(name) for name in ("chromium", "chromedriver")}
    if None in programs.values():
        pytest.skip("this release has no chromium or no chromedriver")
    with tempfile.TemporaryDirectory() as profile:
        driver = subprocess.Popen(
            [str(programs["chromedriver"]), "--port=0"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        try:
            assert driver.stdout is not None
            port = _port(iter(driver.stdout))
            options = {"binary": programs["chromium"], "args": [*_ARGUMENTS, f"--user-data-dir={profile}"]}
            wanted = {"capabilities": {"alwaysMatch": {"goog:chromeOptions": options}}}
            session = _ask("POST", f"http://127.0.0.1:{port}/session", wanted)["sessionId"]
            address = f"http://127.0.0.1:{port}/session/{session}"
            try:
                yield Browser(address)
            finally:
                _ask("DELETE", address)
        finally:
            driver.terminate()
            driver.wait()
            if driver.stdout is not None:
                driver.stdout.close()


def _port(said: Iterator[str]) -> int:
    lines: list[str] = []
    for line in said:
        lines.append(line)
        if found := re.search(r"successfully on port (\d+)", line):
            return int(found[1])
    raise AssertionError(f"chromedriver did not start: {''.join(lines)}")


def _ask(method: str, url: str, body: dict[str, Any] | Sequence[Any] | None = None) -> Any:
    said = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, said, {"Content-Type": "application/json"}, method=method)
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)["value"]
