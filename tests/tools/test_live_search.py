"""A live search, against a real server on this machine."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import gymnasium as gym
import pytest

from agentgym.actions import ToolCall
from agentgym.errors import BackendError, ToolError, UsageError
from agentgym.tasks import Task
from agentgym.testing.search import check_search_provider
from agentgym.tools import ToolContext, call_tool, resolve_tools
from agentgym.tools.search import Searxng, provider_of, search_tools

PAGE = '<title>Otters</title><h1>Otters</h1><p>They swim. <a href="/rivers">Rivers</a></p>'
SENT = {
    "/html": ("<p>format json is not allowed here", "text/html"),
    "/page0": (PAGE, "text/html; charset=utf-8"),
    "/latin": ("<p>caf\xe9", "text/html; charset=latin-1", "latin-1"),
    "/plain": ("plain words", "text/plain"),
    "/notes.md": ("# Notes\n[on](/plain)", "text/markdown"),
    "/picture": ("x", "image/png"),
    "/huge": ("x" * 9_000_000, "text/plain"),
}
LEADING = {
    "/moved": "/page0",
    "/to-file": "file:///etc/passwd",
    "/to-inside": "{other}/page0",
    "/round": "/round",
}


class Answers(BaseHTTPRequestHandler):
    """What a SearXNG server and some pages of others answer."""

    def do_GET(self) -> None:
        split = urlsplit(self.path)
        base = f"http://127.0.0.1:{self.server.server_port}"  # type: ignore[attr-defined]  # an HTTP server's
        if split.path == "/search":
            self._search({key: values[0] for key, values in parse_qs(split.query).items()}, base)
        elif split.path in SENT:
            self._send(*SENT[split.path])
        elif split.path in LEADING:
            self._redirect(LEADING[split.path].format(other=base.replace("127.0.0.1", "localhost")))
        elif split.path == "/drip":
            self._drip()
        else:
            self.send_error(500 if split.path == "/broken" else 404)

    def _search(self, asked: dict[str, str], base: str) -> None:
        assert (asked["format"], asked.get("language", "en")) == ("json", "en")
        results: list[dict[str, Any]] = [
            {"url": f"{base}/page{number}", "title": f"{asked['q']} {number}", "content": "swims", "engine": "x"}
            for number in range(8)
        ]
        results[1] |= {"title": None, "content": None, "publishedDate": "2024-05-06T07:08:09"}
        self._send(json.dumps({"query": asked, "results": results, "suggestions": []}), "application/json")

    def _send(self, text: str, kind: str, encoding: str = "utf-8") -> None:
        body = text.encode(encoding)
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        try:
            self.wfile.write(body)
        except ConnectionError:
            return  # has read enough

    def _redirect(self, to: str) -> None:
        self.send_response(302)
        self.send_header("Location", to)
        self.end_headers()

    def _drip(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.end_headers()
        for _ in range(100):
            try:
                self.wfile.write(b"x")
            except ConnectionError:
                return
            time.sleep(0.05)

    def log_message(self, *args: Any) -> None:
        return


@pytest.fixture(scope="module")
def base() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def live(base: str) -> Searxng:
    return Searxng(f"{base}/search", parameters={"language": "en"}, allow=("127.0.0.1",), timeout_s=5)


def test_results_come_in_the_order_of_the_server(live: Searxng, base: str) -> None:
    hits = live.search("otter & co", 3)
    assert [hit.title for hit in hits] == ["otter & co 0", f"{base}/page1", "otter & co 2"]
    assert (hits[0].snippet, hits[1].snippet, hits[1].revised) == ("swims", "", "2024-05-06")


def test_a_task_configures_it_and_its_tools_use_it(base: str) -> None:
    search = {"provider": "searxng", "address": f"{base}/search", "allow": ["127.0.0.1"]}
    context = ToolContext(Task("t", "i", metadata={"search": search}))
    tools = resolve_tools(["web_search", "open_page"])

    def call(name: str, **arguments: Any) -> str:
        return call_tool(tools, ToolCall(name, arguments), context, call_id="1").content

    assert f"1. otters 0\n   {base}/page0\n   swims" in call("web_search", query="otters", limit=1)
    shown = call("open_page", address=f"{base}/page0")
    assert shown.startswith(f"Otters\n{base}/page0, characters 0 to ")
    assert "They swim. Rivers [1]" in shown
    assert call("open_page", address="1") == f"there is no page at '{base}/rivers'; web_search finds addresses"


def test_it_keeps_the_promises_of_a_provider(live: Searxng, base: str) -> None:
    check_search_provider(live, query="otters", nowhere=f"{base}/none")


def test_an_episode_whose_search_does_not_answer_is_not_scored() -> None:
    task = Task(
        "t", "i", tools=("web_search",), metadata={"search": {"provider": "searxng", "address": "http://127.0.0.1:1/"}}
    )
    env = gym.make("agentgym/Tools-v0", task=task, disable_env_checker=True)
    env.reset(seed=0)
    with pytest.raises(BackendError, match="the search does not answer") as raised:
        env.step({"name": "web_search", "arguments": {"query": "x"}})
    assert raised.value.kind == "network"
    env.close()


def test_a_search_is_given_to_the_tools_by_hand(live: Searxng, base: str) -> None:
    tools = resolve_tools(search_tools(live))
    result = call_tool(tools, ToolCall("web_search", {"query": "x"}), ToolContext(Task("t", "i")), call_id="1")
    assert result.ok
    assert f"{base}/page0" in result.content


@pytest.mark.parametrize(
    ("path", "title", "text"),
    [
        ("/page0", "Otters", "Otters\nThey swim. Rivers"),
        ("/moved", "Otters", "Otters\nThey swim. Rivers"),
        ("/latin", "{base}/latin", "café"),
        ("/plain", "{base}/plain", "plain words"),
        ("/notes.md", "Notes", "# Notes\non"),
    ],
)
def test_pages_of_different_kinds_are_read(live: Searxng, base: str, path: str, title: str, text: str) -> None:
    page = live.page(f"{base}{path}")
    assert page is not None
    assert (page.title, page.text) == (title.format(base=base), text)


def test_a_page_that_is_not_there_is_none(live: Searxng, base: str) -> None:
    assert live.page(f"{base}/none") is None


def test_only_the_beginning_of_what_is_huge_is_read(live: Searxng, base: str) -> None:
    page = live.page(f"{base}/huge")
    assert page is not None
    assert len(page.text) == 4_000_000


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("/picture", "is image/png, which cannot be shown as text"),
        ("/broken", "answered 500"),
        ("/to-file", "answered 302"),
        ("/to-inside", "localhost is at .*, which is not on the public network"),
        ("/round", "answered 302"),
    ],
)
def test_what_cannot_be_opened_says_why(live: Searxng, base: str, path: str, message: str) -> None:
    with pytest.raises(ToolError, match=message):
        live.page(f"{base}{path}")


def test_what_comes_too_slowly_is_given_up(base: str) -> None:
    began = time.monotonic()
    with pytest.raises(ToolError, match="too slowly"):
        Searxng(f"{base}/search", allow=("127.0.0.1",), timeout_s=3.0).page(f"{base}/drip")
    assert time.monotonic() - began < 20


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "0.0.0.0", "[::ffff:127.0.0.1]"])
def test_this_machine_is_not_reached_unless_it_is_allowed(base: str, host: str) -> None:
    inside = f"http://{host}:{urlsplit(base).port}/page0"
    with pytest.raises(ToolError, match=r"not on the public network|refused|cannot open"):
        Searxng(f"{base}/search", timeout_s=5).page(inside)


@pytest.mark.parametrize(
    "address", ["file:///etc/passwd", "ftp://a.example/", "/relative", "http://", "http://[bad", ""]
)
def test_only_pages_of_the_web_are_opened(live: Searxng, address: str) -> None:
    with pytest.raises(ToolError, match="an address begins with http"):
        live.page(address)


def test_a_server_that_does_not_speak_json_or_is_not_there_is_told_apart(base: str) -> None:
    with pytest.raises(BackendError, match=r"/html does not answer with results in JSON"):
        Searxng(f"{base}/html").search("x", 3)
    with pytest.raises(BackendError, match=r"the search does not answer: cannot open http://127.0.0.1:1/search"):
        Searxng("http://127.0.0.1:1/search").search("x", 3)
    with pytest.raises(ValueError, match="no word"):
        Searxng(f"{base}/search").search(" ", 3)


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({}, "missing required field `address`"),
        ({"address": "search.example"}, "it must begin with http"),
        ({"address": "http://s.example", "timeout_s": 0}, "it must be over 0"),
        ({"address": "http://s.example", "adress": "x"}, "unknown field `adress`"),
        ({"address": "http://s.example", "allow": "x"}, r"\$\.allow"),
    ],
)
def test_a_mistaken_configuration_says_where(config: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        provider_of(Task("t", "i", metadata={"search": {"provider": "searxng", **config}}))
