from __future__ import annotations

import json
from pathlib import Path

import gymnasium as gym
import numpy as np
import pytest
from PIL import Image

import tests.state.drawing  # noqa: F401 - registers an environment
from agentgym.wrappers import TrajectoryRecorder
from tests.cli.conftest import Run


@pytest.fixture
def data(tmp_path: Path) -> str:
    """Two episodes, each a run, of four steps."""
    for seed in (1, 2):
        env = TrajectoryRecorder(gym.make("tests/Walk-v0", stride=2), tmp_path)
        env.reset(seed=seed)
        for _ in range(4):
            env.step(1)
        env.close()
    return str(tmp_path)


def tamper(data: str) -> None:
    """Lets the last run say that its environment walked more slowly."""
    path = max(Path(data).glob("*.jsonl"))
    path.write_text(path.read_text().replace('"stride":2', '"stride":1'))


def test_all_episodes_are_the_same(run: Run, data: str) -> None:
    code, out, _ = run("replay", data)
    assert (code, out.splitlines()) == (
        0,
        ["episode 0, seed 1: the same in 4 steps", "episode 1, seed 2: the same in 4 steps"],
    )


def test_the_step_and_the_pixel_are_told(run: Run, data: str, tmp_path: Path) -> None:
    tamper(data)
    kept = tmp_path / "kept" / "differs.png"
    code, out, _ = run("replay", data, "--episode", "1", "--keep", str(kept))
    assert code == 1
    lines = out.splitlines()
    assert lines[0] == f"step 1, observation.screenshot: {kept}"
    assert lines[1:3] == ["episode 1, seed 2: differs from step 1 on, of 4 steps", "  step 1, after 1"]
    assert "observation.screenshot: the first pixel that differs is x " in lines[3]
    assert "20 of 4800 differ" in lines[3]
    panes = np.asarray(Image.open(kept))
    assert panes.shape == (60, 80 * 3 + 8, 3)
    assert (panes == (255, 0, 255)).all(axis=2).sum() == 20


def test_json_tells_every_step_if_asked_for(run: Run, data: str) -> None:
    tamper(data)
    code, out, _ = run("replay", data, "--all", "--json")
    first, second = json.loads(out)["episodes"]
    assert (code, first["same"], second["same"]) == (1, True, False)
    assert [one["step"] for one in second["different"]] == [1, 2, 3, 4]
    assert second["different"][0]["differences"][0]["pixels"]["count"] == 20


def test_what_may_differ_is_for_the_caller_to_say(run: Run, data: str) -> None:
    tamper(data)
    ignore = ("--ignore", "observation.text", "--ignore", "reward")
    assert run("replay", data, "--screens", "ignore", *ignore)[0] == 0
    assert run("replay", data, "--screens", "80", *ignore)[0] == 0
    assert run("replay", data, "--screens", "10", *ignore)[0] == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--episode", "-3"), "has 2 episodes, from 0; there is no episode -3"),
        (("--episode", "5"), "has 2 episodes, from 0; there is no episode 5"),
        (("--screens", "some"), "--screens can be exact, ignore or a number of pixels, not 'some'"),
    ],
)
def test_a_mistaken_call_is_told(run: Run, data: str, arguments: tuple[str, ...], said: str) -> None:
    code, _, err = run("replay", data, *arguments)
    assert code == 2
    assert said in err
