"""The agent that a trained policy is, and the file that a policy is kept in."""

from __future__ import annotations

import functools
import inspect
import os
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import gymnasium as gym
import msgspec
import numpy as np

from agentgym.agents.base import Emit, agents
from agentgym.errors import UsageError
from agentgym.extras import needed
from agentgym.registry import resolve
from agentgym.tasks import Task

__all__ = [
    "ALGORITHMS",
    "PolicyAgent",
    "PolicyDescription",
    "algorithm",
    "chosen",
    "load_policy",
    "read_description",
    "save_policy",
    "takes_masks",
    "wrapped",
]

ALGORITHMS: Mapping[str, str] = {
    "ppo": "stable_baselines3:PPO",
    "a2c": "stable_baselines3:A2C",
    "dqn": "stable_baselines3:DQN",
    "trpo": "sb3_contrib:TRPO",
    "qrdqn": "sb3_contrib:QRDQN",
    "maskable-ppo": "sb3_contrib:MaskablePPO",
}
"""The learners by name, and where they are."""

_DESCRIPTION = "agentgym.json"


class PolicyDescription(msgspec.Struct, frozen=True, kw_only=True):
    """What stands beside the weights: for which environment they are.

    Attributes:
        algo: a name of `ALGORITHMS`.
        env: the registered id.
        env_kwargs: for ``gymnasium.make``.
        wrappers: what is put around it, from the inside: as `wrapped` takes them.
        steps: after how many steps of training.
        success: share of the episodes of the evaluation that were solved; None before there was one.
    """

    algo: str
    env: str
    env_kwargs: dict[str, Any] = {}
    wrappers: tuple[str | dict[str, Any], ...] = ()
    steps: int = 0
    success: float | None = None


def wrapped(env: gym.Env[Any, Any], wrappers: Sequence[str | Mapping[str, Any]]) -> gym.Env[Any, Any]:
    """The environment with wrappers around it, named from the inside.

    Args:
        wrappers: each ``"module:Class"``, or a dict of it under ``wrapper`` and of its options, or that dict as JSON
            text. An option that is a text ``"@module:NAME"`` is what is found there.

    Raises:
        UsageError: if there is no such wrapper, or it does not take these options.
    """
    for named in wrappers:
        place, options = named_wrapper(named)
        make = resolve(place, "wrapper")
        try:
            inspect.signature(make).bind(env, **options)
        except TypeError as error:
            raise UsageError(f"the wrapper {place!r} cannot be made from these options: {error}") from error
        env = make(env, **options)
    return env


