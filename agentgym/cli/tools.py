"""``agentgym tools``: what agents can call, how models are told of it, and a call to try."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import msgspec
import typer

from agentgym.actions import ToolCall
from agentgym.cli.corpus import corpus
from agentgym.cli.options import modules_from_here
from agentgym.cli.output import write_json, write_table
from agentgym.errors import MissingDependencyError, UsageError
from agentgym.families import load_tasks
from agentgym.tasks import Task
from agentgym.tools import Tool, resolve_tools, tools
from agentgym.tools.registry import full_names

__all__ = ["commands"]

commands = typer.Typer(
    help="Tools: what there is, their schemas, a call to try, pages to search.", no_args_is_help=True
)

Named = Annotated[list[str], typer.Argument(help="Registered names, or module:name.")]
AsJson = Annotated[bool, typer.Option("--json", help="Write JSON.")]


@commands.command("list")
def list_tools(
    names: Annotated[list[str] | None, typer.Argument(help="Registered names, or module:name; all if none.")] = None,
    task: Annotated[str | None, typer.Option(help="Those of this task.")] = None,
    json: AsJson = False,
) -> None:
    """List tools with their parameters.

    \b
    Examples:
      agentgym tools list
      agentgym tools list my_tools:stock --json
      agentgym tools list --task shell/find-files
    """
    with modules_from_here():
        found = _found(_task(task).tools if task is not None else names or list(tools))
    rows = [(name, _parameters(one), _sentence(one)) for name, one in found]
    if json:
        write_json([dict(zip(("name", "parameters", "about"), row, strict=True)) for row in rows])
        return
    write_table(("name", "parameters", ""), rows)


@commands.command("schema")
def schema(names: Named) -> None:
    """Write how models are told of tools, as OpenAI's API takes it.

    \b
    Examples:
      agentgym tools schema bash read write
      agentgym tools schema shop:refund
    """
    with modules_from_here():
        found = resolve_tools(map(_full, names))
    write_json([one.definition() for one in found.values()])


@commands.command("call")
def call(
    name: Annotated[str, typer.Argument(help="A registered name, or module:name.")],
    values: Annotated[list[str] | None, typer.Argument(help="KEY=VALUE; JSON, unless the parameter is text.")] = None,
    arguments: Annotated[str | None, typer.Option(help="All of them as a JSON object.")] = None,
    task: Annotated[str | None, typer.Option(help="On this task's machine, set up.")] = None,
    seed: Annotated[int, typer.Option(min=0)] = 0,
    backend: Annotated[str, typer.Option(help="The machine to run on, if the tool needs one.")] = "sandbox",
) -> None:
    """Call a tool once, in an episode of its own, and write what came of it; exit with 1 if it failed.

    \b
    Examples:
      agentgym tools call bash command="ls -la"
      agentgym tools call my_tools:stock --arguments '{"item": "pen"}'
      agentgym tools call read path=utilities/example.txt --task shell/fix-script
    """
    from agentgym.envs import ToolEnv

    with modules_from_here():
        found = resolve_tools([_full(name)])
        if len(found) != 1:
            such = f", such as {name}:{next(iter(found))}" if name in tools else ""
            raise UsageError(f"{name!r} is {len(found)} tools, {', '.join(found)}; name one of them{such}")
        (one,) = found.values()
        given = _arguments(one, values or (), arguments)
        played = Task("call", "") if task is None else task
        env = ToolEnv(played, tools=[one], backend=backend)
        try:
            env.reset(seed=seed)
            (result,) = env.step(ToolCall(one.name, given))[4]["tool_results"]
        finally:
            env.close()
    typer.echo(result["content"], err=not result["ok"])
    raise typer.Exit(0 if result["ok"] else 1)


def _full(name: str) -> str:
    """The name by which a tool is found that has only its own."""
    if name in tools or ":" in name:
        return name
    full = full_names(name)
    if len(full) > 1:
        raise UsageError(f"several tools are named {name!r}: {', '.join(full)}; name one of them so")
    return full[0] if full else name


def _found(names: Sequence[str]) -> list[tuple[str, Tool | str]]:
    """Each tool by the name that finds it; for one of a package that is not installed, why it is not there."""
    found: list[tuple[str, Tool | str]] = []
    for name in names:
        try:
            several = resolve_tools([name])
            together = name in tools and len(several) > 1
            found += [(f"{name}:{own}" if together else own, one) for own, one in several.items()]
        except MissingDependencyError as error:
            found.append((name, str(error)))
    return found


def _parameters(one: Tool | str) -> str:
    if isinstance(one, str):
        return ""
    required = one.parameters.get("required", ())
    return ", ".join(key if key in required else f"{key}?" for key in one.parameters.get("properties", {}))


def _sentence(one: Tool | str) -> str:
    return one if isinstance(one, str) else next(iter(one.description.strip().splitlines()), "")


def _task(source: str) -> Task:
    found = load_tasks(source)
    if len(found) != 1:
        raise UsageError(f"{source!r} holds {len(found)} tasks; name one of them")
    return found[0]


def _arguments(one: Tool, values: Sequence[str], text: str | None) -> dict[str, Any]:
    if text is not None:
        if values:
            raise UsageError("give KEY=VALUE or --arguments, not both")
        try:
            return msgspec.json.decode(text, type=dict[str, Any])
        except msgspec.MsgspecError as error:
            raise UsageError(f"--arguments takes a JSON object, got {text!r}: {error}") from error
    return dict(_argument(one, pair) for pair in values)


def _argument(one: Tool, pair: str) -> tuple[str, Any]:
    key, equals, value = pair.partition("=")
    if not equals or not key:
        raise UsageError(f"arguments are KEY=VALUE, got {pair!r}")
    form: Mapping[str, Any] = one.parameters.get("properties", {}).get(key, {})
    if form.get("type") == "string":
        return key, value
    try:
        return key, msgspec.json.decode(value)
    except msgspec.DecodeError:
        return key, value


commands.command("corpus")(corpus)
