from __future__ import annotations

from pathlib import Path

import pytest

from agentgym import Dataset
from agentgym.errors import UsageError
from agentgym.events import RunStarted
from agentgym.results import Finished, open_session, run_config
from agentgym.results.items import Item, line_of
from agentgym.runner import RolloutSpec
from tests.results.small import HERE, breaking, config, lines, tasks_at


def test_each_attempt_has_a_line_and_each_task_one_that_stands(tmp_path: Path) -> None:
    told: list[Finished] = []
    asked = config(tmp_path, tasks=tasks_at(tmp_path, "a", "b"), episodes=2, **breaking(tmp_path, 1))
    report = run_config(asked, report=told.append)
    attempts = [(line["task"], line["seed"], line["attempt"], line["status"]) for line in lines(tmp_path)]
    assert attempts == [
        ("a", 0, 1, "scored"),
        ("a", 1, 1, "scored"),
        ("b", 0, 1, "error"),
        ("b", 1, 1, "scored"),
        ("b", 0, 2, "scored"),
    ]
    assert [(line["task"], line["seed"], line["attempt"]) for line in lines(tmp_path, "results_summary.jsonl")] == [
        ("a", 0, 1),
        ("a", 1, 1),
        ("b", 0, 2),
        ("b", 1, 1),
    ]
    assert [one.is_last for one in told] == [True, True, False, True, True]
    assert (report.summary.scored, report.summary.failed, report.summary.mean_score) == (4, 0, 1.0)


def test_a_second_call_does_nothing_again(tmp_path: Path) -> None:
    asked = config(tmp_path, tasks=tasks_at(tmp_path, "a", "b"))
    first = run_config(asked)
    written = (tmp_path / "data" / "results.jsonl").read_bytes()
    again = run_config(asked)
    assert (tmp_path / "data" / "results.jsonl").read_bytes() == written
    assert (again.before, again.session_id, again.attempts) == (2, first.session_id, first.attempts)


def test_a_second_call_does_what_is_missing(tmp_path: Path) -> None:
    run_config(config(tmp_path, tasks=tasks_at(tmp_path, "a")))
    report = run_config(config(tmp_path, tasks=tasks_at(tmp_path, "a", "b"), episodes=2))
    assert (report.before, report.summary.scored) == (1, 4)
    assert [(line["task"], line["seed"]) for line in lines(tmp_path)] == [("a", 0), ("a", 1), ("b", 0), ("b", 1)]


@pytest.mark.parametrize(("how", "tries"), [("machine", 3), ("server", 1)])
def test_what_broke_without_the_agents_fault_is_done_again(how: str, tries: int, tmp_path: Path) -> None:
    asked = config(tmp_path, tasks=tasks_at(tmp_path, "a", "b"), **breaking(tmp_path, tries, how=how))
    broken = run_config(asked)
    assert (broken.summary.failed, broken.summary.mean_score) == (1, 1.0)
    again = run_config(asked)
    assert (again.before, again.summary.failed, again.summary.scored) == (1, 0, 2)
    assert [line["attempt"] for line in lines(tmp_path) if line["task"] == "b"] == list(range(1, tries + 2))


def test_what_failed_by_the_agents_fault_is_done_again_only_if_asked_for(tmp_path: Path) -> None:
    asked = config(tmp_path, tasks=tasks_at(tmp_path, "a", "b"), **breaking(tmp_path, 1, how="code"))
    failed = run_config(asked)
    assert failed.summary.errors == {"code": 1}
    assert run_config(asked).before == 2
    assert run_config(asked, redo_errors=True).summary.scored == 2


@pytest.mark.episodes
def test_a_lost_worker_is_a_machine_fault(tmp_path: Path) -> None:
    asked = config(
        tmp_path,
        tasks=tasks_at(tmp_path, "a", "b"),
        engine="processes",
        workers=2,
        **breaking(tmp_path, 1, how="kill"),
    )
    report = run_config(asked)
    assert report.summary.scored == 2
    (lost,) = [line for line in lines(tmp_path) if line["status"] == "error"]
    assert (lost["task"], lost["error_kind"], lost["attempt"]) == ("b", "machine", 1)
    assert "SIGKILL" in lost["error"]


