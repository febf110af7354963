"""What survives: sudden deaths, full disks, removed folders, many processes at once."""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pytest

import agentgym
from agentgym.errors import DatasetError
from agentgym.events import Note
from agentgym.trajectory import Dataset
from agentgym.trajectory.checking import check_recording
from agentgym.wrappers import RecordingWarning, TrajectoryRecorder

pytestmark = pytest.mark.episodes

Make = Callable[..., gym.Env[Any, Any]]
ROOT = Path(agentgym.__file__).parents[1]

SCREENS = """
import gymnasium as gym, numpy as np
from gymnasium import spaces

class Screens(gym.Env):
    # One 1280x720 array that changes in place; each step's can be told by its number.
    observation_space = spaces.Dict({"screenshot": spaces.Box(0, 255, (720, 1280, 3), np.uint8)})
    action_space = spaces.Discrete(2)
    def __init__(self):
        self.screen = np.empty((720, 1280, 3), np.uint8)
    def reset(self, *, seed=None, options=None):
        self.count = 0
        return self.show(), {}
    def step(self, action):
        self.count += 1
        noise = np.random.default_rng(self.count).integers(0, 256, 3000, np.uint8)
        return self.show(), float(self.count), False, False, {"noise": noise, "text": "t" * 3000 + str(self.count)}
    def show(self):
        if self.count % 40 == 0:
            self.screen[:] = self.count % 251
        self.screen[self.count % 700 : self.count % 700 + 20, 100:400] = self.count % 253
        return {"screenshot": self.screen}
"""

KILLS = """
import json, os, random, signal, sys, time
import gymnasium as gym
from agentgym.wrappers import TrajectoryRecorder

def record(kind, fsync, pipe):
    env = TrajectoryRecorder(Screens() if kind == "screens" else gym.make("CartPole-v1"), sys.argv[1], fsync=fsync)
    os.write(pipe, json.dumps([env.run_id, kind]).encode() + b"\\n")
    seed = 0
    while True:
        env.reset(seed=seed)
        ended = False
        while not ended:
            ended = any(env.step(seed % 2)[2:4])
            os.write(pipe, b".")
        seed += 1

random.seed(11)
told = {}
for number in range(100):
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        record(("cartpole", "screens")[number % 2], ("never", "episode", "step")[number % 3], writer)
    os.close(writer)
    with os.fdopen(reader, "rb", buffering=0) as pipe:
        run_id, kind = json.loads(pipe.readline())
        time.sleep(random.uniform(0, 0.2))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        told[run_id] = [kind, len(pipe.readall())]
print(json.dumps(told))
"""


