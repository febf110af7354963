"""Choosing from a dataset, counting it, putting datasets together, reading them from elsewhere."""

from __future__ import annotations

import json
import math
import pickle
import shutil
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from agentgym.errors import DatasetError, UsageError
from agentgym.events import Bus, Failed, Reset, Reward, RunStarted, Scored, Step
from agentgym.rewards import Transition
from agentgym.tasks import Task
from agentgym.trajectory import Dataset, TrajectoryWriter, merge


def picture(number: int) -> npt.NDArray[np.uint8]:
    screen = np.zeros((84, 84, 3), np.uint8)
    screen[:, number % 84] = number % 251 + 1
    return screen


def publish_run(root: Path, run_id: str, agent: str, episodes: list[tuple[str, int, float | None]]) -> None:
    """Episodes of these tasks, lengths and scores; step t pays t."""
    bus, writer = Bus(run_id), TrajectoryWriter(root, run_id)
    bus.subscribe(writer.append)
    bus.publish(RunStarted(agent=agent))
    for number, (task, length, score) in enumerate(episodes):
        bus.publish(Reset(observation={"screen": picture(0), "text": "0"}, seed=number, task=Task(task, "Do it.")))
        for t in range(1, length + 1):
            bus.publish(
                Step(
                    step=t,
                    observation={"screen": picture(t), "text": str(t)},
                    action=np.int64(t),
                    reward=float(t),
                    terminated=t == length and score is not None,
                    truncated=False,
                    info={"t": t},
                )
            )
        if score is None:
            bus.publish(Failed(during="step", type="BackendError", message="gone"))
        else:
            bus.publish(Scored(value=score))
    writer.close()


@pytest.fixture
def data(tmp_path: Path) -> Path:
    root = tmp_path / "data"
    publish_run(root, "a", "random", [("apps/one", 3, 1.0), ("apps/two", 5, 0.0), ("apps/one", 2, None)])
    publish_run(root, "b", "oracle", [("web/three", 4, 1.0), ("apps/two", 1, 0.5)])
    return root


def seen(dataset: Dataset) -> list[tuple[str, int]]:
    return [(episode.run_id, episode.number) for episode in dataset]


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"task": "apps/one"}, "a0 a2"),
        ({"task": "apps/*"}, "a0 a1 a2 b1"),
        ({"task": ["web/three", "apps/one"]}, "a0 a2 b0"),
        ({"agent": "oracle"}, "b0 b1"),
        ({"run": "a"}, "a0 a1 a2"),
        ({"score": 0.5}, "b1"),
        ({"min_score": 0.5}, "a0 b0 b1"),
        ({"success": True}, "a0 b0"),
        ({"success": False}, "a1 b1"),
        ({"failed": True}, "a2"),
        ({"failed": False, "agent": "random"}, "a0 a1"),
        ({"complete": False}, "a2"),
        ({"min_return": 6}, "a0 a1 b0"),
        ({"min_return": 6, "max_return": 10}, "a0 b0"),
        ({"where": lambda episode: len(episode) > 3}, "a1 b0"),
        ({"task": "apps/*", "where": lambda episode: episode.seed == 1}, "a1 b1"),
        ({"task": "nothing"}, ""),
    ],
)
def test_a_filter_gives_the_episodes_of_which_all_holds(data: Path, asked: dict[str, Any], found: str) -> None:
    view = Dataset(data).filter(**asked)
    assert [run_id + str(number) for run_id, number in seen(view)] == found.split()
    assert isinstance(view, Dataset)
    assert len(view) == len(found.split())


def test_views_are_datasets_of_fewer_episodes(data: Path) -> None:
    dataset = Dataset(data)
    view = dataset[1:4][::-1]
    assert seen(view) == [("b", 0), ("a", 2), ("a", 1)]
    assert seen(view.filter(agent="random")) == [("a", 2), ("a", 1)]
    assert view.filter(agent="random").runs == ("a",)
    assert view[-1].run_id == "a"
    assert seen(pickle.loads(pickle.dumps(view))) == seen(view)
    assert [transition.action for transition in view.transitions()[:5]] == [1, 2, 3, 4, 1]
    with pytest.raises(UsageError, match="view"):
        view.refresh()


def test_a_view_stays_when_its_dataset_grows(data: Path) -> None:
    dataset = Dataset(data)
    view = dataset.filter(task="apps/one")
    publish_run(data, "0 earlier", "random", [("apps/one", 1, 1.0)])
    dataset.refresh()
    assert len(dataset) == 6
    assert seen(view) == [("a", 0), ("a", 2)]
    assert len(dataset.filter(task="apps/one")) == 3


