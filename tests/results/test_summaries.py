from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentgym.results import Attempt, interval, summarise
from agentgym.results.attempts import standing


def line(task: str, score: float | None = None, **more: Any) -> Attempt:
    status = "unscored" if score is None else "scored"
    usual = {"ts": "", "session_id": "s", "item": "k", "seed": 0, "agent": "noop", "attempt": 1, "status": status}
    return Attempt(**{**usual, "task": task, "score": score, **more})


def failed(task: str, kind: str = "machine", **more: Any) -> Attempt:
    return line(task, status="error", error="it broke", error_kind=kind, **more)


@pytest.mark.parametrize(
    ("scores", "low", "high"),
    [
        # Newcombe (1998), Statistics in Medicine 17, 857-872, table I, method 3.
        ([1.0] * 81 + [0.0] * 182, 0.2553, 0.3662),
        ([1.0] * 15 + [0.0] * 133, 0.0624, 0.1605),
        ([0.0] * 20, 0.0, 0.1611),
        ([1.0] + [0.0] * 28, 0.0061, 0.1718),
    ],
)
def test_the_interval_is_wilsons(scores: list[float], low: float, high: float) -> None:
    found = interval(scores)
    assert found is not None
    assert [round(end, 4) for end in found] == [low, high]


def test_the_interval_of_scores_between_holds_the_mean_often_enough() -> None:
    rng = np.random.default_rng(0)
    # Of shares of checks: 0, 1 and between, mean 0.5.
    covered = 0
    for _ in range(2000):
        found = interval([float(score) for score in rng.beta(0.3, 0.3, 25)])
        assert found is not None
        covered += found[0] <= 0.5 <= found[1]
    assert covered / 2000 >= 0.95


@given(st.lists(st.floats(0, 1), min_size=1, max_size=50))
def test_the_interval_holds_the_mean_and_no_more_than_there_is(scores: list[float]) -> None:
    found = interval(scores)
    assert found is not None
    assert 0 <= found[0] <= sum(scores) / len(scores) + 1e-9
    assert sum(scores) / len(scores) - 1e-9 <= found[1] <= 1


@pytest.mark.parametrize("scores", [[], [0.5, 1.5], [math.nan]])
def test_there_is_no_interval_of_nothing_nor_of_what_is_no_score(scores: list[float]) -> None:
    assert interval(scores) is None


def test_a_failure_is_no_score() -> None:
    summary = summarise([line("a", 1.0), line("b", 0.5), failed("c"), failed("d", "evaluation")])
    assert (summary.episodes, summary.scored, summary.failed, summary.mean_score) == (4, 2, 2, 0.75)
    assert summary.errors == {"machine": 1, "evaluation": 1}


def test_what_was_skipped_is_not_counted_among_what_was_run() -> None:
    summary = summarise([line("a", 1.0), line("b", status="skipped", skipped="gimp is not installed", attempt=0)])
    assert (summary.episodes, summary.skipped, summary.domains[0].n) == (2, 1, 1)


def test_domains_and_agents_have_a_mean_each() -> None:
    attempts = [
        line("a", 1.0, domain="chrome"),
        line("b", 0.0, domain="chrome"),
        line("c", 1.0, domain="gimp", agent="openai", model="small"),
        failed("d", domain="gimp"),
    ]
    summary = summarise(attempts)
    assert [(one.name, one.n, one.n_scored, one.n_error, one.mean) for one in summary.domains] == [
        ("chrome", 2, 2, 0, 0.5),
        ("gimp", 2, 1, 1, 1.0),
    ]
    assert [(one.name, one.mean) for one in summary.agents] == [("noop", 0.5), ("openai small", 1.0)]


@pytest.mark.parametrize("attempts", [[], [failed("t")], [line("t", steps=3)]])
def test_nothing_scored_has_no_mean(attempts: list[Attempt]) -> None:
    assert (summarise(attempts).mean_score, summarise(attempts).interval) == (None, None)


def test_what_finished_stands_whatever_breaks_afterwards() -> None:
    broke, scored, later = failed("a"), line("a", 1.0, attempt=2), failed("a", attempt=3)
    assert standing([broke]) == {("a", 0, 0): broke}
    assert standing([broke, scored, later]) == {("a", 0, 0): scored}
    assert standing([scored, line("a", 0.0, attempt=4)])["a", 0, 0].attempt == 4


def test_a_failure_of_another_task_file_or_of_other_settings_stands_no_longer() -> None:
    wrong, now = failed("a", "task"), failed("a", "usage", attempt=2, item="mended")
    assert standing([wrong, now]) == {("a", 0, 0): now}
    assert standing([wrong, failed("a", attempt=2)]) == {("a", 0, 0): wrong}
    scored = line("a", 1.0)
    assert standing([scored, now]) == {("a", 0, 0): scored}
