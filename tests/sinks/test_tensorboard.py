"""Scalars, read back by TensorBoard itself."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from agentgym.engines import engines
from agentgym.errors import UsageError
from agentgym.events import Bus, ModelResponse, Reset, Reward, Step
from agentgym.runner import RolloutSpec, rollout
from agentgym.sinks import attached, make_sink, sync
from agentgym.wrappers import TrajectoryRecorder
from tests.export.traces import SOLVES, STUMBLES, Adding, Talker, play, record_talks

pytestmark = pytest.mark.episodes


def scalars(folder: Path) -> dict[str, list[tuple[int, float]]]:
    read = EventAccumulator(str(folder), size_guidance={"scalars": 0})
    read.Reload()
    return {tag: [(one.step, one.value) for one in read.Scalars(tag)] for tag in read.Tags()["scalars"]}


def test_figures_of_episodes_and_steps(tmp_path: Path) -> None:
    recorder = TrajectoryRecorder(Adding(), tmp_path / "data")
    with attached(recorder.bus, [f"tensorboard:{tmp_path / 'board'}"], recording=tmp_path / "data"):
        list(play(recorder, Talker(recorder.bus, SOLVES)))
        recorder.bus.publish(Reward(step=1, value=0.25, name="tidy"))
        list(play(recorder, Talker(recorder.bus, STUMBLES)))
        recorder.close()
    found = scalars(tmp_path / "board")
    assert found["episode/return"] == [(1, 1.25), (2, 0.0)]
    assert found["episode/score"] == [(1, 1.0), (2, 0.0)]
    assert found["episode/length"] == [(1, 3.0), (2, 2.0)]
    assert found["episode/failed"] == [(1, 0.0), (2, 0.0)]
    assert found["reward/tidy"] == [(1, 0.25)]
    assert found["tokens/input"] == [(1, 300.0), (2, 200.0)]
    assert found["tokens/output"] == [(1, 30.0), (2, 20.0)]
    assert found["calls/model"] == found["calls/tool"] == [(1, 3.0), (2, 2.0)]
    assert found["step/reward"] == [(1, 0.0), (2, 0.0), (3, 1.0), (4, 0.0), (5, 0.0)]
    assert [step for step, _ in found["step/ms"]] == [1, 2, 3, 4, 5]
    assert "cost/usd" not in found


def test_what_broke_is_no_zero(tmp_path: Path) -> None:
    record_talks(tmp_path / "data")
    list(sync(tmp_path / "data", f"tensorboard:{tmp_path / 'board'}"))
    found = scalars(tmp_path / "board")
    assert found["episode/failed"] == [(1, 0.0), (2, 0.0), (3, 1.0)]
    assert [step for step, _ in found["episode/return"]] == [1, 2]
    assert [step for step, _ in found["episode/score"]] == [1, 2]


def test_costs_and_reward_terms_are_summed(tmp_path: Path) -> None:
    bus = Bus()
    with attached(bus, [f"tensorboard:{tmp_path}"]):
        bus.publish(Reset(observation=None))
        for step in (1, 2):
            bus.publish(ModelResponse(call_id=str(step), cost_usd=0.5))
            terms = {"progress": 0.25, "note": "near"}
            bus.publish(
                Step(
                    step=step,
                    observation=None,
                    action=0,
                    reward=0.25,
                    terminated=step == 2,
                    truncated=False,
                    reward_terms=terms,
                )
            )
    found = scalars(tmp_path)
    assert found["cost/usd"] == [(1, 1.0)]
    assert found["reward/progress"] == [(1, 0.5)]
    assert "reward/note" not in found


def test_many_processes_count_on_in_one_file(tmp_path: Path) -> None:
    spec = RolloutSpec(agent="random", env="CartPole-v1", sinks=(f"tensorboard:{tmp_path / 'board'}",))
    specs = [replace(spec, seed=seed) for seed in range(6)]
    results = [outcome.unwrap() for outcome in engines["processes"](workers=3).map(rollout, specs)]
    found = scalars(tmp_path / "board")
    assert [step for step, _ in found["episode/length"]] == [1, 2, 3, 4, 5, 6]
    assert sorted(value for _, value in found["episode/length"]) == sorted(float(one.steps) for one in results)
    assert [step for step, _ in found["step/reward"]] == list(range(1, sum(one.steps for one in results) + 1))
    assert len(list((tmp_path / "board").glob("events.*"))) == 1


def test_a_folder_must_be_named() -> None:
    with pytest.raises(UsageError, match="expected tensorboard:FOLDER, got 'tensorboard'"):
        make_sink("tensorboard")
