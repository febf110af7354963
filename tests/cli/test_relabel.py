from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import gymnasium as gym
import pytest

from agentgym import Dataset
from agentgym.cli import main
from agentgym.wrappers import TrajectoryRecorder

Run = Callable[..., tuple[int, str, str]]

_REWARDS = """
def lean(transition):
    return -abs(float(transition.after[2]))

def broken(transition):
    return 1 / 0
"""


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs the command in this process: exit status, standard output, standard error."""

    def call(*arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        said = capsys.readouterr()
        code = ended.value.code
        assert code is None or isinstance(code, int)
        return code or 0, said.out, said.err

    return call


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A recording, in the working directory of someone who wrote rewards."""
    (tmp_path / "rewards_of_mine.py").write_text(_REWARDS)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delitem(sys.modules, "rewards_of_mine", raising=False)
    env = TrajectoryRecorder(gym.make("CartPole-v1", max_episode_steps=5), tmp_path / "data")
    env.reset(seed=0)
    while not any(env.step(0)[2:4]):
        pass
    env.close()
    return tmp_path / "data"


def test_a_new_dataset_lies_beside_the_old_one(data: Path, run: Run) -> None:
    code, out, err = run("relabel", "data/", "--reward", "rewards_of_mine:lean")
    assert code == 0, err
    assert out.endswith("dataset: data-lean\n")
    (episode,) = Dataset(data.with_name("data-lean"))
    assert episode.reward_terms[0] == {"env": 1.0, "lean": -abs(float(episode.observations[1][2]))}
    assert "lean" not in Dataset(data)[0].reward_terms[0]


def test_json_gives_the_sums(data: Path, run: Run) -> None:
    arguments = ("--reward", "rewards_of_mine:lean", "--name", "tilt", "--out", "new", "--json")
    report = json.loads(run("relabel", "data", *arguments)[1])
    (episode,) = Dataset(data.with_name("new"))
    paid = [terms["tilt"] for terms in episode.reward_terms]
    assert report == {
        "dataset": "new",
        "episodes": 1,
        "terms": [
            {
                "name": "tilt",
                "reward": "rewards_of_mine:lean",
                "steps": 5,
                "total": sum(paid),
                "least": min(paid),
                "most": max(paid),
            }
        ],
    }


def test_several_rewards_have_each_their_name(data: Path, run: Run) -> None:
    rewards = ("--reward", "rewards_of_mine:lean", "--reward", "rewards_of_mine:lean")
    code, _, err = run("relabel", "data", *rewards)
    assert (code, err) == (2, "agentgym: two rewards are called 'lean'; give each its own --name\n")
    assert run("relabel", "data", *rewards, "--name", "a", "--name", "b")[0] == 0
    assert set(Dataset(data.with_name("data-a-b"))[0].reward_terms[0]) == {"env", "a", "b"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--reward", "rewards_of_mine:leen"), "did you mean 'lean'?"),
        (("--reward", "rewards_of_mine"), "'module:function'"),
        (("--reward", "rewards_of_mine:broken"), "the reward hook 'broken' raised ZeroDivisionError"),
        (("--reward", "rewards_of_mine:lean", "--name", "a", "--name", "b"), "1 rewards, 2 names"),
        (("--reward", "rewards_of_mine:lean", "--name", "env"), "'env'"),
        (("--reward", "rewards_of_mine:lean", "--out", "data"), "data exists already"),
    ],
)
def test_a_mistake_is_one_line_and_nothing_is_written(
    data: Path, run: Run, arguments: tuple[str, ...], message: str
) -> None:
    before = sorted(data.parent.iterdir())
    code, _, err = run("relabel", "data", *arguments)
    assert code == 2
    assert message in err
    assert len(err.splitlines()) == 1
    assert [path for path in sorted(data.parent.iterdir()) if path.name != "__pycache__"] == before


@pytest.mark.episodes
def test_modules_are_found_where_the_command_is_typed(data: Path) -> None:
    command = [str(Path(sys.executable).with_name("agentgym")), "relabel", "data", "--reward", "rewards_of_mine:lean"]
    done = subprocess.run(command, cwd=data.parent, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_help_has_examples_each_on_its_own_line(run: Run) -> None:
    _, out, _ = run("relabel", "--help")
    assert len([line for line in out.splitlines() if line.strip().startswith("agentgym relabel")]) >= 2
