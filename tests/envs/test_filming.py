"""Films of an environment, read back by OpenCV: what was observed is in them, whatever happens to the episode."""

from __future__ import annotations

import gc
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import gymnasium as gym
import numpy as np
import pytest

from agentgym.actions import TypeText
from agentgym.backends.guest.backend import GuestBackend
from agentgym.backends.memory import MemoryBackend
from agentgym.envs import DesktopEnv
from agentgym.envs.camera import Camera
from agentgym.envs.filming import FilmWarning
from agentgym.errors import BackendError, DatasetError, MissingDependencyError, TaskError, UsageError
from tests.backends.guest.server import GuestServer, environment_of, serving

_TASK = {"id": "type", "instruction": "Type."}
_EDITOR = {"type": "launch", "parameters": {"command": ["mousepad", "--disable-server"]}}


def frames(path: Path) -> list[Any]:
    film = cv2.VideoCapture(str(path))
    found: list[Any] = []
    while True:
        more, picture = film.read()
        if not more:
            film.release()
            return found
        found.append(picture[..., ::-1].astype(int))


def same(one: Any, other: Any) -> bool:
    height, width = other.shape[:2]
    return bool(np.abs(one[:height, :width] - other.astype(int)).mean() < 3)


def cameras() -> list[str]:
    return [thread.name for thread in threading.enumerate() if "camera" in thread.name]


@pytest.fixture
def env() -> Iterator[DesktopEnv]:
    made = DesktopEnv(_TASK, backend=MemoryBackend(screen=(65, 49)), screen=(65, 49))
    made.reset(seed=0)
    yield made
    made.close()
    assert cameras() == []


def test_every_observation_is_in_the_film(env: DesktopEnv, tmp_path: Path) -> None:
    seen = [env.reset(seed=0)[0]["screenshot"]]
    env.start_recording()
    seen += [env.step(f"pyautogui.write('{number}')")[0]["screenshot"] for number in range(5)]
    assert env.end_recording(tmp_path / "deep" / "film.mp4") == tmp_path / "deep" / "film.mp4"
    found = frames(tmp_path / "deep" / "film.mp4")
    # The last one stays to the end.
    assert len(found) == len(seen) + 1
    assert found[0].shape == (50, 66, 3)
    assert all(same(picture, one) for picture, one in zip(found, [*seen, seen[-1]], strict=True))
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["film.mp4"]


def test_steps_that_nobody_could_see_stay_for_a_quarter_of_a_second(env: DesktopEnv, tmp_path: Path) -> None:
    env.start_recording()
    for _ in range(8):
        env.step("WAIT")
    film = cv2.VideoCapture(str(env.end_recording(tmp_path / "film.mp4")))
    seconds = film.get(cv2.CAP_PROP_FRAME_COUNT) / film.get(cv2.CAP_PROP_FPS)
    film.release()
    assert seconds > 8 * 0.25


def test_a_screen_is_filmed_that_is_not_observed(tmp_path: Path) -> None:
    env = DesktopEnv(_TASK, backend="memory", screen=(64, 48), observation=("instruction",))
    env.reset(seed=0)
    env.start_recording()
    env.step("pyautogui.write('a')")
    screen = env.backend.observe(["screenshot"])["screenshot"]
    assert same(frames(env.end_recording(tmp_path / "film.mp4"))[-1], screen)
    env.close()


def test_a_film_survives_a_broken_machine_and_goes_on_over_a_reset(tmp_path: Path) -> None:
    env = DesktopEnv(_TASK, backend=MemoryBackend(dies_after=2), screen=(64, 48))
    env.reset(seed=0)
    env.start_recording()
    env.step("pyautogui.write('a')")
    env.step("pyautogui.write('b')")
    with pytest.raises(BackendError):
        env.step("pyautogui.write('c')")
    env.reset(seed=0)
    assert len(frames(env.end_recording(tmp_path / "film.mp4"))) >= 3
    env.close()


