from __future__ import annotations

import http.client
import json
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pytest

from agentgym.actions import Click, Done, DoubleClick, Press, ToolCall, TypeText
from agentgym.agents import make_agent
from agentgym.agents.human import HumanAgent
from agentgym.errors import UsageError
from agentgym.events import Event, Note
from agentgym.tasks import Task
from tests.webdriver import Browser, browser

SCREEN = np.zeros((120, 200, 3), np.uint8)
TASK = Task(id="t", instruction="write <b>hello</b>")
TOOL = {
    "type": "function",
    "function": {
        "name": "add",
        "description": "Adds two numbers.",
        "parameters": {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]},
    },
}


class Person:
    """Acts by the page's own addresses."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self.root, self.host, self.port = parts.path, parts.hostname, parts.port

    def get(self, path: str, **headers: str) -> tuple[int, bytes]:
        return self._ask("GET", self.root + path, None, headers)

    def state(self, after: int = -1) -> dict[str, Any]:
        told: dict[str, Any] = json.loads(self.get(f"state?after={after}")[1])
        return told

    def act(self, action: Any, **headers: str) -> tuple[int, Any]:
        headers = {"Content-Type": "application/json", **headers}
        status, said = self._ask("POST", f"{self.root}act", json.dumps(action).encode(), headers)
        return status, json.loads(said)["error"]

    def _ask(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection(self.host or "", self.port, timeout=30)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()


@pytest.fixture
def agent() -> Iterator[HumanAgent]:
    made = make_agent("human")
    assert isinstance(made, HumanAgent)
    yield made
    made.close()


def acted(agent: HumanAgent, observation: Any, *actions: Any) -> list[Any]:
    """What the agent does while a person does these one after the other."""
    person = Person(agent.url)
    said: list[tuple[int, Any]] = []
    thread = threading.Thread(target=lambda: said.extend(person.act(action) for action in actions))
    thread.start()
    done = [agent.act(observation) for _ in actions]
    thread.join()
    assert said == [(200, None)] * len(actions)
    return done


def test_what_a_person_does_is_what_the_agent_does(agent: HumanAgent, capsys: pytest.CaptureFixture[str]) -> None:
    events: list[Event] = []
    agent.reset(TASK, events.append)
    did = acted(
        agent, {"screenshot": SCREEN}, {"kind": "Click", "x": 3, "y": 4}, {"action_type": "type", "text": "é"}, "DONE"
    )
    assert did == [Click(3, 4), TypeText("é"), Done()]
    assert agent.url in capsys.readouterr().err
    took = [event.value["took_ms"] for event in events if isinstance(event, Note) and event.kind == "human"]
    assert len(took) == len(did)
    assert all(one >= 0 for one in took)


def test_the_page_shows_the_observation_and_what_was_refused(agent: HumanAgent) -> None:
    person = Person(agent.url)
    agent.read_info({"tools": [TOOL]})
    agent.reset(TASK, lambda _: None)
    acted(agent, {"screenshot": SCREEN, "terminal": "$ "}, "DONE")
    agent.read_info({"action_error": "no such key"})
    acted(agent, {"screenshot": SCREEN, "terminal": "$ ls"}, "DONE")
    state = person.state()
    assert (state["instruction"], state["text"], state["remark"]) == (TASK.instruction, "$ ls", "Not done: no such key")
    assert (state["step"], state["tools"], state["over"]) == (1, [TOOL], False)
    status, png = person.get("screen")
    assert (status, png[:4]) == (200, b"\x89PNG")
    agent.finish(None)
    assert person.state(state["number"])["over"]
    assert person.act("DONE") == (409, "the episode is over")


def test_what_is_no_action_is_refused_where_it_was_written(agent: HumanAgent) -> None:
    status, error = Person(agent.url).act({"kind": "Clik"})
    assert status == 400
    assert "Clik" in error


@pytest.mark.parametrize(
    ("path", "headers"),
    [("/", {}), ("/state", {}), (None, {"Host": "evil.example"}), (None, {"Content-Type": "text/plain"})],
)
def test_only_the_page_itself_reaches_the_agent(agent: HumanAgent, path: str | None, headers: dict[str, str]) -> None:
    person = Person(agent.url)
    person.root = path or person.root
    status, _ = person.act("DONE", **headers)
    assert status == 404
    assert path is None or person.get("")[0] == 404


def test_a_person_who_is_away_is_waited_for_no_longer_than_allowed() -> None:
    agent = HumanAgent(patience_s=0.05)
    try:
        agent.reset(TASK, lambda _: None)
        with pytest.raises(TimeoutError, match=r"no action came within 0\.05 s"):
            agent.act({"screenshot": SCREEN})
    finally:
        agent.close()


def test_a_port_that_is_taken_is_told(agent: HumanAgent) -> None:
    port = urlsplit(agent.url).port
    assert port is not None
    with pytest.raises(UsageError, match=f"cannot be served on port {port}"):
        HumanAgent(port=port)
    with pytest.raises(UsageError, match="patience_s is 0"):
        HumanAgent(patience_s=0)


@pytest.fixture(scope="module")
def page() -> Iterator[Browser]:
    with browser() as opened:
        yield opened


def at(page: Browser, x: int, y: int) -> dict[str, Any]:
    """A move to a pixel of the screen that is shown."""
    box = page.run("const b = document.getElementById('screen').getBoundingClientRect(); return [b.left, b.top]")
    return {"type": "pointerMove", "x": round(box[0]) + 1 + x, "y": round(box[1]) + 1 + y, "duration": 0}


TWICE = """
const screen = document.getElementById("screen"), box = screen.getBoundingClientRect();
for (const kind of ["mousedown", "mouseup", "mousedown", "mouseup"])
  screen.dispatchEvent(new MouseEvent(kind, { clientX: box.left + 51.5, clientY: box.top + 61.5, bubbles: true }));