def test_statistics_count_and_tell_each_task_apart(data: Path) -> None:
    known = Dataset(data).statistics()
    assert (known.episodes, known.runs, known.steps, known.scored, known.solved) == (5, 2, 15, 4, 2)
    assert (known.failed, known.complete) == (1, 4)
    assert (known.returns.min, known.returns.max, known.returns.mean) == (1.0, 15.0, (6 + 15 + 3 + 10 + 1) / 5)
    assert known.scores.count == 4
    assert known.scores.mean == 0.625
    assert known.lengths.std == pytest.approx(math.sqrt(2))
    assert list(known.by_task) == ["apps/one", "apps/two", "web/three"]
    assert known.by_task["apps/one"].scores.mean == 1.0
    assert Dataset(data).filter(task="nothing").statistics().returns.mean is None


def test_outlines_agree_with_the_episodes(data: Path) -> None:
    dataset = Dataset(data)
    for known, episode in zip(dataset.outlines(), dataset, strict=True):
        assert episode.task is not None
        assert (known.task, known.steps, known.score) == (episode.task.id, len(episode), episode.score)
        assert (known.total_return, known.failure) == (episode.total_return, episode.failure)
        assert known.is_complete == episode.is_complete


def test_a_split_keeps_tasks_together_and_is_the_same_each_time(data: Path) -> None:
    train, test = Dataset(data).split(by="task", shares=(2, 1), seed=3)
    tasks = [{known.task for known in part.outlines()} for part in (train, test)]
    assert (len(tasks[0]), len(tasks[1])) == (2, 1)
    assert not tasks[0] & tasks[1]
    assert len(train) + len(test) == 5
    again = Dataset(data).split(by="task", shares=(2, 1), seed=3)
    assert [seen(part) for part in again] == [seen(train), seen(test)]
    assert len({str(seen(Dataset(data).split(seed=seed)[1])) for seed in range(20)}) == 3


@pytest.mark.parametrize(
    ("by", "sizes"), [("episode", [3, 2]), ("run", [3, 2]), ("agent", [3, 2]), (lambda episode: 1, [5, 0])]
)
def test_a_split_by_something_else(data: Path, by: Any, sizes: list[int]) -> None:
    parts = Dataset(data).split(by=by, shares=(0.6, 0.4), seed=0)
    assert sorted(map(len, parts), reverse=True) == sizes


def test_shares_are_kept_as_well_as_groups_allow(data: Path) -> None:
    root = data.parent / "many"
    publish_run(root, "c", "x", [(f"task-{number}", 1, 1.0) for number in range(100)])
    assert [len(part) for part in Dataset(root).split(shares=(0.7, 0.2, 0.1))] == [70, 20, 10]


