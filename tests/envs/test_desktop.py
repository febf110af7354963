"""The environment's contract, on a machine in memory."""

from __future__ import annotations

import asyncio
import base64
import io
import itertools
import json
import re
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.envs.registration import EnvSpec
from gymnasium.error import ResetNeeded
from gymnasium.utils.env_checker import check_env
from PIL import Image

from agentgym.actions import Click, Done, Fail, Python
from agentgym.backends.base import Completed
from agentgym.backends.memory import MemoryBackend
from agentgym.envs import DesktopEnv
from agentgym.errors import BackendError, EvaluationError, TaskError, UsageError
from agentgym.tasks import parse_task
from agentgym.trajectory import Dataset
from agentgym.wrappers import TrajectoryRecorder


def _task(**changes: Any) -> dict[str, Any]:
    evaluator = {
        "func": "exact_match",
        "result": {"type": "vm_command_line", "command": ["typed"]},
        "expected": {"type": "rule", "rules": {"expected": "hello"}},
    }
    return {"id": "type-hello", "instruction": "Type hello.", "evaluator": evaluator, **changes}


def _typed(backend: MemoryBackend, _argv: Sequence[str]) -> Completed:
    return Completed(0, backend.typed.encode())


def _python(_backend: MemoryBackend, argv: Sequence[str]) -> Completed:
    return Completed(1, b"", b"ValueError: no") if "raise" in argv[2] else Completed(0)


def _env(task: Any = None, *, backend: MemoryBackend | None = None, **options: Any) -> DesktopEnv:
    machine = backend or MemoryBackend(commands={"typed": _typed, "python3": _python})
    return DesktopEnv(task or _task(), backend=machine, screen=(64, 48), **options)


@pytest.mark.parametrize("action", ["pyautogui", "computer_13", "discrete"])
# Made without a spec on purpose: the machine is an object.
@pytest.mark.filterwarnings("ignore:.*Not able to test alternative render modes")
def test_gymnasiums_checker_is_content(action: Any) -> None:
    kinds: Any = ("screenshot", "accessibility_tree", "terminal", "instruction")
    check_env(_env(action=action, observation=kinds, max_steps=5, render_mode="rgb_array"))


def test_last_step_pays_the_score() -> None:
    env = _env()
    env.reset(seed=0)
    _, reward, terminated, truncated, info = env.step("pyautogui.write('hello')")
    assert (reward, terminated, truncated) == (0.0, False, False)
    assert info == {"settled": True, "action_error": None, "failure": None}
    _, reward, terminated, truncated, info = env.step("DONE")
    assert (reward, terminated, truncated, info["score"]) == (1.0, True, False, 1.0)
    assert type(reward) is float
    assert type(terminated) is bool


def test_max_steps_truncates_and_is_scored() -> None:
    env = _env(_task(max_steps=1))
    env.reset(seed=0)
    _, reward, terminated, truncated, _ = env.step("pyautogui.write('hello')")
    assert (reward, terminated, truncated) == (1.0, False, True)


def test_giving_up_scores_only_an_infeasible_task() -> None:
    for func, score in (("exact_match", 0.0), ("infeasible", 1.0)):
        env = _env(_task(evaluator={**_task()["evaluator"], "func": func}))
        env.reset(seed=0)
        env.step("pyautogui.write('hello')")
        assert env.step("FAIL")[1] == score


def test_task_without_evaluator_pays_nothing_and_has_no_score() -> None:
    env = _env({"id": "a", "instruction": "b"})
    env.reset(seed=0)
    _, reward, terminated, _, info = env.step("DONE")
    assert (reward, terminated, info["score"], env.evaluate()) == (0.0, True, None, None)