"""


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


DOWN, UP = ({"type": f"pointer{way}", "button": 0} for way in ("Down", "Up"))


@pytest.mark.episodes
def test_a_person_acts_in_a_real_browser(agent: HumanAgent, page: Browser, tmp_path: Path) -> None:
    agent.read_info({"tools": [TOOL]})
    agent.reset(TASK, lambda _: None)
    did: list[Any] = []
    enough = threading.Event()

    def playing() -> None:
        while not enough.is_set():
            did.append(agent.act({"screenshot": SCREEN, "terminal": "$ ls"}))
            if did[-1] == Done():
                enough.set()

    thread = threading.Thread(target=playing)
    thread.start()
    page.open(agent.url)
    page.wait("document.getElementById('screen').width === 200")
    assert page.text("#instruction") == TASK.instruction
    page.pointer(at(page, 20, 30), DOWN, UP)
    until(lambda: did == [Click(20, 30)])
    # In one go, for the driver may be slower than a hand.
    page.run(TWICE)
    until(lambda: len(did) == 2)
    twice = did[1:]
    page.keys(*({"type": f"key{way}", "value": key} for key in "hé\ue007" for way in ("Down", "Up")))
    until(lambda: did[-1] == Press("enter"))
    typed = did[2:-1]
    del did[:]
    page.pointer(at(page, 10, 10), DOWN, at(page, 90, 40), UP)
    page.wheel("#screen", 120)
    page.write("#arguments", '{"a": 2}')
    page.screenshot(tmp_path / "page.png")
    page.click("#call button")
    page.click("#done")
    thread.join(30)
    assert enough.is_set()
    assert twice == [DoubleClick(50, 60)]
    assert "".join(one.text for one in typed) == "hé"
    assert [type(one).__name__ for one in did] == ["Batch", "Scroll", "ToolCall", "Done"]
    assert [(one.x, one.y) for one in did[0].actions] == [(10, 10), (90, 40)]
    assert (did[1].dy, did[1].dx) == (-3, 0)
    assert did[2] == ToolCall("add", {"a": 2})
