"""Many environments of ours as one, in one process."""

from __future__ import annotations

import contextvars
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from typing import Any, TypeAlias

import gymnasium as gym
import numpy as np
import numpy.typing as npt
from gymnasium.vector import AutoresetMode
from gymnasium.vector.utils import batch_space, iterate

from agentgym.actions.quoting import short
from agentgym.envs.batch import Batch
from agentgym.envs.shown import standings_html
from agentgym.errors import BackendError, UsageError

__all__ = ["EnvWrapper", "VectorDesktops", "make_desktops", "make_micros", "make_miniwobs"]

EnvWrapper: TypeAlias = Callable[[gym.Env[Any, Any]], gym.Env[Any, Any]]

_Bools: TypeAlias = npt.NDArray[np.bool_]
_IN_THREADS = frozenset({"x11", "host", "miniwob"})


class VectorDesktops(gym.vector.VectorEnv[Any, Any, Any]):
    """Steps all its environments at once, and gives their observations in one array of shape (N, …).

    Desktops are programs of their own: all get their actions, and then all are waited for, each in a thread. Widgets in
    this process are stepped one after the other.

    An environment whose machine breaks does not stop the others: its episode is truncated, unpaid and unscored, with
    ``failure`` in its info, and its next ``reset`` begins with a new machine.

    Args:
        make: makes one environment.
        num_envs: how many.
        autoreset_mode: one of Gymnasium's: ``"NextStep"``, ``"SameStep"``, ``"Disabled"``.
        env_wrappers: put around each environment, the first innermost: ``partial(TrajectoryRecorder, path="data/")``.
        copy: whether the observations are the caller's, or one array that the next step writes again.
        threads: whether environments wait at the same time.

    Raises:
        UsageError: if an argument cannot work.
    """

    def __init__(
        self,
        make: Callable[[], gym.Env[Any, Any]],
        num_envs: int,
        *,
        autoreset_mode: str | AutoresetMode = AutoresetMode.NEXT_STEP,
        env_wrappers: Sequence[EnvWrapper] = (),
        copy: bool = True,
        threads: bool = False,
    ) -> None:
        # Gymnasium up to 1.2 closes what is collected, even what was never made.
        self.closed = True
        if num_envs < 1:
            raise UsageError(f"num_envs is {num_envs}; it must be a whole number from 1")
        try:
            self.autoreset_mode = AutoresetMode(autoreset_mode)
        except ValueError as error:
            choices = ", ".join(repr(mode.value) for mode in AutoresetMode)
            raise UsageError(f"autoreset_mode is {autoreset_mode!r}; it can be {choices}") from error
        self.num_envs = num_envs
        self.envs = [_wrapped(make(), env_wrappers) for _ in range(num_envs)]
        self.closed = False
        first = self.envs[0]
        self.metadata = {**first.metadata, "autoreset_mode": self.autoreset_mode}
        self.render_mode = first.render_mode
        self.single_observation_space, self.single_action_space = first.observation_space, first.action_space
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self.action_space = batch_space(self.single_action_space, num_envs)
        self._pool = ThreadPoolExecutor(num_envs, "agentgym-vector") if threads else None
        self._latest: list[Any] = [None] * num_envs
        self._over: _Bools = np.zeros(num_envs, np.bool_)
        self._batch = Batch(self.single_observation_space, self.envs, copy=copy)

    def reset(
        self, *, seed: int | Sequence[int | None] | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        """Begins an episode in every environment, or in those that ``options["reset_mask"]`` says.

        Args:
            seed: of the first environment, the others counting on from it; or one for each.

        Raises:
            BackendError: if a machine did not start.
            UsageError: if seeds or mask are not of as many environments.
        """
        seeds = self._seeds(seed)
        rest = dict(options or {})
        mask = self._mask(rest.pop("reset_mask", None))
        chosen = np.flatnonzero(mask).tolist()
        self._batch.renew()
        begun = self._each(chosen, lambda index: self.envs[index].reset(seed=seeds[index], options=rest or None))
        infos: dict[str, Any] = {}
        for index, (observation, info) in zip(chosen, begun, strict=True):
            self._latest[index] = observation
            infos = self._add_info(infos, info, index)
        self._over[mask] = False
        return self._observations(), infos

    def step(self, actions: Any) -> tuple[Any, npt.NDArray[np.float64], _Bools, _Bools, dict[str, Any]]:
        """One step of every environment.

        With ``"NextStep"`` an environment whose episode is over begins the next one instead, whatever its action; with
        ``"SameStep"`` it begins in the step that ends the one before, whose last observation and info are in
        ``infos["final_obs"]`` and ``infos["final_info"]``; with ``"Disabled"`` it must have been reset.
        """
        each = self._actions(actions)
        if self.autoreset_mode is AutoresetMode.DISABLED and self._over.any():
            over = np.flatnonzero(self._over).tolist()
            raise gym.error.ResetNeeded(f"the episodes of the environments {over} are over: reset them by reset_mask")
        self._batch.renew()
        results = self._each(range(self.num_envs), lambda index: self._advance(index, each[index]))
        rewards = np.zeros(self.num_envs, np.float64)
        terminations, truncations = np.zeros((2, self.num_envs), np.bool_)
        infos: dict[str, Any] = {}
        for index, (observation, reward, terminated, truncated, info) in enumerate(results):
            self._latest[index] = observation
            rewards[index], terminations[index], truncations[index] = reward, terminated, truncated
            infos = self._add_info(infos, info, index)
        same_step = self.autoreset_mode is AutoresetMode.SAME_STEP
        self._over = np.zeros(self.num_envs, np.bool_) if same_step else terminations | truncations
        return self._observations(), rewards, terminations, truncations, infos

    def render(self) -> tuple[Any, ...] | None:
        """What each environment renders."""
        return tuple(env.render() for env in self.envs) if self.render_mode is not None else None

    def _repr_html_(self) -> str:
        name = f"{self.spec.id}, {self.num_envs} at once" if self.spec is not None else f"{self.num_envs} environments"
        return standings_html(name, [env.get_wrapper_attr("standing")() for env in self.envs])

    def call(self, name: str, *args: Any, **kwargs: Any) -> tuple[Any, ...]:
        """A method's results, or an attribute, of each environment."""
        found = [env.get_wrapper_attr(name) for env in self.envs]
        return tuple(one(*args, **kwargs) if callable(one) else one for one in found)

    def get_attr(self, name: str) -> tuple[Any, ...]:
        """An attribute of each environment."""
        return self.call(name)

    def set_attr(self, name: str, values: Any) -> None:
        """Sets an attribute of each environment, to one value or to a list of one for each."""
        each = values if isinstance(values, list | tuple) else [values] * self.num_envs
        if len(each) != self.num_envs:
            raise UsageError(f"{len(each)} values for {self.num_envs} environments")
        for env, value in zip(self.envs, each, strict=True):
            env.set_wrapper_attr(name, value)

    def close_extras(self, **_: Any) -> None:
        """Closes every environment; an error of one leaves when all were tried."""
        # Before an error leaves, or Gymnasium up to 1.2 would close again when this is collected.
        self.closed = True
        with ExitStack() as closing:
            if self._pool is not None:
                closing.callback(self._pool.shutdown)
                self._pool = None
            for env in self.envs:
                closing.callback(env.close)

    def _advance(self, index: int, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        env = self.envs[index]
        if self._over[index]:
            observation, info = env.reset()
            return observation, 0.0, False, False, info
        try:
            observation, reward, terminated, truncated, info = env.step(action)
        except BackendError as error:
            failed = {"settled": False, "action_error": None, "failure": error.kind, "score": None}
            observation, reward, terminated, truncated, info = self._latest[index], 0.0, False, True, failed
        if (terminated or truncated) and self.autoreset_mode is AutoresetMode.SAME_STEP:
            final = {"final_obs": self._batch.kept(observation), "final_info": info}
            observation, info = env.reset()
            info = {**final, **info}
        return observation, float(reward), terminated, truncated, info

    def _each(self, indices: Sequence[int], act: Callable[[int], Any]) -> list[Any]:
        """The results of all; every one has been waited for when an error leaves."""
        if self._pool is None:
            return [act(index) for index in indices]
        # Each in the caller's context, in which a recorder may have made its run the current one.
        waiting = [self._pool.submit(contextvars.copy_context().run, act, index) for index in indices]
        errors = [error for error in (one.exception() for one in waiting) if error is not None]
        if errors:
            raise errors[0]
        return [one.result() for one in waiting]

    def _observations(self) -> Any:
        if any(observation is None for observation in self._latest):
            raise gym.error.ResetNeeded("some environments were never reset: the first reset takes no mask")
        return self._batch.filled(self._latest)

    def _actions(self, actions: Any) -> list[Any]:
        each = list(actions) if isinstance(actions, list | tuple) else list(iterate(self.action_space, actions))
        if len(each) != self.num_envs:
            raise UsageError(f"{len(each)} actions for {self.num_envs} environments")
        return each

    def _seeds(self, seed: int | Sequence[int | None] | None) -> Sequence[int | None]:
        if seed is None or isinstance(seed, int | np.integer):
            return [None if seed is None else int(seed) + index for index in range(self.num_envs)]
        if len(seed) != self.num_envs:
            raise UsageError(f"{len(seed)} seeds for {self.num_envs} environments")
        return seed

    def _mask(self, mask: Any) -> _Bools:
        if mask is None:
            return np.ones(self.num_envs, np.bool_)
        if not (isinstance(mask, np.ndarray) and mask.dtype == np.bool_ and mask.shape == (self.num_envs,)):
            raise UsageError(f"reset_mask is {short(mask)}; it must be bool ({self.num_envs},)")
        if not mask.any():
            raise UsageError("reset_mask resets no environment")
        return mask


def make_desktops(
    num_envs: int,
    *,
    autoreset_mode: str | AutoresetMode = AutoresetMode.NEXT_STEP,
    env_wrappers: Sequence[EnvWrapper] = (),
    copy: bool = True,
    **arguments: Any,
) -> VectorDesktops:
    """``agentgym/Desktop-v0`` many times: ``gym.make_vec("agentgym/Desktop-v0", num_envs=4, task=…)``."""
    from agentgym.envs.desktop import DesktopEnv

    return _many(DesktopEnv, num_envs, arguments, "x11", autoreset_mode, env_wrappers, copy)


def make_micros(
    num_envs: int,
    *,
    autoreset_mode: str | AutoresetMode = AutoresetMode.NEXT_STEP,
    env_wrappers: Sequence[EnvWrapper] = (),
    copy: bool = True,
    **arguments: Any,
) -> VectorDesktops:
    """A small task many times: ``gym.make_vec("agentgym/ClickButton-v0", num_envs=8)``."""
    from agentgym.envs.micro import MicroEnv

    return _many(MicroEnv, num_envs, arguments, "qt", autoreset_mode, env_wrappers, copy)


def make_miniwobs(
    num_envs: int,
    *,
    autoreset_mode: str | AutoresetMode = AutoresetMode.NEXT_STEP,
    env_wrappers: Sequence[EnvWrapper] = (),
    copy: bool = True,
    **arguments: Any,
) -> VectorDesktops:
    """A page of MiniWoB++ many times, each in a browser of its own."""
    from agentgym.envs.miniwob import MiniWobEnv

    return _many(MiniWobEnv, num_envs, arguments, "miniwob", autoreset_mode, env_wrappers, copy)


def _many(
    kind: Callable[..., gym.Env[Any, Any]],
    num_envs: int,
    arguments: Mapping[str, Any],
    backend: str,
    autoreset_mode: str | AutoresetMode,
    env_wrappers: Sequence[EnvWrapper],
    copy: bool,
) -> VectorDesktops:
    named = arguments.get("backend", backend)
    if not isinstance(named, str):
        raise UsageError(f"backend is {short(named)}: {num_envs} environments cannot share one machine; name its kind")
    return VectorDesktops(
        partial(kind, **arguments),
        num_envs,
        autoreset_mode=autoreset_mode,
        env_wrappers=env_wrappers,
        copy=copy,
        threads=named in _IN_THREADS,
    )


def _wrapped(env: gym.Env[Any, Any], wrappers: Sequence[EnvWrapper]) -> gym.Env[Any, Any]:
    for wrapper in wrappers:
        env = wrapper(env)
    return env
