from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from gymnasium import spaces

from agentgym.errors import DatasetError
from agentgym.events import Bus, Event, Failed, Note, Reset, RunStarted, Scored, Step
from agentgym.rewards import relabel
from agentgym.tasks import Check, EvaluatorSpec, SetupStep, Task
from agentgym.trajectory import Dataset, TrajectoryWriter
from agentgym.trajectory.framereader import FrameReader
from agentgym.trajectory.spacejson import space_to_json


def image(number: int) -> npt.NDArray[np.uint8]:
    return np.full((40, 50, 3), number, np.uint8)


def a_step(number: int, observation: object, *, last: bool = False, reward: float = 1.0, **info: Any) -> Step:
    return Step(
        step=number,
        observation=observation,
        action=np.int64(number),
        reward=reward,
        terminated=last,
        truncated=False,
        info=info,
        reward_terms=info.get("reward_terms", {}),
    )


def publish(root: Path, *events: Event, run_id: str = "run") -> Bus:
    bus, writer = Bus(run_id), TrajectoryWriter(root, run_id)
    bus.subscribe(writer.append)
    for event in events:
        bus.publish(event)
    return bus


def test_columns_show_what_is_in_them_without_decoding_pictures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    long = "x" * 100_000
    steps = [a_step(number, image(number), last=number == 9, note=long, pair=(1, 2)) for number in range(1, 10)]
    # Kept as what changed since the picture before.
    nearly = image(9)
    nearly[0, 0] = 1
    publish(tmp_path, Reset(observation=image(0)), *steps, Reset(observation=nearly), a_step(1, nearly, last=True))
    publish(tmp_path, Reset(observation={"a": 1}), a_step(1, {"a": float("nan")}, last=True), run_id="z")
    publish(tmp_path, Reset(observation=0), run_id="zz")
    pictures, more, few, none = Dataset(tmp_path)

    def decode(*_: object) -> None:
        raise AssertionError("a picture was decoded")

    monkeypatch.setattr(FrameReader, "_decode_array", decode)
    assert repr(pictures.observations) == "<10 arrays, the first uint8 (40, 50, 3)>"
    assert repr(more.observations) == "<2 arrays, the first uint8 (40, 50, 3)>"
    numbers = [f"np.int64({number})" for number in (1, 2, 3, 4, 5)]
    assert repr(pictures.actions) == f"<9 values: {', '.join(numbers)}, …, np.int64(9)>"
    assert "{'note': 100000 bytes, 'pair': (1, 2)}" in repr(pictures.infos)
    assert repr(few.observations["a"]) == "<2 values: 1, nan>"
    assert repr(few.observations) == "<2 values of a>"
    assert repr(none.actions) == "<0 values>"
    assert repr(none.observations) == "<1 values: 0>"


def test_a_folder_that_is_no_dataset_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"no dataset\.json"):
        Dataset(tmp_path)


def test_an_episode_gives_back_what_was_published(tmp_path: Path) -> None:
    publish(
        tmp_path,
        Reset(observation=image(0), info={"a": 1}, seed=7, options={"level": (1, 2)}),
        a_step(1, image(1), reward=float("-inf"), note="x"),
        a_step(2, image(2), last=True, reward_terms={"env": 1.0}),
        Scored(value=0.5, terms={"exact": 0.5}),
    )
    (episode,) = Dataset(tmp_path)
    assert len(episode) == len(episode.actions) == len(episode.infos) == len(episode.reward_terms) == 2
    assert len(episode.observations) == 3
    assert np.array_equal(episode.observations[-1], image(2))
    assert [int(seen.max()) for seen in episode.observations[:2]] == [0, 1]
    assert np.asarray(episode.observations).shape == (3, 40, 50, 3)
    assert list(episode.actions) == [1, 2]
    assert type(episode.actions[0]) is np.int64
    assert episode.rewards.tolist() == [float("-inf"), 1.0]
    assert (episode.terminations.tolist(), episode.truncations.tolist()) == ([False, True], [False, False])
    assert episode.infos[0] == {"note": "x"}
    assert list(episode.reward_terms) == [{}, {"env": 1.0}]
    assert (episode.seed, episode.options, episode.reset_info) == (7, {"level": (1, 2)}, {"a": 1})
    assert (episode.score, episode.score_terms, episode.is_complete) == (0.5, {"exact": 0.5}, True)


def test_dict_observations_are_read_by_key_or_by_step(tmp_path: Path) -> None:
    def seen(number: int) -> dict[str, object]:
        return {"screenshot": image(number), "inner": {"text": "x" * number, "pair": (number, image(9))}}

    publish(tmp_path, Reset(observation=seen(0)), a_step(1, seen(1)))
    observations = Dataset(tmp_path)[0].observations
    assert list(observations) == ["screenshot", "inner"]
    assert np.array_equal(observations["screenshot"][1], image(1))
    assert list(observations["inner"]["text"]) == ["", "x"]
    assert observations["inner"]["pair"][1][0] == 1
    assert observations[1]["inner"]["text"] == "x"
    with pytest.raises(KeyError):
        observations["nothing"]


def test_tuples_of_arrays_are_read_by_step(tmp_path: Path) -> None:
    publish(tmp_path, Reset(observation=(image(0), 1)), a_step(1, (image(1), 2)))
    first, second = Dataset(tmp_path)[0].observations[1]
    assert np.array_equal(first, image(1))
    assert second == 2


def test_the_task_comes_back_whole(tmp_path: Path) -> None:
    task = Task("a/b", "Do it.", (SetupStep("launch", {"command": ["x"]}),), EvaluatorSpec((Check("exact_match"),)))
    publish(tmp_path, Reset(observation=0, task=task))
    assert Dataset(tmp_path)[0].task == task


