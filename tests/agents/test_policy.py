"""Policies as files, and as agents."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from agentgym.agents import make_agent
from agentgym.agents.policy import read_description
from agentgym.cli.app import app
from agentgym.errors import UsageError
from agentgym.results import for_policy
from agentgym.runner import RolloutSpec, rollout
from agentgym.trajectory import Dataset
from tests.training.conftest import trained

pytestmark = pytest.mark.episodes

__all__ = ["trained"]


def spec(folder: Path, **changes: object) -> RolloutSpec:
    return for_policy(RolloutSpec(agent=f"policy:{folder / 'policy.zip'}", **changes), None)[0]  # type: ignore[arg-type]


def test_a_policy_plays_on_what_it_was_trained_for(trained: Path, tmp_path: Path) -> None:
    result = rollout(spec(trained, record=str(tmp_path / "data")))
    assert result.task == "micro/click-button"
    assert result.score is not None
    episode = Dataset(tmp_path / "data")[0]
    assert episode.observations["screenshot"][0].shape == (84, 84, 3)
    assert episode.actions[0].dtype == np.int64


def test_the_same_seed_plays_the_same(trained: Path, tmp_path: Path) -> None:
    played = []
    for name in ("first", "second"):
        rollout(spec(trained, seed=5, record=str(tmp_path / name)))
        played.append(list(Dataset(tmp_path / name)[0].actions))
    assert played[0] == played[1]


def test_two_agents_draw_from_numbers_of_their_own(trained: Path) -> None:
    path = f"policy:{trained / 'policy.zip'}"
    seen = {"screenshot": np.zeros((84, 84, 3), np.uint8), "instruction": np.zeros(20, np.int64)}
    alone = make_agent(path, seed=3)
    expected = [int(alone.act(seen)) for _ in range(6)]
    first, second = make_agent(path, seed=3), make_agent(path, seed=4)
    assert [int(agent.act(seen)) for _ in range(6) for agent in (first, second)][::2] == expected


def test_it_plays_on_another_small_task(trained: Path) -> None:
    (order,) = for_policy(RolloutSpec(agent=f"policy:{trained / 'policy.zip'}"), "micro/click-shape")
    assert order.env == "agentgym/ClickShape-v0"
    # With the policy's own places, not the finer ones that the task would have chosen.
    assert rollout(order).score is not None


@pytest.mark.parametrize(("source", "message"), [("micro/clik-shape", "click-shape"), ("apps/note-save", "micro/NAME")])
def test_what_is_no_small_task_is_refused(trained: Path, source: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        for_policy(RolloutSpec(agent=f"policy:{trained / 'policy.zip'}"), source)


def test_a_file_that_is_no_policy_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no policy"):
        read_description(tmp_path / "policy.zip")
    (tmp_path / "notes.txt").write_text("hello")
    with pytest.raises(UsageError, match="is no policy that agentgym train wrote"):
        make_agent(f"policy:{tmp_path / 'notes.txt'}")


def test_the_command_needs_no_task_for_a_policy(trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(
        app, ["run", "--agent", f"policy:{trained / 'policy.zip'}", "--episodes", "2", "--json"]
    )
    assert result.exit_code == 0, result.output
    rows = json.loads(result.stdout)["rows"]
    assert [row["seed"] for row in rows] == [0, 1]


def test_other_agents_need_one() -> None:
    result = CliRunner().invoke(app, ["run", "--agent", "oracle"])
    assert isinstance(result.exception, UsageError)
    assert "takes tasks" in str(result.exception)