def named_wrapper(named: str | Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """Where it is, and its options."""
    entry: Any = named
    if isinstance(named, str):
        if not named.lstrip().startswith("{"):
            return named, {}
        try:
            entry = msgspec.json.decode(named)
        except msgspec.DecodeError as error:
            raise UsageError(f"the wrapper {named!r} is no JSON: {error}") from error
    if not isinstance(entry.get("wrapper"), str):
        raise UsageError(f"a wrapper is 'module:Class', or {{'wrapper': 'module:Class', …its options}}, not {named!r}")
    options = {key: value for key, value in entry.items() if key != "wrapper"}
    return entry["wrapper"], {key: _found(value) for key, value in options.items()}


def _found(value: Any) -> Any:
    is_place = isinstance(value, str) and value.startswith("@") and ":" in value
    return resolve(value[1:], "option of a wrapper", fits=lambda _: True) if is_place else value


def algorithm(name: str) -> Any:
    """The learner's class.

    Raises:
        UsageError: if there is none of this name.
        MissingDependencyError: if its library is not installed.
    """
    if name not in ALGORITHMS:
        raise UsageError(f"no algorithm {name!r}; choose from {', '.join(ALGORITHMS)}")
    module, _, attribute = ALGORITHMS[name].partition(":")
    return getattr(needed(module, extra="train"), attribute)


def save_policy(model: Any, path: str | os.PathLike[str], description: PolicyDescription) -> None:
    """Writes Stable-Baselines3's own zip, with the description as one more file in it; replaces what is there at once.

    Args:
        model: a learner of Stable-Baselines3.
    """
    path = Path(path)
    fresh = path.with_name(f".{path.name}.zip")
    model.save(fresh)
    with zipfile.ZipFile(fresh, "a") as archive:
        archive.writestr(_DESCRIPTION, msgspec.json.encode(description))
    fresh.replace(path)


def policy_file(path: str | os.PathLike[str]) -> Path:
    """The file; of the folder of a training run, the policy in it."""
    path = Path(path)
    return path / "policy.zip" if path.is_dir() else path


def read_description(path: str | os.PathLike[str]) -> PolicyDescription:
    """What a policy's file says of itself. Loads no training library.

    Raises:
        UsageError: if it is no such file.
    """
    path = policy_file(path)
    try:
        with zipfile.ZipFile(path) as archive:
            return msgspec.json.decode(archive.read(_DESCRIPTION), type=PolicyDescription)
    except FileNotFoundError as error:
        raise UsageError(f"there is no policy {os.fspath(path)}; agentgym train writes one: OUT/policy.zip") from error
    except (KeyError, OSError, zipfile.BadZipFile, msgspec.DecodeError) as error:
        raise UsageError(
            f"{os.fspath(path)} is no policy that agentgym train wrote: {error}; for one of another making write an "
            "agent, and name it: --agent module:Class"
        ) from error


def load_policy(path: str | os.PathLike[str], **options: Any) -> Any:
    """The learner with its weights. It is unpickled: open no file that you would not run.

    Args:
        options: for the class's own ``load``: ``env`` to train on.
    """
    description = read_description(path)
    return algorithm(description.algo).load(policy_file(path), device="cpu", **options)


def chosen(model: Any, observation: Any, *, deterministic: bool = False, mask: Any = None) -> Any:
    """What a learner does: drawn, or the likeliest. Those that learn values explore only while they learn.

    Args:
        observation: of one environment, or of several together.
        mask: of the actions, where the observation has none; for learners that take one.
    """
    if isinstance(observation, Mapping) and "action_mask" in observation:
        mask = observation["action_mask"]
    masks = {} if mask is None or not takes_masks(model) else {"action_masks": np.asarray(mask, bool)}
    certain = deterministic or hasattr(model, "exploration_rate")
    action, _ = model.predict(observation, deterministic=certain, **masks)
    return action


def takes_masks(model: Any) -> bool:
    return type(model).__name__ == "MaskablePPO"


@functools.lru_cache(maxsize=4)
def _loaded(path: Path, _written: int) -> Any:
    return load_policy(path)


class PolicyAgent:
    """Does what a policy that `agentgym train` saved says of the observation.

    Args:
        path: the file, ``"runs/click-button/policy.zip"``, or the folder of the run.
        deterministic: takes the likeliest action instead of drawing one. A policy that remembers nothing can then be
            stuck where one that draws is not.
        seed: the same seed draws the same actions.

    Raises:
        UsageError: if there is no such file, or it holds no policy.
        MissingDependencyError: if its library is not installed.
    """

    def __init__(self, path: str, *, deterministic: bool = False, seed: int = 0) -> None:
        self.description = read_description(path)
        file = policy_file(path)
        self._model = _loaded(file.resolve(), file.stat().st_mtime_ns)
        self._deterministic = deterministic
        self._mask: Any = None
        self._torch = needed("torch", extra="train")
        self._draws = self._torch.Generator().manual_seed(seed).get_state()

    def reset(self, task: Task, emit: Emit) -> None:
        """Goes on drawing: each episode is another one."""

    def read_info(self, info: Mapping[str, Any]) -> None:
        """Keeps the mask of what can be done, which not every observation has."""
        self._mask = info.get("action_mask")

    def act(self, observation: Any) -> Any:
        # Drawn from numbers of its own: neither another agent's nor the caller's change.
        with self._torch.random.fork_rng(devices=[]):
            self._torch.set_rng_state(self._draws)
            action = chosen(self._model, observation, deterministic=self._deterministic, mask=self._mask)
            self._draws = self._torch.get_rng_state()
        return action


agents.register("policy", PolicyAgent)
