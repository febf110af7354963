"""What a training run is asked for and what it says of itself. Imports no training library."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from importlib import import_module
from pathlib import Path
from typing import Any, Literal, TypeAlias

import gymnasium as gym
import msgspec
from gymnasium.envs.registration import load_env_creator

from agentgym.agents.policy import ALGORITHMS
from agentgym.errors import UsageError
from agentgym.extras import needed
from agentgym.registration import small_task_ids
from agentgym.registry import suggestion

__all__ = ["ActionForm", "Evaluation", "Progress", "TrainingPlan", "train"]

ActionForm: TypeAlias = Literal["grid", "elements", "native"]

_WRAPPERS: Mapping[str, tuple[str, ...]] = {
    "grid": ("agentgym.wrappers:DiscreteGrid",),
    "elements": ("agentgym.wrappers:MaskedElements",),
    "native": (),
}

# Those whose policies draw their actions, which is what `GridPolicy` is for.
_ACTORS = ("ppo", "a2c", "trpo")

# What solved most of the small tasks at level 1 soonest, on one core; benchmarks/learning.py.
_ON_POLICY = {"gamma": 0.9, "gae_lambda": 0.9}
DEFAULTS: Mapping[str, Mapping[str, Any]] = {
    "ppo": {
        **_ON_POLICY,
        "n_steps": 128,
        "batch_size": 256,
        "n_epochs": 4,
        "learning_rate": 1e-3,
        "ent_coef": 0.01,
        "target_kl": 0.03,
    },
    "maskable-ppo": {
        **_ON_POLICY,
        "n_steps": 128,
        "batch_size": 256,
        "n_epochs": 4,
        "learning_rate": 1e-3,
        "ent_coef": 0.01,
    },
    "a2c": {**_ON_POLICY, "n_steps": 16, "ent_coef": 0.01},
    "trpo": {**_ON_POLICY, "n_steps": 128},
    "dqn": {"gamma": 0.9, "buffer_size": 20_000, "learning_starts": 1_000},
    "qrdqn": {"gamma": 0.9, "buffer_size": 20_000, "learning_starts": 1_000},
}
"""By algorithm, what differs from the library's own defaults."""


class Evaluation(msgspec.Struct, frozen=True):
    """A line of ``evaluations.jsonl``: how the policy did on what it is not trained on.

    Attributes:
        steps: of training, until then.
        seconds: of training, until then, evaluations included.
        success: share of the episodes that were solved.
        mean_return: without shaping.
    """

    steps: int
    seconds: float
    success: float
    mean_return: float
    episodes: int


@dataclass(frozen=True)
class Progress:
    """How far a training run is.

    Attributes:
        recent_success: share of the last hundred training episodes that were solved; None before the first.
        evaluation: the newest one.
    """

    steps: int
    recent_success: float | None
    evaluation: Evaluation | None


