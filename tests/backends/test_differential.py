"""The same actions through pyautogui and through our driver give a window the same input."""

from __future__ import annotations

import json
import random
import re
import string
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from agentgym.actions import (
    Action,
    Button,
    Click,
    DoubleClick,
    DragTo,
    Hotkey,
    KeyDown,
    KeyUp,
    MouseDown,
    MouseUp,
    MoveTo,
    Press,
    RightClick,
    Scroll,
    TypeText,
    to_pyautogui,
)
from agentgym.actions.keys import KEYS
from agentgym.backends.x11.input import InputDriver

if TYPE_CHECKING:
    from tests.backends.conftest import Display, EventLog

pytestmark = pytest.mark.desktop

SEQUENCES = 300
LENGTH = 6
DIFFERENCES = Path(__file__).parents[2] / "docs" / "pyautogui-differences.md"

_PYAUTOGUI = """
import json, sys
import pyautogui
pyautogui.PAUSE, pyautogui.FAILSAFE = 0, False
for line in sys.stdin:
    exec(json.loads(line))
    print("done", flush=True)
"""
_SHIFTS = {"shift", "shiftleft", "shiftright"}
_MODIFIERS = ("ctrl", "ctrlright", "alt", "shift", "shiftright", "win")
_LOCKS = {"capslock", "numlock", "scrolllock"}
_BUTTONS: tuple[Button, ...] = ("left", "middle", "right")


