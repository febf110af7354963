"""OSWorld's folders of results: their layout, and the way there and back."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from agentgym.actions import parse_action
from agentgym.errors import DatasetError
from agentgym.events import Note
from agentgym.export import exporters, from_osworld
from agentgym.export.writing import screen
from agentgym.tasks import Task
from agentgym.trajectory import Dataset
from agentgym.wrappers import ObservationType, TrajectoryRecorder
from tests.export.conftest import Recordings
from tests.export.traces import record_talks
from tests.wrappers.marked_desktop import buttons

KEYS = {"step_num", "action_timestamp", "action", "reward", "done", "info", "screenshot_file", "instruction"}


def lines(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "traj.jsonl").read_text().splitlines()]


def check(folder: Path, dataset: Dataset, number: int) -> None:
    episode = dataset[number]
    rows = [line for line in lines(folder) if "Error" not in line]
    assert [row["step_num"] for row in rows] == list(range(len(episode) + 1))
    assert rows[0]["action"] == "__init__"
    for t, row in enumerate(rows):
        assert row.keys() >= KEYS
        assert re.fullmatch(rf"step_{t}_\d{{8}}@\d{{12}}\.png", row["screenshot_file"])
        picture = screen(episode.observations[t])
        assert picture is not None
        assert np.array_equal(np.asarray(Image.open(folder / row["screenshot_file"])), picture)
        if t:
            assert parse_action(row["action"]) == parse_action(episode.actions[t - 1])
            assert row["reward"] == episode.rewards[t - 1]
            assert row["done"] == bool(episode.terminations[t - 1] or episode.truncations[t - 1])
    assert (folder / "result.txt").exists() == (episode.score is not None)
    if episode.score is not None:
        assert float((folder / "result.txt").read_text()) == episode.score


def check_same(ours: Dataset, back: Dataset) -> None:
    """Equal screenshots, actions, rewards, ends, instructions and scores, episode by episode."""
    assert len(ours) == len(back)
    for one, other in zip(ours, back, strict=True):
        assert len(one) == len(other)
        for t in range(len(one) + 1):
            assert np.array_equal(other.observations["screenshot"][t], one.observations["screenshot"][t])
        assert [parse_action(action) for action in other.actions] == [parse_action(action) for action in one.actions]
        for name in ("rewards", "terminations", "truncations"):
            assert np.array_equal(getattr(one, name), getattr(other, name)), name
        assert one.task is not None
        assert other.task is not None
        assert (other.task.id, other.task.instruction) == (one.task.id, one.task.instruction)
        assert other.score == one.score
        assert (other.failure is None) == (one.failure is None)


def test_marks_are_told_by_osworlds_word(tmp_path: Path) -> None:
    env = TrajectoryRecorder(ObservationType(buttons(), "som"), tmp_path / "data", agent="noop")
    env.reset(seed=0)
    env.step("pyautogui.click(tag_1)")
    env.step("DONE")
    env.close()
    exporters["osworld"](Dataset(tmp_path / "data"), tmp_path / "out")
    (args,) = tmp_path.glob("out/pyautogui/som/*/args.json")
    assert json.loads(args.read_text())["observation_type"] == "som"
    (folder,) = {path.parent for path in tmp_path.glob("out/**/traj.jsonl")}
    assert [line["action"] for line in lines(folder)][1:] == ["pyautogui.click(tag_1)", "DONE"]


@pytest.mark.desktop
def test_a_desktop_recording_goes_there_and_back(recordings: Recordings, tmp_path: Path) -> None:
    dataset = recordings("desktop")
    exporters["osworld"](dataset, tmp_path / "out")
    root = tmp_path / "out" / "pyautogui" / "screenshot" / "oracle"
    folder = root / "apps" / "note-save"
    check(folder, dataset, 0)
    (folder / "recording.mp4").stat()
    args = json.loads((root / "args.json").read_text())
    assert (args["action_space"], args["observation_type"], args["screen_width"]) == ("pyautogui", "screenshot", None)
    (summary,) = map(json.loads, (root / "results_summary.jsonl").read_text().splitlines())
    assert (summary["task_id"], summary["status"], summary["score"]) == ("apps/note-save", "success", 1.0)
    check_same(dataset, from_osworld(tmp_path / "out", tmp_path / "back"))


def test_attempts_scores_and_errors_go_there_and_back(tmp_path: Path) -> None:
    dataset = record_talks(tmp_path / "data")
    exporters["osworld"](dataset, tmp_path / "out", recording=False)
    places = sorted((tmp_path / "out" / "pyautogui" / "screenshot" / "adder-1" / "sums").iterdir())
    assert [place.name for place in places] == ["three", "three.2", "three.3"]
    for number, place in enumerate(places):
        check(place, dataset, number)
    assert lines(places[2])[-1] == {"Error": "BackendError: the slate at /dev/slate7 is broken, code 17"}
    back = from_osworld(tmp_path / "out", tmp_path / "back")
    check_same(dataset, back)
    assert back[2].failure == "Error: BackendError: the slate at /dev/slate7 is broken, code 17"
    assert (back[0].seed, dataset[1].seed) == (None, 1)


def test_results_of_osworld_itself_are_read(tmp_path: Path) -> None:
    """As its runner writes them: no initial observation, a repeated step_num, reward 0, done for the last word."""
    place = tmp_path / "results" / "pyautogui" / "screenshot" / "gpt-x" / "os" / "94d95f96"
    place.mkdir(parents=True)
    actions = ["pyautogui.click(10, 20)", "pyautogui.press('enter')", "DONE"]
    rows = []
    for number, (step_num, action) in enumerate(zip((1, 1, 2), actions, strict=True)):
        name = f"step_{step_num}_20250801@12000{number}000000.png"
        Image.fromarray(np.full((30, 40, 3), 50 * number, np.uint8)).save(place / name)
        rows.append(
            {
                "step_num": step_num,
                "action_timestamp": f"20250801@12000{number}000000",
                "action": action,
                "response": "I click.",
                "reward": 0,
                "done": action == "DONE",
                "info": {},
                "screenshot_file": name,
            }
        )
    (place / "traj.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (place / "result.txt").write_text("1.0\n")
    known = {"94d95f96": Task(id="94d95f96", instruction="Install Spotify")}
    (episode,) = from_osworld(tmp_path / "results", tmp_path / "data", tasks=known)
    assert episode.observations["screenshot"][0] is None
    assert episode.observations["screenshot"][3][0, 0].tolist() == [100, 100, 100]
    assert list(episode.actions) == actions
    assert episode.terminations.tolist() == [False, False, True]
    assert (episode.score, episode.task) == (1.0, known["94d95f96"])
    notes = [record.payload for record in episode.records() if isinstance(record.payload, Note)]
    assert [note.value for note in notes if note.kind == "osworld"] == [{"response": "I click."}] * 3


def test_an_episode_without_a_task_is_refused(recordings: Recordings, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="has no task"):
        exporters["osworld"](recordings("pictures"), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_folder_without_results_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"no traj\.jsonl"):
        from_osworld(tmp_path, tmp_path / "data")


def test_a_broken_line_is_named(tmp_path: Path) -> None:
    place = tmp_path / "pyautogui" / "screenshot" / "m" / "os" / "t"
    place.mkdir(parents=True)
    (place / "traj.jsonl").write_text('{"step_num": 1, "action": "WAIT"}\n{"step_num": \n')
    with pytest.raises(DatasetError, match=r"traj\.jsonl:2: "):
        from_osworld(tmp_path, tmp_path / "data")
    assert not (tmp_path / "data").exists()
