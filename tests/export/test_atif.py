"""ATIF, read by its own models."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import atif
import numpy as np
import pydantic
import pytest
from PIL import Image

from agentgym.export import exporters
from agentgym.export.writing import screen
from agentgym.trajectory import Dataset
from tests.export.conftest import Recordings
from tests.export.traces import TOOLS, record_talks


def export(dataset: Dataset, out: Path, **options: Any) -> list[Any]:
    exporters["atif"](dataset, out, **options)
    read = []
    for path in sorted(out.glob("*.json")):
        trajectory = atif.Trajectory.model_validate_json(path.read_text())
        # Nothing is dropped or altered on the way through the models, and pictures are where they are said to be.
        document = json.loads(path.read_text())
        assert without_nulls(trajectory.to_json_dict()) == without_nulls(document)
        for place in pictures(document):
            (out / place).stat()
        read.append(trajectory)
    return read


def without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: without_nulls(item) for key, item in value.items() if item is not None}
    return [without_nulls(item) for item in value] if isinstance(value, list) else value


def pictures(value: Any) -> list[str]:
    if isinstance(value, dict):
        found = [value["path"]] if value.get("media_type") == "image/png" else []
        return found + [path for item in value.values() for path in pictures(item)]
    return [path for item in value for path in pictures(item)] if isinstance(value, list) else []


def test_a_talk_is_told_step_by_step(tmp_path: Path) -> None:
    solved, stumbled, broken = export(record_talks(tmp_path / "data"), tmp_path / "out")
    assert [step.source for step in solved.steps] == ["system", "user", "agent", "agent", "agent"]
    assert (solved.agent.name, solved.agent.version, solved.agent.model_name) == ("talker", "0.3", "adder-1")
    assert solved.agent.tool_definitions == TOOLS
    first = solved.steps[2]
    assert (first.message, first.reasoning_content) == ("I call add.", "Two and three first.")
    assert first.tool_calls[0].arguments == {"numbers": [2, 3]}
    assert (first.observation.results[0].source_call_id, first.observation.results[0].content) == ("call_1", "5")
    assert first.observation.results[-1].extra["reward"] == 0.25
    assert (first.metrics.prompt_tokens, first.metrics.cached_tokens) == (100, 40)
    assert (first.metrics.completion_token_ids, first.metrics.logprobs) == ([7, 8], [-0.5, -0.25])
    assert solved.final_metrics.total_completion_tokens == 30
    assert solved.final_metrics.extra["score"] == 1.0
    assert stumbled.steps[2].extra == {"error": "429 too many requests, key [redacted]"}
    assert "slate" in broken.extra["failure"]
    assert "score" in broken.final_metrics.extra
    assert broken.final_metrics.extra["score"] is None


def test_steps_without_a_model_are_no_model_calls(recordings: Recordings, tmp_path: Path) -> None:
    (first, *_) = export(recordings("pictures"), tmp_path / "out")
    assert (first.agent.name, first.agent.version, first.agent.model_name) == ("unknown", "unknown", None)
    agent = [step for step in first.steps if step.source == "agent"]
    assert {step.llm_call_count for step in agent} == {0}
    assert {step.tool_calls[0].function_name for step in agent} == {"env.step"}


def test_pictures_may_be_left_out(tmp_path: Path) -> None:
    (solved, *_) = export(record_talks(tmp_path / "data"), tmp_path / "out", screenshots=False)
    assert not solved.has_multimodal_content()
    assert not (tmp_path / "out" / "images").exists()


@pytest.mark.desktop
def test_a_desktop_recording(recordings: Recordings, tmp_path: Path) -> None:
    (trajectory,) = export(recordings("desktop"), tmp_path / "out")
    (episode,) = recordings("desktop")
    assert trajectory.agent.name == "oracle"
    last = trajectory.steps[-1].observation.results[-1]
    assert (last.extra["reward"], last.extra["terminated"]) == (1.0, True)
    shown = np.asarray(Image.open(tmp_path / "out" / last.content[0].source.path))
    picture = screen(episode.observations[len(episode)])
    assert picture is not None
    assert np.array_equal(shown, picture)


def test_the_reader_would_have_refused_a_reward_among_its_fields(tmp_path: Path) -> None:
    exporters["atif"](record_talks(tmp_path / "data"), tmp_path / "out")
    document = json.loads(next((tmp_path / "out").glob("*.json")).read_text())
    document["steps"][2]["reward"] = 1.0
    with pytest.raises(pydantic.ValidationError, match="Extra inputs"):
        atif.Trajectory.model_validate(document)
