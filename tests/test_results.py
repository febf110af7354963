from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest

from agentgym.actions import Done
from agentgym.engines import Outcome
from agentgym.errors import BackendError
from agentgym.families import Suite, TaskFamily, suites
from agentgym.results import Row, plan, run, summarise
from agentgym.runner import EpisodeResult, RolloutSpec
from agentgym.tasks import Task


def family(name: str, *, needs: tuple[str, ...] = ()) -> TaskFamily:
    def make(_: Any) -> Task:
        return Task(id=f"toys/{name}", instruction=name)

    def script(_: Task) -> Any:
        yield Done()

    return TaskFamily(name=name, make=make, oracle=script, near_misses={}, needs=needs)


if "toys" not in suites:
    families = {"one": family("one"), "two": family("two", needs=("accessibility_tree",))}
    suites.register("toys", Suite("toys", families, "for the tests of results"))


class Canned:
    """An engine whose outcomes are known beforehand."""

    def __init__(self, *outcomes: Outcome[Any]) -> None:
        self._outcomes = outcomes

    def map(self, fn: Callable[[Any], Any], items: Iterable[Any]) -> Iterator[Outcome[Any]]:
        assert len(list(items)) == len(self._outcomes)
        yield from self._outcomes


def result(task: str, score: float | None) -> EpisodeResult:
    return EpisodeResult(task, 0, score, 1.0, steps=10, steps_s=2.0, terminated=True, truncated=False)


def test_a_suite_is_planned_task_by_task_and_seed_by_seed() -> None:
    specs = plan("toys", RolloutSpec("noop", seed=5), episodes=2)
    assert [(spec.task, spec.seed) for spec in specs] == [
        ("toys/one", 5),
        ("toys/one", 6),
        ("toys/two", 5),
        ("toys/two", 6),
    ]


def test_one_task_of_a_suite_can_be_planned() -> None:
    assert [spec.task for spec in plan("toys/two", RolloutSpec("noop"))] == ["toys/two"]


def test_the_oracle_is_given_the_observations_its_family_needs() -> None:
    one, two = plan("toys", RolloutSpec("oracle", env_kwargs={"observation": ("screenshot",), "max_steps": 3}))
    assert one.env_kwargs == {"observation": ("screenshot",), "max_steps": 3}
    assert two.env_kwargs == {"observation": ("screenshot", "accessibility_tree"), "max_steps": 3}


def test_other_agents_are_given_what_was_asked_for() -> None:
    assert all("observation" not in spec.env_kwargs for spec in plan("toys", RolloutSpec("noop")))


def test_an_episode_becomes_a_row() -> None:
    specs = plan("toys/one", RolloutSpec("noop"))
    (finished,) = run(specs, Canned(Outcome(0, value=result("toys/one", 1.0))))
    assert finished.row == Row("toys/one", 0, score=1.0, total_return=1.0, steps=10, steps_per_s=5.0)


def test_a_lost_machine_is_an_error_in_its_row_and_not_a_score() -> None:
    specs = plan("toys", RolloutSpec("noop"))
    lost: Outcome[Any] = Outcome(1, error=BackendError("the display died"))
    rows = [one.row for one in run(specs, Canned(lost, Outcome(0, value=result("toys/one", 0.5))))]
    assert rows[0] == Row("toys/two", 0, error="BackendError: the display died")
    assert summarise(rows).mean_score == 0.5
    assert summarise(rows).failed == 1


def test_what_cannot_be_run_here_is_a_row_that_says_why() -> None:
    specs = plan("toys", RolloutSpec("noop"))
    engine = Canned(Outcome(0, value=result("toys/two", 1.0)))
    rows = {one.index: one.row for one in run(specs, engine, skip={0: "chromium is not installed"})}
    assert rows[0] == Row("toys/one", 0, skipped="chromium is not installed")
    assert rows[1].task == "toys/two"
    assert summarise(rows.values()).skipped == 1


@pytest.mark.parametrize("rows", [[], [Row("t", 0, error="lost")], [Row("t", 0, steps=3)]])
def test_nothing_scored_has_no_mean(rows: list[Row]) -> None:
    assert summarise(rows).mean_score is None
