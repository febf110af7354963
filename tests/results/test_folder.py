from __future__ import annotations

import os
import resource
import signal
from pathlib import Path

import msgspec
import pytest

from agentgym import Dataset
from agentgym.errors import DatasetError, UsageError
from agentgym.results.folder import RunFolder, read_attempts
from tests.results.small import config, tasks_at
from tests.results.test_summaries import failed, line


def test_what_was_added_is_in_both_files_at_once(tmp_path: Path) -> None:
    with RunFolder.open(tmp_path / "data") as folder:
        for attempt in (line("a", 1.0), failed("b"), line("b", 0.0, attempt=2)):
            folder.add(attempt)
            assert read_attempts(tmp_path / "data")[-1] == attempt
            summary = (tmp_path / "data" / "results_summary.jsonl").read_bytes().splitlines()
            assert [msgspec.json.decode(one, type=type(attempt)) for one in summary] == list(folder.standing.values())
    assert [one.task for one in folder.standing.values()] == ["a", "b"]


@pytest.mark.parametrize("cut", [1, 10, 200])
def test_a_torn_line_costs_its_attempt_alone(cut: int, tmp_path: Path) -> None:
    with RunFolder.open(tmp_path) as folder:
        folder.add(line("a", 1.0))
        folder.add(line("b", 1.0))
    results = tmp_path / "results.jsonl"
    os.truncate(results, results.stat().st_size - cut)
    assert [one.task for one in read_attempts(tmp_path)] == ["a"]
    with RunFolder.open(tmp_path) as folder:
        assert [one.task for one in folder.standing.values()] == ["a"]
        folder.add(line("b", 0.5))
    assert [one.score for one in read_attempts(tmp_path)] == [1.0, 0.5]
    assert len((tmp_path / "results_summary.jsonl").read_bytes().splitlines()) == 2


def test_the_summary_is_made_again_from_the_attempts(tmp_path: Path) -> None:
    with RunFolder.open(tmp_path) as folder:
        folder.add(line("a", 1.0))
    summary = tmp_path / "results_summary.jsonl"
    whole = summary.read_bytes()
    for broken in (whole * 2, whole[:-9], b""):
        summary.write_bytes(broken)
        with RunFolder.open(tmp_path):
            assert summary.read_bytes() == whole


def test_a_line_in_the_middle_that_is_none_is_told(tmp_path: Path) -> None:
    with RunFolder.open(tmp_path) as folder:
        folder.add(line("a", 1.0))
    with (tmp_path / "results.jsonl").open("ab") as file:
        file.write(b'{"ts": 3}\n')
    with pytest.raises(DatasetError, match=r"results.jsonl:2: .*ts"):
        read_attempts(tmp_path)


def test_results_are_no_runs_of_the_dataset_beside_them(tmp_path: Path) -> None:
    from agentgym.results import run_config

    run_config(config(tmp_path, tasks=tasks_at(tmp_path, "a"), trace=True))
    data = Dataset(tmp_path / "data")
    assert len(data.runs) == len(data) == 1


@pytest.mark.parametrize(
    ("name", "content"),
    [("results_summary.jsonl", '{"application": "chrome", "score": 1}\n'), ("args.json", '{"model": "gpt"}')],
)
def test_results_of_another_program_are_not_written_over(name: str, content: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(UsageError, match=rf"{name} was not written by agentgym run"), RunFolder.open(tmp_path):
        pass
    assert (tmp_path / name).read_text() == content


def test_attempts_that_were_deleted_are_told_and_their_summary_can_stand_for_them(tmp_path: Path) -> None:
    from agentgym.results import run_config

    asked = config(tmp_path, tasks=tasks_at(tmp_path, "a"))
    run_config(asked)
    results, summary = tmp_path / "data" / "results.jsonl", tmp_path / "data" / "results_summary.jsonl"
    results.unlink()
    with pytest.raises(UsageError, match=r"results\.jsonl is gone, of which results_summary\.jsonl has what stands"):
        run_config(asked)
    results.write_bytes(summary.read_bytes())
    assert run_config(asked).before == 1


def test_a_disk_that_is_full_is_told_and_what_was_written_is_kept(tmp_path: Path) -> None:
    with RunFolder.open(tmp_path) as folder:
        folder.add(line("a", 1.0))
        size = (tmp_path / "results.jsonl").stat().st_size
        limits = resource.getrlimit(resource.RLIMIT_FSIZE)
        before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size + 20, limits[1]))
        try:
            with pytest.raises(DatasetError, match=f"results cannot be written to {tmp_path}: File too large"):
                folder.add(line("b", 1.0))
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
            signal.signal(signal.SIGXFSZ, before)
    with RunFolder.open(tmp_path) as folder:
        assert [one.task for one in folder.standing.values()] == ["a"]
        folder.add(line("b", 0.5))
    assert [(one.task, one.score) for one in read_attempts(tmp_path)] == [("a", 1.0), ("b", 0.5)]


def test_a_place_that_cannot_be_a_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(DatasetError, match=r"results cannot be written to .*Not a directory"),
        RunFolder.open(tmp_path / "file" / "data"),
    ):
        pass