def test_an_end_without_a_beginning_and_two_beginnings_are_refused(env: DesktopEnv, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no recording runs: call start_recording first"):
        env.end_recording(tmp_path / "film.mp4")
    env.start_recording()
    with pytest.raises(UsageError, match="a recording runs already: call end_recording first"):
        env.start_recording()
    env.end_recording(tmp_path / "film.mp4")
    with pytest.raises(UsageError, match="no recording runs"):
        env.end_recording(tmp_path / "film.mp4")


def test_a_film_that_is_asked_for_before_the_reset_has_the_setup_in_it(tmp_path: Path) -> None:
    broken = {**_TASK, "config": [{"type": "execute", "parameters": {"command": ["nothing"]}}]}
    env = DesktopEnv(broken, backend="memory", screen=(64, 48))
    env.start_recording()
    assert not env.is_filmed
    with pytest.raises(TaskError):
        env.reset(seed=0)
    assert len(frames(env.end_recording(tmp_path / "film.mp4"))) == 2
    env.start_recording()
    with pytest.raises(UsageError, match="a recording runs already"):
        env.start_recording()
    env.close()
    env.start_recording()
    with pytest.raises(UsageError, match="nothing was filmed: no episode began"):
        env.end_recording(tmp_path / "film.mp4")


@pytest.mark.episodes
def test_a_guest_that_cannot_film_is_played_all_the_same(tmp_path: Path) -> None:
    environment = environment_of(tmp_path, python=Path(sys.executable), base={"LANG": "C.UTF-8"})
    with serving(GuestServer(tmp_path, environment, faults={"/start_recording": ["500", "500"]})) as guest:
        env = DesktopEnv(_TASK, backend=GuestBackend(guest.url, screen_size=guest.size), screen=guest.size)
        env.start_recording()
        with pytest.warns(FilmWarning, match="the episode is not filmed: .*/start_recording: 500"):
            env.reset(seed=0)
        assert not env.is_filmed
        with pytest.raises(BackendError, match="/start_recording: 500"):
            env.start_recording()
        env.close()


@pytest.mark.episodes
def test_closing_or_losing_the_environment_ends_the_thread(env: DesktopEnv, tmp_path: Path) -> None:
    env.start_recording()
    env.close()
    assert cameras() == []
    lost = DesktopEnv(_TASK, backend="memory", screen=(64, 48))
    lost.reset(seed=0)
    lost.start_recording()
    del lost
    gc.collect()
    assert cameras() == []


def test_a_film_that_cannot_be_kept_says_where(env: DesktopEnv, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    env.start_recording()
    with pytest.raises(DatasetError, match=r"file/film\.mp4 cannot be written"):
        env.end_recording(tmp_path / "file" / "film.mp4")
    assert cameras() == []


def test_without_pyav_it_says_what_to_install(env: DesktopEnv, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(MissingDependencyError, match=r"pip install 'agentgym-envs\[video\]'"):
        env.start_recording()


@pytest.mark.episodes
def test_a_camera_sees_what_changes_by_itself(tmp_path: Path) -> None:
    grey, looks = np.full((48, 64, 3), 100, np.uint8), threading.Semaphore(0)

    def glance() -> Any:
        seen = grey.copy()
        looks.release()
        return seen

    camera = Camera(glance)
    camera.show(grey)
    for shade in (150, 200):
        looks.acquire()
        grey[:] = shade
        # The second look from now on began after the change.
        for _ in range(6):
            looks.acquire()
    with camera.end() as film:
        (tmp_path / "film.mp4").write_bytes(film.read())
    assert [round(picture.mean(), -1) for picture in frames(tmp_path / "film.mp4")] == [100, 150, 200, 200]


def test_what_breaks_a_camera_is_told_at_its_end() -> None:
    camera = Camera()
    for _ in range(40):
        camera.show(np.zeros((48, 64), np.uint8))
    with pytest.raises(DatasetError, match="the recording could not be written"):
        camera.end()


@pytest.mark.episodes
def test_a_guest_films_itself(tmp_path: Path) -> None:
    environment = environment_of(tmp_path, python=Path(sys.executable), base={"LANG": "C.UTF-8"})
    with serving(GuestServer(tmp_path, environment)) as guest:
        backend = GuestBackend(guest.url, screen_size=guest.size)
        env = DesktopEnv(_TASK, backend=backend, screen=guest.size)
        env.reset(seed=0)
        env.start_recording()
        env.step("WAIT")
        assert env.end_recording(tmp_path / "film.mp4").read_bytes()[4:8] == b"ftyp"
        env.start_recording()
        env.close()
        assert not guest.recording


@pytest.mark.desktop
def test_a_desktop_is_filmed_between_steps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    env: Any = gym.make("agentgym/Desktop-v0", task={**_TASK, "config": [_EDITOR]}, settle_timeout=10.0).unwrapped
    env.reset(seed=0)
    backend, looked = env.backend, threading.Semaphore(0)
    look = backend.glance

    def glance() -> Any:
        seen = look()
        looked.release()
        return seen

    monkeypatch.setattr(backend, "glance", glance)
    env.start_recording()
    backend.perform(TypeText("nobody steps"))
    assert backend.settle(10)
    between = backend.observe(["screenshot"])["screenshot"]
    while looked.acquire(blocking=False):
        pass
    for _ in range(5):
        looked.acquire()
    env.step("pyautogui.hotkey('ctrl', 'a')")
    found = frames(env.end_recording(tmp_path / "film.mp4"))
    # Of letters a few hundred pixels are dark.
    apart = [int((np.abs(one - between.astype(int)) > 100).sum()) for one in found]
    assert min(apart[1:-2]) < 50 < 500 < min(apart[0], apart[-1])
    env.start_recording()
    env.close()
    assert cameras() == []
    assert look() is None