@pytest.mark.parametrize(
    "action",
    [
        "__import__('os').system('x')",
        "pyautogui.click(64, 1)",
        "pyautogui.moveTo(1, -1)",
        "pyautogui.press('nokey')",
        "pyautogui.press('a'); pyautogui.click(99, 99)",
        f"pyautogui.write('{'x' * 30_000}')",
        "time.sleep(1000)",
        {"action_type": "NOTHING"},
        {"name": "bash", "arguments": {}},
        Click(500, 500),
        Python("print()"),
        None,
        3.5,
    ],
)
def test_impossible_action_is_a_step_in_which_nothing_happens(action: Any) -> None:
    backend = MemoryBackend()
    env = _env({"id": "a", "instruction": "b", "max_steps": 2}, backend=backend)
    before, _ = env.reset(seed=0)
    after, reward, terminated, truncated, info = env.step(action)
    assert info["action_error"]
    assert (reward, terminated, truncated) == (0.0, False, False)
    assert not backend.performed
    assert np.array_equal(before["screenshot"], after["screenshot"])
    assert env.step(action)[3], "the step counted"


def test_code_runs_only_where_it_is_allowed() -> None:
    env = _env(allow_code=True)
    env.reset(seed=0)
    assert env.step(Python("print()"))[4]["action_error"] is None
    assert "ValueError: no" in env.step(Python("raise"))[4]["action_error"]


def test_batch_is_done_in_order_and_ends_at_done() -> None:
    backend = MemoryBackend(commands={"typed": _typed})
    env = _env(backend=backend)
    env.reset(seed=0)
    _, reward, terminated, _, _ = env.step("pyautogui.write('hel'); pyautogui.write('lo'); DONE; pyautogui.write('!')")
    assert backend.typed == "hello"
    assert terminated
    assert reward == 1.0


def test_unsettled_screen_is_told() -> None:
    env = _env(backend=MemoryBackend(settles=False, commands={"typed": _typed}))
    _, info = env.reset(seed=0)
    assert info["settled"] is False
    assert env.step("pyautogui.press('a')")[4]["settled"] is False


class _Restless(MemoryBackend):
    """Notes how long it was given to come to rest."""

    def __init__(self, *, settles: bool) -> None:
        super().__init__(settles=settles, commands={"typed": _typed})
        self.given: list[float] = []

    def settle(self, timeout_s: float) -> bool:
        self.given.append(timeout_s)
        return super().settle(timeout_s)


@pytest.mark.parametrize(("settles", "given"), [(True, [2.0]), (False, [2.0, 10.0])])
def test_score_waits_for_a_screen_that_has_not_settled(settles: bool, given: list[float]) -> None:
    backend = _Restless(settles=settles)
    env = _env(backend=backend)
    env.reset(seed=0)
    backend.given.clear()
    env.step("pyautogui.write('hello')")
    assert env.step("DONE")[1] == 1
    assert backend.given == given


class _Replayed(_Restless):
    """Cannot be saved: an episode is restored by playing it again."""

    def snapshot(self) -> Any:
        raise UsageError("it cannot be saved")


@pytest.mark.parametrize("kind", [_Restless, _Replayed])
def test_score_of_a_restored_episode_waits_for_the_screen(kind: type[_Restless]) -> None:
    backend = kind(settles=True)
    env = _env(backend=backend)
    env.reset(seed=0)
    env.step("pyautogui.write('hello')")
    env.restore(env.snapshot())
    assert backend.given[-1] != 10.0
    score = env.evaluate()
    assert score is not None
    assert (score.value, backend.given[-1]) == (1, 10.0)


def test_dead_machine_raises_and_the_next_reset_works() -> None:
    env = _env(backend=MemoryBackend(dies_after=1, commands={"typed": _typed}))
    env.reset(seed=0)
    env.step("pyautogui.press('a')")
    with pytest.raises(BackendError, match="the machine died"):
        env.step("pyautogui.press('a')")
    with pytest.raises(ResetNeeded):
        env.step("pyautogui.press('a')")
    env.reset(seed=0)
    env.step("pyautogui.press('a')")


