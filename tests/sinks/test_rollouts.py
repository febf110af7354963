"""Sinks that an episode's order names, attached wherever it is run."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from agentgym.engines import engines
from agentgym.errors import UsageError
from agentgym.runner import RolloutSpec, rollout
from agentgym.trajectory import Dataset

SPEC = RolloutSpec(agent="random", env="CartPole-v1", seed=1)


def test_a_sink_has_the_whole_run_from_its_first_record_to_its_last(tmp_path: Path) -> None:
    lines = tmp_path / "lines.jsonl"
    result = rollout(replace(SPEC, record=str(tmp_path / "data"), sinks=(f"jsonl:{lines}",)))
    dataset = Dataset(tmp_path / "data")
    (run_id,) = dataset.runs
    kinds = [json.loads(line)["event_type"] for line in lines.read_text().splitlines()]
    assert kinds == [record.event_type for record in dataset.records(run_id)]
    assert (kinds[0], kinds[-1], kinds.count("step")) == ("run_started", "run_completed", result.steps)


def test_a_sink_needs_no_recording_unless_it_says_so(tmp_path: Path) -> None:
    lines = tmp_path / "lines.jsonl"
    rollout(replace(SPEC, sinks=(f"jsonl:{lines}",)))
    assert lines.read_text().count('"step"')
    pytest.importorskip("redis")
    with pytest.raises(UsageError, match="this run is not: record it"):
        rollout(replace(SPEC, sinks=("redis://127.0.0.1:1/0",)))


@pytest.mark.parametrize("engine", ["serial", "threads", "processes"])
def test_each_worker_attaches_its_own(engine: str, tmp_path: Path) -> None:
    lines = tmp_path / "lines.jsonl"
    specs = [replace(SPEC, seed=seed, sinks=(f"jsonl:{lines}",)) for seed in range(3)]
    options = {} if engine == "serial" else {"workers": 2}
    results = [outcome.unwrap() for outcome in engines[engine](**options).map(rollout, specs)]
    found = [json.loads(line) for line in lines.read_text().splitlines()]
    runs = {line["run_id"] for line in found}
    assert len(runs) == 3
    for run_id in runs:
        idxs = [line["idx"] for line in found if line["run_id"] == run_id]
        assert idxs == list(range(len(idxs)))
    assert sum(line["event_type"] == "step" for line in found) == sum(result.steps for result in results)
