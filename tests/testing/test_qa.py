from __future__ import annotations

import itertools
from collections.abc import Generator
from typing import Any

import pytest

from agentgym.actions import Done, Fail, TypeText, Wait
from agentgym.backends.base import Completed
from agentgym.backends.memory import MemoryBackend
from agentgym.errors import UnknownNameError
from agentgym.families import Suite, TaskFamily, suites
from agentgym.tasks import EvaluatorSpec, Task
from agentgym.testing.qa import QaReport, QaSpec, check_task

_counter = itertools.count()


def impossible(_: Any) -> Task:
    return Task(id="trust/impossible", instruction="fly", evaluator=EvaluatorSpec(infeasible=True))


def give_up(_: Task) -> Generator[Any, Any, None]:
    yield TypeText("I cannot fly")
    yield Fail()


def say_done(_: Task) -> Generator[Any, Any, None]:
    yield Done()


def never_the_same(_: Task) -> Generator[Any, Any, None]:
    observation = yield Wait()
    assert "screenshot" in observation
    yield TypeText(str(next(_counter)))
    yield Fail()


def longer_each_time(_: Task) -> Generator[Any, Any, None]:
    for _step in range(next(_counter)):
        yield Wait()
    yield Fail()


def family(oracle: Any, **near_misses: Any) -> TaskFamily:
    return TaskFamily("impossible", impossible, oracle, near_misses)


FAMILIES = {
    "sound": family(give_up, claims_success=say_done),
    "unsolved": family(say_done),
    "lenient": family(give_up, also_right=give_up),
    "restless": family(never_the_same),
    "uneven": family(longer_each_time),
}

if "trust" not in suites:
    suites.register("trust", Suite("trust", FAMILIES))


class Machine(MemoryBackend):
    """Answers what is asked of home and clipboard; ``leaks`` says how often it was reset in both."""

    def __init__(self, *, leaks: bool = False, listing: str = "{}") -> None:
        said = {"sh": self._say, "xclip": self._say}
        super().__init__(commands=said)
        self._leaks = leaks
        self._listing = listing

    def _say(self, *_: Any) -> Completed:
        return Completed(0, self._listing.format(self.resets if self._leaks else 0).encode())


def report(name: str, **machine: Any) -> QaReport:
    env_kwargs = {"backend": Machine(**machine), "screen": (64, 48)}
    return check_task(QaSpec(f"trust/{name}", env_kwargs=env_kwargs))


def wrong(report: QaReport) -> dict[str, str]:
    return {check.name: check.found for check in report.checks if not check.ok}


def test_a_sound_task_passes_every_check() -> None:
    passed = report("sound")
    assert passed.ok
    assert [check.name for check in passed.checks] == ["oracle", "reset", "repeat", "nothing", "claims_success"]


def test_an_oracle_that_does_not_solve_its_task_is_found() -> None:
    assert wrong(report("unsolved")) == {"oracle": "0"}


def test_a_near_miss_that_scores_1_is_found() -> None:
    assert wrong(report("lenient")) == {"also_right": "1"}


def test_frames_that_differ_with_the_same_seed_are_found() -> None:
    found = wrong(report("restless"))
    assert list(found) == ["repeat"]
    assert found["repeat"].startswith("screenshot 2: 1536 pixels, x 0 to 63, y 0 to 23")


def test_an_episode_of_another_length_is_found() -> None:
    assert "repeat" in wrong(report("uneven"))


def test_what_a_reset_leaves_behind_is_found() -> None:
    found = wrong(report("sound", leaks=True))
    assert found == {"reset": "home: '2' became '3' (+3 more)"}


def test_a_file_that_differs_is_named_and_its_checksum_cut() -> None:
    listing = (
        f"{{}}{'0123456789abcdef' * 4}"[:-1] + "  ./Documents/a note with a long name, as people give them to notes.txt"
    )
    (said,) = wrong(report("sound", leaks=True, listing=listing)).values()
    name = "./Documents/a note with a long name, as people give them to notes.txt"
    assert said.startswith(f"home: '20123456…  {name}' became '30123456…  {name}'")


def test_an_unknown_task_is_met_with_a_suggestion() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'sound'"):
        check_task(QaSpec("trust/soun"))
