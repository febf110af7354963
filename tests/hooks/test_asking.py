from __future__ import annotations

import builtins
import os
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from agentgym.errors import UsageError
from agentgym.hooks.asking import ask_notebook, ask_terminal


class Input:
    """Standard input, of which the other end is held here."""

    def __init__(self) -> None:
        self.reading, self.writing = os.pipe()

    def fileno(self) -> int:
        return self.reading

    def say(self, text: str) -> None:
        os.write(self.writing, text.encode())


@pytest.fixture
def person(monkeypatch: pytest.MonkeyPatch) -> Iterator[Input]:
    held = Input()
    monkeypatch.setattr("sys.stdin", held)
    yield held
    os.close(held.reading)
    os.close(held.writing)


def test_lines_that_came_at_once_answer_one_question_each(person: Input, capsys: pytest.CaptureFixture[str]) -> None:
    person.say("first\r\nzweite Zeile: é\n")
    assert [ask_terminal("1> ", 5), ask_terminal("2> ", 5)] == ["first", "zweite Zeile: é"]
    assert capsys.readouterr().err == "1> 2> "


def test_an_answer_that_comes_later_is_waited_for(person: Input) -> None:
    later = threading.Timer(0.05, person.say, ["late\n"])
    later.start()
    assert ask_terminal("> ") == "late"
    later.join()


def test_no_answer_is_a_time_out_and_half_of_one_is_kept(person: Input) -> None:
    person.say("ha")
    with pytest.raises(TimeoutError, match=r"no answer came within 0\.05 s"):
        ask_terminal("> ", 0.05)
    person.say("lf\n")
    assert ask_terminal("> ", 5) == "half"


def test_the_end_of_input_is_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    with open(os.devnull) as nothing:
        monkeypatch.setattr("sys.stdin", nothing)
        with pytest.raises(EOFError, match="standard input ended"):
            ask_terminal("> ", 5)
    monkeypatch.setattr("sys.stdin", None)
    with pytest.raises(EOFError, match="no standard input"):
        ask_terminal("> ", 5)


def test_a_notebook_that_swallows_exceptions_is_left_when_time_is_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def waits(question: str) -> str:
        # As ipykernel does, of which a whole kernel is started in tests/hooks/test_in_a_notebook.py.
        while True:
            try:
                time.sleep(0.005)
            except Exception:  # noqa: BLE001
                continue

    monkeypatch.setattr(builtins, "input", waits)
    with pytest.raises(TimeoutError, match=r"no answer came within 0\.05 s"):
        ask_notebook("> ", 0.05)


def test_off_the_main_thread_a_notebook_cannot_be_left(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[Any] = []

    def asking() -> None:
        try:
            ask_notebook("> ", 1)
        except UsageError as error:
            said.append(str(error))
        said.append(ask_notebook("> "))

    monkeypatch.setattr(builtins, "input", lambda question: f"to {question}")
    thread = threading.Thread(target=asking)
    thread.start()
    thread.join()
    assert said == [
        "in a notebook a question with a time-out is asked from the main thread: leave patience_s out",
        "to > ",
    ]