def test_broken_evaluator_leaves_the_episode_unscored_and_the_last_step_whole() -> None:
    env = _env(_task(evaluator={**_task()["evaluator"], "expected": {"type": "vm_screen_size"}}))
    env.reset(seed=0)
    observation, reward, terminated, _, info = env.step("DONE")
    assert (reward, terminated, info["score"], info["failure"]) == (0.0, True, None, "evaluation")
    assert observation["screenshot"].shape == (48, 64, 3)
    for _ in range(2):
        with pytest.raises(EvaluationError, match="'exact_match' raised KeyError"):
            env.evaluate()


@pytest.mark.parametrize(
    ("evaluator", "says"),
    [
        ({"postconfig": [{"type": "execute", "parameters": {"command": ["none"]}}]}, "postconfig: .*no program 'none'"),
        ({"expected": {"type": "cloud_file", "path": "file:///none/gold.txt"}}, "there is no such file"),
        ({"result": {"type": "cache_file", "path": "out"}}, "no step kept 'out'"),
    ],
)
def test_faulty_task_leaves_the_episode_unscored_and_the_last_step_recorded(
    evaluator: dict[str, Any], says: str, tmp_path: Path
) -> None:
    env = TrajectoryRecorder(_env(_task(evaluator={**_task()["evaluator"], **evaluator})), tmp_path)
    env.reset(seed=0)
    _, reward, terminated, _, info = env.step("DONE")
    assert (reward, terminated, info["score"], info["failure"]) == (0.0, True, None, "evaluation")
    with pytest.raises(EvaluationError, match=says):
        env.get_wrapper_attr("evaluate")()
    env.close()
    (episode,) = Dataset(tmp_path)
    assert (len(episode), episode.score) == (1, None)
    assert episode.infos[0]["failure"] == "evaluation"


def test_output_that_setup_kept_is_judged_and_comes_back_with_a_snapshot() -> None:
    keep = {"type": "execute", "parameters": {"command": ["echo", "kept"], "stdout": "out.txt"}}
    wanted = {"type": "rule", "rules": {"expect": ["^kept$"]}}
    evaluator = {"func": "check_list", "result": {"type": "cache_file", "path": "out.txt"}, "expected": wanted}
    env = _env(_task(config=[keep], evaluator=evaluator))
    env.reset(seed=0)
    token = env.snapshot()
    env.reset(seed=0, options={"task": {"id": "other", "instruction": ""}})
    env.restore(token)
    assert env.step("DONE")[1] == 1.0


def test_score_is_kept_until_the_next_step() -> None:
    calls = []

    def counted(backend: MemoryBackend, argv: Sequence[str]) -> Completed:
        calls.append(argv)
        return _typed(backend, argv)

    env = _env(backend=MemoryBackend(commands={"typed": counted}))
    env.reset(seed=0)
    assert env.evaluate() == env.evaluate()
    assert len(calls) == 1
    env.step("pyautogui.write('hello')")
    score = env.evaluate()
    assert score is not None
    assert score.value == 1.0
    assert score.terms == {"0:exact_match": 1.0}
    assert len(calls) == 2


def test_missing_file_scores_zero() -> None:
    evaluator = {"func": "is_file_exist", "result": {"type": "vm_file", "path": "~/none.txt", "dest": "none.txt"}}
    env = _env(_task(evaluator=evaluator))
    env.reset(seed=0)
    assert env.step("DONE")[4]["score"] == 0.0


def test_misspelt_names_are_told_at_reset() -> None:
    for task, says in (
        (_task(evaluator={"func": "exact_mach"}), r"did you mean 'exact_match'\? - at \$\.evaluator\.func"),
        (
            _task(evaluator={**_task()["evaluator"], "postconfig": [{"type": "sleeep"}]}),
            r"did you mean 'sleep'\? - at \$\.evaluator\.postconfig\[0\]\.type",
        ),
        (
            _task(evaluator={**_task()["evaluator"], "result": {"type": "vm_comand_line"}}),
            r"did you mean 'vm_command_line'\? - at \$\.evaluator\.result\.type",
        ),
        (_task(config=[{"type": "lunch"}]), r"did you mean 'launch'\? - at \$\.config\[0\]\.type"),
        (_task(config=[{"type": "launch", "parameters": {"comand": "x"}}]), r"\$\.config\[0\]\.parameters"),
    ):
        with pytest.raises(TaskError, match=says):
            _env(task).reset(seed=0)


