"""What agents do in a desktop by its tools: a shell, an interpreter, files, databases, services; and saving it all."""

from __future__ import annotations

import importlib
import json
import sys
import time
from collections.abc import Callable
from typing import Any

from .channel import Channel, split
from .forked import Answered, Forked
from .limits import TooManyProcessesError
from .output import Output, Patience
from .places import Places
from .processes import Processes, alive, name_of
from .saving import differing, restore, save
from .services import Services
from .shell import Shell

_BACKGROUND_PATIENCE_S = 0.05
_INTERNAL_PATIENCE_S = 20.0
_LOOK_EVERY_S = 0.001
_MANY = 50
_FUNCTIONS = {
    "edit": "files:edit",
    "grep": "files:grep",
    "http": "web:http_request",
    "list": "files:list_files",
    "read": "files:read",
    "sql": "databases:sql",
    "write": "files:write",
}

Reply = tuple[dict[str, Any], bytes]


class Workspace:
    """The tools' side of a desktop.

    Args:
        environment: gives the variables of what is started, as they are by then.
        tick: is called now and then while something is waited for.
    """

    def __init__(
        self,
        places: Places,
        processes: Processes,
        environment: Callable[[], dict[str, str]],
        tick: Callable[[], None],
    ) -> None:
        self._places = places
        self._processes = processes
        self._environment = environment
        self._tick = tick
        self._shell: Shell | None = None
        self._interpreter: Forked | None = None
        self._worker: Forked | None = None
        self._services = Services(self._forked_service, tick)
        self._shell_state = b""
        self._interpreter_state = b""
        self.operations: dict[str, Callable[..., Reply]] = {
            "bash": self._bash,
            "python": self._python,
            "do": self._do,
            "serve": self._serve,
            "save": self._save,
            "differing": self._differing,
            "restore": self._restore,
        }

    def clear(self) -> None:
        """Ends all that was started, and forgets it."""
        self._end_sessions()
        self._services.clear()

    def _bash(self, *, body: bytes, timeout_s: float, most: int, seed: int, background: bool) -> Reply:
        if self._shell is None:
            self._shell = Shell(self._processes, self._environment(), self._places.home, self._shell_state)
            self._shell_state = b""
        self._processes.resume(self._shell.pid)
        try:
            ran = self._shell.call(body, seed=seed, most=most, patience=Patience(timeout_s, self._tick))
            notes = [f"the command did not end within {timeout_s:g} s and was stopped"] if ran.timed_out else []
            if ran.status is None:
                ended = "" if ran.timed_out else self._shell.how_it_ended()
                self._shell.close()
                self._shell = None
                notes.append(
                    f"the shell has ended{ended}; the next call starts a new one in the home, without its variables"
                )
            notes += self._aftermath(self._shell, ran.output, background=background)
        except TooManyProcessesError as error:
            return self._overrun(error)
        status = -1 if ran.status is None else ran.status
        return {"status": status, "notes": notes, "written": ran.output.written}, ran.output.content

    def _python(self, *, body: bytes, timeout_s: float, most: int, seed: int, background: bool) -> Reply:
        try:
            if self._interpreter is None:
                self._interpreter = self._new_interpreter(seed)
            self._processes.resume(self._interpreter.pid)
            ran = self._interpreter.ask({"do": "run"}, body, most=most, patience=Patience(timeout_s, self._tick))
            notes = [f"the code did not end within {timeout_s:g} s and was stopped"] if ran.timed_out else []
            if ran.header is None:
                self._interpreter.close()
                self._interpreter = None
                notes.append("the interpreter has ended; the next call starts a new one, without its variables")
            notes += self._aftermath(self._interpreter, ran.output, background=background)
        except TooManyProcessesError as error:
            return self._overrun(error)
        status = 0 if ran.header is not None and ran.header.get("ok") else 1
        return {"status": status, "notes": notes, "written": ran.output.written}, ran.output.content

    def _aftermath(self, session: Shell | Forked | None, output: Output, *, background: bool) -> list[str]:
        """What a call has left is ended, and its session stands still, with all threads, until it is called again."""
        if background:
            return []
        # Of many that were killed for the same reason it is said once.
        notes = [*self.sweep(), *dict.fromkeys(self._processes.crashed())]
        if session is not None:
            session.drain(output)
            self._processes.pause(session.pid)
        return notes

    def _do(self, *, body: bytes, function: str, timeout_s: float) -> Reply:
        try:
            answered = self._asked({"function": function}, body, timeout_s)
        except TooManyProcessesError as error:
            return self._overrun(error)
        if answered.header is not None and not answered.timed_out:
            return answered.header, answered.body
        self._end_worker()
        why = f"it did not end within {timeout_s:g} s" if answered.timed_out else "; ".join(self._processes.crashed())
        return {"refused": why or "what did it was killed"}, b""

    def _asked(self, header: dict[str, Any], body: bytes, timeout_s: float) -> Answered:
        module = f"{__package__}.{_FUNCTIONS[header['function']].partition(':')[0]}"
        if module not in sys.modules:
            # Here, once, and not in every process that is forked, which takes up to 40 ms.
            importlib.import_module(module)
            self._end_worker()
        if self._worker is None or not alive(self._worker.pid):
            self._end_worker()
            self._worker = self._forked(_work, traced=False)
        return self._worker.ask(header, body, most=0, patience=Patience(timeout_s, self._tick))

    def _serve(self, *, body: bytes, **wanted: Any) -> Reply:
        """Starts a service and returns when it accepts connections."""
        self._services.start(body.decode(), wanted)
        return {}, b""

    def _save(self, *, body: bytes) -> Reply:
        """Files, the shell, the interpreter, what services are started by; ``body``: the states of known files."""
        interpreter, lost = self._saved_interpreter()
        saved = save(self._saved_folders, json.loads(body), self._places.shown)
        parts = [self._saved_shell(), interpreter, *saved.contents]
        header = {"lost": lost, "services": self._services.known(), "entries": saved.entries}
        return {**header, "sizes": [len(part) for part in parts]}, b"".join(parts)

    def _saved_shell(self) -> bytes:
        if self._shell is None:
            return self._shell_state
        self._processes.resume(self._shell.pid)
        state = self._shell.save(patience=Patience(_INTERNAL_PATIENCE_S, self._tick))
        self._processes.pause(self._shell.pid)
        return state

    def _saved_interpreter(self) -> tuple[bytes, dict[str, str]]:
        """Its variables; and by name, why one could not be saved."""
        if self._interpreter is None:
            return self._interpreter_state, {}
        self._processes.resume(self._interpreter.pid)
        answered = self._interpreter.ask({"do": "save"}, most=0, patience=Patience(_INTERNAL_PATIENCE_S, self._tick))
        if answered.header is None or answered.timed_out:
            self._interpreter.close()
            self._interpreter = None
            return b"", {"": "the interpreter did not answer when its variables were to be saved, and was ended"}
        self._processes.pause(self._interpreter.pid)
        return answered.body, answered.header.get("lost", {})

    def _differing(self, *, body: bytes) -> Reply:
        return {"paths": differing(json.loads(body))}, b""

    def _restore(
        self,
        *,
        body: bytes,
        entries: list[dict[str, Any]],
        paths: list[str],
        sizes: list[int],
        services: list[tuple[str, dict[str, Any]]],
    ) -> Reply:
        """Brings back what `_save` gave. Services begin anew on their files, whatever they remembered."""
        self.clear()
        self._processes.kill_all()
        parts = split(body, sizes)
        self._shell_state, self._interpreter_state = parts[:2]
        states = restore(self._saved_folders, entries, dict(zip(paths, parts[2:], strict=True)), self._places.shown)
        self._services.start_all(services)
        return {"states": states}, b""

    @property
    def _saved_folders(self) -> tuple[str, ...]:
        return (self._places.home, self._places.tmp, *self._places.also_emptied)

    def _new_interpreter(self, seed: int) -> Forked:
        from . import interpreter

        started = self._forked(interpreter.serve, traced=True)
        request = {"do": "load"} if self._interpreter_state else {"do": "seed", "seed": seed}
        patience = Patience(_INTERNAL_PATIENCE_S, self._tick)
        answered = started.ask(request, self._interpreter_state, most=0, patience=patience)
        self._interpreter_state = b""
        if answered.header is None:
            started.close()
            raise OSError("the interpreter did not start, or what was saved of it could not be brought back")
        return started

    def _forked(self, serve: Callable[[Channel], None], *, traced: bool) -> Forked:
        return Forked(self._processes, serve, home=self._places.home, environment=self._environment(), traced=traced)

    def _forked_service(self, serve: Callable[[Channel], None], log: int) -> Forked:
        home, environment = self._places.home, self._environment()
        return Forked(self._processes, serve, home=home, environment=environment, traced=False, log=log)

    def _end_sessions(self) -> None:
        for session in (self._shell, self._interpreter, self._worker):
            if session is not None:
                session.close()
        self._shell = self._interpreter = self._worker = None
        self._shell_state = self._interpreter_state = b""

    def _end_worker(self) -> None:
        if self._worker is not None:
            self._worker.close()
            self._worker = None

    def _overrun(self, error: TooManyProcessesError) -> Reply:
        """Everything was killed, services too, which are started again."""
        services = self._services.known()
        self.clear()
        # Whatever else was killed on the way has been told with it.
        self._processes.crashed()
        self._services.start_all(services)
        return {"status": -1, "refused": str(error), "notes": [str(error)], "written": 0}, b""

    def sweep(self) -> list[str]:
        """Ends what runs and is neither a session, nor a service, nor what the task has launched; says what it was.

        Nothing that nobody sees goes on, and nothing escapes being saved.

        Raises:
            TooManyProcessesError: if it is so many that everything had to be ended.
        """
        deadline = time.monotonic() + _BACKGROUND_PATIENCE_S
        spared = self._spared()
        while left := self._processes.living() - spared:
            if len(left) > _MANY:
                self._processes.kill_all()
                raise TooManyProcessesError(f"the call left more than {_MANY} processes running: all were ended")
            if time.monotonic() > deadline:
                names = sorted({name_of(pid) for pid in left})
                self._processes.kill_all(spare=spared)
                return [f"the call left processes running, which were ended: {', '.join(names)}"]
            time.sleep(_LOOK_EVERY_S)
        return []

    def _spared(self) -> set[int]:
        """Sessions, services, and what the task itself has launched, with what that has started."""
        sessions = {one.pid for one in (self._shell, self._interpreter, self._worker) if one is not None}
        shell = set() if self._shell is None else {self._shell.pid}
        return sessions | self._services.pids() | self._processes.launched(but=shell)


def _work(channel: Channel) -> None:
    """The life of what does functions on behalf of agents: one after another, each with its answer as JSON."""
    from .files import Refused

    while True:
        try:
            header, body, _ = channel.receive()
        except (EOFError, ConnectionError):
            return
        module, _, name = _FUNCTIONS[header["function"]].partition(":")
        function = getattr(importlib.import_module(f".{module}", __package__), name)
        try:
            channel.send({}, json.dumps(function(**json.loads(body))).encode())
        except Refused as refused:
            channel.send({"refused": str(refused)})
        except OSError as error:
            channel.send({"refused": f"{error.strerror}: {error.filename}" if error.filename else str(error)})
        except MemoryError:
            channel.send({"refused": "it takes more memory than there is"})
        except Exception as error:  # noqa: BLE001 - what is asked comes from an agent, and the next one wants an answer
            channel.send({"refused": f"{type(error).__name__}: {error}"})
