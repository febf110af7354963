"""Which Debian packages `scripts/setup` asks for."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


def _stub(path: Path, text: str) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A machine that has all packages and notes which it is asked for, and an interpreter that installs nothing."""
    _stub(tmp_path / "bin" / "dpkg-query", f'shift 2; echo "$1" >>{tmp_path}/asked; echo installed')
    _stub(tmp_path / "bin" / "python", f'echo "$*" >>{tmp_path}/python')
    return tmp_path


def _asked(home: Path, *arguments: str) -> set[str]:
    surroundings = {**os.environ, "PATH": f"{home}/bin:{os.environ['PATH']}", "INTO": str(home)}
    subprocess.run([ROOT / "scripts" / "setup", *arguments], env=surroundings, check=True, capture_output=True)
    return set((home / "asked").read_text().split())


@pytest.mark.parametrize(
    ("arguments", "named", "not_named"),
    [
        ((), {"xvfb"}, {"redis-server", "vlc", "g++"}),
        (("tests",), {"xvfb", "redis-server"}, {"vlc", "thunderbird"}),
        (("tests", "rllib"), {"xvfb", "redis-server"}, {"vlc"}),
        (("osworld",), {"xvfb", "redis-server", "vlc", "thunderbird"}, {"g++"}),
        (("llm-demo",), {"xvfb", "g++"}, {"redis-server", "vlc"}),
    ],
)
def test_each_word_asks_for_its_own_packages(
    home: Path, arguments: tuple[str, ...], named: set[str], not_named: set[str]
) -> None:
    asked = _asked(home, *arguments)
    assert named <= asked
    assert not asked & not_named


def test_osworld_is_ready_where_the_tests_are(home: Path) -> None:
    _asked(home, "tests")
    assert ".[test,miniwob]" in (home / "python").read_text()
    (home / "python").unlink()
    _asked(home, "osworld")
    assert not (home / "python").exists()