@dataclass(frozen=True, kw_only=True)
class TrainingPlan:
    """What to train on what, and how long.

    Args:
        env: a registered id: ``"agentgym/ClickButton-v0"``.
        out: the folder that is written: ``policy.zip``, the best of the evaluations; ``checkpoints/``;
            ``evaluations.jsonl``; ``tensorboard/``; ``plan.json``.
        env_kwargs: for ``gymnasium.make``.
        algo: a name of `agentgym.agents.policy.ALGORITHMS`.
        steps: of the environments, all together.
        num_envs: environments that are stepped together, in this process.
        seed: of environments, weights and draws.
        env_wrappers: put around the environment, from the inside, as `agentgym.agents.policy.wrapped` takes them.
        actions: ``"grid"`` is one number for every place and key, ``"elements"`` one for every accessible element,
            ``"native"`` leaves them as they are; None for what the algorithm and the environment take.
        policy: ``"grid"`` is a network whose actions are pixels of what it saw; any other name is Stable-Baselines3's
            own: ``"CnnPolicy"``. None for the first where it can be had.
        options: of the algorithm, by the names that its class has.
        shaping: weight of `agentgym.rewards.progress_shaping`, whose discount is the algorithm's.
        evaluate_every: steps between two evaluations.
        evaluation_episodes: of one evaluation, of the split ``test`` where there is one, else of other seeds.
        stop_at: ends when two evaluations in a row have this success.
        record: a folder into which every transition of the training is recorded, or None.

    Raises:
        UsageError: if something of it cannot work.
    """

    env: str
    out: str
    env_kwargs: Mapping[str, Any] = field(default_factory=dict)
    algo: str = "ppo"
    steps: int = 200_000
    num_envs: int = 8
    seed: int = 0
    env_wrappers: tuple[str | Mapping[str, Any], ...] = ()
    actions: ActionForm | None = None
    policy: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    shaping: float = 0.0
    evaluate_every: int = 10_000
    evaluation_episodes: int = 100
    stop_at: float | None = None
    record: str | None = None

    def __post_init__(self) -> None:
        if self.algo not in ALGORITHMS:
            raise UsageError(f"no algorithm {self.algo!r}; {suggestion(self.algo, ALGORITHMS)}")
        if self.actions is not None and self.actions not in _WRAPPERS:
            raise UsageError(f"actions is {self.actions!r}; it can be {', '.join(_WRAPPERS)}")
        for name in ("steps", "num_envs", "evaluate_every", "evaluation_episodes"):
            if getattr(self, name) < 1:
                raise UsageError(f"{name} is {getattr(self, name)!r}; it must be at least 1")
        if self.stop_at is not None and not 0 <= self.stop_at <= 1:
            raise UsageError(f"stop_at is {self.stop_at!r}; it is a share of episodes, from 0 to 1")
        self._check_env()
        self._check_together()

    def _check_env(self) -> None:
        module, _, name = self.env.rpartition(":")
        if module:
            try:
                import_module(module)
            except ImportError as error:
                raise UsageError(f"{self.env!r} is in no module that can be imported: {error}") from error
        if name not in gym.registry:
            raise UsageError(f"no environment {name!r}; {_meant(name)}")
        if self.env_kwargs.get("split") == "test":
            raise UsageError("split is 'test', on which policies are evaluated; nothing is trained on it")

    def _check_together(self) -> None:
        """Whether algorithm, actions and network go together."""
        form = self.action_form
        if form != "native" and not self.is_small_task:
            raise UsageError(f"actions {form!r} are those of small tasks; {self.env} has its own: leave actions out")
        # Who names wrappers knows whether one of them has masks.
        is_wrapped = form == "native" and bool(self.env_wrappers)
        if (self.algo == "maskable-ppo") != (form == "elements") and not is_wrapped:
            raise UsageError(
                f"the algorithm {self.algo!r} does not take actions {form!r}: 'maskable-ppo' and 'elements' "
                "go together, and nothing else with either"
            )
        if self.policy == "grid" and not (form == "grid" and self.algo in _ACTORS):
            raise UsageError(
                f"the policy 'grid' takes actions 'grid' and one of {', '.join(_ACTORS)}, "
                f"not {form!r} and {self.algo!r}"
            )

    @property
    def is_small_task(self) -> bool:
        """Whether its actions are [verb, column, row, key]."""
        return "bins" in self._parameters

    @property
    def action_form(self) -> ActionForm:
        if self.actions is not None:
            return self.actions
        if not self.is_small_task:
            return "native"
        return "elements" if self.algo == "maskable-ppo" else "grid"

    @property
    def uses_grid_policy(self) -> bool:
        if self.policy is not None:
            return self.policy == "grid"
        return self.is_small_task and self.action_form == "grid" and self.algo in _ACTORS

    @property
    def wrappers(self) -> tuple[str | Mapping[str, Any], ...]:
        return (*self.env_wrappers, *_WRAPPERS[self.action_form])

    @property
    def all_options(self) -> dict[str, Any]:
        """Of the algorithm, those of `DEFAULTS` included."""
        return {**DEFAULTS[self.algo], **self.options}

    @property
    def all_env_kwargs(self) -> dict[str, Any]:
        """For ``gymnasium.make``: a small task shows its instruction, too, unless something else is wanted."""
        seen = {"observation": ["screenshot", "instruction"]} if self.is_small_task else {}
        return {**seen, **self.env_kwargs}

    @property
    def test_kwargs(self) -> dict[str, Any]:
        """The same for the evaluation: the other half of what can be drawn, where there is one."""
        return {**self.all_env_kwargs, **({"split": "test"} if self.has_split else {})}

    @property
    def has_split(self) -> bool:
        """Whether there is something to evaluate on that is never trained on."""
        return "split" in self._parameters

    @property
    def _parameters(self) -> Mapping[str, inspect.Parameter]:
        creator: Any = gym.spec(self.env.rpartition(":")[2]).entry_point
        return inspect.signature(load_env_creator(creator) if isinstance(creator, str) else creator).parameters


def _meant(name: str) -> str:
    """What a name that is no id may have been; all ids would be hundreds."""
    small = small_task_ids()
    found = small.get(name.rpartition("/")[2]) or next(iter(get_close_matches(name, gym.registry, n=1)), None)
    return (
        f"did you mean {found!r}?" if found else f"such as {small['click-button']!r}; agentgym apps list has the others"
    )


def train(plan: TrainingPlan, report: Callable[[Progress], object] = lambda _: None) -> list[Evaluation]:
    """Trains, or goes on from the newest checkpoint in ``plan.out``.

    Ctrl-C ends it with a checkpoint written and raises KeyboardInterrupt.

    Args:
        report: told now and then how far it is.

    Returns:
        The evaluations, those before a resumption included. ``plan.out/policy.zip`` is the best.

    Raises:
        UsageError: if the folder holds a run of another plan, or the algorithm cannot take the spaces or options.
        MissingDependencyError: if a library is not installed.
    """
    needed("stable_baselines3", extra="train")
    needed("tensorboard", extra="train")
    from agentgym.training.run import run

    return run(plan, Path(plan.out), report)
