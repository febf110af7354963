"""Our own backends keep what `agentgym.testing.backends` asks of everyone's."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from agentgym.backends.memory import MemoryBackend
from agentgym.backends.qt.backend import QtBackend
from agentgym.backends.x11.backend import X11Backend
from agentgym.testing.backends import check_backend, check_renewal

if TYPE_CHECKING:
    from tests.backends.conftest import Display

_ON_THE_HOST = """
from agentgym.backends.host import HostBackend
from agentgym.testing.backends import check_backend
check_backend(HostBackend)
"""


def test_memory() -> None:
    check_backend(MemoryBackend)
    check_renewal(MemoryBackend)


def test_qt() -> None:
    pytest.importorskip("PySide6")
    check_backend(QtBackend)
    check_renewal(QtBackend)


@pytest.mark.desktop
@pytest.mark.parametrize("sandbox", ["bwrap", "none"])
def test_x11(sandbox: str) -> None:
    def make() -> X11Backend:
        return X11Backend(sandbox=sandbox)  # type: ignore[arg-type]  # one of the two

    check_backend(make)
    check_renewal(make)


@pytest.mark.desktop
def test_host(desktop: Display) -> None:
    # In a process of its own: pyautogui looks for the display once, when it is imported.
    command = [sys.executable, "-c", _ON_THE_HOST]
    done = subprocess.run(command, env=desktop.environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert not (desktop.home / ".agentgym-check").exists()
