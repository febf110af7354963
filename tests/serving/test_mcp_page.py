"""What docs/mcp.md shows is done as it stands there."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import agentgym

pytestmark = pytest.mark.episodes

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "mcp.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "shelf.py").write_text(blocks("python")[0])
    (tmp_path / "shelf.json").write_text(blocks("json")[0])
    return tmp_path


def _run(code: str, folder: Path) -> str:
    command = shutil.which("agentgym", path=str(Path(sys.executable).parent))
    assert command is not None
    env = {**os.environ, "PYTHONPATH": str(ROOT), "PATH": f"{Path(command).parent}:{os.environ['PATH']}"}
    # The client starts servers with few variables of its own.
    code = code.replace('"--out", "data/"])', f'"--out", "data/"], env={{"PYTHONPATH": {str(ROOT)!r}}})')
    result = subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, env=env)
    assert result.returncode == 0, result.stderr
    return result.stdout


def test_the_task_is_played_by_the_tools_of_its_server(folder: Path) -> None:
    said = _run(blocks("python")[1], folder)
    assert "['put']" in said
    assert "there is vase on the shelf" in said
    assert said.endswith("reward 1.0\n")


def test_the_task_is_played_by_a_client_and_recorded(folder: Path) -> None:
    said = _run(blocks("python")[2], folder)
    assert said.startswith("Put a vase on the shelf.\n['put', 'done', ")
    assert said.endswith("The episode is over. Its score is 1.\n")
    (episode,) = agentgym.Dataset(folder / "data")
    assert list(episode.rewards) == [0, 1]
