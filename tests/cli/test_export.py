from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import gymnasium as gym
import pytest

from agentgym.cli import main
from agentgym.wrappers import TrajectoryRecorder

Run = Callable[..., tuple[int, str, str]]


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
def data(tmp_path: Path) -> str:
    """Two episodes of CartPole and one without a step."""
    env = TrajectoryRecorder(gym.make("CartPole-v1", max_episode_steps=5), tmp_path / "data")
    env.action_space.seed(0)
    for seed in range(2):
        env.reset(seed=seed)
        while not any(env.step(env.action_space.sample())[2:4]):
            pass
    env.reset(seed=2)
    env.close()
    return str(tmp_path / "data")


@pytest.mark.parametrize("name", ["d3rlpy", "minari", "parquet", "sb3", "torchrl"])
@pytest.mark.slow
def test_every_exporter_of_trainers_is_a_name(name: str, data: str, run: Run, tmp_path: Path) -> None:
    code, out, err = run("export", data, "--to", name, "--out", str(tmp_path / "out"))
    assert code == 0, err
    assert out == f"{name}: {tmp_path / 'out'}\n"
    assert (tmp_path / "out").exists()


@pytest.mark.parametrize("name", ["d3rlpy", "minari", "parquet", "sb3", "torchrl"])
@pytest.mark.episodes
def test_places_may_be_relative(
    name: str, data: str, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    code, _, err = run("export", Path(data).name, "--to", name, "--out", "new/out")
    assert code == 0, err
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["out"]


@pytest.mark.episodes
def test_what_is_left_out_is_told(data: str, run: Run, tmp_path: Path) -> None:
    _, _, err = run("export", data, "--to", "sb3", "--out", str(tmp_path / "out.pkl"))
    assert "left out 1 episode without a step" in err


@pytest.mark.episodes
def test_json_says_where_and_what_was_left_out(data: str, run: Run, tmp_path: Path) -> None:
    _, out, _ = run("export", data, "--to", "d3rlpy", "--out", str(tmp_path / "out"), "--json")
    assert json.loads(out) == {
        "to": "d3rlpy",
        "out": str(tmp_path / "out"),
        "episodes": 3,
        "remarks": ["left out 1 episode without a step"],
    }


def test_options_reach_the_exporter(data: str, run: Run, tmp_path: Path) -> None:
    sets = str(tmp_path / "sets")
    code, _, _ = run("export", data, "--to", "minari", "--out", sets, "--option", "name=me/poles-v3")
    assert code == 0
    assert (tmp_path / "sets" / "me" / "poles-v3" / "data" / "metadata.json").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--to", "minary"), "no exporter named 'minary'; did you mean 'minari'?"),
        (("--to", "sb3", "--option", "observatoin=x"), "has no option 'observatoin'; did you mean 'observation'?"),
        (("--to", "minari", "--option", "xyz=1"), "has no option 'xyz'; it has: name, data_format"),
        (("--to", "sb3", "--option", "observation"), "--option takes KEY=VALUE, got 'observation'"),
    ],
)
def test_a_mistake_is_one_line_and_exit_2(
    arguments: tuple[str, ...], message: str, data: str, run: Run, tmp_path: Path
) -> None:
    code, out, err = run("export", data, *arguments, "--out", str(tmp_path / "out"))
    assert (code, out) == (2, "")
    assert message in err
    assert len(err.splitlines()) == 1
    assert not (tmp_path / "out").exists()


@pytest.mark.episodes
def test_a_mistake_that_the_library_must_tell_is_one_line_too(data: str, run: Run, tmp_path: Path) -> None:
    pytest.importorskip("stable_baselines3")
    run("list", "exporters")  # takes what `gym`, where it is installed, says of itself when it is first loaded
    code, out, err = run("export", data, "--to", "sb3", "--option", "observation=x", "--out", str(tmp_path / "out"))
    assert (code, out) == (2, "")
    assert "chooses from a Dict" in err
    assert len(err.splitlines()) == 1
    assert not (tmp_path / "out").exists()


def test_a_folder_that_is_no_dataset_is_exit_2(run: Run, tmp_path: Path) -> None:
    code, _, err = run("export", str(tmp_path), "--to", "sb3", "--out", str(tmp_path / "out"))
    assert (code, err) == (2, f"agentgym: {tmp_path} is not a dataset: it has no dataset.json\n")


def test_a_place_where_something_is_stays_as_it_is(data: str, run: Run, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("mine")
    code, _, err = run("export", data, "--to", "sb3", "--out", str(tmp_path / "out"))
    assert code == 2
    assert "exists already" in err
    assert (tmp_path / "out").read_text() == "mine"


def test_exporters_are_listed(run: Run) -> None:
    assert {"d3rlpy", "minari", "parquet", "sb3", "torchrl"} <= set(run("list", "exporters")[1].split())


def test_help_has_examples_each_on_its_own_line(run: Run) -> None:
    _, out, _ = run("export", "--help")
    assert len([line for line in out.splitlines() if line.strip().startswith("agentgym export")]) >= 2


@pytest.mark.episodes
def test_the_command_and_its_exporters_load_no_training_library() -> None:
    code = "import sys, agentgym.cli, agentgym.export; print(*{name.partition('.')[0] for name in sys.modules})"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    libraries = {"d3rlpy", "datasets", "minari", "pyarrow", "stable_baselines3", "tensordict", "torch", "torchrl"}
    assert not libraries & set(loaded)
