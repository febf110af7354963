"""The tools' side of a machine: its shell, its interpreter, what is done with its files, and saving all of that."""

from __future__ import annotations

import json
import socket
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from agentgym.backends.sandbox.guest.channel import split
from agentgym.backends.sandbox.machine import Machine
from agentgym.errors import BackendError, UsageError
from agentgym.tools.workspace import Reply

__all__ = ["MachineToken", "ToolMethods", "ToolSide"]

_MARGIN_S = 30.0
_MOST_SEED = 1 << 15

State = list[int]


@dataclass(frozen=True)
class MachineToken:
    """What a machine's files, shell and interpreter were.

    Attributes:
        lost: variables of the interpreter that cannot be saved, and why.
    """

    lost: Mapping[str, str]
    _entries: Sequence[Mapping[str, Any]] = field(repr=False)
    _contents: Mapping[str, bytes] = field(repr=False)
    _sessions: tuple[bytes, bytes] = field(repr=False)
    _services: Sequence[Any] = field(repr=False)
    _calls: int = field(repr=False)
    _seed: int = field(repr=False)


class ToolSide:
    """Asks a machine what tools need of it.

    Args:
        machine: which may be renewed, but not replaced.
        seed: of what is drawn in the machine.
        background: whether what a call leaves running is left running, as applications on a desktop are.
    """

    def __init__(self, machine: Machine, *, seed: int, background: bool) -> None:
        self._machine = machine
        self._seed = seed
        self._background = background
        self._calls = 0
        # Of files whose content is known: in which state they had it.
        self._known: dict[str, tuple[State, bytes]] = {}

    def bash(self, command: str, *, timeout_s: float, max_output: int) -> Reply:
        """Runs a command in the shell of the episode."""
        if "\0" in command:
            return Reply(False, "a command has no zero byte in it")
        return self._ran("bash", command, timeout_s, max_output)

    def python(self, code: str, *, timeout_s: float, max_output: int) -> Reply:
        """Runs code in the interpreter of the episode."""
        return self._ran("python", code, timeout_s, max_output)

    def do(self, function: str, arguments: Mapping[str, Any], *, timeout_s: float, max_output: int) -> Reply:
        """Has the guest call one of its functions."""
        body = json.dumps(dict(arguments)).encode()
        header, answer, _ = self._machine.call(
            "do", body, patience_s=timeout_s + _MARGIN_S, function=function, timeout_s=timeout_s
        )
        if "refused" in header:
            return Reply(False, str(header["refused"]))
        value = json.loads(answer)
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        if len(text) > max_output:
            return Reply(
                False, f"{text[:max_output]}\n[{len(text)} characters; the first {max_output} are shown]", None
            )
        return Reply(True, text, value)

    def serve(self, name: str, source: str, *, port: int, database: str, data: Any = None) -> None:
        """Starts a service on the machine's loopback and returns when it accepts connections.

        Args:
            source: a program with a function ``main(port, database, data)``; it keeps all that it knows in the file
                ``database``, so that bringing that back brings it back.
            data: plain JSON.

        Raises:
            OSError: if it does not come up; says why.
        """
        self._machine.call("serve", source.encode(), name=name, port=port, database=database, data=data)

    def talk(
        self, argv: Sequence[str], *, env: Mapping[str, str] | None = None, cwd: str | None = None
    ) -> socket.socket:
        """Launches a command whose standard input and output are the other end of this; the caller's to close."""
        return self._machine.converse(argv, env=env, cwd=cwd, output=True)

    def dial(self, port: int) -> socket.socket:
        """A connection to a port of the machine's own loopback; the caller's to close.

        Raises:
            ConnectionRefusedError: if nothing listens there.
        """
        return self._machine.dial(port)

    def save(self) -> MachineToken:
        """What `restore` brings back.

        Raises:
            BackendError: if the shell hangs, or there is more than can be kept.
        """
        known = {path: state for path, (state, _) in self._known.items()}
        with _attributed("the machine cannot be saved"):
            header, body, _ = self._machine.call("save", json.dumps(known).encode(), patience_s=_MARGIN_S * 2)
        parts = iter(split(body, header["sizes"]))
        sessions = (next(parts), next(parts))
        contents: dict[str, bytes] = {}
        seen: dict[str, tuple[State, bytes]] = {}
        entries = header["entries"]
        for entry in entries:
            if entry["kind"] != "file":
                continue
            path, state = entry["path"], entry.pop("state")
            contents[path] = next(parts) if entry.pop("read", False) else self._known[path][1]
            seen[path] = (state, contents[path])
        self._known = seen
        return MachineToken(header["lost"], entries, contents, sessions, header["services"], self._calls, self._seed)

    def restore(self, token: object) -> None:
        """Brings back what `save` gave, of this machine or another.

        Raises:
            BackendError: if it cannot be brought back; the machine is then to be reset.
            UsageError: if it is no such token.
        """
        if not isinstance(token, MachineToken):
            raise UsageError(f"not a snapshot of this kind of machine: {token!r}")
        with _attributed("what was saved cannot be brought back"):
            states = {path: self._state_with(path, content) for path, content in token._contents.items()}
            differing: list[str] = self._machine.call("differing", json.dumps(states).encode())[0]["paths"]
            parts = [*token._sessions, *(token._contents[path] for path in differing)]
            header, _, _ = self._machine.call(
                "restore",
                b"".join(parts),
                entries=list(token._entries),
                paths=differing,
                sizes=[len(part) for part in parts],
                services=list(token._services),
            )
        self._known = {path: self._known[path] for path in token._contents if path not in header["states"]}
        self._known |= {path: (state, token._contents[path]) for path, state in header["states"].items()}
        self._calls, self._seed = token._calls, token._seed

    def _state_with(self, path: str, content: bytes) -> State | None:
        """The state in which a file is known to have a content."""
        known = self._known.get(path)
        return known[0] if known is not None and known[1] == content else None

    def _ran(self, operation: str, text: str, timeout_s: float, max_output: int) -> Reply:
        self._calls += 1
        try:
            header, output, _ = self._machine.call(
                operation,
                text.encode("utf-8", "surrogateescape"),
                patience_s=timeout_s + _MARGIN_S,
                timeout_s=timeout_s,
                # A character takes up to four bytes.
                most=max_output * 4,
                seed=(self._seed + self._calls * 7919) % _MOST_SEED,
                background=self._background,
            )
        except TimeoutError as error:
            raise BackendError(f"what a call left behind cannot be ended: {error}", kind="sandbox") from error
        return _reply(header, output.decode("utf-8", "replace"), max_output)


