from __future__ import annotations

import json
from pathlib import Path

import pytest

from agentgym.tools import resolve_tools
from tests.cli.conftest import Run, write_tasks

CODE = '''
from agentgym.tools import Tool, ToolContext, ToolError, tool


@tool
def stock(item: str, least: int = 0, context: ToolContext = None) -> str:
    """How many there are.

    Said at once.
    """
    if item == "ink":
        raise ToolError("no ink here")
    return f"{item!r} {least!r} {context.task.id} {context.rng.integers(1000)}"


@tool
def show(path: str, context: ToolContext) -> str:
    """Shows a file."""
    return context.workspace.read(path).decode()


BOTH = [stock, show]
'''


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    (tmp_path / "tool_shop.py").write_text(CODE)
    monkeypatch.chdir(tmp_path)
    return "tool_shop"


@pytest.mark.parametrize("command", ["list", "schema", "call"])
def test_help_has_examples(command: str, run: Run) -> None:
    code, out, _ = run("tools", command, "--help")
    assert code == 0
    assert len([line for line in out.splitlines() if line.strip().startswith(f"agentgym tools {command}")]) >= 2


def test_list_shows_parameters_and_what_a_tool_is_for(shop: str, run: Run) -> None:
    code, out, _ = run("tools", "list", f"{shop}:BOTH", "--json")
    assert code == 0
    assert json.loads(out) == [
        {"name": "stock", "parameters": "item, least?", "about": "How many there are."},
        {"name": "show", "parameters": "path", "about": "Shows a file."},
    ]


def test_list_names_all_that_is_registered(run: Run) -> None:
    code, out, _ = run("tools", "list", "--json")
    listed = {row["name"] for row in json.loads(out)}
    assert code == 0
    assert {"bash", "python", "read", "write", "submit"} <= listed
    registered = json.loads(run("list", "tools", "--json")[1])
    assert "shop:refund" in listed, "by the name that finds it"
    assert set(resolve_tools(listed)) == set(resolve_tools(registered))


@pytest.mark.parametrize("name", ["shop:refund", "refund"])
def test_one_of_several_tools_is_found_by_either_name(name: str, run: Run) -> None:
    code, out, _ = run("tools", "schema", name)
    (definition,) = json.loads(out)
    assert (code, definition["function"]["name"]) == (0, "refund")


def test_a_name_that_gives_several_tools_is_no_call(run: Run) -> None:
    code, _, err = run("tools", "call", "shop")
    assert code == 2
    assert "name one of them, such as shop:read_policy" in err


def test_list_of_a_task(shop: str, run: Run, tmp_path: Path) -> None:
    path = write_tasks(tmp_path / "tasks.jsonl", {"id": "a", "tools": [f"{shop}:stock", "bash"]})
    rows = json.loads(run("tools", "list", "--task", path, "--json")[1])
    assert [row["name"] for row in rows] == ["stock", "bash"]


def test_schema_is_what_openais_api_takes(shop: str, run: Run) -> None:
    code, out, _ = run("tools", "schema", f"{shop}:stock")
    (definition,) = json.loads(out)
    assert code == 0
    assert definition["type"] == "function"
    assert definition["function"]["parameters"]["properties"]["least"] == {"type": "integer", "default": 0}


def test_call_writes_the_result(shop: str, run: Run) -> None:
    # The text 5 is text where the tool takes text, and a number where it takes a number.
    code, out, err = run("tools", "call", f"{shop}:stock", "item=5", "least=5", "--seed", "1")
    assert (code, err) == (0, "")
    assert out.startswith("'5' 5 call ")
    again = run("tools", "call", f"{shop}:stock", "--arguments", '{"item": "5", "least": 5}', "--seed", "1")
    assert again == (0, out, "")


def test_call_of_a_tool_that_fails_is_exit_1(shop: str, run: Run) -> None:
    assert run("tools", "call", f"{shop}:stock", "item=ink") == (1, "", "no ink here\n")
    code, _, err = run("tools", "call", f"{shop}:stock", "itm=pen")
    assert code == 1
    assert "$.itm: no argument of this name; did you mean 'item'?" in err


def test_call_on_a_tasks_machine(shop: str, run: Run, tmp_path: Path) -> None:
    setup = [{"type": "file", "parameters": {"path": "~/a.txt", "content": "hello"}}]
    path = write_tasks(tmp_path / "tasks.jsonl", {"id": "a", "config": setup})
    called = run("tools", "call", f"{shop}:show", "path=~/a.txt", "--task", path, "--backend", "memory")
    assert called == (0, "hello\n", "")


def test_validate_tells_of_tools_that_there_are_not(run: Run, tmp_path: Path) -> None:
    path = write_tasks(tmp_path / "tasks.jsonl", {"id": "a", "tools": ["bash", "wirte"]})
    code, out, err = run("validate", path)
    assert code == 1
    assert "no tool named 'wirte'; did you mean 'write'? - at $.tools[1]" in out + err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["call", "bsh"], "no tool named 'bsh'; did you mean 'bash'?"),
        (["call", "tool_shop:BOTH"], "'tool_shop:BOTH' is 2 tools, stock, show; name one of them"),
        (["call", "tool_shop:stock", "item"], "arguments are KEY=VALUE, got 'item'"),
        (["call", "tool_shop:stock", "--arguments", "[1]"], "--arguments takes a JSON object, got '[1]'"),
        (["call", "tool_shop:stock", "item=a", "--arguments", "{}"], "give KEY=VALUE or --arguments, not both"),
        (["call", "tool_shop:stock", "--backend", "memry"], "did you mean 'memory'?"),
        (["schema", "nowhere:stock"], "cannot import 'nowhere'"),
    ],
)
def test_a_mistake_is_exit_2(arguments: list[str], says: str, shop: str, run: Run) -> None:
    code, out, err = run("tools", *arguments)
    assert (code, out) == (2, "")
    assert says in err
