"""What leaves the optimal policy as it is, and what does not: every state and action of a small grid is tried."""

from __future__ import annotations

from typing import Any, TypeAlias

import gymnasium as gym
import numpy as np
import numpy.typing as npt
import pytest
from gymnasium import spaces

from agentgym.rewards import Hook, Transition, potential_shaping, progress_shaping, step_cost
from agentgym.wrappers import RewardHooks

SIDE = 4
GAMMA = 0.9
MOVES = ((-1, 0), (1, 0), (0, -1), (0, 1))
# Two ways out, the better one further away.
EXITS = {3: 0.8, 15: 1.0}
STATES = [state for state in range(SIDE * SIDE) if state not in EXITS]

Floats: TypeAlias = npt.NDArray[np.float64]
Policy: TypeAlias = dict[int, frozenset[int]]


class Grid(gym.Env[Any, Any]):
    """A grid in which an episode may begin anywhere; ``info`` tells a potential."""

    observation_space = spaces.Discrete(SIDE * SIDE)
    action_space = spaces.Discrete(len(MOVES))

    def __init__(self, potential: Floats) -> None:
        self._potential = potential
        self._state = 0

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[int, dict[str, Any]]:
        super().reset(seed=seed)
        self._state = (options or {}).get("state", 0)
        return self._state, self._info()

    def step(self, action: int) -> tuple[int, float, bool, bool, dict[str, Any]]:
        row, column = np.clip(np.add(divmod(self._state, SIDE), MOVES[action]), 0, SIDE - 1)
        self._state = int(row * SIDE + column)
        return self._state, EXITS.get(self._state, 0.0), self._state in EXITS, False, self._info()

    def _info(self) -> dict[str, Any]:
        return {"progress": self._potential[self._state]}


def optimal_policy(potential: Floats, **hooks: Hook) -> Policy:
    """The best actions in each state, by value iteration on what the environment itself pays."""
    env = RewardHooks(Grid(potential), **hooks)
    reward = np.zeros((SIDE * SIDE, len(MOVES)))
    leads_to = np.zeros((SIDE * SIDE, len(MOVES)), int)
    for state in STATES:
        for action in range(len(MOVES)):
            env.reset(options={"state": state})
            leads_to[state, action], paid, *_ = env.step(action)
            reward[state, action] = float(paid)
    value = np.zeros(SIDE * SIDE)
    for _ in range(400):
        value[STATES] = (reward + GAMMA * value[leads_to])[STATES].max(axis=1)
    quality = reward + GAMMA * value[leads_to]
    return {state: frozenset(map(int, np.flatnonzero(quality[state] > value[state] - 1e-9))) for state in STATES}


def random_potential(seed: int) -> Floats:
    return np.random.default_rng(seed).normal(0, 3, SIDE * SIDE)


@pytest.fixture(scope="module")
def unshaped() -> Policy:
    return optimal_policy(random_potential(0))


def test_the_grid_leaves_something_to_choose(unshaped: Policy) -> None:
    assert unshaped[2] == {3}, "to the near way out"
    assert unshaped[12] == {3}, "to the better one"
    assert {len(best) for best in unshaped.values()} == {1, 2}


@pytest.mark.parametrize("seed", range(8))
def test_shaping_by_any_potential_leaves_the_optimal_policy(seed: int, unshaped: Policy) -> None:
    potential = random_potential(seed)
    by_info = optimal_policy(potential, shaping=progress_shaping(GAMMA))
    by_observation = optimal_policy(potential, shaping=potential_shaping(lambda state: float(potential[state]), GAMMA))
    assert by_info == by_observation == unshaped


def test_a_bonus_that_is_no_potential_changes_it(unshaped: Policy) -> None:
    def bonus(shown: Transition) -> float:
        return float(shown.info["progress"])

    assert optimal_policy(random_potential(1), bonus=bonus) != unshaped


def test_another_discount_than_the_learners_changes_it(unshaped: Policy) -> None:
    assert optimal_policy(random_potential(1), shaping=progress_shaping(0.5)) != unshaped


def test_terminal_states_with_a_potential_would_change_it(unshaped: Policy) -> None:
    def counting_the_end(shown: Transition) -> float:
        return GAMMA * float(shown.info["progress"]) - float(shown.before_info["progress"])

    potential = random_potential(2)
    potential[list(EXITS)] = 5, -5
    assert optimal_policy(potential, shaping=progress_shaping(GAMMA)) == unshaped
    assert optimal_policy(potential, shaping=counting_the_end) != unshaped


def test_a_step_cost_may_change_it_and_is_no_shaping(unshaped: Policy) -> None:
    assert optimal_policy(random_potential(0), cost=step_cost(1.0)) != unshaped
