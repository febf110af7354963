from __future__ import annotations

import copy
import json
import os
import pickle
import shutil
import subprocess
import sys
import warnings
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import gymnasium as gym
import msgspec
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env, data_equivalence
from gymnasium.wrappers import Autoreset

import agentgym
from agentgym.actions import Click
from agentgym.errors import BackendError, DatasetError, UsageError
from agentgym.events import Note, RunStarted
from agentgym.trajectory import Dataset
from agentgym.wrappers import RewardHooks, TrajectoryRecorder

Make = Callable[..., gym.Env[Any, Any]]
ROOT = Path(agentgym.__file__).parents[1]


def play(env: gym.Env[Any, Any], *, episodes: int = 1, steps: int = 1000, seed: int = 0) -> None:
    env.action_space.seed(seed)
    for episode in range(episodes):
        env.reset(seed=seed + episode)
        for _ in range(steps):
            _, _, terminated, truncated, _ = env.step(env.action_space.sample())
            if terminated or truncated:
                break


def records(path: Path, *types: str) -> list[Any]:
    dataset = Dataset(path)
    found = [record for run_id in dataset.runs for record in dataset.records(run_id)]
    return [record for record in found if not types or record.event_type in types]


@pytest.mark.parametrize("name", ["cartpole", "images", "mixed", "typing", "desktop"])
def test_what_comes_back_equals_what_the_environment_returned(
    make: Make, remember: Any, tmp_path: Path, name: str
) -> None:
    memory = remember(make(name))
    env = TrajectoryRecorder(memory, tmp_path)
    play(env, episodes=2)
    env.close()
    dataset = Dataset(tmp_path)
    assert (len(dataset), dataset.torn) == (2, ())
    for episode, (observations, actions, outcomes) in zip(dataset, memory.episodes, strict=True):
        assert len(episode) == len(actions)
        assert all(data_equivalence(episode.observations[t], seen, exact=True) for t, seen in enumerate(observations))
        assert all(data_equivalence(episode.actions[t], action, exact=True) for t, action in enumerate(actions))
        rewards, terminations, truncations, infos = zip(*outcomes, strict=True)
        assert (tuple(episode.rewards), tuple(episode.terminations)) == (rewards, terminations)
        assert tuple(episode.truncations) == truncations
        assert all(data_equivalence(episode.infos[t], info, exact=True) for t, info in enumerate(infos))


@pytest.mark.parametrize("name", ["cartpole", "images", "mixed"])
def test_both_wrappers_pass_gymnasiums_checker(make: Make, tmp_path: Path, name: str) -> None:
    env = TrajectoryRecorder(RewardHooks(make(name), bonus=lambda shown: 1.0), tmp_path)
    with warnings.catch_warnings():
        # It asks for the bare environment.
        warnings.simplefilter("ignore")
        check_env(env, skip_render_check=True)
    env.close()


def test_a_step_is_on_disk_when_it_returns(make: Make, tmp_path: Path) -> None:
    env = TrajectoryRecorder(make("images"), tmp_path)
    env.reset(seed=0)
    for step in range(1, 4):
        observation, *_ = env.step(0)
        episode = Dataset(tmp_path)[0]
        assert len(episode) == step
        assert np.array_equal(episode.observations[-1], observation)


def test_a_recorder_that_is_dropped_loses_nothing(make: Make, tmp_path: Path) -> None:
    env = TrajectoryRecorder(make("images"), tmp_path)
    play(env, steps=5)
    del env
    assert len(Dataset(tmp_path)[0]) == 5


def test_a_small_change_of_a_large_screen_costs_few_bytes(make: Make, tmp_path: Path) -> None:
    env = TrajectoryRecorder(make("typing"), tmp_path)
    play(env)
    env.close()
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) / 40 < 1000


def test_nothing_is_written_before_the_first_reset(make: Make, tmp_path: Path) -> None:
    TrajectoryRecorder(make("images"), tmp_path / "data").close()
    assert list(tmp_path.iterdir()) == []


