from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from agentgym.engines import engines
from agentgym.errors import BackendError, UsageError
from agentgym.events import Reset, RunStarted
from agentgym.export import ExportWarning, exporters
from agentgym.results import Attempt, run_config, summarise
from agentgym.results.groups import best_of_n, group_specs, run_groups
from agentgym.runner import EpisodeResult, RolloutSpec
from agentgym.trajectory import Dataset
from tests.results.guessing import AGENT, ENV
from tests.results.small import config, lines, tasks_at

SPEC = RolloutSpec(agent=AGENT, env=ENV, seed=4)
SERIAL = engines["serial"]()


def scores(group: Any) -> list[float | None]:
    return [None if member.result is None else member.result.score for member in group.members]


def test_the_environment_has_one_seed_and_each_agent_its_own(tmp_path: Path) -> None:
    (group,) = run_groups([replace(SPEC, record=str(tmp_path), metadata={"why": "test"})], 6, SERIAL)
    dataset = Dataset(tmp_path)
    started, resets = [], []
    for run_id in dataset.runs:
        events = [record.payload for record in dataset.records(run_id)]
        started += [event for event in events if isinstance(event, RunStarted)]
        resets += [event for event in events if isinstance(event, Reset)]
    assert {reset.seed for reset in resets} == {4}
    assert [one.metadata for one in started] == [
        {"why": "test", "group": {"id": group.id, "member": number, "size": 6}} for number in range(6)
    ]
    assert len({tuple(episode.actions) for episode in dataset}) > 1
    assert len({member.spec.agent_seed for member in group.members}) == 6


def test_groups_come_whole_and_apart() -> None:
    found = list(run_groups((replace(SPEC, seed=seed) for seed in range(3)), 4, SERIAL))
    assert [len(group.members) for group in found] == [4, 4, 4]
    assert [{member.spec.seed for member in group.members} for group in found] == [{0}, {1}, {2}]
    assert len({group.id for group in found}) == 3


@pytest.mark.parametrize("name", ["threads", "processes"])
def test_every_engine_gives_the_same_groups(name: str) -> None:
    specs = [replace(SPEC, seed=seed) for seed in range(2)]
    expected = {group.id: scores(group) for group in run_groups(specs, 3, SERIAL)}
    found = {group.id: scores(group) for group in run_groups(specs, 3, engines[name](workers=2))}
    assert found == expected


def test_the_best_is_the_first_of_the_highest_scores() -> None:
    group = best_of_n(SPEC, 8, SERIAL)
    best = group.best()
    assert best is not None
    assert best.result is not None
    known = [score for score in scores(group) if score is not None]
    assert best.result.score == max(known)
    assert best.number == known.index(max(known))
    worst = group.best(lambda result: -(result.score or 0))
    assert worst is not None
    assert worst.number == known.index(min(known))


def test_what_is_good_enough_ends_the_search() -> None:
    everything = scores(best_of_n(SPEC, 8, SERIAL))
    wanted = sorted(score for score in everything if score is not None)[4]
    first = next(number for number, score in enumerate(everything) if score is not None and score >= wanted)
    found = best_of_n(SPEC, 8, SERIAL, good_enough=wanted)
    assert scores(found) == [*everything[: first + 1], *[None] * (7 - first)]
    assert {type(member.error) for member in found.members} == {type(None)}


def test_an_attempt_that_broke_is_no_bad_attempt() -> None:
    firsts = {member.number: member for member in best_of_n(SPEC, 8, SERIAL).members}
    spec = replace(SPEC, env_kwargs={"breaks_at": 5})
    group = best_of_n(spec, 8, SERIAL)
    broken = [member.number for member in group.members if isinstance(member.error, BackendError)]
    assert 0 < len(broken) < 8
    advantages = group.advantages()
    assert set(advantages) == set(firsts) - set(broken)
    assert sum(advantages.values()) == pytest.approx(0)


def test_a_group_without_an_end_has_no_best() -> None:
    group = best_of_n(replace(SPEC, env="tests/NoSuch-v0"), 2, SERIAL)
    assert group.best() is None
    assert group.advantages() == {}


def test_seeds_depend_on_the_task_and_the_number_alone() -> None:
    assert [one.agent_seed for one in group_specs(SPEC, 2)] == [one.agent_seed for one in group_specs(SPEC, 5)][:2]
    assert group_specs(SPEC, 1)[0].agent_seed != group_specs(replace(SPEC, seed=5), 1)[0].agent_seed
    with pytest.raises(UsageError, match="at least one member, not 0"):
        group_specs(SPEC, 0)


