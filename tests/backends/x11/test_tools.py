"""A desktop has the tools of a sandbox, and keeps what they start."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from agentgym.backends.x11.backend import X11Backend
from agentgym.errors import BackendError, UsageError

pytestmark = pytest.mark.desktop


@pytest.fixture(scope="module")
def machine() -> Iterator[X11Backend]:
    backend = X11Backend(accessibility=False)
    try:
        yield backend
    finally:
        backend.close()


@pytest.fixture
def backend(machine: X11Backend) -> X11Backend:
    machine.reset(seed=0)
    return machine


def test_application_that_a_command_starts_stays(backend: X11Backend) -> None:
    reply = backend.bash("xterm -T here >/dev/null 2>&1 & echo started", timeout_s=20, max_output=100)
    assert (reply.ok, reply.output) == (True, "started\n")
    assert backend.settle(20)
    assert [window.title for window in backend.windows()] == ["here"]
    backend.reset(seed=0)
    assert not backend.windows()


def test_shell_interpreter_and_files_are_of_the_desktops_home(backend: X11Backend) -> None:
    assert backend.bash("echo 42 > n; echo $DISPLAY", timeout_s=20, max_output=100).output.startswith(":")
    assert backend.python("int(open('n').read())", timeout_s=20, max_output=100).output == "42\n"
    assert backend.do("read", {"path": "n"}, timeout_s=20, max_output=100).output == "42\n"
    backend.reset(seed=0)
    assert not backend.do("read", {"path": "n"}, timeout_s=20, max_output=100).ok


def test_too_many_processes_end_the_desktop_and_a_reset_gives_a_new_one(backend: X11Backend) -> None:
    reply = backend.bash(":(){ :|:& };:; sleep 20", timeout_s=20, max_output=1000)
    assert not reply.ok
    with pytest.raises(BackendError):
        backend.settle(1.0)
    backend.reset(seed=0)
    assert backend.bash("echo back", timeout_s=20, max_output=100).output == "back\n"


def test_desktop_with_applications_is_not_saved(backend: X11Backend) -> None:
    with pytest.raises(UsageError, match="cannot be saved"):
        backend.snapshot()
