from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from agentgym.actions import Done
from agentgym.families import Suite, TaskFamily, suites
from agentgym.results.planning import domains_of, plan
from agentgym.runner import RolloutSpec
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


def written(path: Path, **task: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"instruction": "say hello", **task}))


def test_a_task_of_a_suite_is_counted_under_the_suite() -> None:
    assert domains_of("toys") == {"toys/one": "toys", "toys/two": "toys"}


def test_a_task_of_osworlds_tree_is_counted_under_its_folder(tmp_path: Path) -> None:
    written(tmp_path / "examples" / "chrome" / "a.json", id="a")
    written(tmp_path / "examples" / "gimp" / "b.json", id="b")
    (tmp_path / "test_all.json").write_text(json.dumps({"chrome": ["a"], "gimp": ["b"]}))
    assert domains_of(str(tmp_path)) == {"a": "chrome", "b": "gimp"}
    assert domains_of(str(tmp_path / "test_all.json")) == {"a": "chrome", "b": "gimp"}


def test_what_a_task_says_of_its_domain_goes_before_its_folder(tmp_path: Path) -> None:
    written(tmp_path / "vlc" / "a.json", id="a", domain="media")
    written(tmp_path / "b.json", id="b")
    assert domains_of(str(tmp_path)) == {"a": "media", "b": ""}