def test_a_file_is_no_dataset(make: Make, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(UsageError, match="is a file"):
        TrajectoryRecorder(make("images"), tmp_path / "file")


def test_task_timing_and_score_are_recorded(make: Make, tmp_path: Path) -> None:
    env = TrajectoryRecorder(make("desktop"), tmp_path, agent="random", metadata={"commit": "abc"})
    play(env, seed=3)
    env.close()
    episode = Dataset(tmp_path)[0]
    assert episode.task == env.unwrapped.task  # type: ignore[attr-defined]  # as an AgentGym environment has
    assert (episode.seed, episode.score, episode.score_terms, episode.failure) == (3, 1.0, {"square": 1.0}, None)
    assert list(episode.timings) == [{"perform": 1.0}, {"perform": 2.0}, {"perform": 3.0}]
    started, *_, completed = records(tmp_path)
    assert (started.payload.agent, started.payload.metadata) == ("random", {"commit": "abc"})
    assert (completed.payload.status, completed.payload.episodes, completed.payload.steps) == ("completed", 1, 3)


def test_an_unscored_episode_has_no_score(make: Make, tmp_path: Path) -> None:
    env = TrajectoryRecorder(make("desktop", score=None), tmp_path)
    play(env)
    assert Dataset(tmp_path)[0].score is None


def test_an_action_of_ours_comes_back_as_one(make: Make, tmp_path: Path) -> None:
    class Clicks(gym.ActionWrapper[Any, Any, Any]):
        def action(self, action: Any) -> Any:
            return action.x

    env = TrajectoryRecorder(Clicks(make("images")), tmp_path)
    env.reset(seed=0)
    env.step(Click(1, 2))
    assert Dataset(tmp_path)[0].actions[0] == Click(1, 2)


@pytest.mark.parametrize("error", [BackendError("the X server died", kind="display"), RuntimeError("odd")])
def test_an_error_out_of_step_is_recorded_and_raised(make: Make, tmp_path: Path, error: Exception) -> None:
    env = TrajectoryRecorder(make("desktop", error=error), tmp_path)
    with pytest.raises(type(error)):
        play(env)
    env.close()
    episode = Dataset(tmp_path)[0]
    assert (len(episode), episode.score, episode.failure) == (1, None, f"{type(error).__name__}: {error}")
    (failed,) = records(tmp_path, "failed")
    assert failed.payload.infrastructure is isinstance(error, BackendError)
    assert records(tmp_path)[-1].payload.status == "error"


def test_an_interrupt_is_recorded_and_the_recording_can_go_on(make: Make, tmp_path: Path) -> None:
    env = TrajectoryRecorder(make("desktop", error=KeyboardInterrupt()), tmp_path)
    with pytest.raises(KeyboardInterrupt):
        play(env)
    with pytest.raises(KeyboardInterrupt):
        play(env)
    env.close()
    assert [len(episode) for episode in Dataset(tmp_path)] == [1, 1]
    assert records(tmp_path)[-1].payload.status == "cancelled"


def broken_off(env: gym.Env[Any, Any], raised: BaseException | None, *, episodes: int = 1, steps: int = 1) -> None:
    """Whole episodes, the beginning of another, and the end that programs come to."""
    try:
        play(env, episodes=episodes)
        play(env, steps=steps)
        if raised is not None:
            raise raised
    finally:
        env.close()


@pytest.mark.parametrize(
    ("raised", "status", "error"),
    [
        (None, "cancelled", None),
        (KeyboardInterrupt(), "cancelled", "KeyboardInterrupt: "),
        (SystemExit(1), "cancelled", "SystemExit: 1"),
        (RuntimeError("the agent fell over"), "error", "RuntimeError: the agent fell over"),
    ],
)
def test_a_run_that_ends_within_an_episode_is_not_completed(
    make: Make, tmp_path: Path, raised: BaseException | None, status: str, error: str | None
) -> None:
    with nullcontext() if raised is None else pytest.raises(type(raised)):
        broken_off(TrajectoryRecorder(make("desktop"), tmp_path), raised)
    completed = records(tmp_path)[-1].payload
    assert (completed.status, completed.error, completed.episodes, completed.steps) == (status, error, 2, 4)
    assert [episode.is_complete for episode in Dataset(tmp_path)] == [True, False]
    assert Dataset(tmp_path).filter(where=lambda episode: episode.is_complete)[0].number == 0


def test_an_interrupt_before_the_first_step_is_told_by_who_closes_on_the_way_out(make: Make, tmp_path: Path) -> None:
    env = TrajectoryRecorder(make("desktop"), tmp_path)
    with pytest.raises(KeyboardInterrupt):
        broken_off(env, KeyboardInterrupt(), episodes=0, steps=0)
    assert records(tmp_path)[-1].payload.status == "cancelled"


def test_a_run_is_completed_where_the_environment_only_reset_itself_again(make: Make, tmp_path: Path) -> None:
    env = TrajectoryRecorder(Autoreset(make("desktop")), tmp_path)
    env.reset(seed=0)
    for _ in range(4):
        env.step(0)
    env.close()
    assert [len(episode) for episode in Dataset(tmp_path)] == [3, 0]
    assert records(tmp_path)[-1].payload.status == "completed"


def test_others_publish_into_the_same_stream(make: Make, tmp_path: Path) -> None:
    env = TrajectoryRecorder(make("images"), tmp_path)
    env.reset(seed=0)
    env.bus.publish(Note(kind="thought", text="left"))
    env.step(0)
    assert [record.event_type for record in records(tmp_path)] == ["run_started", "reset", "note", "step"]
    assert [record.idx for record in records(tmp_path)] == [0, 1, 2, 3]


def test_two_recorders_share_a_folder(make: Make, tmp_path: Path) -> None:
    envs = [TrajectoryRecorder(make("images"), tmp_path) for _ in range(2)]
    for env in envs:
        env.reset(seed=0)
    for step in range(6):
        envs[step % 2].step(step % 4)
    assert [len(episode) for episode in Dataset(tmp_path)] == [3, 3]
    assert Dataset(tmp_path).torn == ()


def test_vectorised_environments_record_one_run_each(make: Make, tmp_path: Path) -> None:
    envs = gym.vector.SyncVectorEnv([lambda: TrajectoryRecorder(make("images"), tmp_path)] * 3)
    envs.reset(seed=0)
    for _ in range(32):
        envs.step(envs.action_space.sample())
    envs.close()
    dataset = Dataset(tmp_path)
    assert len(dataset.runs) == 3
    assert [len(episode) for episode in dataset] == [30, 1] * 3


def test_a_reset_inside_a_step_is_a_reset_not_a_transition(make: Make, tmp_path: Path) -> None:
    env = TrajectoryRecorder(gym.wrappers.Autoreset(make("images")), tmp_path)
    env.reset(seed=0)
    for _ in range(33):
        env.step(0)
    assert [len(episode) for episode in Dataset(tmp_path)] == [30, 2]


def test_a_closed_recorder_begins_another_run(make: Make, tmp_path: Path) -> None:
    env = TrajectoryRecorder(make("images"), tmp_path)
    play(env, steps=2)
    env.close()
    env.close()
    play(env, steps=3)
    env.close()
    dataset = Dataset(tmp_path)
    assert sorted(len(episode) for episode in dataset) == [2, 3]
    assert len(list(tmp_path.glob("*.summary.json"))) == 2


@pytest.mark.parametrize(
    "how", [copy.deepcopy, lambda env: pickle.loads(pickle.dumps(env))], ids=["deepcopy", "pickle"]
)
def test_a_copy_goes_on_in_a_run_of_its_own(tmp_path: Path, how: Callable[[Any], Any]) -> None:
    env = TrajectoryRecorder(gym.make("CartPole-v1"), tmp_path)
    env.reset(seed=0)
    observation, *_ = env.step(0)
    twin = how(env)
    seen = [twin.step(1)[0], twin.step(1)[0]]
    env.step(0)
    assert twin.run_id != env.run_id
    dataset = Dataset(tmp_path)
    mine, its = sorted(dataset, key=lambda episode: episode.run_id != env.run_id)
    assert (len(mine), len(its)) == (2, 2)
    assert np.array_equal(its.observations, np.array([observation, *seen]))
    assert continued_by(dataset, twin.run_id) == env.run_id


def test_the_arguments_survive_a_spec(tmp_path: Path) -> None:
    env = TrajectoryRecorder(gym.make("CartPole-v1"), tmp_path, agent="me", fsync="episode")
    again = gym.make(gym.envs.registration.EnvSpec.from_json(env.spec.to_json()))  # type: ignore[union-attr]  # registered environments have one
    again.reset(seed=0)
    again.close()
    assert records(tmp_path)[0].payload.agent == "me"


def test_the_environments_own_metadata_is_untouched(tmp_path: Path) -> None:
    env = gym.make("CartPole-v1")
    assert TrajectoryRecorder(env, tmp_path, metadata={"a": 1}).metadata == env.metadata


def test_a_removed_folder_stops_the_episode_and_the_next_reset_begins_anew(make: Make, tmp_path: Path) -> None:
    root = tmp_path / "data"
    env = TrajectoryRecorder(make("images"), root)
    play(env, steps=2)
    shutil.rmtree(root)
    with pytest.raises(DatasetError, match="removed"):
        env.step(0)
    with pytest.raises(DatasetError, match="removed"):
        env.step(0)
    play(env, steps=3)
    env.close()
    assert [len(episode) for episode in Dataset(root)] == [3]


def test_the_error_of_the_environment_wins_over_that_of_the_disk(make: Make, tmp_path: Path) -> None:
    root = tmp_path / "data"
    env = TrajectoryRecorder(make("desktop", error=BackendError("gone")), root)
    env.reset(seed=0)
    env.step(0)
    shutil.rmtree(root)
    with pytest.raises(BackendError, match="gone") as caught:
        env.step(0)
    assert "was not recorded" in caught.value.__notes__[0]


FORK = """
import os, sys
import gymnasium as gym
from agentgym.wrappers import TrajectoryRecorder

env = TrajectoryRecorder(gym.make("CartPole-v1"), sys.argv[1])
env.reset(seed=0)
env.step(0)
child = os.fork()
env.step(child == 0)
env.step(0)
if child == 0:
    env.reset(seed=1)
    os._exit(0)
os.waitpid(child, 0)
env.step(0)
print(env.run_id)
"""


@pytest.mark.episodes
def test_a_forked_child_goes_on_in_a_run_of_its_own(tmp_path: Path) -> None:
    run_id = run_script(FORK, str(tmp_path)).strip()
    dataset = Dataset(tmp_path)
    lengths = {(episode.run_id == run_id, episode.number): len(episode) for episode in dataset}
    assert lengths == {(True, 0): 4, (False, 0): 2, (False, 1): 0}
    (other,) = set(dataset.runs) - {run_id}
    assert continued_by(dataset, other) == run_id
    assert dataset.torn == ()


KILLS = """
import json, os, random, signal, sys
import numpy as np, gymnasium as gym
from gymnasium import spaces
from agentgym.wrappers import TrajectoryRecorder

class Counter(gym.Env):
    observation_space = spaces.Box(0, 255, (120, 160, 3), np.uint8)
    action_space = spaces.Discrete(2)
    def reset(self, *, seed=None, options=None):
        self.count = 0
        return self.screen(), {}
    def step(self, action):
        self.count += 1
        info = {"noise": self.noise(), "text": "t" * 3000 + str(self.count)}
        return self.screen(), float(self.count), False, False, info
    def screen(self):
        return np.full((120, 160, 3), self.count % 256, np.uint8)
    def noise(self):
        return np.random.default_rng(self.count).integers(0, 256, 5000, np.uint8)

def record(pipe):
    env = TrajectoryRecorder(Counter(), sys.argv[1])
    env.reset(seed=0)
    os.write(pipe, env.run_id.encode() + b"\\n")
    while True:
        env.step(0)
        os.write(pipe, b".")

random.seed(int(sys.argv[2]))
told = {}
for _ in range(12):
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        record(writer)
    os.close(writer)
    with os.fdopen(reader, "rb", buffering=0) as pipe:
        run_id = pipe.readline().strip().decode()
        steps = len(pipe.read(1))
        for _ in range(random.randrange(60)):
            steps += len(pipe.read(1))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        told[run_id] = steps + len(pipe.readall())
print(json.dumps(told))
"""


@pytest.mark.episodes
def test_a_killed_process_loses_no_step_that_had_returned(tmp_path: Path) -> None:
    told = json.loads(run_script(KILLS, str(tmp_path), "7"))
    dataset = Dataset(tmp_path)
    assert set(dataset.runs) == set(told)
    assert len(told) == 12
    for episode in dataset:
        assert told[episode.run_id] <= len(episode) <= told[episode.run_id] + 1
        for step in range(1, len(episode) + 1):
            assert int(episode.observations[step][60, 80, 1]) == step % 256
            info = episode.infos[step - 1]
            assert info["text"] == "t" * 3000 + str(step)
            assert np.array_equal(info["noise"], np.random.default_rng(step).integers(0, 256, 5000, np.uint8))
    assert all(part.size > 0 for part in dataset.torn)


def test_the_summary_is_json_that_programs_read(make: Make, tmp_path: Path) -> None:
    env = TrajectoryRecorder(make("desktop"), tmp_path)
    play(env)
    run_id = env.run_id
    env.close()
    summary = msgspec.json.decode((tmp_path / f"{run_id}.summary.json").read_bytes())
    assert (summary["run_id"], summary["steps"], summary["mean_score"]) == (run_id, 3, 1.0)


def continued_by(dataset: Dataset, run_id: str) -> str | None:
    started = next(dataset.records(run_id)).payload
    assert isinstance(started, RunStarted)
    return started.continues


def run_script(script: str, *arguments: str) -> str:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-W", "error", "-c", script, *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout
