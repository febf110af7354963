"""Guests without a screen of their own, and with a real one."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.backends.guest.server import GuestServer, environment_of, serving

if TYPE_CHECKING:
    from tests.backends.conftest import Display


@pytest.fixture
def guest(tmp_path: Path) -> Iterator[GuestServer]:
    """A guest whose screen is what the test says; commands run, in a home of their own."""
    environment = environment_of(tmp_path, python=Path(sys.executable), base={"LANG": "C.UTF-8"})
    with serving(GuestServer(tmp_path, environment)) as served:
        yield served


@pytest.fixture
def real_guest(desktop: Display) -> Iterator[GuestServer]:
    """A guest with an X server, a window manager and the real pyautogui."""
    environment = environment_of(desktop.home, python=Path(sys.executable), base=desktop.environment)
    with serving(GuestServer(desktop.home, environment)) as served:
        yield served