class PyAutoGui:
    """pyautogui in a process of its own: it looks for the display when it is imported."""

    def __init__(self, display: Display, folder: Path) -> None:
        authority = folder / "authority"
        authority.touch()
        self._process = subprocess.Popen(
            [sys.executable, "-c", _PYAUTOGUI],
            env={**display.environment, "XAUTHORITY": str(authority)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def perform(self, action: Action) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(to_pyautogui(action)) + "\n")
        self._process.stdin.flush()
        # Xlib prints on the standard output, too.
        while (line := self._process.stdout.readline()) != "done\n":
            assert line, "pyautogui died"

    def close(self) -> None:
        self._process.communicate()


@pytest.fixture
def theirs(make_display: Callable[[], Display], tmp_path: Path) -> Iterator[tuple[Display, PyAutoGui]]:
    display = make_display()
    pyautogui = PyAutoGui(display, tmp_path)
    yield display, pyautogui
    pyautogui.close()


@pytest.fixture
def ours(make_display: Callable[[], Display]) -> Iterator[tuple[Display, InputDriver]]:
    display = make_display()
    connection: Any = display.connect()
    driver = InputDriver(connection, screen=(1280, 720), drain=lambda: None)
    driver.reset()
    yield display, driver
    connection.disconnect()


def excluded() -> set[str]:
    """The keys and characters in the first columns of the tables of what differs."""
    keys: set[str] = set()
    for section in re.split(r"^## ", DIFFERENCES.read_text(), flags=re.MULTILINE):
        if section.startswith(("Keys", "Characters")):
            first = [line.split("|")[1] for line in section.splitlines() if line.startswith("|")]
            keys |= {name for column in first for name in re.findall(r"`([^`]+)`", column)}
    return keys


class Sequences:
    """Random actions that both sides can do, without what is known to differ."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        left_out = excluded()
        self._keys = sorted((set(KEYS) | set(string.ascii_uppercase)) - left_out - _LOCKS)
        # A capital would end a Shift that pyautogui's caller holds.
        self._plain_keys = [key for key in self._keys if len(key) > 1 or not needs_shift(key)]
        self._characters = sorted({chr(code) for code in range(0x20, 0x7F)} - left_out)

    def draw(self) -> list[Action]:
        actions: list[Action] = []
        while len(actions) < LENGTH:
            actions += self._random.choice([self._one, self._held_key, self._held_button])()
        return actions

    def _place(self) -> tuple[int, int]:
        return self._random.randrange(1280), self._random.randrange(720)

    def _one(self) -> list[Action]:
        draw, place = self._random, self._place()
        some = draw.choices([(None, None), (place[0], None), place], [1, 1, 4])[0]
        button = draw.choice(_BUTTONS)
        candidates: list[Action] = [
            MoveTo(*place),
            Click(*some, button, draw.choice([0, 1, 2, 3])),
            RightClick(*some),
            DoubleClick(*some),
            DragTo(*place, button),
            Scroll(draw.randint(-3, 3), 0, *some),
            Scroll(0, draw.randint(-3, 3), *some),
            TypeText("".join(draw.choices([*self._characters, "\n", "\t"], k=draw.randint(0, 12)))),
            Press(draw.choice(self._keys), draw.randint(0, 3)),
            Press(draw.choice(sorted(_LOCKS)), 2),
            Hotkey((*draw.sample(_MODIFIERS[:3], draw.randint(1, 3)), draw.choice(self._keys))),
            Hotkey((*draw.sample(_MODIFIERS, 2), draw.choice(self._plain_keys))),
        ]
        return [draw.choice(candidates)]

    def _held_key(self) -> list[Action]:
        held = self._random.choice(_MODIFIERS)
        within: list[Action] = [
            Press(self._random.choice(self._plain_keys), 2),
            Click(*self._place()),
            TypeText("plain text 1"),
        ]
        return [KeyDown(held), *self._random.sample(within, 2), KeyUp(held)]

    def _held_button(self) -> list[Action]:
        button = self._random.choice(_BUTTONS)
        return [MoveTo(*self._place()), MouseDown(button), MoveTo(*self._place()), MouseUp(button)]


def needs_shift(character: str) -> bool:
    return character.isupper() or character in '~!@#$%^&*()_+{}|:"<>?'


def received(log: EventLog, actions: Sequence[Action], perform: Callable[[Action], None]) -> list[object]:
    """What a window made of the actions: keys as characters, buttons with their places, where the pointer ends up.

    Shift keys go up and down at other times in a text and Shift is part of every key's state, so they are left out
    there and compared elsewhere.
    """
    everything: list[object] = []
    for action in actions:
        log.clear()
        perform(action)
        log.read()
        keys = iter(log.keys)
        for event in log.events:
            if event.kind == "key_press":
                key = next(keys)
                if not (isinstance(action, TypeText) and key.keysym in (0xFFE1, 0xFFE2)):
                    everything.append(("press", key.keysym, key.state))
            elif event.kind == "key_release" and not isinstance(action, TypeText):
                everything.append(("release", event.state))
            elif event.kind.startswith("button"):
                everything.append((event.kind, event.detail, event.state, event.x, event.y))
        everything.append(log.pointer())
    return everything


def test_hundreds_of_sequences_arrive_the_same(
    theirs: tuple[Display, PyAutoGui],
    ours: tuple[Display, InputDriver],
    open_log: Callable[[Display], EventLog],
) -> None:
    sequences = Sequences(seed=20)
    for index in range(SEQUENCES):
        actions = sequences.draw()
        # Each sequence goes to a fresh window, with the pointer at one place.
        start: list[Action] = [MoveTo(index, index)]
        expected = received(open_log(theirs[0]), start + actions, theirs[1].perform)
        got = received(open_log(ours[0]), start + actions, ours[1].perform)
        assert got == expected, actions


def test_every_key_that_is_not_listed_arrives_the_same(
    theirs: tuple[Display, PyAutoGui],
    ours: tuple[Display, InputDriver],
    open_log: Callable[[Display], EventLog],
) -> None:
    actions = [Press(key, 2) for key in sorted((set(KEYS) | set(string.ascii_letters)) - excluded())]
    assert len(actions) > 150
    their_log, our_log = open_log(theirs[0]), open_log(ours[0])
    for action in actions:
        assert received(our_log, [action], ours[1].perform) == received(their_log, [action], theirs[1].perform), action


def test_every_listed_key_still_differs(
    theirs: tuple[Display, PyAutoGui],
    ours: tuple[Display, InputDriver],
    open_log: Callable[[Display], EventLog],
) -> None:
    listed = sorted(excluded() & set(KEYS) - {"accept", "final", "fn"})
    assert len(listed) > 30
    their_log, our_log = open_log(theirs[0]), open_log(ours[0])
    same = [
        key
        for key in listed
        if received(our_log, [Press(key)], ours[1].perform) == received(their_log, [Press(key)], theirs[1].perform)
    ]
    assert same == []


def test_text_without_shift_characters_gives_the_same_events_key_by_key(
    theirs: tuple[Display, PyAutoGui],
    ours: tuple[Display, InputDriver],
    open_log: Callable[[Display], EventLog],
) -> None:
    text = TypeText("plain text, 100; [ok] = 'yes'\tend\n")
    logs = open_log(theirs[0]), open_log(ours[0])
    for log, perform in zip(logs, (theirs[1].perform, ours[1].perform), strict=True):
        log.clear()
        perform(text)
        log.read()
    first, second = ([(event.kind, event.detail, event.state) for event in log.events] for log in logs)
    assert first == second
    assert logs[1].text() == text.text
