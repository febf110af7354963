"""Does an agent's action on a machine, part by part, and tells what came of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

from agentgym.actions import Action, Batch, Done, Fail, Python, ToolCall, Wait
from agentgym.actions.quoting import cut, short
from agentgym.actions.scripts import switches_fail_safe_off
from agentgym.backends.base import Backend
from agentgym.backends.host import HostBackend
from agentgym.envs.calling import Calls
from agentgym.errors import ActionError
from agentgym.tools import ToolResult

__all__ = ["Acted", "Acting", "last_of", "parts_of"]

_LONGEST_WAIT_S = 60.0
_LONGEST_BATCH = 100
_LONGEST_ERROR = 1000
# As long as OSWorld waits for a piece of code.
_CODE_PATIENCE_S = 90.0

Timed = Callable[[str], AbstractContextManager[None]]


@dataclass(frozen=True)
class Acted:
    """What came of an action.

    Args:
        done: as much of it as was done, which done again leads to the same place; ``Wait()`` for nothing.
        settled: whether the screen came to rest afterwards.
        error: why it, or the rest of it, was not done.
        results: of the tools that it called.
        failed: which of its parts the error is of, from 0; None if it is of the whole, or there is none.
        printed: what code wrote, by the number of its part.
    """

    done: Action
    settled: bool
    error: str | None = None
    results: tuple[ToolResult, ...] = ()
    failed: int | None = None
    printed: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Acting:
    """How actions are done in an environment.

    Args:
        settle_timeout_s: after each part.
        code: whether `Python` actions run.
        timed: measures the phases ``parse``, ``perform`` and ``settle``.
    """

    settle_timeout_s: float
    code: bool
    timed: Timed

    def act(self, decode: Callable[[], Action], backend: Backend, calls: Calls | None = None) -> Acted:
        """Reads an action and does it. Nothing is done of one that cannot be read, or of which a part cannot be done.

        Args:
            decode: reads it.
            backend: the machine.
            calls: what makes the step's calls of tools; None where there are no tools.

        Raises:
            BackendError: if the machine broke.
        """
        try:
            with self.timed("parse"):
                action = decode()
                self._check(action, backend, tools=calls is not None)
        except ActionError as refused:
            return Acted(Wait(), self._settle(backend), cut(str(refused), _LONGEST_ERROR))
        return self.do(action, backend, calls)

    def do(self, action: Action, backend: Backend, calls: Calls | None = None) -> Acted:
        """Does an action that can be done, each part when the one before it has settled, up to one that fails.

        Raises:
            BackendError: if the machine broke.
        """
        parts = parts_of(action)
        if not parts:
            return Acted(action, self._settle(backend))
        done: list[Action] = []
        printed: dict[int, str] = {}
        settled, error, failed = True, None, None
        for place, part in enumerate(parts):
            try:
                with self.timed("perform"):
                    error = _perform(part, place, backend, calls, printed)
                done.append(_made(part, calls))
            except ActionError as refused:
                error = str(refused)
            failed = None if error is None else place
            if isinstance(part, Done | Fail):
                break
            settled = self._settle(backend)
            if error is not None or (calls is not None and calls.over):
                break
        said = None if error is None else cut(error, _LONGEST_ERROR)
        if calls is None:
            return Acted(_joined(done), settled, said, failed=failed, printed=printed)
        for place in range(len(done), len(parts)) if calls.over else ():
            _tell_over(parts[place], place, calls)
        return Acted(_joined(done), settled, said, tuple(calls.results), failed, printed)

    def _settle(self, backend: Backend) -> bool:
        with self.timed("settle"):
            return backend.settle(self.settle_timeout_s)

    def _check(self, action: Action, backend: Backend, *, tools: bool) -> None:
        parts = parts_of(action)
        if len(parts) > _LONGEST_BATCH:
            raise ActionError(f"{len(parts)} actions in one step; at most {_LONGEST_BATCH} are done")
        for part in parts:
            match part:
                case Python():
                    self._check_code(part, backend)
                case ToolCall(name=name):
                    if tools:
                        continue
                    raise ActionError(f"no tool {short(name)} here: there is a screen, a mouse and a keyboard")
                case Wait(seconds=seconds):
                    if not 0 <= (seconds or 0.0) <= _LONGEST_WAIT_S:
                        raise ActionError(f"cannot wait {seconds:g} s; 0 to {_LONGEST_WAIT_S:g} s can be waited")
                case Done() | Fail():
                    pass
                case _:
                    backend.check(part)

    def _check_code(self, action: Python, backend: Backend) -> None:
        if not self.code:
            raise ActionError("Python code runs only in an environment made with allow_code=True")
        if isinstance(backend, HostBackend) and switches_fail_safe_off(action):
            raise ActionError("your own desktop is driven by literal calls of pyautogui alone")


def last_of(action: Action) -> Action:
    """The part that was done last: the one that ends the episode, or the end of the sequence."""
    parts = parts_of(action)
    ending = [part for part in parts if isinstance(part, Done | Fail)]
    return ending[0] if ending else (parts[-1] if parts else action)


def parts_of(action: Action) -> Sequence[Action]:
    """The actions that an action is made of."""
    return action.actions if isinstance(action, Batch) else (action,)


def _joined(done: Sequence[Action]) -> Action:
    if not done:
        return Wait()
    return done[0] if len(done) == 1 else Batch(tuple(done))


def _made(part: Action, calls: Calls | None) -> Action:
    """What was done of a part: of a call, what hooks left of it."""
    return (calls.last or Wait()) if isinstance(part, ToolCall) and calls is not None else part


def _tell_over(part: Action, place: int, calls: Calls) -> None:
    """Has a call that comes after the end say so."""
    if isinstance(part, ToolCall):
        calls.take(part, place)


def _perform(action: Action, place: int, backend: Backend, calls: Calls | None, printed: dict[int, str]) -> str | None:
    """Does one part; why it failed although it was done, as code does that raises."""
    match action:
        case Done() | Fail() | Wait(seconds=None):
            return None
        case Wait(seconds=float(seconds)):
            time.sleep(seconds)
        case Python(code=code):
            error, printed[place] = _run(code, backend)
            return error
        case ToolCall() if calls is not None:
            calls.take(action, place)
        case _:
            backend.perform(action)
    return None


def _run(code: str, backend: Backend) -> tuple[str | None, str]:
    """What went wrong, and what was written."""
    try:
        done = backend.run(["python3", "-c", code], timeout_s=_CODE_PATIENCE_S)
    except FileNotFoundError as error:
        raise ActionError(f"the code did not run: {error}") from error
    except TimeoutError as error:
        return f"the code was stopped: {error}", ""
    written = done.stdout.decode("utf-8", "replace")
    if done.returncode:
        return f"the code failed: {done.stderr.decode('utf-8', 'replace').strip()[-500:]}", written
    return None, written
