"""A training run: environments, learner, evaluations, checkpoints."""

from __future__ import annotations

import functools
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import gymnasium as gym
import msgspec
import torch
from gymnasium import spaces
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.logger import configure
from stable_baselines3.common.monitor import Monitor
from stable_baselines3.common.vec_env import DummyVecEnv, VecEnv

from agentgym.agents.policy import (
    PolicyDescription,
    algorithm,
    load_policy,
    save_policy,
    wrapped,
)
from agentgym.envs.microactions import MicroActions, pointed_verbs
from agentgym.errors import UsageError
from agentgym.rewards import named_hooks
from agentgym.training.measuring import evaluate, solved
from agentgym.training.plan import Evaluation, Progress, TrainingPlan
from agentgym.wrappers import RewardHooks, TrajectoryRecorder

__all__ = ["run"]

_POLICY = "policy.zip"
_RECENT = 100
_REPORT_EVERY_S = 0.25


def run(plan: TrainingPlan, out: Path, report: Callable[[Progress], object]) -> list[Evaluation]:
    """As `agentgym.training.train` says."""
    # Small networks on few cores: more threads only get in each other's way.
    torch.set_num_threads(1)
    _claim(plan, out)
    before = _read_evaluations(out / "evaluations.jsonl")
    if _enough(plan, before):
        return before
    envs = DummyVecEnv([functools.partial(_training_env, plan, number) for number in range(plan.num_envs)])
    test = DummyVecEnv([functools.partial(_test_env, plan)] * plan.num_envs)
    try:
        model = _learner(plan, envs, out)
        steps_before = model.num_timesteps
        folders = str(out / "tensorboard"), ["tensorboard"]
        model.set_logger(configure(*folders))
        keeping = Keeping(plan, out, test, report)
        try:
            model.learn(max(0, plan.steps - steps_before), callback=keeping, reset_num_timesteps=False)
        finally:
            keeping.checkpoint()
        if not keeping.stopped:
            keeping.look()
        return keeping.evaluations
    finally:
        envs.close()
        test.close()


def _claim(plan: TrainingPlan, out: Path) -> None:
    """Writes the plan, or makes sure that the folder's run is of this plan, but for its length."""
    kept = out / "plan.json"
    said = msgspec.json.encode(plan, order="sorted")
    if kept.exists():
        free = ("steps", "out", "stop_at", "evaluate_every", "evaluation_episodes", "record")
        before, now = (msgspec.json.decode(text, type=dict[str, Any]) for text in (kept.read_bytes(), said))
        differing = [name for name in now if name not in free and before.get(name) != now[name]]
        if differing:
            name = differing[0]
            raise UsageError(
                f"{out} holds a run with {name} {before.get(name)!r}, not {now[name]!r}: give another folder to begin "
                "anew, or the same plan to go on"
            )
    elif out.exists() and any(out.iterdir()):
        raise UsageError(f"{out} is not empty and holds no training run; give another folder")
    out.mkdir(parents=True, exist_ok=True)
    kept.write_bytes(msgspec.json.format(said) + b"\n")


def _training_env(plan: TrainingPlan, number: int) -> Any:
    env: gym.Env[Any, Any] = gym.make(plan.env, disable_env_checker=True, **plan.all_env_kwargs)
    if plan.record is not None:
        # Closest to the environment: what is recorded is what happened, whatever the learner is told.
        env = TrajectoryRecorder(env, os.path.join(plan.record, f"env-{number}"), agent=plan.algo)
    if plan.shaping:
        gamma = plan.all_options.get("gamma", 0.99)
        env = RewardHooks(env, **named_hooks({"progress": {"gamma": gamma, "weight": plan.shaping}}))
    return Monitor(wrapped(env, plan.wrappers))


def _test_env(plan: TrainingPlan) -> Any:
    return wrapped(gym.make(plan.env, disable_env_checker=True, **plan.test_kwargs), plan.wrappers)


def _learner(plan: TrainingPlan, envs: VecEnv, out: Path) -> Any:
    """A new one, or that of the newest checkpoint."""
    newest = max((out / "checkpoints").glob("step-*.zip"), key=_steps_of, default=None)
    if newest is not None:
        return load_policy(newest, env=envs)
    options = plan.all_options
    if plan.uses_grid_policy:
        options = {**options, "policy_kwargs": {**options.get("policy_kwargs", {}), **_layout(envs)}}
    try:
        return algorithm(plan.algo)(_policy_class(plan, envs), envs, seed=plan.seed, device="cpu", **options)
    except (AssertionError, TypeError, ValueError) as error:
        raise UsageError(f"{plan.algo} cannot be made for {plan.env} with these options: {error}") from error


