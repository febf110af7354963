"""``agentgym run`` comes to the same on every engine."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from agentgym import Dataset
from tests.cli.conftest import Run

pytestmark = pytest.mark.episodes

ENGINES = ("processes", "threads", "ray", "spark")
PLAYED = ("shell/find-files", "--episodes", "2", "--workers", "2", "--json")


def of_the_episodes(report: str) -> list[tuple[object, ...]]:
    keys = ("task", "seed", "item", "attempt", "status", "score", "return", "steps", "terminated", "truncated")
    return [tuple(row[key] for key in keys) for row in json.loads(report)["rows"]]


@pytest.mark.slow
def test_every_engine_does_the_same(tmp_path: Path, run: Run) -> None:
    told, done = {}, {}
    for engine in ENGINES:
        code, out, err = run("run", *PLAYED, "--engine", engine, "--out", str(tmp_path / engine))
        assert code == 0, err
        told[engine] = of_the_episodes(out)
        done[engine] = {episode.seed: list(map(str, episode.actions)) for episode in Dataset(tmp_path / engine)}
    assert set(done["processes"]) == {0, 1}
    assert [engine for engine in ENGINES if told[engine] != told["processes"]] == []
    assert [engine for engine in ENGINES if done[engine] != done["processes"]] == []