class ToolMethods(ABC):
    """What a backend that has such a machine is to tools: an `agentgym.tools.Workspace`."""

    @property
    @abstractmethod
    def _side(self) -> ToolSide:
        """Of the present episode."""

    def bash(self, command: str, *, timeout_s: float, max_output: int) -> Reply:
        """Runs a command in the shell of the episode."""
        return self._side.bash(command, timeout_s=timeout_s, max_output=max_output)

    def python(self, code: str, *, timeout_s: float, max_output: int) -> Reply:
        """Runs code in the interpreter of the episode."""
        return self._side.python(code, timeout_s=timeout_s, max_output=max_output)

    def do(self, function: str, arguments: Mapping[str, Any], *, timeout_s: float, max_output: int) -> Reply:
        """Does with files, databases and addresses what one of the guest's functions is named."""
        return self._side.do(function, arguments, timeout_s=timeout_s, max_output=max_output)

    def serve(self, name: str, source: str, *, port: int, database: str, data: Any = None) -> None:
        """Starts a service on the machine's loopback; see `ToolSide.serve`."""
        self._side.serve(name, source, port=port, database=database, data=data)

    def talk(
        self, argv: Sequence[str], *, env: Mapping[str, str] | None = None, cwd: str | None = None
    ) -> socket.socket:
        """Launches a command whose standard input and output are the other end of this; the caller's to close."""
        return self._side.talk(argv, env=env, cwd=cwd)

    def dial(self, port: int) -> socket.socket:
        """A connection to a port of the machine's own loopback; see `ToolSide.dial`."""
        return self._side.dial(port)


@contextmanager
def _attributed(what: str) -> Iterator[None]:
    """Says of a fault of the machine's files that it is the machine's."""
    try:
        yield
    except OSError as error:
        raise BackendError(f"{what}: {error}", kind="sandbox") from error


def _reply(header: Mapping[str, Any], text: str, max_output: int) -> Reply:
    notes = list(header["notes"])
    whole = len(text) <= max_output and header["written"] <= max_output * 4
    if not whole:
        notes.insert(0, f"the output has {header['written']} bytes; the first {max_output} characters are shown")
    status = header["status"]
    if status > 0 and not notes:
        notes.append(f"exit status {status}")
    ok = status == 0 and not notes
    shown = text[:max_output]
    return Reply(ok, _with_notes(shown, notes), {"status": status})


def _with_notes(text: str, notes: Sequence[str]) -> str:
    if not notes:
        return text
    gap = "" if not text or text.endswith("\n") else "\n"
    return f"{text}{gap}{''.join(f'[{note}]' + chr(10) for note in notes)}"
