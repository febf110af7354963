"""What every backend promises, as checks for backends of one's own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from agentgym.actions import Batch, Click, MoveTo
from agentgym.backends.base import Backend, Window
from agentgym.errors import ActionError, BackendError, UsageError

__all__ = ["check_backend", "check_renewal"]

_FOLDER = "~/.agentgym-check"
_NOWHERE = "no window is called like this"
_PATIENCE_S = 30.0
_ALL_BYTES = bytes(range(256)) * 300
_UNMAKE = f"rm -r {_FOLDER}"


def check_backend(make: Callable[[], Backend]) -> None:
    """Acts, looks, runs, reads and writes on a machine, a little; the pointer is moved, nothing is typed or clicked.

    Files are written below ``~/.agentgym-check`` of the machine, and removed if it has a shell.

    Args:
        make: a new machine, which is closed here. Its home must be writable.

    Raises:
        AssertionError: says which promise is broken.
    """
    with _machine(make) as backend:
        _check_screen(backend)
        _check_actions(backend)
        _check_windows(backend)
        _check_programs(backend)
        try:
            _check_files(backend)
        finally:
            _remove_files(backend)
        _check_snapshot(backend)


def check_renewal(make: Callable[[], Backend]) -> None:
    """Uses a machine up, of a kind that promises a fresh one at every reset and a fault for use in between.

    Raises:
        AssertionError: says which promise is broken.
    """
    with _machine(make) as backend:
        assert backend.settle(_PATIENCE_S), "a fresh machine must settle"
        first = _screenshot(backend)
        backend.write(f"{_FOLDER}/old", b"old")
        backend.perform(MoveTo(1, 1))
        backend.reset(seed=0)
        assert _is_missing(backend, f"{_FOLDER}/old"), "reset must give an empty home"
        assert not backend.windows(), "reset must leave no window"
        assert backend.settle(_PATIENCE_S), "a machine must settle after a reset"
        assert np.array_equal(first, _screenshot(backend)), "two resets with the same seed must look the same"
        backend.close()
        with _raising(BackendError, "use of a closed machine"):
            backend.observe(["screenshot"])


def _check_screen(backend: Backend) -> None:
    # What it is called does not make it so.
    screen: Any = backend.screen
    width, height = screen
    whole = isinstance(width, int) and isinstance(height, int)
    assert whole and min(width, height) > 0, f"screen must be (width, height) in whole pixels, got {screen!r}"  # noqa: PT018
    assert backend.observe([]) == {}, "observe must give what is asked for and nothing else"
    shot = _screenshot(backend)
    described = f"got {getattr(shot, 'dtype', type(shot).__name__)} {getattr(shot, 'shape', '')}"
    assert isinstance(shot, np.ndarray), f"a screenshot must be an array, {described}"
    assert shot.dtype == np.uint8, f"a screenshot must be uint8, {described}"
    assert shot.shape == (height, width, 3), f"a screenshot must be (height, width, 3), {described}"
    assert not np.shares_memory(shot, _screenshot(backend)), "an observed array must be the caller's own"
    with _raising(UsageError, "an observation that there is not"):
        backend.observe(["smell"])


def _check_actions(backend: Backend) -> None:
    width, height = backend.screen
    backend.check(MoveTo(width // 2, height // 2))
    backend.perform(MoveTo(width // 2, height // 2))
    settled = backend.settle(_PATIENCE_S)
    assert isinstance(settled, bool), f"settle must say whether the screen settled, got {settled!r}"
    before = _screenshot(backend)
    for action in (MoveTo(width, 0), MoveTo(0, -1), Batch((Click(width // 2, 5), Click(0, height)))):
        for ask in (backend.check, backend.perform):
            with _raising(ActionError, f"{action}, which is off the screen"):
                ask(action)
    if settled and backend.settle(_PATIENCE_S):
        assert np.array_equal(before, _screenshot(backend)), "of an action that is refused nothing may be done"


def _check_windows(backend: Backend) -> None:
    windows = backend.windows()
    assert all(isinstance(window, Window) for window in windows), f"windows must be Windows, got {windows!r}"
    for by_class in (False, True):
        for strict in (False, True):
            ask = {"strict": strict, "by_class": by_class}
            assert backend.activate_window(_NOWHERE, **ask) is False, "there is no such window to activate"
            assert backend.close_window(_NOWHERE, **ask) is False, "there is no such window to close"
    assert len(backend.windows()) == len(windows), "asking for a window that there is not must close none"


def _check_programs(backend: Backend) -> None:
    done = backend.run(["echo", "a  b", "ü"])
    assert (done.returncode, done.stdout, done.stderr) == (0, "a  b ü\n".encode(), b""), (
        f"run must give status and raw output of 'echo', each argument whole; got {done!r}"
    )
    with _raising(FileNotFoundError, "running a program that there is not"):
        backend.run(["agentgym-no-such-program"])
    if _has_program(backend, "sleep"):
        with _raising(TimeoutError, "a command that does not end in time"):
            backend.run(["sleep", "30"], timeout_s=0.2)


def _check_files(backend: Backend) -> None:
    path = f"{_FOLDER}/new folder/ü.bin"
    backend.write(path, _ALL_BYTES)
    assert backend.read(path) == _ALL_BYTES, "read must give the bytes that write put there"
    backend.write(path, b"")
    assert backend.read(path) == b"", "write must replace what was there"
    assert _is_missing(backend, f"{_FOLDER}/none"), "reading a file that there is not must raise FileNotFoundError"


def _check_snapshot(backend: Backend) -> None:
    try:
        token = backend.snapshot()
    except UsageError:
        return
    backend.write(f"{_FOLDER}/later", b"later")
    backend.restore(token)
    assert _is_missing(backend, f"{_FOLDER}/later"), "restore must bring back the state of the snapshot"


def _remove_files(backend: Backend) -> None:
    if _has_program(backend, "sh"):
        backend.run(["sh", "-c", _UNMAKE])


def _has_program(backend: Backend, name: str) -> bool:
    try:
        backend.run([name, "--version"])
    except FileNotFoundError:
        return False
    return True


def _is_missing(backend: Backend, path: str) -> bool:
    try:
        backend.read(path)
    except FileNotFoundError:
        return True
    return False


def _screenshot(backend: Backend) -> Any:
    return backend.observe(["screenshot"])["screenshot"]


@contextmanager
def _machine(make: Callable[[], Backend]) -> Iterator[Backend]:
    backend = make()
    try:
        backend.reset(seed=0)
        yield backend
    finally:
        backend.close()
        # May be called twice.
        backend.close()


@contextmanager
def _raising(kind: type[Exception], what: str) -> Iterator[None]:
    try:
        yield
    except kind:
        return
    except Exception as error:
        raise AssertionError(f"{what} must raise {kind.__name__}, and raised {error!r}") from error
    raise AssertionError(f"{what} must raise {kind.__name__}, and raised nothing")
