"""Small tasks in one process show what they show alone, whatever is done in which of them and in what order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias

import numpy as np
import pytest

from agentgym.actions import Action, Batch, DoubleClick, DragTo, MouseDown, MouseUp, MoveTo, RightClick
from agentgym.envs.micro import MicroEnv
from agentgym.envs.microactions import KEYS, VERBS
from agentgym.registration import MICRO, family_name
from tests.backends.qt.test_screen import any_action

pytestmark = pytest.mark.episodes

_FAMILIES = [family_name(name) for name in MICRO]
_SIZE = (160, 210)

_Seen: TypeAlias = tuple[bytes, str, float]


def _any_action(rng: np.random.Generator) -> Any:
    """What a hand may do or a policy may choose, and buttons that stay down."""
    x, y = int(rng.integers(_SIZE[0])), int(rng.integers(_SIZE[1]))
    kind = rng.integers(10)
    if kind < 5:
        return any_action(rng, _SIZE)
    if kind < 8:
        return rng.integers([len(VERBS), 16, 21, len(KEYS)])
    held: Sequence[Action] = (Batch((MoveTo(x, y), MouseDown())), MouseUp(), MouseDown("right"), MouseUp("right"))
    return held[int(rng.integers(len(held)))]


def _env(family: str) -> MicroEnv:
    return MicroEnv(
        family,
        level=2,
        observation=["screenshot", "accessibility_tree"],
        size=None,
        verbs=VERBS,
        keys=KEYS,
        bins=(16, 21),
        max_steps=10_000,
    )


def _played(env: MicroEnv, seed: int, actions: Sequence[Any]) -> Iterator[_Seen]:
    """What is seen after each action, episode after episode."""
    observation, _ = env.reset(seed=seed)
    yield observation["screenshot"].tobytes(), observation["accessibility_tree"], 0.0
    for action in actions:
        observation, reward, terminated, truncated, _ = env.step(action)
        yield observation["screenshot"].tobytes(), observation["accessibility_tree"], reward
        if terminated or truncated:
            env.reset()


def _check(families: Sequence[str], rng: np.random.Generator, steps: int) -> None:
    actions = [[_any_action(rng) for _ in range(steps)] for _ in families]
    expected = []
    for number, family in enumerate(families):
        alone = _env(family)
        expected.append(list(_played(alone, number, actions[number])))
        alone.close()
    together = [_env(family) for family in families]
    playing = [_played(env, number, actions[number]) for number, env in enumerate(together)]
    turns = rng.permutation(np.repeat(np.arange(len(families)), steps + 1))
    done = [0] * len(families)
    for turn in turns:
        seen = next(playing[turn])
        step = done[turn]
        assert seen == expected[turn][step], f"{families[turn]}, {step}: {actions[turn][max(0, step - 4) : step]}"
        done[turn] += 1
    for env in together:
        env.close()


def test_all_families_in_one_process() -> None:
    _check(_FAMILIES, np.random.default_rng(0), 12)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.slow
def test_some_families_for_longer(seed: int) -> None:
    rng = np.random.default_rng(seed)
    _check([str(name) for name in rng.choice(_FAMILIES, 6)], rng, 60)


@pytest.mark.parametrize(
    ("family", "actions"),
    [
        ("find-replace", [MouseDown("right"), DoubleClick(125, 195), DoubleClick(14, 189)]),
        ("fill-form", [DragTo(59, 51), MouseDown("right"), DoubleClick(135, 45), DoubleClick(109, 121)]),
        # The field has the keyboard from the start, and its menu opens above the screen's middle.
        ("find-replace", [MoveTo(66, 170), RightClick(83, 112)]),
    ],
)
def test_two_of_a_kind(family: str, actions: Sequence[Action]) -> None:
    alone, first, second = _env(family), _env(family), _env(family)
    expected = list(_played(alone, 0, actions))
    alone.close()
    playing = zip(_played(first, 0, actions), _played(second, 0, actions), expected, strict=True)
    assert all(one == same == shown for one, same, shown in playing)
    first.close()
    second.close()


@pytest.mark.parametrize("family", ["drag-to-box", "resize-box", "sort-list", "draw-box"])
def test_what_is_dragged_stays_in_hand_while_another_has_its_turn(family: str) -> None:
    envs = [_env(family), _env(family)]
    solved: list[bool] = []
    for seed, env in enumerate(envs):
        env.reset(seed=seed)
    backend: Any = envs[0].backend
    while not solved and (action := backend.solve()) is not None:
        # Its parts one by one, so that the pointer moves with what it holds before the other's turn.
        for part in action.actions if isinstance(action, Batch) else (action,):
            _, _, over, _, info = envs[0].step(part)
            envs[1].step(MoveTo(30, 100))
            if over:
                solved.append(info["is_success"])
                break
    for env in envs:
        env.close()
    assert solved == [True]
