"""docs/others-tasks.md: every block runs."""

from __future__ import annotations

import re
import runpy
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.episodes

PAGE = (Path(__file__).parents[2] / "docs" / "others-tasks.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, flags=re.DOTALL)


@pytest.mark.parametrize("block", blocks("python"), ids=lambda block: re.findall('"(.*?)"', block)[0])
def test_the_blocks_of_python_run(block: str, tmp_path: Path) -> None:
    if "verifiers" in block:
        pytest.importorskip("verifiers.v1", reason="pip install --no-deps verifiers")
    script = tmp_path / "block.py"
    script.write_text(block)
    runpy.run_path(str(script))


def test_there_is_a_block_for_each_package() -> None:
    assert len(blocks("python")) == 7


def test_the_command_scores_1() -> None:
    (command,) = blocks("bash")
    program, *arguments = shlex.split(command)
    assert program == "agentgym"
    done = subprocess.run([sys.executable, "-m", program, *arguments], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert "3 scored" in done.stdout
    assert "mean score 1.00" in done.stdout


def test_verifiers_finds_the_module_of_the_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    vf = pytest.importorskip("verifiers.v1", reason="pip install --no-deps verifiers")
    (tmp_path / "our_tasks.py").write_text(blocks("python")[-1])
    monkeypatch.syspath_prepend(tmp_path)
    taskset = {"id": "our-tasks", "arguments": {"task": {"id": "a", "instruction": "b"}}, "episodes": 3}
    env = vf.load_environment(vf.resolve_env_config({"taskset": taskset}))
    assert type(env).__name__ == "AgentGymEnv"
    assert env.config.player.harness is None, "the module's own"
    assert vf.default_harness_id("our-tasks") == "our-tasks"
    assert [task.data.name for task in env.taskset] == [f"agentgym/Tools-v0#{seed}" for seed in range(3)]