def test_too_many_failures_end_the_session(tmp_path: Path) -> None:
    tasks = tasks_at(tmp_path, "b", "a")
    asked = config(tmp_path, tasks=tasks, max_failures=1, **breaking(tmp_path, 9, how="code"))
    report = run_config(asked)
    assert report.stopped == "1 episodes failed, and --max-failures is 1"
    assert [one.task for one in report.attempts] == ["b"]


def test_other_settings_are_not_mixed_in(tmp_path: Path) -> None:
    tasks = tasks_at(tmp_path, "a")
    run_config(config(tmp_path, tasks=tasks))
    with pytest.raises(UsageError, match=r"agent_options was \{\} and is \{'steps': 3\}.*--out.*--fresh"):
        run_config(config(tmp_path, tasks=tasks, agent_options={"steps": 3}))
    run_config(config(tmp_path, tasks=tasks, workers=1, retries=0, timeout=None))


def test_a_task_that_was_changed_is_not_taken_for_the_old_one(tmp_path: Path) -> None:
    run_config(config(tmp_path, tasks=tasks_at(tmp_path, "a")))
    with pytest.raises(UsageError, match="results of 1 tasks that are not now what they were, the first of them 'a'"):
        run_config(config(tmp_path, tasks=tasks_at(tmp_path, "a", max_steps=4)))


def test_where_nothing_came_to_a_result_other_settings_are_taken(tmp_path: Path) -> None:
    tasks = tasks_at(tmp_path, "a")
    broken = config(tmp_path, tasks=tasks, hooks=(f"observe={HERE}:no_observer",))
    assert run_config(broken).summary.failed == 1
    again = run_config(config(tmp_path, tasks=tasks_at(tmp_path, "a", max_steps=4), agent_options={"steps": 3}))
    assert (again.before, again.summary.scored, again.attempts[0].attempt) == (0, 1, 2)
    with pytest.raises(UsageError, match="results of other settings: agent_options was"):
        run_config(config(tmp_path, tasks=tasks))


@pytest.mark.parametrize("hook", [f"observe={HERE}:no_observer", f"step={HERE}:no_interceptor"])
def test_the_error_of_a_hook_names_it(hook: str, tmp_path: Path) -> None:
    report = run_config(config(tmp_path, tasks=tasks_at(tmp_path, "a"), hooks=(hook,)))
    point, name = hook.split("=")
    assert report.attempts[0].error == f"ValueError (raised by the hook {name} at {point!r})"


def test_a_tasks_hook_that_was_not_trusted_can_be_trusted_in_the_same_folder(tmp_path: Path) -> None:
    tasks = tasks_at(tmp_path, "a", hooks=[{"point": "step", "hook": f"{HERE}:passing"}])
    assert run_config(config(tmp_path, tasks=tasks)).summary.errors == {"task": 1}
    assert run_config(config(tmp_path, tasks=tasks, trust_task_hooks=True)).summary.scored == 1


def test_fresh_moves_aside_and_deletes_nothing(tmp_path: Path) -> None:
    tasks = tasks_at(tmp_path, "a")
    run_config(config(tmp_path, tasks=tasks))
    before = (tmp_path / "data" / "results.jsonl").read_bytes()
    report = run_config(config(tmp_path, tasks=tasks, agent_options={"steps": 3}), fresh=True)
    assert report.attempts[0].steps == 4
    (aside,) = tmp_path.glob("data.before-*")
    assert (aside / "results.jsonl").read_bytes() == before


