"""Exporters of trajectories on every kind of recording: none is tripped up by what another environment does."""

from __future__ import annotations

from pathlib import Path

import pytest

from agentgym.errors import DatasetError
from agentgym.export import exporters
from tests.export.conftest import Recordings

NAMES = ("atif", "aworld", "events", "failures", "otel", "rl", "trae")


@pytest.mark.parametrize(
    "recording", ["hooked", "pendulum", "keyed", "speaking", "breaking", "unfinished", "nothing", "cartpole"]
)
@pytest.mark.parametrize("name", NAMES)
def test_every_recording_can_be_exported(name: str, recording: str, recordings: Recordings, tmp_path: Path) -> None:
    exporters[name](recordings(recording), tmp_path / "out")
    assert (tmp_path / "out").exists()
    assert not list(tmp_path.glob(".out*"))


@pytest.mark.parametrize("name", ["sft", "preference", "osworld"])
def test_what_a_format_demands_is_not_made_up(name: str, recordings: Recordings, tmp_path: Path) -> None:
    with pytest.raises(DatasetError):
        exporters[name](recordings("keyed"), tmp_path / "out")
    assert not (tmp_path / "out").exists()
