"""A training run: environments, learner, evaluations, checkpoints."""

from __future__ import annotations

import functools
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
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
from agentgym.errors import AgentGymError, UsageError
from agentgym.rewards import named_hooks
from agentgym.training.measuring import evaluate, solved
from agentgym.training.plan import Evaluation, Progress, TrainingPlan
from agentgym.wrappers import RewardHooks, TrajectoryRecorder

__all__ = ["run"]

_PLAN = "plan.json"
_POLICY = "policy.zip"
_EVALUATIONS = "evaluations.jsonl"
# Far from the seeds of any environment that is trained on.
_EVALUATION_SEED = 1_000_000
_RECENT = 100
_REPORT_EVERY_S = 0.25


def run(plan: TrainingPlan, out: Path, report: Callable[[Progress], object]) -> list[Evaluation]:
    """As `agentgym.training.train` says."""
    _check_folder(plan, out)
    before = _read_evaluations(out / _EVALUATIONS)
    if _enough(plan, before):
        return before
    with ExitStack() as ending:
        ending.callback(torch.set_num_threads, torch.get_num_threads())
        # Small networks on few cores: more threads only get in each other's way.
        torch.set_num_threads(1)
        with _attributed(plan):
            envs = DummyVecEnv([functools.partial(_training_env, plan, number) for number in range(plan.num_envs)])
            ending.callback(envs.close)
            test = DummyVecEnv([functools.partial(_test_env, plan)] * plan.num_envs)
            ending.callback(test.close)
            model = _learner(plan, envs, out)
        out.mkdir(parents=True, exist_ok=True)
        (out / _PLAN).write_bytes(msgspec.json.format(msgspec.json.encode(plan, order="sorted")) + b"\n")
        model.set_logger(configure(str(out / "tensorboard"), ["tensorboard"]))
        keeping = Keeping(plan, out, test, report, before)
        # Before its library gives it one: an interrupt may come first.
        keeping.model = model
        try:
            model.learn(max(0, plan.steps - model.num_timesteps), callback=keeping, reset_num_timesteps=False)
        except KeyboardInterrupt:
            keeping.checkpoint()
            raise
        keeping.checkpoint()
        if not keeping.stopped:
            keeping.look()
        return keeping.evaluations


@contextmanager
def _attributed(plan: TrainingPlan) -> Iterator[None]:
    """Says of what cannot be made that it is for what was asked for."""
    try:
        yield
    except AgentGymError:
        raise
    except (AssertionError, AttributeError, TypeError, ValueError) as error:
        raise UsageError(f"{plan.algo} cannot be made for {plan.env} with these options: {error}") from error


def _check_folder(plan: TrainingPlan, out: Path) -> None:
    """Makes sure that the folder is free, or has a run of this plan, but for its length."""
    if not (out / _PLAN).exists():
        if out.exists() and any(out.iterdir()):
            raise UsageError(f"{out} is not empty and holds no training run; give another folder")
        return
    free = ("steps", "out", "stop_at", "evaluate_every", "evaluation_episodes", "record")
    now = msgspec.json.decode(msgspec.json.encode(plan), type=dict[str, Any])
    try:
        before = msgspec.json.decode((out / _PLAN).read_bytes(), type=dict[str, Any])
    except msgspec.DecodeError as error:
        raise UsageError(f"{out / _PLAN} cannot be read: {error}; give another folder") from error
    differing = [name for name in now if name not in free and (before.get(name) or None) != (now[name] or None)]
    if differing:
        name = differing[0]
        raise UsageError(
            f"{out} holds a run with {name} {before.get(name)!r}, not {now[name]!r}: give another folder to begin "
            "anew, or the same plan to go on"
        )


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
        model = load_policy(newest, env=envs)
        # Other episodes than those that the run began with.
        model.set_random_seed(plan.seed + model.num_timesteps)
        if hasattr(model, "learning_starts"):
            # What was to be replayed is not kept, and is gathered first.
            model.learning_starts = model.num_timesteps + plan.all_options["learning_starts"]
        return model
    options = plan.all_options
    if plan.uses_grid_policy:
        options = {**options, "policy_kwargs": {**options.get("policy_kwargs", {}), **_layout(envs)}}
    return algorithm(plan.algo)(_policy_class(plan, envs), envs, seed=plan.seed, device="cpu", **options)


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


def _spaces_of(plan: TrainingPlan, envs: VecEnv) -> dict[str, Any]:
    """What a small task chose by itself, so that another can be given the same spaces."""
    if not plan.is_small_task:
        return {}
    grid: MicroActions = envs.get_attr("actions", 0)[0]
    return {"verbs": list(grid.verbs), "keys": list(grid.keys), "bins": list(grid.bins)}


def _steps_of(checkpoint: Path) -> int:
    return int(checkpoint.stem.removeprefix("step-"))


class Keeping(BaseCallback):
    """Evaluates, keeps the best policy and checkpoints, and tells how far it is."""

    def __init__(
        self,
        plan: TrainingPlan,
        out: Path,
        test: VecEnv,
        report: Callable[[Progress], object],
        before: Sequence[Evaluation],
    ) -> None:
        super().__init__()
        self._plan, self._out, self._test, self._report = plan, out, test, report
        self.evaluations = list(before)
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
        success, mean_return = evaluate(
            self.model, self._test, self._plan.evaluation_episodes, seed=self._plan.seed + _EVALUATION_SEED
        )
        seconds = self._seconds_before + time.monotonic() - self._begun
        found = Evaluation(
            self.model.num_timesteps, round(seconds, 1), success, mean_return, self._plan.evaluation_episodes
        )
        self.model.logger.record("eval/success_rate", success)
        self.model.logger.record("eval/mean_return", mean_return)
        # What was found is written last: nothing is said of a policy that is not there.
        if success >= max((one.success for one in self.evaluations), default=0.0):
            save_policy(self.model, self._out / _POLICY, self._description(success))
        self.checkpoint()
        self.evaluations.append(found)
        with (self._out / _EVALUATIONS).open("ab") as file:
            file.write(msgspec.json.encode(found) + b"\n")
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
            env_kwargs={**self._plan.test_kwargs, **_spaces_of(self._plan, self._test)},
            wrappers=tuple(one if isinstance(one, str) else dict(one) for one in self._plan.wrappers),
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
    """Those of before; a line that was cut off in the middle goes."""
    if not path.exists():
        return []
    whole, newline, cut_off = path.read_bytes().rpartition(b"\n")
    if cut_off:
        path.write_bytes(whole + newline)
    return [msgspec.json.decode(line, type=Evaluation) for line in whole.splitlines()]
