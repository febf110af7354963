from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from agentgym.families import TOOLS, Suite, TaskFamily, suites
from agentgym.suites.toolmaking import answer_is, bash, file_is, getter, lay, make_task, rule, submit, tree_is
from agentgym.tasks import Check, Task
from agentgym.testing.qa import QaReport, QaSpec, check_task

pytestmark = pytest.mark.episodes

_counter = itertools.count()


def making(*checks: Check) -> Callable[[np.random.Generator], Task]:
    def make(rng: np.random.Generator) -> Task:
        number = int(rng.integers(100, 1000))
        return make_task(
            "distrust/any",
            "Sort ~/data/in.txt into ~/out.txt, and submit how many lines it has.",
            setup=[lay("/home/user/data/in.txt", "c\nb\na\n")],
            checks=checks,
            tools=("bash", "submit"),
            drawn={"number": number},
        )

    return make


def solve(_: Task) -> Any:
    yield bash("wc -l < ~/data/in.txt")
    yield bash("sort -k 1 ~/data/in.txt > ~/out.txt")
    yield submit("3")


def copy(_: Task) -> Any:
    yield bash("cp ~/data/in.txt ~/out.txt")
    yield submit("3")


def count(_: Task) -> Any:
    yield bash(f"echo {next(_counter)}")
    yield from solve(_)


def only_there(path: str) -> Check:
    return Check("is_file_exist", getter("vm_file", path=path, dest="out.txt"), rule([]))


STRICT = (
    file_is("/home/user/out.txt", "a\nb\nc\n"),
    tree_is("/home/user/data", {"in.txt": "c\nb\na\n"}),
    answer_is("3"),
)
NONSENSE = Check("exact_match", getter("sqlite_rows", path="~/data/in.txt", query="no SQL"), rule(1))
FAMILIES = {
    "sound": TaskFamily("sound", making(*STRICT), solve, {"copied": copy}),
    "lenient": TaskFamily("lenient", making(only_there("/home/user/out.txt")), solve, {"copied": copy}),
    "half judged": TaskFamily("half judged", making(*STRICT[:1]), solve, {"copied": copy}),
    "restless": TaskFamily("restless", making(*STRICT), count, {}),
    "unsolved": TaskFamily("unsolved", making(*STRICT), copy, {}),
    "broken": TaskFamily("broken", making(NONSENSE), solve, {}),
}

if "distrust" not in suites:
    suites.register("distrust", Suite("distrust", FAMILIES, env=TOOLS))


def report(name: str) -> QaReport:
    return check_task(QaSpec(f"distrust/{name}"))


def wrong(report: QaReport) -> dict[str, str]:
    return {check.name: check.found for check in report.checks if not check.ok}


def found(report: QaReport) -> dict[str, str]:
    return {check.name: check.found for check in report.checks}


def test_a_sound_task_passes_every_check() -> None:
    passed = report("sound")
    assert wrong(passed) == {}
    assert list(found(passed)) == ["oracle", "reset", "repeat", "nothing", "copied", "mutants", "exploits"]
    # However the first call is made, and however often the last, the same is left.
    assert found(passed)["mutants"] == "6 of 6, 7 alike"
    assert found(passed)["exploits"] == "29 of 29"


def test_a_task_that_asks_only_for_a_file_is_found_by_all_of_them() -> None:
    lenient = wrong(report("lenient"))
    assert lenient["copied"] == "1"
    assert "another command in call 2, bash" in lenient["mutants"]
    assert "overwrite what is judged" in lenient["exploits"]


def test_an_answer_that_nobody_looks_at_is_no_part_of_the_end() -> None:
    assert wrong(report("half judged")) == {}


def test_observations_that_differ_are_found() -> None:
    assert list(wrong(report("restless"))) == ["repeat"]


def test_an_oracle_that_does_not_solve_its_task_is_found() -> None:
    assert wrong(report("unsolved"))["oracle"] == "0"


def test_a_task_that_cannot_be_scored_is_found() -> None:
    broken = wrong(report("broken"))
    assert list(broken) == ["oracle", "nothing", "mutants", "exploits"]
    assert all("unscored" in found for found in broken.values())
