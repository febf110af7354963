from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import pytest

from agentgym.errors import RewardHookError, UsageError
from agentgym.rewards import Transition, novelty, potential_shaping, relabel, resolve_hook, term


def transition(
    before: float = 0.0, after: float = 1.0, *, terminated: bool = False, truncated: bool = False
) -> Transition:
    return Transition(before, 0, after, 1.0, terminated, truncated, {})


def after(shown: Transition) -> float:
    return float(shown.after)


NEW = novelty()


class Recorded:
    def transitions(self) -> Iterator[Transition]:
        yield transition(0, 1)
        yield transition(1, 3)


def test_shaping_pays_the_discounted_gain_in_potential() -> None:
    assert potential_shaping(lambda observation: 10 * observation, 0.5)(transition(1, 3)) == 0.5 * 30 - 10


def test_a_terminal_state_has_no_potential_but_a_truncated_one_has() -> None:
    shaping = potential_shaping(lambda observation: observation, 1.0)
    assert shaping(transition(1, 3, terminated=True)) == -1
    assert shaping(transition(1, 3, truncated=True)) == 2


def test_shaping_sums_to_what_depends_on_the_start_alone() -> None:
    shaping = potential_shaping(lambda observation: observation**2, 1.0)
    paths = [[2, 5, 1, 0], [2, 3, 3, 9, 0]]
    returns = [sum(shaping(transition(a, b, terminated=b == 0)) for a, b in pairwise(path)) for path in paths]
    assert returns == [-4, -4]


def test_a_discount_outside_0_to_1_is_refused() -> None:
    with pytest.raises(UsageError, match=r"1\.5"):
        potential_shaping(lambda observation: 0.0, 1.5)


def test_a_hook_is_found_by_name() -> None:
    assert resolve_hook(f"{__name__}:after") is after
    assert resolve_hook(f"{__name__}:NEW") is NEW


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("math", "'module:function'"),
        ("no_such_module_anywhere:f", "cannot import"),
        ("math:flor", "did you mean 'floor'"),
        ("math:pi", "cannot be called"),
    ],
)
def test_a_wrong_name_says_what_would_be_right(name: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        resolve_hook(name)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "much", None])
def test_what_is_no_finite_number_is_an_error_that_names_the_hook(value: object) -> None:
    with pytest.raises(RewardHookError, match="'progress'"):
        term("progress", lambda shown: value, transition())  # type: ignore[arg-type,return-value]  # the fault under test


def test_a_raising_hook_is_named() -> None:
    with pytest.raises(RewardHookError, match="'progress' raised ZeroDivisionError"):
        term("progress", lambda shown: 1 / 0, transition())


def test_relabelling_gives_one_number_a_step_and_hook() -> None:
    terms = relabel(Recorded(), {"after": after, "before": lambda shown: shown.before})
    assert terms == {"after": [1.0, 3.0], "before": [0.0, 1.0]}


def test_relabelling_says_at_which_step_a_hook_failed() -> None:
    with pytest.raises(RewardHookError) as caught:
        relabel(Recorded(), {"odd": lambda shown: 1 / (3 - shown.after)})
    assert "step 2" in caught.value.__notes__[0]
