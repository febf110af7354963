"""``agentgym run --result-root``: OSWorld's folders as the run goes, filmed, and gone on with after a ``kill -9``."""

from __future__ import annotations

import json
import os
import re
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import pytest

from agentgym.export.from_osworld import from_osworld
from tests.cli.conftest import SAVED, Run, on_memory, write_tasks
from tests.cli.test_run_again import is_over, lines, started, wait_for
from tests.modelserver import ModelServer, Reply, call, fault, say, serving

pytestmark = pytest.mark.episodes

KEY = "sk-not-to-be-written-0123456789abcdef"
MODEL = Path("desktop_action", "screenshot", "vendor_m")
TASKS = (
    {"id": "first", "instruction": "the first", "related_apps": ["gimp"], "evaluator": SAVED},
    {"id": "second", "instruction": "the second", "related_apps": ["gimp", "os"], "evaluator": SAVED},
    {"id": "third", "instruction": "the third", "related_apps": ["os"], "evaluator": {"func": "infeasible"}},
)
ACTIONS = (
    {"action_type": "TYPING", "text": "hello"},
    {"action_type": "CLICK", "coordinate": [3, 4]},
    {"action_type": "DONE"},
)
OSWORLDS = {"step_num", "action_timestamp", "action", "response", "reward", "done", "info", "screenshot_file"}

Script = Callable[[dict[str, Any]], Reply]


def turn_of(body: dict[str, Any]) -> int:
    return sum(message["role"] == "tool" for message in body["messages"])


def said(body: dict[str, Any]) -> str:
    """The instruction."""
    return next(name for name in ("first", "second", "third") if f"the {name}" in json.dumps(body["messages"]))


def usual(body: dict[str, Any]) -> Reply:
    return call("desktop_action", **ACTIONS[turn_of(body)])