def run_script(script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-W", "error", "-c", script, *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=200)


@pytest.mark.slow
def test_a_hundred_killed_recorders_lose_no_step_that_had_returned(tmp_path: Path) -> None:
    done = run_script(SCREENS + KILLS, str(tmp_path))
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert len(told) == 100
    dataset = Dataset(tmp_path)
    kept: dict[str, int] = {}
    for episode in dataset:
        kept[episode.run_id] = kept.get(episode.run_id, 0) + len(episode)
        (check_screens if told[episode.run_id][0] == "screens" else check_cartpole)(episode)
    for run_id, (_, steps) in told.items():
        assert steps <= kept.get(run_id, 0) <= steps + 1
    assert sum(steps for _, steps in told.values()) > 200
    # What was being written in that moment is told, and nothing else is wrong.
    checked = check_recording(str(tmp_path))
    assert checked.faults == ()
    assert all(part.size > 0 for part in checked.torn)


def check_cartpole(episode: Any) -> None:
    env = gym.make("CartPole-v1")
    observation, _ = env.reset(seed=episode.seed)
    for t in range(len(episode) + 1):
        assert np.array_equal(episode.observations[t], observation)
        if t < len(episode):
            observation, *_ = env.step(episode.actions[t])


def check_screens(episode: Any) -> None:
    scope: dict[str, Any] = {}
    exec(SCREENS, scope)  # noqa: S102 - the environment of the recording processes, above
    env = scope["Screens"]()
    env.reset()
    looked = {0, len(episode) // 2, len(episode) - 1, len(episode)}
    for t in range(len(episode) + 1):
        if t:
            _, _, _, _, info = env.step(0)
            assert episode.infos[t - 1]["text"] == info["text"]
            assert np.array_equal(episode.infos[t - 1]["noise"], info["noise"])
        if t in looked:
            assert np.array_equal(episode.observations["screenshot"][t], env.screen)


FILLS = """
import sys, warnings
import gymnasium as gym, numpy as np
from agentgym.errors import DatasetError
from agentgym.trajectory import Dataset
from agentgym.wrappers import TrajectoryRecorder

class Noise(gym.Env):
    observation_space = gym.spaces.Box(0, 255, (100, 100), np.uint8)
    action_space = gym.spaces.Discrete(2)
    def reset(self, *, seed=None, options=None):
        self.count = 0
        return self.show(), {}
    def step(self, action):
        self.count += 1
        return self.show(), 1.0, False, self.count % 60 == 0, {}
    def show(self):
        return np.random.default_rng(self.count).integers(0, 256, (100, 100), np.uint8)

root, on_error = sys.argv[1] + "/data", sys.argv[2]
env = TrajectoryRecorder(Noise(), root, on_error=on_error)
steps = 0
try:
    for episode in range(3):
        env.reset()
        for _ in range(60):
            env.step(0)
            steps += 1
except DatasetError as error:
    print(error)
dataset = Dataset(root)
assert dataset.torn == (), dataset.torn
for episode in dataset:
    assert all(np.array_equal(episode.observations[t], np.random.default_rng(t).integers(0, 256, (100, 100), np.uint8))
               for t in range(len(episode) + 1))
print(steps, sum(map(len, dataset)), len(dataset.runs))
"""


@pytest.mark.parametrize("on_error", ["raise", "warn"])
def test_a_full_disk_stops_the_recording_and_harms_nothing(tmp_path: Path, on_error: str) -> None:
    """On a disk of its own of half a megabyte, in a namespace of its own."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    small = f"mount -t tmpfs -o size=512k tmpfs {tmp_path} && exec " + '"$@"'
    command = ["unshare", "-rm", "sh", "-c", small, "sh", sys.executable, "-W", "always", "-c", FILLS]
    done = subprocess.run(
        [*command, str(tmp_path), on_error], env=environment, capture_output=True, text=True, timeout=100
    )
    if "unshare failed" in done.stderr or "mount:" in done.stderr:
        pytest.skip("this machine gives no namespaces: tests/trajectory/test_writer.py fills a file instead")
    assert done.returncode == 0, done.stderr
    *said, counts = done.stdout.splitlines()
    steps, kept, runs = map(int, counts.split())
    assert 40 <= kept < 60
    if on_error == "raise":
        assert (steps, runs) == (kept, 1)
        assert "No space left on device" in said[0]
        assert "are kept" in said[0]
    else:
        assert (steps, runs, said) == (180, 3, [])
        warned = [line for line in done.stderr.splitlines() if "RecordingWarning" in line]
        assert len(warned) == 3
        assert "No space left on device" in warned[0]
        assert "steps go on unrecorded until the next reset" in warned[0]


@pytest.fixture
def small_files() -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


def play(env: gym.Env[Any, Any], steps: int) -> int:
    """The steps that went well."""
    for step in range(steps):
        _, _, terminated, truncated, _ = env.step(step % 4)
        if terminated or truncated:
            env.reset(seed=0)
    return steps


def test_a_removed_folder_with_warn_lets_steps_go_on_and_the_next_episode_is_recorded(
    make: Make, tmp_path: Path
) -> None:
    env = TrajectoryRecorder(make("images"), tmp_path / "data", on_error="warn")
    env.reset(seed=0)
    env.step(0)
    shutil.rmtree(tmp_path / "data")
    with pytest.warns(RecordingWarning, match="was removed while it was being written") as told:
        env.step(0)
    assert len(told) == 1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        play(env, 5)
        env.bus.publish(Note(kind="x"))
    env.reset(seed=1)
    play(env, 3)
    env.close()
    assert [len(episode) for episode in Dataset(tmp_path / "data")] == [3]


def test_with_autoreset_the_next_episode_is_recorded_too(make: Make, tmp_path: Path) -> None:
    env = TrajectoryRecorder(gym.wrappers.Autoreset(make("images")), tmp_path / "data", on_error="warn")
    env.reset(seed=0)
    env.step(0)
    shutil.rmtree(tmp_path / "data")
    with pytest.warns(RecordingWarning):
        env.step(0)
    for _ in range(28 + 11):
        env.step(0)
    assert [len(episode) for episode in Dataset(tmp_path / "data")] == [10]


def test_a_run_of_which_nothing_could_be_kept_leaves_no_file(make: Make, tmp_path: Path) -> None:
    env = TrajectoryRecorder(make("images"), tmp_path)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (600, before[1]))
    try:
        for _ in range(3):
            with pytest.raises(DatasetError, match="cannot go on"):
                env.reset(seed=0)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert [path.suffix for path in tmp_path.iterdir() if path.suffix == ".jsonl"] == []
    env.reset(seed=0)
    assert len(Dataset(tmp_path)) == 1


TOGETHER = """
import sys
import gymnasium as gym
from agentgym.wrappers import TrajectoryRecorder

env = TrajectoryRecorder(gym.make("CartPole-v1"), sys.argv[1])
sys.stdin.readline()
for episode in range(30):
    env.reset(seed=episode)
    while not any(env.step(episode % 2)[2:4]):
        pass
print(env.run_id)
env.close()
"""


def test_four_processes_record_into_one_folder_without_a_lock(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", TOGETHER, str(tmp_path)]
    pipes: Any = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    writers = [subprocess.Popen(command, env=environment, **pipes) for _ in range(4)]
    said = []
    for writer in writers:
        assert writer.stdin is not None
        writer.stdin.write("go\n")
        writer.stdin.flush()
    for writer in writers:
        said.append(writer.communicate(timeout=100)[0].strip())
        assert writer.returncode == 0
    dataset = Dataset(tmp_path)
    assert sorted(dataset.runs) == sorted(said)
    assert len(dataset) == 120
    lengths = {run: [len(episode) for episode in dataset.filter(run=run)] for run in said}
    assert all(lengths[run] == lengths[said[0]] for run in said)
    assert check_recording(str(tmp_path)).faults == ()
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_a_forked_child_cannot_write_into_its_parents_files(make: Make, tmp_path: Path) -> None:
    env = TrajectoryRecorder(make("images"), tmp_path)
    env.reset(seed=0)
    size = next(tmp_path.glob("*.jsonl")).stat().st_size
    with warnings.catch_warnings():
        # Other tests leave threads.
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        try:
            env.bus.publish(Note(kind="x"))
        except DatasetError as error:
            os._exit(0 if "which was forked from it" in str(error) else 2)
        os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert next(tmp_path.glob("*.jsonl")).stat().st_size == size


def test_a_disk_that_refuses_in_the_middle_of_an_episode_keeps_what_was_before(
    make: Make, tmp_path: Path, small_files: None
) -> None:
    env = TrajectoryRecorder(make("mixed"), tmp_path)

    def fill() -> None:
        for seed in range(500):
            env.reset(seed=seed)
            for _ in range(4):
                env.step(env.action_space.sample())

    with pytest.raises(DatasetError, match="cannot go on"):
        fill()
    assert Dataset(tmp_path).torn == ()
    assert check_recording(str(tmp_path)).faults == ()
