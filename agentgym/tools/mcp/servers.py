"""Which MCP servers there are: frozen data, in Python or in the form that other programs keep them in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, TypeGuard

import msgspec

from agentgym.errors import TaskError, UsageError

__all__ = ["McpServer", "is_server", "read_servers", "server_named", "written_server"]

PREFIX = "mcp:"
"""Before the name of a server where tools are named."""

METADATA = "mcp_servers"
"""Of a task's metadata: the servers that its tools may name."""

_NAME = re.compile(r"[A-Za-z0-9_-]{1,32}")


class McpServer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An MCP server whose tools an episode has: started for it in its sandbox, or reached at an address there.

    Args:
        name: for messages, and before the names of tools that another server has, too.
        command: program and arguments; it speaks MCP on its standard input and output.
        url: of streamable HTTP, where it runs already; ``http`` only, unless ``host``.
        env: variables it gets, besides those of every process in the sandbox.
        cwd: where it is started; the home if not given.
        headers: sent with every request to ``url``.
        timeout_s: within which it must answer a call.
        start_timeout_s: within which it must be there.
        packages: whether it sees the Python packages of this process, which a sandbox otherwise hides; ``python`` as
            the command is then the interpreter that can load them.
        host: runs it, or reaches it, outside of the sandbox, with all that this process may do. No task can ask for it.

    Raises:
        UsageError: if there can be no such server.
    """

    name: str
    command: tuple[str, ...] = ()
    url: str | None = None
    env: dict[str, str] = {}
    cwd: str | None = None
    headers: dict[str, str] = {}
    timeout_s: float = 30.0
    start_timeout_s: float = 30.0
    packages: bool = False
    host: bool = False

    def __post_init__(self) -> None:
        command: Any = self.command
        if isinstance(command, str):
            raise UsageError(f"command is a sequence of words, not {command!r}")
        msgspec.structs.force_setattr(self, "command", tuple(command))
        if not _NAME.fullmatch(self.name):
            raise UsageError(f"an MCP server is named by up to 32 letters, digits, '_' and '-', not {self.name!r}")
        if bool(self.command) == bool(self.url):
            raise UsageError(f"MCP server {self.name!r}: give command=(program, argument, …) or url=…, one of them")
        if self.url is not None and not self.url.startswith(("http://", "https://")):
            raise UsageError(f"MCP server {self.name!r}: url is {self.url!r}; it begins with http://")
        if self.url is not None and not self.host and self.url.startswith("https://"):
            raise UsageError(
                f"MCP server {self.name!r}: in a sandbox there is only http://; host=True reaches {self.url}"
            )
        if min(self.timeout_s, self.start_timeout_s) <= 0:
            raise UsageError(f"MCP server {self.name!r}: a time-out is more than 0 seconds")


class _Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One server as clients of MCP keep it; what is ours besides is optional."""

    command: str | None = None
    args: tuple[str, ...] = ()
    url: str | None = None
    type: str | None = None
    env: dict[str, str] = {}
    cwd: str | None = None
    headers: dict[str, str] = {}
    timeout_s: float = 30.0
    start_timeout_s: float = 30.0
    packages: bool = False


def is_server(source: object) -> TypeGuard[McpServer | str]:
    """Whether it is an MCP server, or ``"mcp:NAME"`` of one."""
    return isinstance(source, McpServer) or (isinstance(source, str) and source.startswith(PREFIX))


def read_servers(config: Any) -> Mapping[str, McpServer]:
    """The servers of a ``{"mcpServers": {name: {"command", "args", "env"} | {"url"}}}``, or of what is within it.

    What is plain data comes from others: its servers are inside the sandbox, always.

    Raises:
        TaskError: says which server cannot be, and why.
    """
    if isinstance(config, Mapping) and "mcpServers" in config:
        config = config["mcpServers"]
    if not isinstance(config, Mapping):
        raise TaskError(f"MCP servers are an object by name, not {config!r}")
    return {str(name): _server(str(name), entry) for name, entry in config.items()}


def written_server(server: McpServer) -> dict[str, Any]:
    """The server in the form that `read_servers` reads, without what is as it always is.

    Raises:
        UsageError: of one outside the sandbox, which no plain data can ask for.
    """
    if server.host:
        raise UsageError(f"MCP server {server.name!r} is outside of the sandbox; that is not written down")
    program = {"command": server.command[0], "args": list(server.command[1:])} if server.command else {}
    fields = {field.name: field.default for field in msgspec.structs.fields(_Entry)}
    rest = {name: getattr(server, name) for name in fields if name not in ("command", "args", "type")}
    changed = {name: value for name, value in rest.items() if value not in (None, {}, fields[name])}
    return {"mcpServers": {server.name: {**program, **changed}}}


def server_named(source: str, metadata: Mapping[str, Any]) -> McpServer:
    """The server that ``"mcp:NAME"`` means in a task with this metadata.

    Raises:
        TaskError: if the task has none of that name.
    """
    name = source.removeprefix(PREFIX)
    servers = read_servers(metadata.get(METADATA, {}))
    if name not in servers:
        known = ", ".join(map(repr, sorted(servers))) or "none"
        raise TaskError(f"tool {source!r}: metadata[{METADATA!r}] of the task has no server {name!r}, but {known}")
    return servers[name]


def _server(name: str, raw: Any) -> McpServer:
    try:
        entry = msgspec.convert(raw, _Entry)
    except msgspec.ValidationError as error:
        raise TaskError(f"MCP server {name!r}: {error}") from error
    fields = {
        key: value for key, value in msgspec.structs.asdict(entry).items() if key not in ("command", "args", "type")
    }
    try:
        return McpServer(name=name, command=(entry.command, *entry.args) if entry.command else (), **fields)
    except UsageError as error:
        raise TaskError(str(error)) from error