@pytest.fixture(autouse=True)
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tables are wide enough that nothing in them is folded."""
    monkeypatch.setenv("COLUMNS", "400")


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)


@pytest.fixture
def served() -> Iterator[Callable[[Any], ModelServer]]:
    """Makes the one server of a test."""
    opened: list[Any] = []

    def serve(script: Any) -> ModelServer:
        opened.append(serving(script))
        server: ModelServer = opened[0].__enter__()
        return server

    yield serve
    for server in opened:
        server.__exit__(None, None, None)


def asked(server: ModelServer, tasks: str, root: Path, *more: str) -> tuple[str, ...]:
    model = ("--agent", "openai", "--model", "vendor/m", "--base-url", server.url)
    waits = ("--initial-wait", "0", "--settle-wait", "0", "--pause", "0")
    return tasks, *model, "--result-root", str(root), "--max-turns", "15", "--max-retries", "3", *waits, *more


def pictures(film: Path) -> int:
    opened = cv2.VideoCapture(str(film))
    count = 0
    while opened.read()[0]:
        count += 1
    opened.release()
    return count


def names(folder: Path) -> list[str]:
    return sorted("step.png" if path.suffix == ".png" else path.name for path in folder.iterdir())


def test_each_task_has_its_folder_as_osworld_has_it(tmp_path: Path, run: Run, served: Any) -> None:
    server, root = served(usual), tmp_path / "results"
    tasks = write_tasks(tmp_path / "tasks.jsonl", *TASKS)
    code, out, err = run(*on_memory(*asked(server, tasks, root)))
    assert (code, server.refused) == (0, []), err
    assert "3 scored" in out
    places = [root / MODEL / place for place in ("gimp/first", "multi_apps/second", "os/third")]
    assert [(place / "result.txt").read_text() for place in places] == ["1.0\n", "1.0\n", "0.0\n"]
    for place in places:
        assert names(place) == ["recording.mp4", "result.txt", "runtime.log", *["step.png"] * 4, "traj.jsonl"]
        made = lines(place, "traj.jsonl")
        assert [line["action"] for line in made] == list(ACTIONS)
        assert [(line["step_num"], line["done"]) for line in made] == [(1, False), (2, False), (3, True)]
        assert all(set(line) >= OSWORLDS and (place / line["screenshot_file"]).exists() for line in made)
        # The machine, each observation, and the last to the end.
        assert pictures(place / "recording.mp4") == 6
    args = json.loads((root / MODEL / "args.json").read_text())
    assert (args["action_space"], args["observation_type"], args["max_steps"]) == ("desktop_action", "screenshot", 15)
    assert [(line["domain"], line["task"]) for line in lines(root / MODEL, "results_summary.jsonl")] == [
        *(("gimp", "first"), ("multi_apps", "second"), ("os", "third"))
    ]
    for line, place, score in zip(lines(root / MODEL, "results_summary.jsonl"), places, (1.0, 1.0, 0.0), strict=True):
        assert (line["application"], line["task_id"]) == (place.parent.name, place.name)
        assert (root / MODEL / line["result_dir"], line["timestamp"]) == (place, line["ts"])
        assert (line["score"], line["success"], line["err_message"]) == (score, score == 1, None)
        assert (line["action_space"], line["observation_type"]) == ("desktop_action", "screenshot")
    kept = [path.read_bytes() for path in root.rglob("*") if path.is_file()]
    assert not any(KEY.encode() in content for content in kept)
    assert "score 1.0" in (places[0] / "runtime.log").read_text()


@pytest.mark.parametrize("asked_by", [("--env-option", "action"), ("--agent-option", "actions")])
def test_a_model_acts_by_osworlds_dicts(asked_by: tuple[str, str], tmp_path: Path, run: Run, served: Any) -> None:
    """Its lines have them as they were written, and the folder is named so."""
    acts = [{"action_type": "TYPING", "parameters": {"text": "hello"}}, {"action_type": "DONE"}]

    def writes(body: dict[str, Any]) -> Reply:
        turn = sum(message["role"] == "assistant" for message in body["messages"])
        return say(f"I act.\n```json\n{json.dumps(acts[turn])}\n```")

    server, root = served(writes), tmp_path / "results"
    tasks = write_tasks(tmp_path / "tasks.jsonl", TASKS[0])
    code, _, err = run(*on_memory(*asked(server, tasks, root, asked_by[0], f"{asked_by[1]}=computer_13")))
    assert (code, server.refused) == (0, []), err
    place = root / "computer_13" / "screenshot" / "vendor_m" / "gimp" / "first"
    assert [line["action"] for line in lines(place, "traj.jsonl")] == acts
    assert (place / "result.txt").read_text() == "1.0\n"


def test_the_tree_is_read_again(tmp_path: Path, run: Run, served: Any) -> None:
    server, root = served(usual), tmp_path / "results"
    tasks = write_tasks(tmp_path / "tasks.jsonl", *TASKS)
    run(*on_memory(*asked(server, tasks, root)))
    for folder in (root, root / MODEL):
        code, out, _ = run("results", str(folder), "--json")
        summary = json.loads(out)["summary"]
        assert (code, summary["scored"], len(summary["domains"])) == (0, 3, 3)
    imported = from_osworld(root, tmp_path / "imported")
    assert [(len(one), one.score, one.task.instruction) for one in imported if one.task] == [
        *((3, 1.0, "the first"), (3, 1.0, "the second"), (3, 0.0, "the third"))
    ]


def test_each_way_of_a_tree_is_summed_up_alone(tmp_path: Path, run: Run, served: Any) -> None:
    server, root = served(usual), tmp_path / "results"
    tasks = write_tasks(tmp_path / "tasks.jsonl", *TASKS)
    run(*on_memory(*asked(server, tasks, root)))
    # OSWorld's own: the same model, other types, the first task alone solved.
    for kind, score in (("som", 1.0), ("a11y_tree", 0.0)):
        for place in ("gimp/first", "os/third"):
            folder = root / "pyautogui" / kind / "vendor_m" / place
            folder.mkdir(parents=True)
            (folder / "result.txt").write_text(f"{score}\n")
    code, out, err = run("results", str(root), "--json")
    assert code == 0, err
    found = json.loads(out)
    ways = [(one["action_space"], one["observation_type"], one["mean"]) for one in found["summary"]["agents"]]
    assert ways == [
        ("desktop_action", "screenshot", pytest.approx(2 / 3)),
        ("pyautogui", "a11y_tree", 0.0),
        ("pyautogui", "som", 1.0),
    ]
    assert (
        len({(row["observation_type"], row["task"], row["seed"]) for row in found["rows"]}) == len(found["rows"]) == 7
    )
    out = run("results", str(root))[1]
    assert "mean score" not in out.splitlines()[-1]
    rows = [re.split(r" *│ *", line.strip("│ ")) for line in out.splitlines() if line.startswith("│")]
    assert ["pyautogui", "som", "OSWorld vendor_m", "1.00 (1)", "", "1.00 (1)"] in rows
    assert ["desktop_action", "screenshot", "openai vendor/m", "1.00 (1)", "1.00 (1)", "0.00 (1)"] in rows
    listed = [row[:3] for row in rows if "first" in row]
    assert listed == [
        ["desktop_action", "screenshot", "openai vendor/m"],
        *([["pyautogui", kind, "OSWorld vendor_m"] for kind in ("a11y_tree", "som")]),
    ]
    # Of one way the columns say nothing.
    one = run("results", str(root / "pyautogui" / "som"))[1]
    assert "pyautogui" not in one
    assert "mean score 1.00" in one


def test_what_goes_on_is_found_below_the_root(tmp_path: Path, run: Run, served: Any) -> None:
    server, root = served(usual), tmp_path / "results"
    tasks = write_tasks(tmp_path / "tasks.jsonl", TASKS[0])
    run(*on_memory(*asked(server, tasks, root, "--no-film")))
    code, out, err = run("status", str(root), "--json")
    assert (code, json.loads(out)["dataset"]) == (0, str(root / MODEL)), err
    run(*on_memory(*asked(server, tasks, root, "--no-film", "--model", "other")))
    code, out, err = run("status", str(root))
    assert (code, str(root / MODEL) in out, str(root / MODEL.with_name("other")) in out) == (0, True, True), err
    code, _, err = run("status", str(root), "--follow")
    assert (code, "2 runs there; name one of them: " in err, f"{root / MODEL}" in err) == (2, True, True)


def test_a_killed_run_goes_on_where_it_was_cut(tmp_path: Path, run: Run, served: Any) -> None:
    reached, over = threading.Event(), threading.Event()

    def script(body: dict[str, Any]) -> Reply:
        if said(body) == "second" and turn_of(body) == 1 and not reached.is_set():
            reached.set()
            over.wait()
        return usual(body)

    server, root = served(script), tmp_path / "results"
    tasks = write_tasks(tmp_path / "tasks.jsonl", *TASKS)
    arguments = asked(server, tasks, root, "--backend", "memory")
    first, second = root / MODEL / "gimp" / "first", root / MODEL / "multi_apps" / "second"
    with started(*arguments, path=tmp_path) as process:
        told = root / MODEL / "results_summary.jsonl"
        wait_for(lambda: reached.is_set() and told.exists() and told.read_text().endswith("\n"), process)
        # What is over is told at once, and what runs as far as it is.
        assert [line["task"] for line in lines(root / MODEL, "results_summary.jsonl")] == ["first"]
        assert (first / "result.txt").exists()
        assert len(lines(second, "traj.jsonl")) == 1
        assert json.loads((root / MODEL / "args.json").read_text())["calls"][0]["planned"] == 3
        process.kill()
        process.communicate()
    over.set()
    assert process.returncode == -signal.SIGKILL
    wait_for(lambda: is_over(process.pid))
    assert "result.txt" not in names(second)
    assert "recording.mp4" not in names(second)
    half, before = names(second), {path: path.stat().st_mtime_ns for path in first.iterdir()}
    requests = sum(said(one.request) == "first" for one in server.exchanges)
    code, out, err = run("run", *arguments)
    assert code == 0, err
    assert "1 of them had finished before" in out
    assert {path: path.stat().st_mtime_ns for path in first.iterdir()} == before
    assert sum(said(one.request) == "first" for one in server.exchanges) == requests
    whole = ["recording.mp4", "result.txt", "runtime.log", *["step.png"] * 4, "traj.jsonl"]
    assert half != names(second) == whole
    assert [line["step_num"] for line in lines(second, "traj.jsonl")] == [1, 2, 3]
    assert len(lines(root / MODEL, "results_summary.jsonl")) == 3


def test_what_breaks_says_so_and_is_filmed_all_the_same(tmp_path: Path, run: Run, served: Any) -> None:
    def script(body: dict[str, Any]) -> Any:
        return fault(400, "no such thing") if said(body) == "second" and turn_of(body) else usual(body)

    server, root = served(script), tmp_path / "results"
    tasks = write_tasks(tmp_path / "tasks.jsonl", *TASKS[:2])
    code, _, _ = run(*on_memory(*asked(server, tasks, root)))
    place = root / MODEL / "multi_apps" / "second"
    assert code == 1
    assert names(place) == ["recording.mp4", "runtime.log", "step.png", "step.png", "traj.jsonl"]
    acted, failed = lines(place, "traj.jsonl")
    assert acted["step_num"] == 1
    assert list(failed) == ["Error"]
    assert "no such thing" in failed["Error"]
    assert pictures(place / "recording.mp4") == 4
    assert "Traceback" in (place / "runtime.log").read_text()
    assert [line["status"] for line in lines(root / MODEL, "results_summary.jsonl")] == ["scored", "error"]


def test_what_broke_while_the_models_server_was_away_is_played_again(tmp_path: Path, run: Run, served: Any) -> None:
    away = True

    def script(body: dict[str, Any]) -> Any:
        return fault(503, "away") if away and turn_of(body) else usual(body)

    server, root = served(script), tmp_path / "results"
    tasks = write_tasks(tmp_path / "tasks.jsonl", TASKS[0])
    arguments = on_memory(*asked(server, tasks, root, "--max-retries", "0", "--agent-option", "retries=0", "--no-film"))
    place = root / MODEL / "gimp" / "first"
    assert run(*arguments)[0] == 1
    assert "could not be asked" in lines(place, "traj.jsonl")[-1]["Error"]
    away = False
    assert run(*arguments)[0] == 0
    assert (place / "result.txt").read_text() == "1.0\n"
    assert [line["step_num"] for line in lines(place, "traj.jsonl")] == [1, 2, 3]


def test_what_is_interrupted_says_so_and_is_filmed_all_the_same(tmp_path: Path, served: Any) -> None:
    reached, over = threading.Event(), threading.Event()

    def script(body: dict[str, Any]) -> Reply:
        if turn_of(body):
            reached.set()
            over.wait()
        return usual(body)

    server, root = served(script), tmp_path / "results"
    tasks = write_tasks(tmp_path / "tasks.jsonl", TASKS[0])
    with started(*asked(server, tasks, root, "--backend", "memory"), path=tmp_path) as process:
        wait_for(reached.is_set, process)
        process.send_signal(signal.SIGINT)
        process.communicate()
    over.set()
    assert process.returncode == 130
    place = root / MODEL / "gimp" / "first"
    assert lines(place, "traj.jsonl")[1:] == [{"Error": "KeyboardInterrupt"}]
    assert pictures(place / "recording.mp4") == 4


def test_a_worker_that_is_killed_leaves_an_error_and_another_attempt_all_of_it(tmp_path: Path, run: Run) -> None:
    left, root = tmp_path / "left", tmp_path / "results"
    left.write_text("1")
    tasks = write_tasks(tmp_path / "tasks.jsonl", *TASKS[:2])
    breaking = ("--agent", "tests.results.small:Breaking", "--agent-option", f"left={left}", "--backend", "memory")
    killing = ("--agent-option", "how=kill", "--agent-option", "task=second", "--result-root", str(root), "--no-film")
    model = root / "pyautogui" / "screenshot" / "tests.results.small:Breaking"
    assert run("run", tasks, *breaking, *killing, "--max-retries", "0")[0] == 1
    place = model / "multi_apps" / "second"
    assert list(lines(place, "traj.jsonl")[-1]) == ["Error"]
    left.write_text("1")
    assert run("run", tasks, *breaking, *killing, "--max-retries", "1")[0] == 0
    assert [line.get("action") for line in lines(place, "traj.jsonl")] == ["DONE"]
    assert names(place) == ["result.txt", "runtime.log", "step.png", "step.png", "traj.jsonl"]


def test_fresh_starts_over_and_moves_aside(tmp_path: Path, run: Run, served: Any) -> None:
    server, root = served(usual), tmp_path / "results"
    tasks = write_tasks(tmp_path / "tasks.jsonl", TASKS[0])
    arguments = on_memory(*asked(server, tasks, root, "--no-film"))
    run(*arguments)
    assert len(server.exchanges) == 3
    run(*arguments)
    assert len(server.exchanges) == 3
    code, _, err = run(*arguments, "--fresh")
    assert (code, len(server.exchanges)) == (0, 6)
    assert "vendor_m.before-" in err
    assert len(json.loads(run("results", str(root), "--json")[1])["rows"]) == 1
    assert not list(root.rglob("recording.mp4"))


def test_a_result_that_was_not_written_in_time_is_written_by_the_next_call(
    tmp_path: Path, run: Run, served: Any
) -> None:
    server, root = served(usual), tmp_path / "results"
    tasks = write_tasks(tmp_path / "tasks.jsonl", TASKS[0])
    arguments = on_memory(*asked(server, tasks, root, "--no-film"))
    run(*arguments)
    (root / MODEL / "gimp" / "first" / "result.txt").unlink()
    run(*arguments)
    assert (root / MODEL / "gimp" / "first" / "result.txt").read_text() == "1.0\n"
    assert len(server.exchanges) == 3


def test_attempts_with_other_seeds_have_folders_of_their_own(tmp_path: Path, run: Run) -> None:
    tasks = write_tasks(tmp_path / "tasks.jsonl", TASKS[0])
    root = tmp_path / "results"
    run(
        *on_memory(tasks, "--agent", "noop", "--result-root", str(root), "--episodes", "2", "--group", "2", "--no-film")
    )
    found = sorted(path.name for path in (root / "pyautogui" / "screenshot" / "noop" / "gimp").iterdir())
    assert found == ["first", "first.seed1", "first.seed1.try2", "first.try2"]


def test_pictures_are_kept_of_what_the_model_does_not_see(tmp_path: Path, run: Run) -> None:
    tasks = write_tasks(tmp_path / "tasks.jsonl", TASKS[0])
    arguments = (tasks, "--agent", "noop", "--observation", "accessibility_tree", "--result-root", "r", "--no-film")
    assert run(*on_memory(*arguments))[0] == 0
    place = Path("r", "pyautogui", "a11y_tree", "noop", "gimp", "first")
    assert all((place / line["screenshot_file"]).exists() for line in lines(place, "traj.jsonl"))


def test_what_cannot_be_is_said_before_anything_is_run(
    tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    tasks = write_tasks(tmp_path / "tasks.jsonl", TASKS[0])
    asked = on_memory(tasks, "--agent", "noop")
    code, _, err = run(*asked, "--result-root", "r", "--out", "o")
    assert (code, err) == (2, "agentgym: result_root and out both say where the folder is: give one of them\n")
    code, _, err = run(*asked, "--film")
    assert (code, "film needs result_root" in err) == (2, True)
    assert run(*asked, "--pause", "-1", "--result-root", "r")[0] == 2
    monkeypatch.setitem(sys.modules, "av", None)
    code, _, err = run(*asked, "--result-root", "r")
    assert "pip install 'agentgym-envs[video]'" in err
    assert code != 0
    assert not Path("r").exists()
    assert run(*asked, "--result-root", "r", "--no-film")[0] == 0


def test_results_of_osworlds_own_are_summed_up(tmp_path: Path, run: Run) -> None:
    model = tmp_path / "results" / "pyautogui" / "screenshot" / "gpt"
    line = {"step_num": 1, "action_timestamp": "20260101@000000", "action": "WAIT", "reward": 0, "done": False}
    for place, score, extra in (
        ("chrome/a", "1.0\n", []),
        ("chrome/b", "0\n", []),
        ("os/c", None, [{"Error": "Time limit exceeded in os/c"}]),
        ("os/d", None, []),
    ):
        (model / place).mkdir(parents=True)
        (model / place / "traj.jsonl").write_text("".join(f"{json.dumps(one)}\n" for one in (line, *extra)))
        if score is not None:
            (model / place / "result.txt").write_text(score)
    (model / "args.json").write_text("{}")
    code, out, _ = run("results", str(tmp_path / "results"), "--json")
    told = json.loads(out)
    assert code == 0
    assert [(row["domain"], row["task"], row["score"], row["error_kind"]) for row in told["rows"]] == [
        ("chrome", "a", 1.0, None),
        ("chrome", "b", 0.0, None),
        ("os", "c", None, "code"),
        ("os", "d", None, "interrupted"),
    ]
    assert (told["summary"]["mean_score"], told["summary"]["failed"]) == (0.5, 2)
    code, _, err = run("results", str(tmp_path / "nothing"))
    assert (code, "no traj.jsonl or result.txt below it" in err) == (2, True)


@pytest.mark.desktop
def test_two_real_desktops_are_driven_and_filmed(tmp_path: Path, run: Run, served: Any) -> None:
    def script(body: dict[str, Any]) -> Reply:
        acts = (
            {"action_type": "TYPING", "text": said(body)},
            {"action_type": "HOTKEY", "keys": ["ctrl", "s"]},
            {"action_type": "TYPING", "text": "note.txt"},
            {"action_type": "PRESS", "key": "enter"},
            {"action_type": "DONE"},
        )
        return call("desktop_action", **acts[turn_of(body)])

    server, root = served(script), tmp_path / "results"
    editor = {"type": "launch", "parameters": {"command": ["mousepad", "--disable-server"]}}
    saved = {"type": "vm_command_line", "command": ["cat", "/home/user/note.txt"]}
    tasks = write_tasks(
        tmp_path / "tasks.jsonl",
        *(
            {
                "id": name,
                "instruction": f"the {name}",
                "related_apps": ["os"],
                "config": [editor],
                "evaluator": {
                    "func": "exact_match",
                    "result": saved,
                    "expected": {"type": "rule", "rules": {"expected": name}},
                },
            }
            for name in ("first", "second")
        ),
    )
    code, out, err = run("run", *asked(server, tasks, root, "--num-envs", "2"))
    assert (code, server.refused) == (0, []), err
    assert "2 scored, 0 failed" in out
    for name in ("first", "second"):
        place = root / MODEL / "os" / name
        assert (place / "result.txt").read_text() == "1.0\n"
        assert pictures(place / "recording.mp4") >= 6
    assert os.path.getsize(root / MODEL / "os" / "first" / "recording.mp4") > 5000
