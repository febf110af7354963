"""docs/others-tasks.md: every block runs."""

from __future__ import annotations

import re
import runpy
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

PAGE = (Path(__file__).parents[2] / "docs" / "others-tasks.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, flags=re.DOTALL)


@pytest.mark.parametrize("block", blocks("python"), ids=lambda block: block.split('"')[1])
def test_the_blocks_of_python_run(block: str, tmp_path: Path) -> None:
    if "verifiers" in block:
        pytest.importorskip("verifiers.v1", reason="pip install --no-deps verifiers")
    script = tmp_path / "block.py"
    script.write_text(block)
    runpy.run_path(str(script))


def test_there_is_a_block_for_each_package() -> None:
    assert len(blocks("python")) == 6


def test_the_command_scores_1() -> None:
    (command,) = blocks("bash")
    program, *arguments = shlex.split(command)
    assert program == "agentgym"
    done = subprocess.run([sys.executable, "-m", program, *arguments], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert "3 scored" in done.stdout
    assert "mean score 1.00" in done.stdout
