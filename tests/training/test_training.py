"""A training run: what it writes, how it goes on, what it refuses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from typer.testing import CliRunner

from agentgym.agents.policy import load_policy, read_description
from agentgym.cli.app import app
from agentgym.errors import MissingDependencyError, UsageError
from agentgym.training import Evaluation, Progress, TrainingPlan, train
from agentgym.trajectory import Dataset
from tests.training.conftest import SMALL, small_plan

pytestmark = pytest.mark.episodes


def evaluations_in(out: Path) -> list[Evaluation]:
    return [
        msgspec.json.decode(line, type=Evaluation) for line in (out / "evaluations.jsonl").read_bytes().splitlines()
    ]


def test_a_run_leaves_policy_checkpoint_evaluations_and_plan(trained: Path) -> None:
    assert {path.name for path in trained.iterdir()} == {
        "checkpoints",
        "evaluations.jsonl",
        "plan.json",
        "policy.zip",
        "tensorboard",
    }
    assert [one.steps for one in evaluations_in(trained)] == [32, 64]
    assert [path.name for path in sorted((trained / "checkpoints").iterdir())] == ["step-32.zip", "step-64.zip"]


def test_the_last_checkpoint_has_the_last_update(tmp_path: Path) -> None:
    # One update: what is kept after it is not what was kept at its evaluation before.
    out = tmp_path / "run"
    train(small_plan(out, steps=32))
    assert load_policy(out / "checkpoints" / "step-32.zip")._n_updates == 1


def test_tensorboard_shows_success_and_loss(trained: Path) -> None:
    events = EventAccumulator(str(trained / "tensorboard"))
    events.Reload()
    assert {"eval/success_rate", "train/loss", "rollout/ep_rew_mean"} <= set(events.Tags()["scalars"])


def test_a_policy_says_what_it_is_for(trained: Path) -> None:
    described = read_description(trained / "policy.zip")
    assert (described.algo, described.env) == ("ppo", "agentgym/ClickButton-v0")
    assert described.env_kwargs["split"] == "test"
    assert described.success == max(one.success for one in evaluations_in(trained))


def test_progress_is_told(tmp_path: Path) -> None:
    told: list[Progress] = []
    train(small_plan(tmp_path / "run"), told.append)
    assert told[-1].steps == 64
    assert told[-1].evaluation is not None


def test_a_longer_plan_goes_on_where_the_shorter_ended(tmp_path: Path) -> None:
    out = tmp_path / "run"
    train(small_plan(out))
    before = load_policy(out / "checkpoints" / "step-64.zip").policy.state_dict()
    found = train(small_plan(out, steps=96))
    assert [one.steps for one in found] == [32, 64, 96]
    assert found[2].seconds > found[1].seconds
    after = load_policy(out / "checkpoints" / "step-96.zip")
    assert after.num_timesteps == 96
    assert any(not before[name].equal(value) for name, value in after.policy.state_dict().items())


def test_a_run_that_is_long_enough_is_left_as_it_is(trained: Path) -> None:
    before = (trained / "policy.zip").read_bytes()
    assert [one.steps for one in train(small_plan(trained))] == [32, 64]
    assert (trained / "policy.zip").read_bytes() == before


def test_another_plan_does_not_go_on_with_it(trained: Path) -> None:
    with pytest.raises(UsageError, match="holds a run with seed 0, not 1"):
        train(small_plan(trained, seed=1))


def test_a_folder_with_other_things_is_not_written_into(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(UsageError, match="is not empty and holds no training run"):
        train(small_plan(tmp_path))


def test_an_interrupted_run_keeps_what_it_learned(tmp_path: Path) -> None:
    out = tmp_path / "run"

    def interrupt(progress: Progress) -> None:
        if progress.evaluation is not None:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(small_plan(out), interrupt)
    assert (out / "checkpoints" / "step-32.zip").exists()
    assert [one.steps for one in train(small_plan(out))] == [32, 64]


def test_the_same_seed_trains_the_same_weights(tmp_path: Path) -> None:
    weights = []
    for name in ("first", "second"):
        train(small_plan(tmp_path / name))
        weights.append(load_policy(tmp_path / name / "checkpoints" / "step-64.zip").policy.state_dict())
    assert all(weights[0][name].equal(weights[1][name]) for name in weights[0])


def test_what_is_trained_on_can_be_recorded(tmp_path: Path) -> None:
    train(small_plan(tmp_path / "run", record=str(tmp_path / "data"), shaping=0.5))
    steps = sum(len(episode) for folder in sorted((tmp_path / "data").iterdir()) for episode in Dataset(folder))
    assert steps >= 64


def test_it_ends_when_two_evaluations_are_good_enough(tmp_path: Path) -> None:
    plan = small_plan(tmp_path / "run", steps=960, stop_at=0.0)
    assert [one.steps for one in train(plan)] == [32, 64]
    assert [one.steps for one in train(plan)] == [32, 64], "and is not taken up again"


@pytest.mark.parametrize(
    ("algo", "options"),
    [
        ("a2c", {"n_steps": 16}),
        ("trpo", {"n_steps": 16, "batch_size": 16}),
        ("dqn", {"learning_starts": 8, "buffer_size": 100, "batch_size": 8}),
        ("qrdqn", {"learning_starts": 8, "buffer_size": 100, "batch_size": 8}),
        ("maskable-ppo", SMALL["options"]),
    ],
)
def test_every_algorithm_trains(tmp_path: Path, algo: str, options: dict[str, Any]) -> None:
    plan = small_plan(tmp_path / "run", algo=algo, options=options, env_kwargs={"size": [40, 52]})
    assert train(plan)
    assert read_description(tmp_path / "run" / "policy.zip").algo == algo


def test_stable_baselines3s_own_network_and_the_bare_actions_train(tmp_path: Path) -> None:
    plan = small_plan(tmp_path / "run", actions="native", env_kwargs={"observation": "screenshot"})
    assert not plan.uses_grid_policy
    assert train(plan)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"algo": "pop"}, "no algorithm 'pop'; did you mean 'ppo'"),
        ({"env": "agentgym/ClickButon-v0"}, "did you mean 'agentgym/ClickButton-v0'"),
        ({"actions": "bins"}, "actions is 'bins'; it can be grid, elements, native"),
        ({"steps": 0}, "steps is 0; it must be at least 1"),
        ({"stop_at": 95}, "stop_at is 95; it is a share"),
        ({"algo": "maskable-ppo", "actions": "grid"}, "go together"),
        ({"algo": "dqn", "policy": "grid"}, "the policy 'grid' takes actions 'grid' and one of ppo, a2c, trpo"),
        ({"policy": "grid", "actions": "native"}, "not 'native' and 'ppo'"),
        ({"env": "CartPole-v1", "actions": "grid"}, "actions 'grid' are those of small tasks"),
        ({"env": "no_such_module:ClickButton-v0"}, "no module that can be imported"),
        ({"env_kwargs": {"split": "test"}}, "nothing is trained on it"),
    ],
)
def test_a_plan_that_cannot_work_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        TrainingPlan(**{"env": "agentgym/ClickButton-v0", "out": "run", **changes})


def test_an_option_that_the_algorithm_does_not_have_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="n_step"):
        train(small_plan(tmp_path / "run", options={"n_step": 3}))


@pytest.mark.parametrize(
    ("changes", "message"),
    [({"env_kwargs": {"levle": 2}}, "levle"), ({"options": {"n_step": 4}}, "n_step")],
)
def test_what_cannot_be_made_leaves_the_folder_free(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        train(small_plan(tmp_path / "run", **changes))
    assert not (tmp_path / "run").exists()


def test_any_environment_can_be_trained_on(tmp_path: Path) -> None:
    plan = small_plan(tmp_path / "run", env="gymnasium:CartPole-v1")
    assert not plan.has_split
    assert train(plan)


def test_an_evaluation_that_was_cut_off_is_forgotten(tmp_path: Path) -> None:
    out = tmp_path / "run"
    train(small_plan(out))
    with (out / "evaluations.jsonl").open("ab") as file:
        file.write(b'{"steps":96,"sec')
    assert [one.steps for one in train(small_plan(out, steps=96))] == [32, 64, 96]


def test_resuming_says_what_may_change(tmp_path: Path) -> None:
    out = tmp_path / "run"
    train(small_plan(out))
    longer = CliRunner().invoke(app, ["train", "--resume", str(out), "--steps", "96", "--json"])
    assert longer.exit_code == 0, longer.output
    assert [one["steps"] for one in json.loads(longer.stdout)["evaluations"]] == [32, 64, 96]
    same = CliRunner().invoke(app, ["train", "--resume", str(out), "--json"])
    assert [one["steps"] for one in json.loads(same.stdout)["evaluations"]] == [32, 64, 96]
    other = CliRunner().invoke(app, ["train", "--resume", str(out), "--algo", "a2c"])
    assert "algo is part of what a run is" in str(other.exception)
    none = CliRunner().invoke(app, ["train", "--resume", str(tmp_path / "nowhere")])
    assert "holds no training run to go on with" in str(none.exception)


def test_what_is_missing_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "stable_baselines3", None)
    with pytest.raises(MissingDependencyError, match=r"pip install 'agentgym-envs\[train\]'"):
        train(small_plan(tmp_path / "run"))


@pytest.mark.slow
@pytest.mark.long
@pytest.mark.timeout(900)
def test_the_easiest_family_is_learned(tmp_path: Path) -> None:
    found = train(
        TrainingPlan(
            env="agentgym/ClickButton-v0", out=str(tmp_path / "run"), steps=40_000, evaluate_every=4_000, stop_at=0.9
        )
    )
    assert found[-1].success >= 0.9


def test_a_policy_learns_and_acts_through_wrappers_that_are_named(tmp_path: Path) -> None:
    templates = {
        "wrapper": "agentgym.wrappers:ToolTemplates",
        "arguments": "@agentgym.suites.service.templates:ORDERS",
        "tools": "@agentgym.suites.service.templates:TOOLS",
        "steps": 8,
    }
    out = tmp_path / "run"
    command = ["train", "agentgym/Tools-v0", "--algo", "maskable-ppo", "--steps", "64", "--num-envs", "2"]
    command += ["--evaluate-every", "64", "--evaluation-episodes", "2", "--option", "n_steps=32"]
    for option in ("task=service/refund", "backend=inline", "max_steps=8"):
        command += ["--env-option", option]
    command += ["--wrapper", json.dumps(templates), "--out", str(out), "--json"]
    result = CliRunner().invoke(app, command)
    assert result.exit_code == 0, result.output
    acted = ["run", "--agent", f"policy:{out}", "--episodes", "2", "--out", str(tmp_path / "data"), "--json"]
    result = CliRunner().invoke(app, acted)
    assert result.exit_code == 0, result.output
    rows = json.loads(result.stdout)["rows"]
    assert [(row["task"], row["domain"], row["status"]) for row in rows] == [
        ("service/refund", "service", "scored")
    ] * 2
    for episode in Dataset(tmp_path / "data"):
        infos = [episode.reset_info, *episode.infos]
        assert all(infos[t]["action_mask"][action] for t, action in enumerate(episode.actions))


def test_maskable_ppo_wants_masks(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="'maskable-ppo' and 'elements' go together"):
        TrainingPlan(env="agentgym/Tools-v0", out=str(tmp_path), algo="maskable-ppo")