def _policy_class(plan: TrainingPlan, envs: VecEnv) -> Any:
    if plan.uses_grid_policy:
        from agentgym.training.networks import GridPolicy

        return GridPolicy
    if plan.policy is not None:
        return plan.policy
    if isinstance(envs.observation_space, spaces.Dict):
        return "MultiInputPolicy"
    return "CnnPolicy" if len(envs.observation_space.shape) == 3 else "MlpPolicy"


def _layout(envs: VecEnv) -> dict[str, Any]:
    """Of the actions of `DiscreteGrid`."""
    grid: MicroActions = envs.get_attr("actions", 0)[0]
    columns, rows = grid.bins
    verbs = len(pointed_verbs(grid.verbs))
    return {"grid": (rows, columns), "verbs": verbs, "others": int(envs.action_space.n) - verbs * rows * columns}


def _steps_of(checkpoint: Path) -> int:
    return int(checkpoint.stem.removeprefix("step-"))


class Keeping(BaseCallback):
    """Evaluates, keeps the best policy and checkpoints, and tells how far it is."""

    def __init__(self, plan: TrainingPlan, out: Path, test: VecEnv, report: Callable[[Progress], object]) -> None:
        super().__init__()
        self._plan, self._out, self._test, self._report = plan, out, test, report
        self.evaluations = _read_evaluations(out / "evaluations.jsonl")
        self.stopped = False
        self._recent: list[bool] = []
        self._seconds_before = self.evaluations[-1].seconds if self.evaluations else 0.0
        self._begun = self._reported = time.monotonic()
        self._due = 0

    def _on_training_start(self) -> None:
        self._due = (self.num_timesteps // self._plan.evaluate_every + 1) * self._plan.evaluate_every

    def _on_step(self) -> bool:
        for done, info in zip(self.locals["dones"], self.locals["infos"], strict=True):
            if done:
                self._recent = [*self._recent[1 - _RECENT :], solved(info)]
        if time.monotonic() - self._reported > _REPORT_EVERY_S:
            self._tell()
        return not self.stopped

    def _on_rollout_start(self) -> None:
        # After the update of the rollout before, whose steps have been counted.
        if self.num_timesteps >= self._due:
            self._due += self._plan.evaluate_every
            self.look()

    def _on_rollout_end(self) -> None:
        if self._recent:
            self.logger.record("rollout/success_rate", sum(self._recent) / len(self._recent))

    def look(self) -> None:
        """Evaluates, and writes what it found."""
        if self.evaluations and self.evaluations[-1].steps == self.model.num_timesteps:
            return
        success, mean_return = evaluate(self.model, self._test, self._plan.evaluation_episodes, seed=self._plan.seed)
        seconds = self._seconds_before + time.monotonic() - self._begun
        found = Evaluation(
            self.model.num_timesteps, round(seconds, 1), success, mean_return, self._plan.evaluation_episodes
        )
        best = max((one.success for one in self.evaluations), default=-1.0)
        self.evaluations.append(found)
        with (self._out / "evaluations.jsonl").open("ab") as file:
            file.write(msgspec.json.encode(found) + b"\n")
        self.model.logger.record("eval/success_rate", success)
        self.model.logger.record("eval/mean_return", mean_return)
        if success >= best:
            save_policy(self.model, self._out / _POLICY, self._description(success))
        self.checkpoint()
        self.stopped = _enough(self._plan, self.evaluations)
        self._tell()

    def checkpoint(self) -> None:
        """Keeps the learner as it is, and the checkpoint before it."""
        folder = self._out / "checkpoints"
        folder.mkdir(exist_ok=True)
        fresh = folder / f"step-{self.model.num_timesteps}.zip"
        if not fresh.exists():
            save_policy(self.model, fresh, self._description(None))
        for old in sorted(folder.glob("step-*.zip"), key=_steps_of)[:-2]:
            old.unlink()

    def _description(self, success: float | None) -> PolicyDescription:
        return PolicyDescription(
            algo=self._plan.algo,
            env=self._plan.env,
            env_kwargs=self._plan.test_kwargs,
            wrappers=self._plan.wrappers,
            steps=self.model.num_timesteps,
            success=success,
        )

    def _tell(self) -> None:
        self._reported = time.monotonic()
        recent = sum(self._recent) / len(self._recent) if self._recent else None
        newest = self.evaluations[-1] if self.evaluations else None
        self._report(Progress(self.model.num_timesteps, recent, newest))


def _enough(plan: TrainingPlan, evaluations: Sequence[Evaluation]) -> bool:
    """Whether the last two evaluations are as good as the plan wants them."""
    last = evaluations[-2:]
    return plan.stop_at is not None and len(last) == 2 and all(one.success >= plan.stop_at for one in last)


def _read_evaluations(path: Path) -> list[Evaluation]:
    if not path.exists():
        return []
    return [msgspec.json.decode(line, type=Evaluation) for line in path.read_bytes().splitlines()]
