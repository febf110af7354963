"""Tools of MCP servers: real servers in processes of their own, outside of a sandbox."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from agentgym.actions import ToolCall
from agentgym.errors import MissingDependencyError, TaskError, UsageError
from agentgym.tasks import Task
from agentgym.tools import Tool, ToolContext, ToolResult, call_tool, resolve_tools, tool
from agentgym.tools.mcp import McpServer, opened, read_servers, server_named, written_server
from tests.tools.mcpserver import PIXEL

pytestmark = pytest.mark.episodes

HERE = Path(__file__).parent
SHOP = McpServer(name="shop", command=(sys.executable, str(HERE / "mcpserver.py")), host=True, timeout_s=10)
PLAIN = McpServer(name="plain", command=(sys.executable, str(HERE / "plainserver.py")), host=True, timeout_s=10)

Call = Callable[..., ToolResult]


@contextmanager
def tools_of(*servers: McpServer, own: Mapping[str, Tool] | None = None) -> Iterator[tuple[Mapping[str, Tool], Call]]:
    context = ToolContext(Task("t", "shop"))
    try:
        tools = opened(servers, own or {}, context)

        def call(name: str, /, **arguments: Any) -> ToolResult:
            return call_tool(tools, ToolCall(name, arguments), context, call_id="c")

        yield tools, call
    finally:
        context.close()


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Call]:
    with tools_of(replace(SHOP, cwd=str(tmp_path_factory.mktemp("shop")))) as (_, call):
        yield call


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Call]:
    with tools_of(replace(PLAIN, cwd=str(tmp_path_factory.mktemp("plain")))) as (_, call):
        yield call


def test_text_structured_and_image_contents_are_text_and_values(shop: Call) -> None:
    said = shop("say", text="hé")
    assert (said.ok, said.content, said.value) == (True, "hé", "hé")
    assert shop("order", item="tea", count=2).value == {"item": "tea", "count": 2}
    both = shop("both")
    assert (both.content, both.value) == ("three", {"value": 3})
    shown = shop("picture")
    assert shown.content == f"look:\n[image: image/png, {len(PIXEL)} bytes]"
    assert shown.value == [
        {"type": "text", "text": "look:"},
        {"type": "image", "mime_type": "image/png", "data": PIXEL},
    ]


def test_what_a_tool_refuses_is_its_error(shop: Call) -> None:
    refused = shop("refuse", why="no tea")
    assert not refused.ok
    assert "refuse" in refused.content
    assert "$.a" in shop("add", a="x").content
    assert "base64" in shop("bad_base64").content


def test_a_silent_server_is_the_tools_error_and_can_be_called_again() -> None:
    with tools_of(replace(SHOP, timeout_s=3.0)) as (_, call):
        silent = call("sleep", seconds=4)
        assert (silent.ok, silent.content) == (False, "MCP server 'shop' gave no answer: it was silent for 3 s")
        time.sleep(1.5)
        assert call("add", a=1).content == "2"


def test_a_server_may_change_what_it_offers() -> None:
    with tools_of(SHOP) as (tools, call):
        assert "dance" not in tools
        assert call("learn", name="dance").ok
        assert tools["dance"].description == "Was learnt."
        assert call("dance").content == "I know dance"


def test_a_server_that_died_says_its_last_words_and_is_started_by_the_next_call(plain: Call) -> None:
    died = plain("die")
    said = "MCP server 'plain' gave no answer: it ended; its last words: out of cheese"
    assert (died.ok, died.content) == (False, said)
    assert plain("note", text="again").ok


def test_nonsense_is_the_tools_error(plain: Call) -> None:
    nonsense = plain("nonsense")
    assert not nonsense.ok
    assert "what it sent is no answer" in nonsense.content
    refused = plain("protocol_error")
    assert (refused.ok, refused.content) == (False, "MCP server 'plain' gave no answer: not today")
    assert plain("note", text="still there").ok


def test_a_server_that_never_stops_babbling_is_given_up(plain: Call) -> None:
    babble = plain("babble")
    assert not babble.ok
    assert "it ended; it wrote what is no message: 'hm'" in babble.content
    assert plain("note", text="another").ok


def test_a_server_that_wants_a_model_is_told_that_there_is_none(plain: Call) -> None:
    told = plain("sampling")
    assert told.ok
    assert "error" in told.content


def test_a_name_that_no_tool_of_ours_can_have_is_made_one(plain: Call) -> None:
    assert plain("odd_name").content == "odd/name"


def test_tools_of_one_name_are_told_apart_by_their_servers() -> None:
    @tool
    def note(text: str) -> str:
        """Ours."""
        return text

    with tools_of(PLAIN, replace(SHOP, name="other"), replace(PLAIN, name="plain2"), own={"note": note}) as (tools, _):
        assert tools["note"] is note
        assert {"plain__note", "plain2__note", "plain__about", "add"} <= set(tools)
        assert "about" not in tools


def test_closing_ends_the_process() -> None:
    with tools_of(PLAIN) as (_, call):
        pid = int(call("about").value.partition('"pid": ')[2].partition(",")[0])
        os.kill(pid, 0)
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_server_that_does_not_start_says_why() -> None:
    with (
        pytest.raises(TaskError, match=r"'gone' did not start: .*No such file"),
        tools_of(McpServer(name="gone", command=("/no/such/program",), host=True)),
    ):
        pass
    failing = McpServer(name="failing", command=(sys.executable, "-c", "import no_such_module"), host=True)
    with (
        pytest.raises(TaskError, match="last words: ModuleNotFoundError: No module named 'no_such_module'"),
        tools_of(failing),
    ):
        pass


def test_a_server_that_says_nothing_is_not_waited_for_long() -> None:
    silent = McpServer(name="silent", command=("sleep", "60"), host=True, start_timeout_s=0.3)
    with pytest.raises(TaskError, match=r"'silent' did not start: it was not there within 0.3 s"), tools_of(silent):
        pass


def test_a_forked_child_leaves_its_parents_servers_alone(plain: Call) -> None:
    about = plain("about").value
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.write(write, plain("about").content.encode())
        finally:
            os._exit(0)
    os.close(write)
    with open(read, "rb") as told:
        assert b"belongs to the process that this one was forked from" in told.read()
    os.waitpid(child, 0)
    assert plain("about").value == about


def test_an_environment_that_nobody_closed_leaves_no_server_behind(tmp_path: Path) -> None:
    code = f"""
