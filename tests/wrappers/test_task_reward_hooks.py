from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import gymnasium as gym
import pytest
from gymnasium.envs.registration import EnvSpec

from agentgym import Dataset
from agentgym.cli.taskcheck import check_tasks
from agentgym.errors import TaskError, UsageError
from agentgym.rewards import named_hooks, relabel
from agentgym.tasks import Task, parse_task
from agentgym.wrappers import RewardHooks, TaskRewardHooks, TrajectoryRecorder

COSTLY = {"step_cost": {"amount": 0.25}, "refused": {"hook": "invalid_action", "amount": 2, "weight": 0.5}}


def task(name: str, hooks: Any = None) -> Task:
    raw: dict[str, Any] = {"id": name, "instruction": "Wait."}
    return parse_task(raw if hooks is None else {**raw, "reward_hooks": hooks})


def desktop(*tasks: Task) -> gym.Env[Any, Any]:
    return gym.make("agentgym/Desktop-v0", tasks=list(tasks), backend="memory", screen=(64, 48), max_steps=9)


def test_a_task_pays_by_its_own_hooks() -> None:
    env = TaskRewardHooks(desktop(task("a", COSTLY)))
    env.reset(seed=0)
    _, reward, *_, info = env.step("WAIT")
    assert (reward, info["reward_terms"]) == (-0.25, {"env": 0.0, "step_cost": -0.25, "refused": 0.0})
    _, reward, *_, info = env.step("no such action")
    assert (reward, info["reward_terms"]["refused"]) == (-1.25, -1.0)


def test_each_reset_takes_the_hooks_of_its_task() -> None:
    plain, costly = task("plain"), task("costly", COSTLY)
    env = TaskRewardHooks(desktop(plain, costly))
    terms = []
    for one in (costly, plain, costly):
        env.reset(seed=0, options={"task": one})
        terms.append(sorted(env.step("WAIT")[4]["reward_terms"]))
    assert terms == [["env", "refused", "step_cost"], ["env"], ["env", "refused", "step_cost"]]


def test_an_environment_without_tasks_is_paid_as_it_is() -> None:
    env = TaskRewardHooks(gym.make("CartPole-v1"))
    env.reset(seed=0)
    assert env.step(0)[4]["reward_terms"] == {"env": 1.0}


def test_what_a_task_says_wrong_is_told_at_the_reset() -> None:
    env = TaskRewardHooks(desktop(task("a", {"step_cots": {"amount": 1}})))
    with pytest.raises(TaskError, match=r"did you mean 'step_cost'\? - at \$\.reward_hooks\.step_cots"):
        env.reset(seed=0)


def test_a_name_that_the_task_takes_is_refused_further_out() -> None:
    env = RewardHooks(TaskRewardHooks(desktop(task("a", COSTLY))), step_cost="math:fsum")
    with pytest.raises(UsageError, match="'step_cost' already"):
        env.reset(seed=0)


def test_it_survives_json() -> None:
    spec = EnvSpec.from_json(TaskRewardHooks(desktop(task("a", COSTLY))).spec.to_json())  # type: ignore[union-attr]  # registered environments have one
    env = gym.make(spec)
    env.reset(seed=0)
    assert env.step("WAIT")[1] == -0.25


def test_a_recording_holds_the_hooks_and_pays_the_same(tmp_path: Path) -> None:
    env = TrajectoryRecorder(TaskRewardHooks(desktop(task("a", COSTLY))), tmp_path)
    env.reset(seed=0)
    paid = [env.step(action)[4]["reward_terms"] for action in ("WAIT", "nonsense", "WAIT")]
    env.close()
    (episode,) = Dataset(tmp_path)
    assert episode.task is not None
    terms = relabel(episode, named_hooks(episode.task.metadata["reward_hooks"]))
    assert terms == {name: [step[name] for step in paid] for name in COSTLY}


def test_validate_tells_the_line_of_a_fault(tmp_path: Path) -> None:
    raw = {"id": "a", "instruction": "b", "reward_hooks": {"progress": {"gamma": 1, "wieght": 2}}}
    (tmp_path / "a.json").write_text(json.dumps(raw, indent=1))
    (problem,) = check_tasks(str(tmp_path / "a.json")).problems
    assert problem.message.startswith(str(tmp_path / "a.json") + ":7: ")
    assert "no option 'wieght'; did you mean 'weight'?" in problem.message
    assert "$.reward_hooks.progress.wieght" in problem.message


def test_validate_knows_the_key_of_hooks(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps({"id": "a", "instruction": "b", "reward_hooks": COSTLY}))
    (tmp_path / "b.json").write_text(json.dumps({"id": "b", "instruction": "b", "reward_hook": COSTLY}))
    (problem,) = check_tasks(str(tmp_path)).problems
    assert "did you mean 'reward_hooks'?" in problem.message
