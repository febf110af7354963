from __future__ import annotations

import os
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import gymnasium as gym
import pytest

from agentgym.wrappers import RewardHooks, TrajectoryRecorder
from tests.modelserver import call, say, serving

EXAMPLES = Path(__file__).parents[1] / "examples"
ONE_THREAD = {"OMP_NUM_THREADS": "1"}
NEEDS = {
    "cleanrl_ppo": ("torch", "it is large"),
    "rllib_ppo": ("tree", "RLlib brings it, which holds gymnasium at 1.2.2; `make test-matrix` runs this"),
    "sb3_ppo": ("stable_baselines3", "it brings torch"),
    "torchrl_ppo": ("torchrl", "it brings torch"),
}
ARGUMENTS = {
    "cleanrl_ppo": ["--steps", "1"],
    "rllib_ppo": ["--steps", "64", "--batch", "64", "--runners", "1"],
    "sb3_ppo": ["32"],
    "torchrl_ppo": ["--steps", "1"],
}
# TorchRL 0.14 warns of itself when it is imported.
WARNINGS = {"torchrl_ppo": ["-W", "ignore::DeprecationWarning"]}
# A training loop that is in one file on purpose.
LONGEST = {"cleanrl_ppo": 100, "torchrl_ppo": 100}
SAYS = {
    "cleanrl_ppo": "1024 steps: 0.",
    "follow_workers": "steps followed, as many as were recorded: True",
    "record_and_read": "the last frame read back is the one that was seen: True",
    "reward_hooks": "the same from the recording: True",
    "rllib_ppo": "score of an episode, mean: ",
    "sb3_ppo": "steps learnt from: 32",
    "single_step": "pyautogui.click(99999, 0) -> ",
    "torchrl_ppo": "1024 steps: 0.",
    "vector_env": "4 [",
}


# What learns, and what asks a model, has its own test below.
ALONE = [path for path in sorted(EXAMPLES.glob("*.py")) if not path.stem.startswith(("llm", "offline"))]


@pytest.mark.desktop
@pytest.mark.parametrize("example", ALONE, ids=lambda path: path.stem)
def test_an_example_runs_and_says_what_it_promises(example: Path, tmp_path: Path) -> None:
    needed, reason = NEEDS.get(example.stem, ("agentgym", ""))
    if find_spec(needed) is None:
        pytest.skip(f"{needed} is not installed: {reason}")
    warnings = ["-W", "error", *WARNINGS.get(example.stem, [])]
    command = [sys.executable, *warnings, str(example), *ARGUMENTS.get(example.stem, [])]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    assert SAYS[example.stem] in result.stdout


@pytest.mark.desktop
@pytest.mark.parametrize("example", ["record_and_read", "reward_hooks"])
def test_an_example_reads_what_it_has_recorded_not_what_was_there(example: str, tmp_path: Path) -> None:
    older = {"id": "older", "instruction": ""}
    env = gym.make("agentgym/Desktop-v0", task=older, backend="memory", screen=(64, 48), max_steps=1)
    recorder = TrajectoryRecorder(RewardHooks(env, novelty=lambda _: 7.0), tmp_path / "data")
    recorder.reset(seed=0)
    recorder.step("WAIT")
    recorder.close()
    command = [sys.executable, "-W", "error", str(EXAMPLES / f"{example}.py")]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    assert SAYS[example] in result.stdout


@pytest.mark.episodes
def test_a_model_at_any_address_does_the_task_of_the_example(tmp_path: Path) -> None:
    count = call("bash", command="grep -c sea poem.txt > count.txt && cat count.txt")
    with serving([call("bash", command="cat poem.txt"), count, say("DONE")]) as server:
        result = subprocess.run(
            [sys.executable, "-W", "error", str(EXAMPLES / "llm_agent.py"), "scripted"],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            env={**os.environ, "OPENAI_BASE_URL": server.url, "OPENAI_API_KEY": "none"},
        )
    assert result.returncode == 0, result.stderr
    assert server.refused == []
    assert "bash gave: 2" in result.stdout
    read, written = server.usage["input_tokens"], server.usage["output_tokens"]
    assert f"score 1.0 in 3 steps; 3 calls of the model, {read} tokens read, {written} written" in result.stdout
    assert "requests in the recording: 3" in result.stdout


@pytest.mark.slow
@pytest.mark.long
def test_what_is_learned_from_a_recording_alone_solves_unseen_tasks(tmp_path: Path) -> None:
    for library in ("torchrl", "sb3_contrib"):
        pytest.importorskip(library)

    def said(*command: str) -> list[str]:
        result = subprocess.run(
            [sys.executable, *command], cwd=tmp_path, capture_output=True, text=True, env={**os.environ, **ONE_THREAD}
        )
        assert result.returncode == 0, result.stderr
        return result.stdout.splitlines()

    (recorded,) = said(str(EXAMPLES / "offline_recording.py"), "120", "256", "ClickButton")
    assert re.fullmatch(r"ClickButton oracle 1\.00 random 0\.\d\d half-trained [01]\.\d\d", recorded)
    for algorithm, updates in (("bc", 200), ("cql", 2)):
        header, row = said(str(EXAMPLES / "offline.py"), algorithm, str(updates), "ClickButton")
        assert header.split("\t") == ["family", "oracle", "random", "half-trained", algorithm, "minutes"]
        name, *numbers = row.split("\t")
        oracle, _, _, learned, minutes = map(float, numbers)
        assert (name, oracle) == ("ClickButton", 1)
        assert 0 <= learned <= 1
        assert minutes >= 0
        assert algorithm == "cql" or learned >= 0.8


@pytest.mark.parametrize("example", sorted(EXAMPLES.glob("*.py")), ids=lambda path: path.stem)
def test_an_example_is_short(example: Path) -> None:
    assert len(example.read_text().splitlines()) <= LONGEST.get(example.stem, 80)