@pytest.mark.parametrize("out", [".", "..", "../.."])
def test_the_working_directory_is_not_moved_aside(out: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = tmp_path / "data" / "here" / "deep"
    here.mkdir(parents=True)
    (here / "mine").touch()
    monkeypatch.chdir(here)
    asked = config(tmp_path, tasks=tasks_at(tmp_path, "a"), out=out)
    with pytest.raises(UsageError, match="cannot be moved aside: it is the working directory, or around it"):
        run_config(asked, fresh=True)
    assert here.is_dir()


def test_an_empty_folder_is_not_moved_aside(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    with open_session(config(tmp_path, tasks=tasks_at(tmp_path, "a")), fresh=True) as session:
        assert session.aside is None
    assert list(tmp_path.glob("data.before-*")) == []


def test_two_processes_do_not_write_to_one_folder(tmp_path: Path) -> None:
    asked = config(tmp_path, tasks=tasks_at(tmp_path, "a"))
    for fresh in (False, True):
        with (
            open_session(asked),
            pytest.raises(UsageError, match=r"is being written by process \d+ on .*another folder"),
        ):
            run_config(asked, fresh=fresh)
    assert run_config(asked).summary.scored == 1


def test_tasks_of_the_same_id_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="two tasks have the id 'a'"):
        run_config(config(tmp_path, tasks=tasks_at(tmp_path, "a", "a")))


def test_recordings_and_results_are_of_one_session(tmp_path: Path) -> None:
    report = run_config(config(tmp_path, tasks=tasks_at(tmp_path, "a"), trace=True))
    (line,) = lines(tmp_path)
    started = next(iter(Dataset(tmp_path / "data").records(line["run_id"]))).payload
    assert isinstance(started, RunStarted)
    assert started.session_id == line["session_id"] == report.session_id
    assert report.dataset == report.out == tmp_path / "data"


def test_recordings_may_lie_elsewhere(tmp_path: Path) -> None:
    elsewhere = tmp_path / "traces"
    run_config(config(tmp_path, tasks=tasks_at(tmp_path, "a"), trace=True, trace_dir=str(elsewhere)))
    assert len(Dataset(elsewhere)) == 1
    assert sorted(path.name for path in (tmp_path / "data").glob("[!.]*")) == [
        "args.json",
        "results.jsonl",
        "results_summary.jsonl",
    ]


def test_no_secret_is_written(tmp_path: Path) -> None:
    secret = "hunter2, of no form that is known"
    tasks = tasks_at(tmp_path, "a", "b")
    run_config(config(tmp_path, tasks=tasks, trace=True, **breaking(tmp_path, 1, how="code", api_key=secret)))
    (failed,) = [line for line in lines(tmp_path) if line["status"] == "error"]
    assert failed["error"] == "ValueError: the agent has a fault [redacted]"
    written = [path for path in (tmp_path / "data").rglob("*") if path.is_file()]
    assert [path.name for path in written if secret.encode() in path.read_bytes()] == []
    assert {"args.json", "results.jsonl", "results_summary.jsonl"} <= {path.name for path in written}


def test_recordings_are_told_which_attempt_they_are(tmp_path: Path) -> None:
    asked = config(tmp_path, tasks=tasks_at(tmp_path, "b"), trace=True, retries=1, **breaking(tmp_path, 3))
    run_config(asked)
    run_config(asked)
    data = Dataset(tmp_path / "data")
    started = [next(iter(data.records(run_id))).payload for run_id in data.runs]
    assert [one.attempt for one in started if isinstance(one, RunStarted)] == [1, 2, 3, 4]


def test_a_smaller_group_shows_the_first_ones_and_leaves_the_others(tmp_path: Path) -> None:
    tasks = tasks_at(tmp_path, "a")
    run_config(config(tmp_path, tasks=tasks, group=3))
    report = run_config(config(tmp_path, tasks=tasks, group=2))
    assert (report.before, [one.member for one in report.attempts], len(lines(tmp_path))) == (2, [0, 1], 3)


def test_a_group_is_not_mixed_with_single_attempts(tmp_path: Path) -> None:
    tasks = tasks_at(tmp_path, "a")
    run_config(config(tmp_path, tasks=tasks, group=2))
    with pytest.raises(UsageError, match="group was 2 and is 1"):
        run_config(config(tmp_path, tasks=tasks))


@pytest.mark.parametrize("asked", [{"agent": "openai:small"}, {"agent": "openai", "model": "small"}])
def test_the_model_is_told_however_it_was_named(asked: dict[str, str], tmp_path: Path) -> None:
    item = Item(RolloutSpec(asked["agent"]), "a", "", "key")
    line = line_of(item, config=config(tmp_path, **asked), session_id="s", attempt=1, status="unscored")
    assert line.model == "small"
