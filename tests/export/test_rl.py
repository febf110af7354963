"""Steps for reinforcement learning: returns add up, pictures and tokens are those that were recorded."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from agentgym.actions import parse_action
from agentgym.errors import DatasetError, UsageError
from agentgym.events import Bus, ModelRequest, ModelResponse, Reset, RunStarted, Step
from agentgym.export import exporters
from agentgym.trajectory import Dataset, TrajectoryWriter
from tests.export.conftest import Recordings
from tests.export.traces import record_talks


def export(dataset: Dataset, out: Path, **options: Any) -> list[dict[str, Any]]:
    exporters["rl"](dataset, out, **options)
    return [json.loads(line) for line in (out / "steps.jsonl").read_text().splitlines()]


def test_rows_are_the_steps(recordings: Recordings, tmp_path: Path) -> None:
    dataset = recordings("keyed")
    rows = iter(export(dataset, tmp_path / "out"))
    for episode in dataset:
        for t in range(len(episode)):
            row = next(rows)
            assert (row["run_id"], row["episode"], row["step"]) == (episode.run_id, episode.number, t + 1)
            seen = episode.observations[t]
            assert np.array_equal(np.asarray(Image.open(tmp_path / "out" / row["state"]["picture"])), seen["picture"])
            assert row["state"]["vector"] == seen["vector"].tolist()
            assert row["action"] == str(episode.actions[t])
            assert row["reward"] == episode.rewards[t]
            assert row["return_to_go"] == pytest.approx(episode.rewards[t:].sum())
            assert (row["terminated"], row["truncated"]) == (episode.terminations[t], episode.truncations[t])
    assert next(rows, None) is None


def test_returns_are_discounted(recordings: Recordings, tmp_path: Path) -> None:
    rewards = recordings("pictures")[0].rewards
    rows = export(recordings("pictures"), tmp_path / "out", gamma=0.5, images=False)
    assert rows[0]["return_to_go"] == pytest.approx(sum(reward * 0.5**t for t, reward in enumerate(rewards)))
    assert rows[0]["state"] is None
    assert not (tmp_path / "out" / "images").exists()


def test_tokens_are_there_where_the_model_gave_them(tmp_path: Path) -> None:
    rows = export(record_talks(tmp_path / "data"), tmp_path / "out")
    (call,) = rows[0]["calls"]
    assert (call["prompt_token_ids"], call["completion_token_ids"]) == ([1, 2, 3], [7, 8])
    assert (call["completion_mask"], call["logprobs"]) == ([1, 1], [-0.5, -0.25])
    assert call["answer"]["content"] == "I call add."
    assert (rows[0]["reward"], rows[0]["return_to_go"]) == (0.25, 1.25)
    (call,) = rows[3]["calls"]  # the one that failed is not among them
    assert (call["completion_token_ids"], call["completion_mask"], call["logprobs"]) == (None, None, None)
    assert [row["failure"] is None for row in rows] == [True] * 5 + [False]


def test_log_probabilities_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    bus = Bus()
    writer = TrajectoryWriter(tmp_path / "data", bus.run_id)
    bus.subscribe(writer.append)
    bus.publish(RunStarted())
    bus.publish(Reset(observation="a"))
    bus.publish(ModelRequest(call_id="c"))
    bus.publish(ModelResponse(call_id="c", content="b", completion_token_ids=[1, 2], logprobs=[-1.0]))
    bus.publish(Step(step=1, observation="b", action="b", reward=1.0, terminated=True, truncated=False))
    writer.close()
    with pytest.raises(DatasetError, match="'c' has 1 values of logprobs for 2 tokens"):
        exporters["rl"](Dataset(tmp_path / "data"), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_discount_that_cannot_be_is_refused(recordings: Recordings, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="gamma"):
        exporters["rl"](recordings("pictures"), tmp_path / "out", gamma=1.5)


@pytest.mark.desktop
def test_a_desktop_recording(recordings: Recordings, tmp_path: Path) -> None:
    rows = export(recordings("desktop"), tmp_path / "out")
    (episode,) = recordings("desktop")
    assert [parse_action(row["action"]) for row in rows] == [parse_action(action) for action in episode.actions]
    assert {row["return_to_go"] for row in rows} == {1.0}
    assert (tmp_path / "out" / rows[0]["state"]["screenshot"]).is_file()
