from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import gymnasium as gym
import pytest

import agentgym  # noqa: F401 - registers the environments
from agentgym import Dataset
from agentgym.actions import Done, Press, ToolCall
from agentgym.errors import Refused, UsageError
from agentgym.events import Bus, Call, Interceptor, Note, around, tracing
from agentgym.hooks.person import answer, approve
from agentgym.runner import Episode
from agentgym.tasks import Task
from agentgym.tools import ToolResult
from agentgym.wrappers import TrajectoryRecorder

LS = ToolCall("bash", {"command": "ls"}, "c1")
Calling = Callable[[Interceptor, Any], Any]


class Person:
    """Says one line after the other; then is away."""

    def __init__(self, *lines: str) -> None:
        self.lines = list(lines)
        self.asked: list[tuple[str, float | None]] = []

    def __call__(self, question: str, patience_s: float | None) -> str:
        self.asked.append((question, patience_s))
        if not self.lines:
            raise TimeoutError("no answer came within 1 s")
        return self.lines.pop(0)


def called(hook: Interceptor, value: Any, *, point: str = "tool_call", name: str = "bash") -> tuple[Any, list[Any]]:
    """What went through, and what was noted."""
    bus, noted = Bus(), list[Any]()
    bus.subscribe(lambda record: noted.append(record.payload), Note)
    bus.intercept(point, hook)
    with tracing(bus):
        try:
            through = around(point, value, lambda one: one, name=name)
        except Refused as refused:
            through = refused.reason
    return through, [note.value for note in noted if note.kind == "person"]


@pytest.mark.parametrize("word", ["a", "Approve", "yes"])
def test_what_is_approved_is_called_as_it_is(word: str) -> None:
    person = Person(word)
    through, [noted] = called(approve(ask=person), LS)
    assert through is LS
    assert noted.pop("took_ms") >= 0
    assert noted == {"point": "tool_call", "name": "bash", "said": "approve", "by": "person"}
    assert person.asked[0][0].startswith('\ntool_call bash: {"command": "ls"}\n')


@pytest.mark.parametrize(
    ("given", "line", "instead"),
    [
        (LS, '{"command": "pwd"}', ToolCall("bash", {"command": "pwd"}, "c1")),
        (LS, '{"name": "read", "arguments": {"path": "a"}}', ToolCall("read", {"path": "a"}, "c1")),
        ("pyautogui.click(1, 2)", "pyautogui.press('a')", Press("a")),
        (Press("b"), "DONE", Done()),
        (3, "1", 1),
        ({"model": "m", "messages": []}, '{"model": "n"}', {"model": "n", "messages": []}),
        ({"seed": 1, "options": None}, '{"seed": 2}', {"seed": 2, "options": None}),
    ],
)
def test_what_is_edited_goes_in_its_place(given: Any, line: str, instead: Any) -> None:
    through, [noted] = called(approve(ask=Person("e", line)), given)
    assert through == instead
    assert noted["said"] == "edit"


@pytest.mark.parametrize(("line", "said"), [("{", "Expecting"), ("[1]", "as a JSON object, not [1]")])
def test_an_edit_that_cannot_be_read_is_asked_for_again(line: str, said: str) -> None:
    person = Person("e", line, '{"command": "pwd"}')
    through, _ = called(approve(ask=person), LS)
    assert through.arguments == {"command": "pwd"}
    assert said in person.asked[-1][0]


@pytest.mark.parametrize("given", [{"model": "m", "messages": []}, {"seed": 1, "options": None}])
@pytest.mark.parametrize("line", ["5", '"seed"', "[1]"])
def test_an_edit_of_a_request_that_is_no_object_is_asked_for_again(given: dict[str, Any], line: str) -> None:
    person = Person("e", line, '{"seed": 2}')
    through, _ = called(approve(ask=person), given)
    assert through == {**given, "seed": 2}
    assert "as a JSON object, not " in person.asked[-1][0]


def test_what_is_refused_is_not_called_and_the_reason_is_told() -> None:
    through, [noted] = called(approve(ask=Person("what", "r not on a Sunday")), LS)
    assert through == "not on a Sunday"
    assert noted["said"] == "refuse"


@pytest.mark.parametrize(("default", "outcome"), [("approve", LS), ("refuse", "no answer came within 1 s")])
def test_when_the_time_is_up_the_default_holds(default: Any, outcome: Any) -> None:
    person = Person()
    through, [noted] = called(approve(ask=person, patience_s=1, default=default), LS)
    assert through == outcome
    assert (noted["said"], noted["by"]) == (default, "default")
    assert person.asked[0][0].endswith(f"; in 1 s: {default} > ")


def test_a_default_holds_in_the_middle_of_an_edit() -> None:
    through, [noted] = called(approve(ask=Person("e"), patience_s=1, default="approve"), LS)
    assert through is LS
    assert (noted["said"], noted["by"]) == ("approve", "default")


def test_only_what_is_named_is_asked_about() -> None:
    person = Person()
    assert called(approve(ask=person, names=["write", "edit"]), LS) == (LS, [])
    assert person.asked == []


@pytest.mark.parametrize(("default", "outcome"), [(None, LS), ("blue", ToolResult("c1", "bash", True, "blue"))])
def test_a_person_answers_for_a_tool_or_is_away(default: str | None, outcome: Any) -> None:
    here, [noted] = called(answer(ask=Person("red"), names=["bash"]), LS)
    assert here == ToolResult("c1", "bash", True, "red")
    assert (noted["said"], noted["by"]) == ("answer", "person")
    away, [noted] = called(answer(ask=Person(), names=["bash"], default=default), LS)
    assert away == outcome
    assert noted["by"] == "default"


def test_mistakes_are_told() -> None:
    with pytest.raises(UsageError, match="default is 'maybe'; it can be 'approve' or 'refuse'"):
        approve(default="maybe")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="patience_s is -1"):
        answer(patience_s=-1)


class Caller:
    """Calls the same tool until it is told a result, then is done."""

    def reset(self, task: Task, emit: Any) -> None:
        self.seen: list[str] = []

    def act(self, observation: Any) -> Any:
        self.seen.append(observation)
        calls = [ToolCall("calculator", {"expression": "6*7"}), ToolCall("calculator", {"expression": "1+1"}), Done()]
        return calls[len(self.seen) - 1]


def test_a_whole_episode_has_what_the_person_said_on_record(tmp_path: Path) -> None:
    task = Task(id="sum", instruction="add", tools=("calculator",))
    env = TrajectoryRecorder(gym.make("agentgym/Tools-v0", task=task), tmp_path)
    agent, person = Caller(), Person("r not that", "e", '{"expression": "2+3"}')
    try:
        episode = Episode(env, agent)
        episode.bus.intercept("tool_call", approve(ask=person))
        episode.run()
    finally:
        env.close()
    assert "refused: not that" in agent.seen[1]
    assert agent.seen[2].endswith("calculator\n5")
    [recorded] = Dataset(tmp_path)
    notes = [one.payload for one in recorded.records() if isinstance(one.payload, Note)]
    assert [note.value["said"] for note in notes if note.kind == "person"] == ["refuse", "edit"]


def test_a_call_is_asked_about_at_any_point() -> None:
    call = Call("reset", {"seed": 1, "options": None})
    assert approve(ask=Person("a"))(call, lambda one: one) is call