def test_two_seeded_runs_are_equal_in_all_they_tell() -> None:
    def run() -> list[Any]:
        env = _many()
        told: list[Any] = []
        observation, info = env.reset(seed=7)
        told += [env.task.id, observation["screenshot"].tobytes(), info]
        for action in ("pyautogui.click(3, 4)", "pyautogui.write('x')", "DONE"):
            observation, *rest = env.step(action)
            told += [observation["screenshot"].tobytes(), rest]
        return told

    assert run() == run()


def _many() -> DesktopEnv:
    machine = MemoryBackend(commands={"typed": _typed})
    return DesktopEnv(tasks=[_task(id=name) for name in "abc"], backend=machine, screen=(64, 48))


def test_seed_draws_among_tasks_and_an_option_picks_one() -> None:
    env = _many()
    drawn = set()
    for seed in range(20):
        env.reset(seed=seed)
        drawn.add(env.task.id)
    assert drawn == {"a", "b", "c"}
    env.reset(options={"task": _task(id="d")})
    assert env.task == parse_task(_task(id="d"))


def test_only_a_token_is_restored() -> None:
    env = _env()
    env.reset(seed=0)
    token = env.snapshot()
    assert repr(token) == f"<Snapshot of {env.task.id!r} at step 0>"
    for wrong in ("tok", None):
        with pytest.raises(UsageError, match=r"restore takes what snapshot\(\) gave, a Snapshot, not "):
            env.restore(wrong)  # type: ignore[arg-type]  # as a newcomer gives it
    env.close()
    env.restore(token)


def test_snapshot_brings_the_episode_back() -> None:
    env = _env()
    env.reset(seed=0)
    here = env.step("pyautogui.write('hel')")[0]
    token = env.snapshot()
    env.step("pyautogui.write('p')")
    env.step("DONE")
    assert np.array_equal(env.restore(token)["screenshot"], here["screenshot"])
    env.step("pyautogui.write('lo')")
    assert env.step("DONE")[1] == 1.0


def test_machine_that_cannot_be_saved_is_brought_back_by_replay() -> None:
    class Unsaveable(MemoryBackend):
        def snapshot(self) -> object:
            raise UsageError("this kind of machine cannot be saved")

    env = _env(backend=Unsaveable(commands={"typed": _typed}))
    env.reset(seed=0)
    env.step("pyautogui.click(999, 999)")
    here = env.step("pyautogui.write('hel')")[0]
    token = env.snapshot()
    env.step("pyautogui.write('p')")
    assert np.array_equal(env.restore(token)["screenshot"], here["screenshot"])
    assert env.snapshot() == token


def test_times_are_kept_out_of_info() -> None:
    env = _env()
    env.reset(seed=0)
    assert {"reset", "settle", "observe"} <= set(env.timing)
    env.step("pyautogui.press('a')")
    assert {"parse", "perform", "settle", "observe"} <= set(env.timing)
    assert all(milliseconds >= 0 for milliseconds in env.timing.values())


def test_observations_belong_to_the_caller() -> None:
    env = _env()
    first, _ = env.reset(seed=0)
    first["screenshot"][:] = 0
    second = env.step("WAIT")[0]
    assert second["screenshot"].any()


def test_use_before_reset_and_after_close_says_so() -> None:
    env = _env()
    with pytest.raises(ResetNeeded, match="call reset"):
        env.step("DONE")
    with pytest.raises(ResetNeeded, match="no task before"):
        _ = env.task
    env.reset(seed=0)
    env.close()
    env.close()
    with pytest.raises(ResetNeeded):
        env.step("DONE")


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"render_mode": "human"}, "'rgb_array' or None"),
        ({"observation": ("smell",)}, "known are: screenshot"),
        ({"action": "telepathy"}, "known are: pyautogui, computer_13, desktop_action, discrete"),
    ],
)
def test_constructor_says_what_would_be_right(options: dict[str, Any], says: str) -> None:
    with pytest.raises(UsageError, match=says):
        _env(**options)


