"""Video, read back by PyAV: the frames that were there, with what was done drawn on them."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import av
import gymnasium as gym
import numpy as np
import pytest

from agentgym.actions import Click, DragTo, TypeText
from agentgym.cli import main
from agentgym.errors import DatasetError, MissingDependencyError, UsageError
from agentgym.export.drawing import Caption, Pointer, described, drawn
from agentgym.export.video import write_video
from agentgym.trajectory import Dataset
from agentgym.wrappers import TrajectoryRecorder
from tests.export.conftest import Pictures, Record, Recordings
from tests.export.traces import record_talks


def frames(path: Path) -> list[Any]:
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]


def nearly_same(one: Any, other: Any) -> bool:
    return bool(np.abs(one.astype(int) - other.astype(int)).mean() < 3)


def test_frames_are_the_observations(recordings: Recordings, tmp_path: Path) -> None:
    episode = recordings("pictures")[0]
    write_video(episode, tmp_path / "v.mp4", fps=4, overlay=False)
    seen = frames(tmp_path / "v.mp4")
    # The last observation stays for two seconds.
    assert len(seen) == len(episode) + 8
    assert all(nearly_same(seen[t], episode.observations[t]) for t in range(len(episode) + 1))
    with av.open(str(tmp_path / "v.mp4")) as container:
        stream = container.streams.video[0]
        assert (stream.codec.name, stream.average_rate, stream.pix_fmt) == ("h264", 4, "yuv420p")


def test_small_pictures_are_enlarged_and_captioned(tmp_path: Path) -> None:
    episode = record_talks(tmp_path / "data")[0]
    write_video(episode, tmp_path / "v.mp4")
    first = frames(tmp_path / "v.mp4")[0]
    assert first.shape[1] >= 480
    assert first.shape[0] % 2 == first.shape[1] % 2 == 0


def test_a_click_is_a_ring_where_it_was() -> None:
    grey = np.full((400, 600, 3), 128, np.uint8)
    marked = drawn(grey, Click(300, 200), Pointer(), Caption("1/2", "click"))
    ys, xs = np.nonzero((marked[:400, :600] != 128).any(axis=-1))
    assert (xs.mean(), ys.mean()) == pytest.approx((300, 200), abs=1.0)
    assert 30 < np.ptp(xs) < 60
    assert (marked[200 - 17, 300] == (235, 40, 60)).all()


def test_a_drag_goes_from_where_the_pointer_was() -> None:
    grey = np.full((400, 600, 3), 128, np.uint8)
    pointer = Pointer()
    drawn(grey, Click(100, 100), pointer, Caption("", ""))
    marked = drawn(grey, DragTo(500, 100), pointer, Caption("", ""))
    assert all((marked[100, x] == (235, 40, 60)).all() for x in range(120, 460, 20))


def test_the_caption_tells_typed_text_and_keys() -> None:
    assert described("pyautogui.write('Lima'); pyautogui.press('tab', presses=2)") == "type 'Lima', press tab 2 times"
    assert described("pyautogui.hotkey('ctrl', 's')") == "press ctrl+s"
    assert described(TypeText("a\nb")) == "type 'a\\nb'"
    assert described(3) == "3"


def test_what_cannot_be_filmed_is_refused(recordings: Recordings, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="observation 0 has no picture"):
        write_video(recordings("cartpole")[0], tmp_path / "v.mp4")
    assert not (tmp_path / "v.mp4").exists()
    with pytest.raises(UsageError, match="at least 1"):
        write_video(recordings("pictures")[0], tmp_path / "v.mp4", fps=0)


@pytest.mark.desktop
def test_the_command_writes_a_desktop_episode(
    recordings: Recordings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    dataset = recordings("desktop")
    out = tmp_path / "v.mp4"
    with pytest.raises(SystemExit) as left:
        main(["video", str(dataset.path), "--episode", "0", "--out", str(out), "--fps", "2"])
    assert left.value.code == 0
    assert f"{len(dataset[0])} steps of apps/note-save" in capsys.readouterr().out
    seen = frames(out)
    assert len(seen) == len(dataset[0]) + 4
    assert nearly_same(seen[0][:720], dataset[0].observations["screenshot"][0])
    # The bar under the screen says something else in each frame.
    assert not np.array_equal(seen[0][720:], seen[-1][720:])


@pytest.mark.desktop
def test_clicks_on_a_real_desktop_are_where_they_were_done(tmp_path: Path) -> None:
    env = gym.make("agentgym/Desktop-v0", task="apps/note-save", max_steps=3)
    recorder = TrajectoryRecorder(env, tmp_path / "data")
    recorder.reset(seed=0)
    for action in ("pyautogui.click(200, 650)", "pyautogui.moveTo(1100, 100)", "FAIL"):
        recorder.step(action)
    recorder.close()
    (episode,) = Dataset(tmp_path / "data")
    write_video(episode, tmp_path / "v.mp4", fps=1)
    write_video(episode, tmp_path / "bare.mp4", fps=1, overlay=False)
    for t, (x, y) in enumerate([(200, 650), (1100, 100)]):
        drawn_on = frames(tmp_path / "v.mp4")[t][:720].astype(int)
        changed = np.abs(drawn_on - frames(tmp_path / "bare.mp4")[t].astype(int)).max(axis=-1) > 60
        ys, xs = np.nonzero(changed)
        assert (xs.mean(), ys.mean()) == pytest.approx((x, y), abs=3)
        assert max(np.ptp(xs), np.ptp(ys)) < 60


def test_an_episode_that_is_not_there_is_named(record: Record, capsys: pytest.CaptureFixture[str]) -> None:
    dataset = record(Pictures(), episodes=1)
    with pytest.raises(SystemExit) as left:
        main(["video", str(dataset.path), "--episode", "3", "--out", "v.mp4"])
    assert left.value.code == 2
    assert "there is no episode 3" in capsys.readouterr().err


def test_a_missing_pyav_says_what_to_type(
    recordings: Recordings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(MissingDependencyError, match=r"pip install 'agentgym-envs\[video\]'$"):
        write_video(recordings("pictures")[0], tmp_path / "v.mp4")


def test_pictures_are_not_changed_by_drawing() -> None:
    picture = np.full((40, 60, 3), 128, np.uint8)
    drawn(picture, Click(3, 4), Pointer(), Caption("", ""))
    assert (picture == 128).all()