@pytest.mark.parametrize("arguments", [{"by": "tusk"}, {"shares": ()}, {"shares": (1, 0)}])
def test_a_split_that_cannot_be_is_refused(data: Path, arguments: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        Dataset(data).split(**arguments)


def test_transitions_are_read_one_by_one_as_hooks_see_them(data: Path) -> None:
    dataset = Dataset(data)
    transitions = dataset.transitions()
    one_after_the_other = [transition for episode in dataset for transition in episode.transitions()]
    assert len(transitions) == len(one_after_the_other) == 15
    for index in np.random.default_rng(0).permutation(15):
        found, expected = transitions[int(index)], one_after_the_other[index]
        assert isinstance(found, Transition)
        assert np.array_equal(found.before["screen"], expected.before["screen"])
        assert np.array_equal(found.after["screen"], expected.after["screen"])
        assert (found.action, found.reward, found.terminated) == (expected.action, expected.reward, expected.terminated)
        assert found.info == expected.info
    assert transitions[-1].action == 1
    with pytest.raises(IndexError, match="15 transitions"):
        transitions[15]


def test_one_observation_is_read_without_the_others(data: Path) -> None:
    frames = data / "a.frames"
    content = bytearray(frames.read_bytes())
    reset = json.loads((data / "a.jsonl").read_text().splitlines()[1])
    second = json.loads((data / "a.jsonl").read_text().splitlines()[3])["payload"]["observation"]["screen"]["$frame"]
    # All that comes after the first three pictures is rubbish.
    frames.write_bytes(content[: second + 200] + b"\x00" * 2000)
    episode = Dataset(data)[0]
    assert reset["payload"]["observation"]["screen"] == {"$frame": 0}
    assert np.array_equal(episode.observations["screen"][0], picture(0))
    assert np.array_equal(episode.observation(1, "screen"), picture(1))
    with pytest.raises(DatasetError):
        Dataset(data)[1].observations["screen"][4]


def test_rewards_that_were_added_afterwards_count(tmp_path: Path) -> None:
    bus, writer = Bus("run"), TrajectoryWriter(tmp_path, "run")
    bus.subscribe(writer.append)
    bus.publish(Reset(observation=0))
    for t in (1, 2):
        bus.publish(Step(step=t, observation=t, action=0, reward=1.0, terminated=False, truncated=False))
    bus.publish(Reward(step=2, value=0.5, name="human"))
    bus.publish(Reward(step=2, value=0.25, name="judge"))
    dataset = Dataset(tmp_path)
    assert dataset[0].rewards.tolist() == [1.0, 1.75]
    assert list(dataset[0].reward_terms) == [{}, {"human": 0.5, "judge": 0.25}]
    assert next(dataset.outlines()).total_return == 2.75
    assert [item["reward"] for item in dataset.training_items()] == [1.0, 1.75]
    # Hooks are shown the environment's own.
    assert [transition.reward for transition in dataset[0].transitions()] == [1.0, 1.0]
    assert dataset.transitions()[1].reward == 1.0


@pytest.mark.episodes
def test_a_pytorch_loader_takes_it_as_it_is(data: Path) -> None:
    torch = pytest.importorskip("torch")
    items = Dataset(data).training_items("screen")
    for workers in (0, 2):
        loader = torch.utils.data.DataLoader(items, batch_size=4, shuffle=True, num_workers=workers)
        batches = list(loader)
        assert sum(len(batch["action"]) for batch in batches) == 15
        assert batches[0]["observation"].shape == (4, 84, 84, 3)
        assert batches[0]["observation"].dtype == torch.uint8
        for batch in batches:
            for action, after in zip(batch["action"], batch["next_observation"], strict=True):
                assert np.array_equal(after.numpy(), picture(int(action)))


def test_training_items_hold_what_was_chosen(data: Path) -> None:
    dataset = Dataset(data)
    assert list(dataset.training_items(["text"])[0]["observation"]) == ["text"]
    assert list(dataset.training_items()[0]["observation"]) == ["screen", "text"]
    assert dataset.training_items("text")[2]["next_observation"] == "3"
    assert [item["observation"] for item in dataset.training_items("text").__getitems__([2, 0, 2])] == ["2", "0", "2"]
    with pytest.raises(UsageError, match="observation='sound'"):
        dataset.training_items("sound")[0]


def test_merged_datasets_have_all_runs(data: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    publish_run(other, "c", "x", [("apps/four", 2, 1.0)])
    shutil.copytree(data, tmp_path / "copy")
    merged = merge([data, other, tmp_path / "copy"], tmp_path / "merged")
    assert merged.runs == ("a", "b", "c")
    assert len(merged) == 6
    for episode, original in zip(merged, [*Dataset(data), *Dataset(other)], strict=True):
        assert repr(list(episode.records())) == repr(list(original.records()))
    assert Dataset(tmp_path / "merged").statistics().solved == 3


def test_a_merge_leaves_out_what_is_torn_and_refuses_what_differs(data: Path, tmp_path: Path) -> None:
    with (data / "a.jsonl").open("ab") as file:
        file.write(b'{"ts_utc"')
    assert merge([data], tmp_path / "merged").torn == ()
    other = tmp_path / "other"
    publish_run(other, "a", "x", [("apps/four", 2, 1.0)])
    with pytest.raises(DatasetError, match=r"run a of .*other is not the one"):
        merge([data, other], tmp_path / "again")
    assert not (tmp_path / "again").exists()
    with pytest.raises(UsageError, match="exists already"):
        merge([data], tmp_path / "merged")
    with pytest.raises(DatasetError, match="nothing to merge"):
        merge([], tmp_path / "none")


@pytest.mark.parametrize("kind", ["memory", "zip", "file"])
def test_a_dataset_is_read_where_it_lies(data: Path, tmp_path: Path, kind: str) -> None:
    fsspec = pytest.importorskip("fsspec")
    if kind == "memory":
        address = "memory://bucket/data"
        system = fsspec.filesystem("memory")
        system.put(f"{data}/", "/bucket/data/", recursive=True)
    elif kind == "zip":
        with zipfile.ZipFile(tmp_path / "data.zip", "w") as archive:
            for path in data.iterdir():
                archive.write(path, f"inside/{path.name}")
        address = f"zip://inside::{tmp_path / 'data.zip'}"
    else:
        address = f"file://{data}"
    remote, local = Dataset(address), Dataset(data)
    assert seen(remote) == seen(local)
    assert remote.torn == ()
    assert remote.statistics() == local.statistics()
    for episode, same in zip(remote, local, strict=True):
        assert np.array_equal(episode.observations["screen"][-1], same.observations["screen"][-1])
        assert repr(list(episode.records())) == repr(list(same.records()))
    assert merge([address], tmp_path / "here").runs == ("a", "b")


@pytest.mark.parametrize("address", ["memory://nothing/here", "nowhere://data", "zip://x::/no/such.zip"])
def test_an_address_that_leads_nowhere_is_one_clear_error(address: str) -> None:
    pytest.importorskip("fsspec")
    with pytest.raises(DatasetError):
        Dataset(address)