def test_a_group_gives_pairs_and_rows_to_learn_from(tmp_path: Path) -> None:
    specs = [replace(SPEC, seed=seed, record=str(tmp_path / "data")) for seed in range(2)]
    groups = list(run_groups(specs, 4, SERIAL))
    dataset = Dataset(tmp_path / "data")
    exporters["grpo"](dataset, tmp_path / "grpo.jsonl")
    rows = [json.loads(line) for line in (tmp_path / "grpo.jsonl").read_text().splitlines()]
    for group in groups:
        of_group = [row for row in rows if row["group"] == group.id]
        assert {row["member"]: row["advantage"] for row in of_group} == pytest.approx(group.advantages())
        assert [row["reward"] for row in of_group] == [result.total_return for result in group.results]
    exporters["preference"](dataset, tmp_path / "pairs.jsonl")
    pairs = [json.loads(line) for line in (tmp_path / "pairs.jsonl").read_text().splitlines()]
    assert pairs
    assert all(pair["score_chosen"] > pair["score_rejected"] for pair in pairs)


def test_results_without_a_score_rank_by_their_return() -> None:
    def result(score: float | None, paid: float, steps: int) -> EpisodeResult:
        return EpisodeResult("t", 0, score, paid, steps, 1.0, True, False)

    group = best_of_n(SPEC, 3, SERIAL)
    made = [result(None, 5.0, 1), result(0.0, 1.0, 9), result(0.0, 1.0, 3)]
    members = tuple(replace(member, result=one) for member, one in zip(group.members, made, strict=True))
    best = replace(group, members=members).best()
    assert best is not None
    assert best.number == 2


def test_broken_attempts_are_left_out_of_the_rows(tmp_path: Path) -> None:
    spec = replace(SPEC, env_kwargs={"breaks_at": 5}, record=str(tmp_path / "data"))
    group = best_of_n(spec, 8, SERIAL)
    with pytest.warns(ExportWarning, match="that broke or have no score"):
        exporters["grpo"](Dataset(tmp_path / "data"), tmp_path / "grpo.jsonl")
    rows = [json.loads(line) for line in (tmp_path / "grpo.jsonl").read_text().splitlines()]
    assert {row["member"]: row["advantage"] for row in rows} == pytest.approx(group.advantages())


@pytest.mark.episodes
def test_a_run_attempts_each_task_and_seed_so_often_and_goes_on(tmp_path: Path) -> None:
    settings = config(tmp_path, tasks=tasks_at(tmp_path, "a", "b"), agent="random", episodes=2, group=3, trace=True)
    settings = settings.model_copy(update={"max_steps": 2})
    report = run_config(settings)
    places = [(one.task, one.seed, one.member) for one in report.attempts]
    assert places == [(task, seed, member) for task in "ab" for seed in range(2) for member in range(3)]
    assert len({one.item for one in report.attempts}) == 12
    more = run_config(settings.model_copy(update={"group": 4}))
    assert (more.before, len(more.attempts), len(lines(tmp_path))) == (12, 16, 16)
    dataset = Dataset(tmp_path / "data")
    groups: dict[str, set[int]] = {}
    for run_id in dataset.runs:
        started = next(dataset.records(run_id)).payload
        assert isinstance(started, RunStarted)
        groups.setdefault(started.metadata["group"]["id"], set()).add(started.metadata["group"]["member"])
    assert list(groups.values()) == [{0, 1, 2, 3}] * 4


def test_the_interval_counts_a_group_once() -> None:
    def attempt(seed: int, member: int, score: float) -> Attempt:
        told: dict[str, Any] = {"ts": "", "session_id": "", "item": "", "agent": "", "attempt": 1, "status": "scored"}
        return Attempt(task="t", seed=seed, member=member, score=score, **told)

    once = summarise([attempt(seed, 0, seed % 2) for seed in range(10)])
    often = summarise([attempt(seed, member, seed % 2) for seed in range(10) for member in range(8)])
    assert (often.mean_score, often.interval) == (once.mean_score, once.interval)


def test_the_best_of_each_group_is_summed_up() -> None:
    def attempt(seed: int, member: int, score: float | None) -> Attempt:
        told: dict[str, Any] = {"ts": "", "session_id": "", "item": "", "agent": "", "attempt": 1, "status": "scored"}
        return Attempt(task="t", seed=seed, member=member, score=score, **told)

    scores = {(0, 0): 0.5, (0, 1): 1.0, (1, 0): 0.25, (1, 1): 0.0, (2, 0): None, (2, 1): None}
    summary = summarise([attempt(seed, member, score) for (seed, member), score in scores.items()])
    assert summary.mean_best == 0.625
    assert summarise([attempt(seed, 0, 1.0) for seed in range(3)]).mean_best is None
