from __future__ import annotations

import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from agentgym import Dataset
from agentgym.engines import make_engine
from agentgym.runner import rollout
from tests.engines.episodes import plan


def outcomes_of(engine: str, folder: Path, *, workers: int, order: int) -> Mapping[int | None, Any]:
    """By seed: what came of each episode, as its worker told it and as the record has it."""
    specs = list(plan(folder))
    random.Random(order).shuffle(specs)
    results = [outcome.unwrap() for outcome in make_engine(engine, workers=workers).map(rollout, specs)]
    told = {one.seed: (one.score, one.total_return, one.steps, one.terminated) for one in results}
    dataset = Dataset(folder)
    assert len(dataset) == len(told) == len(specs)
    return {
        episode.seed: (told[episode.seed], list(episode.actions), list(episode.rewards), list(episode.infos))
        for episode in dataset
    }


@pytest.mark.episodes
@pytest.mark.parametrize(("engine", "workers"), [("serial", 1), ("threads", 12), ("processes", 2)])
def test_outcomes_depend_on_neither_engine_nor_order(engine: str, workers: int, tmp_path: Path) -> None:
    expected = outcomes_of("serial", tmp_path / "expected", workers=1, order=0)
    assert {told[0] for told, *_ in expected.values()} == {0.0, 1.0}
    assert outcomes_of(engine, tmp_path / "data", workers=workers, order=1) == expected