from agentgym.tasks import Task
from agentgym.tools import ToolContext
from agentgym.tools.mcp import McpServer, opened
stubborn = "import os, signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); open('pid', 'w').write(str(os.getpid()));"
serve = "import runpy; runpy.run_path({str(HERE / "plainserver.py")!r}, run_name='__main__'); signal.pause()"
server = McpServer(name="plain", command=({sys.executable!r}, "-c", stubborn + serve), host=True)
opened([server], {{}}, ToolContext(Task("t", "")))
"""
    ended = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env={**os.environ, "PYTHONPATH": os.getcwd()})
    assert ended.returncode == 0
    _wait_for_end(int((tmp_path / "pid").read_text()))


def _wait_for_end(pid: int) -> None:
    """Fails by the time-out of tests."""
    while os.path.exists(f"/proc/{pid}") and "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2]:
        time.sleep(0.02)


def test_two_servers_of_one_name_are_refused() -> None:
    with pytest.raises(TaskError, match="two MCP servers are named 'plain'"), tools_of(PLAIN, PLAIN):
        pass


def test_servers_are_read_from_the_common_form() -> None:
    config = {
        "mcpServers": {
            "files": {"command": "python", "args": ["files.py"], "env": {"ROOT": "/home/user"}},
            "shop": {"type": "http", "url": "http://127.0.0.1:8000/mcp"},
        }
    }
    servers = read_servers(config)
    assert servers["files"].command == ("python", "files.py")
    assert servers["shop"].url == "http://127.0.0.1:8000/mcp"
    assert servers == read_servers(config["mcpServers"])
    assert server_named("mcp:shop", {"mcp_servers": config}) == servers["shop"]


@pytest.mark.parametrize(
    "server",
    [
        McpServer(name="a", command=("x", "-y"), packages=True, cwd="/tmp"),
        McpServer(name="a", url="http://127.0.0.1:1/", headers={"X": "y"}, start_timeout_s=1),
    ],
)
def test_what_is_written_of_a_server_is_read_again(server: McpServer) -> None:
    assert read_servers(written_server(server)) == {"a": server}


def test_a_server_outside_is_not_written_down() -> None:
    with pytest.raises(UsageError, match="'plain' is outside of the sandbox"):
        written_server(PLAIN)


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ({"command": "x", "url": "http://h/"}, "one of them"),
        ({}, "one of them"),
        ({"command": "x", "host": True}, "host"),
        ({"url": "https://example.org/mcp"}, "host=True"),
        ({"url": "file:///etc/passwd"}, "http://"),
        ({"command": "x", "timeout_s": 0}, "more than 0"),
        ({"command": 7}, "Expected `str | null`"),
    ],
)
def test_a_task_cannot_ask_for_what_is_no_server_or_is_outside(entry: dict[str, Any], said: str) -> None:
    with pytest.raises(TaskError, match="'it'") as refused:
        read_servers({"it": entry})
    assert said in str(refused.value)


def test_a_server_that_the_task_does_not_describe_is_refused() -> None:
    with pytest.raises(TaskError, match=r"'mcp:shop': .* has no server 'shop', but 'files'"):
        server_named("mcp:shop", {"mcp_servers": {"files": {"command": "x"}}})


def test_without_the_sdk_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mcp", None)
    with pytest.raises(MissingDependencyError, match=r"pip install 'agentgym-envs\[mcp\]'"), tools_of(PLAIN):
        pass


def test_a_server_has_no_tools_without_an_episode() -> None:
    with pytest.raises(UsageError, match="'mcp:shop' are those of an MCP server, which only an episode has"):
        resolve_tools(["mcp:shop"])


def test_a_name_is_short_and_plain() -> None:
    with pytest.raises(UsageError, match="not 'a b'"):
        McpServer(name="a b", command=("x",))
    with pytest.raises(UsageError, match="a sequence of words"):
        McpServer(name="a", command="x")  # type: ignore[arg-type]
