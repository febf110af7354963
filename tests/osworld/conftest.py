"""A desktop that one worker's tasks share, and the mirror that they have their files from."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gymnasium as gym
import pytest

from tests.osworld.playing import desktop


@pytest.fixture(scope="session")
def shared_desktop() -> Iterator[gym.Env[Any, Any]]:
    """A desktop that a reset renews."""
    with desktop() as env:
        yield env


@pytest.fixture
def mirror(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder that downloads come from in place of the network."""
    monkeypatch.setenv("AGENTGYM_MIRROR", str(tmp_path))
    return tmp_path