def test_episodes_are_counted_across_runs_in_the_order_of_the_runs(tmp_path: Path) -> None:
    publish(tmp_path, Reset(observation=2), run_id="b")
    publish(tmp_path, Note(kind="early"), Reset(observation=0), a_step(1, 1), Reset(observation=1), run_id="a")
    dataset = Dataset(tmp_path)
    assert dataset.runs == ("a", "b")
    assert [episode.observations[0] for episode in dataset] == [0, 1, 2]
    assert dataset[-1].run_id == "b"
    assert [len(episode) for episode in dataset[:2]] == [1, 0]
    assert "3 episodes of 2 runs" in repr(dataset)


def test_records_come_back_as_they_were_published(tmp_path: Path) -> None:
    published: list[Event] = [
        Reset(observation=1, seed=1),
        Note(kind="tag", value={"deep": (1, b"2")}),
        Scored(value=1.0),
    ]
    publish(tmp_path, *published)
    dataset = Dataset(tmp_path)
    assert [record.payload for record in dataset[0].records()] == published
    assert [record.idx for record in dataset.records("run")] == [0, 1, 2]


def test_a_failure_is_told_and_is_no_score(tmp_path: Path) -> None:
    publish(tmp_path, Reset(observation=0), Failed(during="step", type="BackendError", message="gone"))
    episode = Dataset(tmp_path)[0]
    assert (episode.failure, episode.score) == ("BackendError: gone", None)


def test_what_kept_an_episode_from_being_scored_is_told(tmp_path: Path) -> None:
    publish(tmp_path, Reset(observation=0), a_step(1, 1, last=True, score=None, failure="evaluation"))
    assert Dataset(tmp_path)[0].failure == "evaluation"


def test_spaces_are_those_of_the_first_run(tmp_path: Path) -> None:
    space = spaces.Dict({"x": spaces.Box(0, 1, (2,))})
    env = {"observation_space": space_to_json(space), "action_space": space_to_json(spaces.Discrete(3))}
    publish(tmp_path, RunStarted(env=env))
    dataset = Dataset(tmp_path)
    assert (dataset.observation_space, dataset.action_space) == (space, spaces.Discrete(3))


def test_a_dataset_grows_when_it_is_refreshed(tmp_path: Path) -> None:
    bus = publish(tmp_path, Reset(observation=image(0)))
    dataset = Dataset(tmp_path)
    before = dataset[0]
    bus.publish(a_step(1, image(1)))
    assert len(before) == len(dataset[0]) == 0
    dataset.refresh()
    assert len(dataset[0]) == 1
    assert np.array_equal(dataset[0].observations[1], image(1))
    publish(tmp_path, Reset(observation=0), run_id="another")
    dataset.refresh()
    assert len(dataset) == 2


def test_a_torn_line_is_told_and_the_rest_read(tmp_path: Path) -> None:
    publish(tmp_path, Reset(observation=image(0)), a_step(1, image(1)))
    path = tmp_path / "run.jsonl"
    whole = path.read_bytes()
    path.write_bytes(whole[:-5])
    dataset = Dataset(tmp_path)
    assert len(dataset[0]) == 0
    line = dataset.torn[0]
    assert (line.path, line.offset + line.size) == (path, len(whole) - 5)
    assert "not complete" in line.reason


def test_a_torn_frame_is_told_and_the_rest_read(tmp_path: Path) -> None:
    publish(tmp_path, Reset(observation=image(0)), a_step(1, image(1)))
    path = tmp_path / "run.frames"
    whole = path.stat().st_size
    with path.open("ab") as file:
        file.write(path.read_bytes()[:30])
    (torn,) = Dataset(tmp_path).torn
    assert (torn.path, torn.offset, torn.size) == (path, whole, 30)
    assert np.array_equal(Dataset(tmp_path)[0].observations[1], image(1))


@pytest.mark.parametrize("rubbish", [b"\x00" * 40 + b"\n", b"[]\n", b'{"idx": 7}\n'])
def test_reading_stops_at_the_first_line_that_is_no_record(tmp_path: Path, rubbish: bytes) -> None:
    publish(tmp_path, Reset(observation=0))
    with (tmp_path / "run.jsonl").open("ab") as file:
        file.write(rubbish)
    dataset = Dataset(tmp_path)
    assert len(dataset) == 1
    assert dataset.torn[0].size == len(rubbish)


def test_a_gap_in_the_numbering_is_told(tmp_path: Path) -> None:
    publish(tmp_path, Reset(observation=0), a_step(1, 1), a_step(2, 2))
    path = tmp_path / "run.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(lines[0] + lines[2])
    assert Dataset(tmp_path).torn[0].reason == "expected record 1, got record 2"


def test_a_dataset_can_be_pickled(tmp_path: Path) -> None:
    publish(tmp_path, Reset(observation=image(3)))
    dataset = Dataset(tmp_path)
    dataset[0].observations[0]
    assert np.array_equal(pickle.loads(pickle.dumps(dataset))[0].observations[0], image(3))


def test_an_episode_can_be_relabelled(tmp_path: Path) -> None:
    publish(tmp_path, Reset(observation=1), a_step(1, 5), a_step(2, 6, reward=3.0, reward_terms={"env": 2.0, "b": 1.0}))
    hooks = {"gain": lambda shown: shown.after - shown.before, "env_again": lambda shown: shown.reward}
    assert relabel(Dataset(tmp_path)[0], hooks) == {"gain": [4.0, 1.0], "env_again": [1.0, 2.0]}
