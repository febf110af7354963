"""Plots of reward terms, from recordings."""

from __future__ import annotations

import sys
from pathlib import Path

import gymnasium as gym
import numpy as np
import pytest
from PIL import Image

from agentgym.cli import main
from agentgym.errors import MissingDependencyError, UsageError
from agentgym.events import Reward
from agentgym.export.terms import terms_of, write_terms
from agentgym.rewards import step_cost
from agentgym.trajectory import Dataset
from agentgym.wrappers import RewardHooks, TrajectoryRecorder


def record(path: Path, *, hooks: bool = True, late: bool = False, episodes: int = 2) -> Dataset:
    env = gym.make("CartPole-v1", max_episode_steps=6)
    recorder = TrajectoryRecorder(RewardHooks(env, cost=step_cost(0.25), lean=_lean) if hooks else env, path)
    for seed in range(episodes):
        recorder.reset(seed=seed)
        while not any(recorder.step(seed % 2)[2:4]):
            pass
        if late:
            recorder.bus.publish(Reward(step=2, value=0.5, name="judge"))
    recorder.close()
    return Dataset(path)


def _lean(transition: object) -> float:
    return -abs(float(transition.after[2]))  # type: ignore[attr-defined]


def test_terms_add_up_to_the_rewards(tmp_path: Path) -> None:
    episode = record(tmp_path, late=True)[0]
    terms = terms_of(episode)
    assert list(terms) == ["env", "cost", "lean", "judge"]
    assert terms["judge"].tolist() == [0.0, 0.5, 0.0, 0.0, 0.0, 0.0]
    assert np.allclose(np.sum(list(terms.values()), axis=0), episode.rewards)


def test_what_no_term_names_is_the_rest(tmp_path: Path) -> None:
    terms = terms_of(record(tmp_path, hooks=False, late=True)[0])
    assert {name: values.tolist() for name, values in terms.items()} == {
        "judge": [0, 0.5, 0, 0, 0, 0],
        "rest": [1.0] * 6,
    }


def test_a_recording_without_terms_has_its_reward(tmp_path: Path) -> None:
    assert {name: list(paid) for name, paid in terms_of(record(tmp_path, hooks=False)[0]).items()} == {
        "reward": [1] * 6
    }


@pytest.mark.episodes
def test_a_picture_is_drawn(tmp_path: Path) -> None:
    dataset = record(tmp_path / "data", late=True)
    write_terms(list(dataset), tmp_path / "terms.png")
    with Image.open(tmp_path / "terms.png") as picture:
        assert picture.size == (1080, 780)
        colours = {colour for _, colour in picture.convert("RGB").getcolors(1 << 20) or ()}
    # Matplotlib's first four.
    assert {(31, 119, 180), (255, 127, 14), (44, 160, 44), (214, 39, 40)} <= colours


@pytest.mark.episodes
def test_vectors_name_every_term(tmp_path: Path) -> None:
    write_terms(list(record(tmp_path / "data")), tmp_path / "terms.svg", chosen=0)
    drawn = (tmp_path / "terms.svg").read_text()
    assert all(f"<!-- {name} -->" in drawn for name in ("env", "cost", "lean", "in all", "step", "episode"))


@pytest.mark.parametrize(("name", "chosen", "message"), [("a.txt", 0, "must end in"), ("a.png", 9, "no episode 9")])
def test_what_cannot_be_drawn_is_refused(name: str, chosen: int, message: str, tmp_path: Path) -> None:
    dataset = record(tmp_path / "data", episodes=1)
    with pytest.raises(UsageError, match=message):
        write_terms(list(dataset), tmp_path / name, chosen=chosen)
    assert not (tmp_path / name).exists()


def test_without_matplotlib_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = record(tmp_path / "data", episodes=1)
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(
        MissingDependencyError, match=r"matplotlib is not installed: pip install 'agentgym-envs\[plot\]'$"
    ):
        write_terms(list(dataset), tmp_path / "terms.png")


@pytest.mark.episodes
def test_the_command_draws_and_tells(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    record(tmp_path / "data")
    with pytest.raises(SystemExit) as ended:
        main(["plot", str(tmp_path / "data"), "--terms", str(tmp_path / "terms.png")])
    assert not ended.value.code
    assert "cost" in (said := capsys.readouterr().out)
    assert "-1.50" in said
    assert (tmp_path / "terms.png").stat().st_size > 10_000


def test_the_command_refuses_an_episode_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    record(tmp_path / "data")
    with pytest.raises(SystemExit) as ended:
        main(["plot", str(tmp_path / "data"), "--terms", str(tmp_path / "terms.png"), "--episode", "2"])
    assert ended.value.code == 2
    assert "has 2 episodes" in capsys.readouterr().err