def test_task_and_tasks_exclude_each_other() -> None:
    impossible: list[dict[str, Any]] = [{}, {"task": _task(), "tasks": [_task()]}, {"tasks": []}]
    for arguments in impossible:
        with pytest.raises(UsageError, match="task"):
            DesktopEnv(backend="memory", **arguments)


def test_spec_survives_json() -> None:
    env = gym.make("agentgym/Desktop-v0", task=_task(), backend="memory", screen=(64, 48))
    assert env.spec is not None
    again = gym.make(EnvSpec.from_json(env.spec.to_json()))
    observation, _ = again.reset(seed=0)
    assert observation["screenshot"].shape == (48, 64, 3)
    assert json.loads(env.spec.to_json())["kwargs"]["task"] == _task()


def test_works_inside_a_running_event_loop() -> None:
    async def episode() -> float:
        env = _env()
        env.reset(seed=0)
        env.step("pyautogui.write('hello')")
        return float(env.step(Done())[1])

    assert asyncio.run(episode()) == 1.0


def test_notebook_shows_task_step_and_screen() -> None:
    env = _env(_task(instruction="Do <script>alert(1)</script> & rest"))
    assert "call reset" in env._repr_html_()
    env.reset(seed=0)
    env.step("pyautogui.click(9999, 9999)")
    shown = env._repr_html_()
    assert "Do &lt;script&gt;alert(1)&lt;/script&gt; &amp; rest" in shown
    assert "<script" not in shown
    assert "off the screen" in shown
    png = base64.b64decode(re.findall(r'src="data:image/png;base64,([^"]+)"', shown)[0])
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(png))), env._screen())
    env.close()
    assert "call reset" in env._repr_html_()


def test_being_shown_scores_nothing_and_changes_nothing() -> None:
    env = _env()
    env.reset(seed=0)
    env.step("pyautogui.write('hello')")
    assert ">score<" not in env._repr_html_()
    assert env._scored is None
    env.step(Done())
    assert re.search(r">score</span></td><td[^>]*>1<", env._repr_html_())


def test_a_broken_machine_is_told_instead_of_its_screen() -> None:
    env = _env(backend=MemoryBackend(dies_after=0, commands={"typed": _typed}))
    env.reset(seed=0)
    with pytest.raises(BackendError):
        env.step("pyautogui.press('a')")
    assert "the machine is not running: call reset" in env._repr_html_()
    env.reset(seed=0)
    assert "data:image/png" in env._repr_html_()


def test_infeasible_is_judged_by_the_last_action() -> None:
    env = _env(_task(evaluator={"func": "infeasible"}))
    env.reset(seed=0)
    score = env.evaluate()
    assert score is not None
    assert score.value == 0.0
    env.step(Fail())
    score = env.evaluate()
    assert score is not None
    assert score.value == 1.0


def test_waits_are_those_that_were_asked_for() -> None:
    def took(**waits: float) -> list[float]:
        env = _env(waits=waits)
        marks = [time.monotonic()]
        env.reset(seed=0)
        marks.append(time.monotonic())
        env.step("WAIT")
        marks.append(time.monotonic())
        env.step("DONE")
        marks.append(time.monotonic())
        return [after - before for before, after in itertools.pairwise(marks)]

    assert took(reset=0.2)[0] >= 0.2
    assert took(action=0.1)[1] >= 0.1
    assert took(evaluate=0.2)[2] >= 0.2
    for wrong in ({"rest": 1}, {"action": -1}, {"action": "long"}, 3):
        with pytest.raises(UsageError, match=r"waits is .*; it must be \{'reset': seconds, "):
            _env(waits=wrong)
