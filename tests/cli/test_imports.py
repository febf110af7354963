"""``agentgym import``."""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from agentgym import Dataset
from tests.cli.conftest import on_memory, write_tasks

Run = Callable[..., tuple[int, str, str]]

NEEDS_MINARI = pytest.mark.skipif(find_spec("minari") is None, reason="pip install 'agentgym-envs[minari]'")


@pytest.fixture
def data(tasks: str, run: Run, tmp_path: Path) -> Path:
    """Two recorded episodes of a machine in memory."""
    assert run(*on_memory(tasks, "--agent", "noop", "--out", str(tmp_path / "data")))[0] == 0
    return tmp_path / "data"


def _screens(path: Path) -> list[np.ndarray]:
    return [np.asarray(episode.observations["screenshot"]) for episode in Dataset(path)]


def _same(first: Path, second: Path) -> bool:
    pairs = zip(_screens(first), _screens(second), strict=True)
    scores = [[episode.score for episode in Dataset(path)] for path in (first, second)]
    return all(np.array_equal(one, other) for one, other in pairs) and scores[0] == scores[1]


@NEEDS_MINARI
@pytest.mark.slow
def test_what_was_exported_to_minari_is_imported(data: Path, run: Run, tmp_path: Path) -> None:
    sets, again = tmp_path / "sets", tmp_path / "again"
    assert run("export", str(data), "--to", "minari", "--out", str(sets), "--option", "name=me/notes-v0")[0] == 0
    (found,) = {path.parent.parent for path in sets.rglob("main_data.hdf5")} or {sets}
    code, out, err = run("import", str(found), "--from", "minari", "--out", str(again))
    assert (code, out) == (0, f"{again}: 2 episodes from minari\n"), err
    assert _same(data, again)


@NEEDS_MINARI
def test_a_name_that_minari_does_not_know_is_told(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MINARI_DATASETS_PATH", str(tmp_path / "sets"))
    code, out, err = run("import", "me/nothing-v0", "--from", "minari", "--out", str(tmp_path / "again"))
    assert (code, out) == (2, "")
    assert err.startswith("agentgym: no Minari dataset at 'me/nothing-v0': ")
    assert not (tmp_path / "again").exists()


def test_what_was_exported_to_osworld_is_imported_with_its_tasks(data: Path, run: Run, tmp_path: Path) -> None:
    results, again = tmp_path / "results", tmp_path / "again"
    assert run("export", str(data), "--to", "osworld", "--out", str(results))[0] == 0
    known = write_tasks(tmp_path / "known.jsonl", {"id": "a", "instruction": "another one"})
    given = ("import", str(results), "--from", "osworld", "--out", str(again), "--tasks", known, "--json")
    code, out, err = run(*given)
    assert code == 0, err
    assert json.loads(out) == {"from": "osworld", "out": str(again), "episodes": 2}
    assert _same(data, again)
    assert "another one" in {episode.task.instruction for episode in Dataset(again) if episode.task is not None}
    assert run(*given)[0] == 2, "nothing is written over"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("x", "--from", "minary"), "nothing is imported from 'minary'; did you mean 'minari'?"),
        (("x", "--from", "csv"), "known are: minari, osworld"),
        (("x", "--from", "minari", "--tasks", "apps"), "--tasks is for --from osworld"),
        (("nowhere", "--from", "osworld"), "nowhere has no traj.jsonl in it"),
    ],
)
def test_a_mistake_is_one_line(arguments: tuple[str, ...], says: str, run: Run, tmp_path: Path) -> None:
    code, out, err = run("import", *arguments, "--out", str(tmp_path / "again"))
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert says in err
