"""What the driver sends arrives at a window as it was meant."""

from __future__ import annotations

import random
import subprocess
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest
import xcffib.xproto

from agentgym.actions import (
    Action,
    Batch,
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
)
from agentgym.backends.x11.input import MULTI_CLICK_S, InputDriver
from agentgym.errors import ActionError, BackendError

if TYPE_CHECKING:
    from tests.backends.conftest import Display, EventLog

pytestmark = pytest.mark.desktop

SCREEN = (1280, 720)
ASCII = "".join(map(chr, range(0x20, 0x7F)))
HAN = [chr(code) for code in range(0x4E00, 0x9FA0)]


class Driven:
    """A driver whose desktop is one window that counts how often it was asked to catch up."""

    def __init__(self, display: Display, log: EventLog) -> None:
        self.connection: Any = display.connect()
        self.log = log
        self.drains = 0
        self.driver = InputDriver(self.connection, screen=SCREEN, drain=self._drain)

    def typed(self, *actions: Action) -> str:
        self.log.clear()
        for action in actions:
            self.driver.perform(action)
        return self.log.text()

    def keyboard(self) -> list[int]:
        return list(self.connection.core.GetKeyboardMapping(8, 248).reply().keysyms)

    def pointer(self) -> tuple[int, int]:
        place = self.connection.core.QueryPointer(self.connection.get_setup().roots[0].root).reply()
        return place.root_x, place.root_y

    def _drain(self) -> None:
        self.drains += 1
        self.log.read()


@pytest.fixture
def driven(display: Display, event_log: EventLog) -> Iterator[Driven]:
    driven = Driven(display, event_log)
    driven.driver.reset()
    yield driven
    driven.connection.disconnect()


def test_all_of_ascii_is_typed_with_the_keys_that_there_are(driven: Driven) -> None:
    before = driven.keyboard()
    assert driven.typed(TypeText(ASCII)) == ASCII
    assert driven.keyboard() == before


@pytest.mark.parametrize(
    "text",
    [
        "àáâãäåæçèéêëìíîïñòóôõöøùúûüýÿ ÀÉÎÕÜ ßẞ Łł Ššž őű",
        "Привет, мир! Ωω שלום مرحبا ไทย हिन्दी",
        "€£¥ – — “quotes” … ½ × ÷",
        "你好，世界。日本語テキスト 한국어",
        "😀🎉👍🏽 👩‍👩‍👧 🇩🇪 𝒜𝔅 𐍈",
        "one\ttwo\n\tthree\n\n",
        "e\N{COMBINING ACUTE ACCENT} \N{ZERO WIDTH JOINER}\N{NO-BREAK SPACE}\N{SOFT HYPHEN}",
    ],
)
def test_unicode_is_typed(driven: Driven, text: str) -> None:
    assert driven.typed(TypeText(text)) == text


def test_text_of_more_characters_than_there_are_spare_keys_is_typed(driven: Driven) -> None:
    text = "".join(random.Random(0).sample(HAN, 700))
    assert driven.typed(TypeText(text)) == text
    assert driven.typed(TypeText(text[::-1])) == text[::-1]


def test_characters_stay_on_their_keys_for_the_next_text(driven: Driven) -> None:
    driven.typed(TypeText("déjà vu 你好"))
    before, drains = driven.keyboard(), driven.drains
    assert driven.typed(TypeText("你 à é"), Press("好"), TypeText("déjà")) == "你 à é好déjà"
    assert (driven.keyboard(), driven.drains) == (before, drains)


def test_window_returns_to_a_line_only_once_for_each_line_end(driven: Driven) -> None:
    assert driven.typed(TypeText("a\r\nb\rc\n")) == "a\nb\nc\n"


@pytest.mark.parametrize("text", ["fine so far\x00", "\x1b[A", "half an emoji \ud83d", "\x7f"])
def test_text_with_an_untypable_character_types_nothing(driven: Driven, text: str) -> None:
    with pytest.raises(ActionError, match="nothing was typed"):
        driven.driver.perform(TypeText(text))
    assert driven.typed() == ""


@pytest.mark.parametrize("bad", [Press("entr"), Click(1280, 0), TypeText("\x00")])
def test_batch_with_one_bad_part_does_nothing(driven: Driven, bad: Action) -> None:
    place = driven.pointer()
    with pytest.raises(ActionError):
        driven.driver.perform(Batch((MoveTo(1, 1), TypeText("é"), bad)))
    assert driven.typed() == ""
    assert driven.pointer() == place


def test_parts_of_a_batch_wait_for_each_other(driven: Driven) -> None:
    assert driven.typed(Batch((TypeText("ab"), Press("enter"), TypeText("c")))) == "ab\nc"
    assert driven.drains == 2


def test_held_shift_gives_capitals_but_leaves_what_the_map_lacks_as_it_is(driven: Driven) -> None:
    assert driven.typed(KeyDown("shift"), Press("a"), Press("1"), Press("A"), TypeText("b é"), Press("c")) == "A!AB éC"
    assert driven.typed(KeyUp("shift"), Press("a"), TypeText("bÉ")) == "abÉ"


def test_held_shift_leaves_second_levels_of_spare_keys_alone(driven: Driven) -> None:
    text = "".join(HAN[:80])
    assert driven.typed(TypeText(text), KeyDown("shiftright"), TypeText(text)) == text + text


def test_key_that_is_held_keeps_its_character_while_others_change_theirs(driven: Driven) -> None:
    text = "".join(HAN[:300])
    assert driven.typed(KeyDown("é"), TypeText(text), KeyUp("é"), Press("é")) == "é" + text + "é"


def test_key_that_is_held_types_its_character_again(driven: Driven) -> None:
    assert (
        driven.typed(KeyDown("a"), TypeText("banana"), KeyUp("a"), KeyDown("x"), Press("x", presses=2)) == "abananaxxx"
    )


def test_caps_lock_is_a_key_like_others_until_reset(driven: Driven) -> None:
    assert driven.typed(Press("capslock"), TypeText("aB")) == "Ab"
    driven.driver.reset()
    assert driven.typed(TypeText("aB")) == "aB"


def test_keypad_digits_are_digits_without_num_lock(driven: Driven) -> None:
    assert driven.typed(Press("num7"), Press("decimal")) == "<0xffb7><0xffae>"


def test_hotkey_holds_keys_in_order_and_releases_them_in_reverse(driven: Driven) -> None:
    driven.log.clear()
    driven.driver.perform(Hotkey(("ctrl", "shift", "t")))
    driven.log.read()
    kinds = [event.kind for event in driven.log.events]
    codes = [event.detail for event in driven.log.events]
    assert kinds == ["key_press"] * 3 + ["key_release"] * 3
    assert codes[3:] == codes[2::-1]
    assert driven.log.keys[-1].state == 5


def test_pointer_actions_arrive_where_they_were_meant(driven: Driven) -> None:
    driven.log.clear()
    for action in (Click(10, 20), RightClick(30, 40), DoubleClick(50, 60), Click(70, 80, "middle", 3), Click(x=90)):
        driven.driver.perform(action)
    expected = [(1, 10, 20), (3, 30, 40), (1, 50, 60), (1, 50, 60), *[(2, 70, 80)] * 3, (1, 90, 80)]
    assert driven.log.pressed() == expected
    assert driven.log.pressed("button_release") == expected


def test_click_without_clicks_only_moves(driven: Driven) -> None:
    driven.driver.perform(Click(5, 6, clicks=0))
    assert driven.pointer() == (5, 6)
    assert driven.log.pressed() == []


def test_wheel_turns_up_down_left_and_right(driven: Driven) -> None:
    for action in (Scroll(dy=2, x=5, y=6), Scroll(dy=-1), Scroll(dx=1), Scroll(dx=-1, dy=1)):
        driven.driver.perform(action)
    assert [button for button, _, _ in driven.log.pressed()] == [4, 4, 5, 7, 4, 6]


def test_drag_moves_in_steps_between_press_and_release(driven: Driven) -> None:
    driven.driver.perform(MoveTo(100, 100))
    driven.log.clear()
    driven.driver.perform(DragTo(300, 200))
    driven.log.read()
    events = driven.log.events
    assert (events[0].kind, events[0].x, events[0].y) == ("button_press", 100, 100)
    assert (events[-1].kind, events[-1].x, events[-1].y) == ("button_release", 300, 200)
    assert [event.kind for event in events[1:-1]] == ["motion"] * (len(events) - 2)
    assert len({(event.x, event.y) for event in events[1:-1]}) >= 4


@pytest.mark.parametrize("second", [Click(102, 97), DoubleClick(100, 100), Batch((MoveTo(100, 100), MouseDown()))])
def test_presses_of_two_actions_at_one_place_are_no_double_click(driven: Driven, second: Action) -> None:
    driven.driver.perform(Click(100, 100))
    driven.driver.perform(second)
    driven.log.read()
    presses = [event.time_ms for event in driven.log.events if event.kind == "button_press"]
    assert presses[1] - presses[0] > 1000 * MULTI_CLICK_S


def test_press_after_a_double_click_is_no_third(driven: Driven) -> None:
    driven.driver.perform(DoubleClick(100, 100))
    driven.driver.perform(Click())
    driven.log.read()
    presses = [event.time_ms for event in driven.log.events if event.kind == "button_press"]
    assert presses[1] - presses[0] < 1000 * MULTI_CLICK_S < 2000 * MULTI_CLICK_S < presses[2] - presses[0]


def test_presses_elsewhere_or_of_another_button_do_not_wait(driven: Driven) -> None:
    start = time.monotonic()
    for step in range(20):
        driven.driver.perform(Click(100 + 10 * step, 100, "left" if step % 2 else "right"))
    assert time.monotonic() - start < 19 * MULTI_CLICK_S


def test_reset_restores_the_keyboard_as_the_server_made_it(driven: Driven, display: Display) -> None:
    def keyboard() -> str:
        return subprocess.run(["xkbcomp", display.name, "-"], capture_output=True, text=True, check=True).stdout

    before = keyboard()
    driven.typed(TypeText("".join(HAN[:150])))
    assert keyboard() != before
    driven.driver.reset()
    assert keyboard() == before
    assert driven.typed(TypeText("还 is typable")) == "还 is typable"


def test_reset_releases_keys_and_buttons_and_centres_the_pointer(driven: Driven) -> None:
    for action in (KeyDown("ctrl"), KeyDown("é"), MouseDown("left"), MouseDown("right"), Press("numlock")):
        driven.driver.perform(action)
    driven.driver.reset()
    driven.driver.perform(Press("a"))
    driven.log.read()
    pressed = bytes(driven.connection.core.QueryKeymap().reply().keys)
    assert not any(pressed)
    assert driven.log.keys[-1] == (ord("a"), 0)
    assert driven.pointer() == (640, 360)


def test_reset_turns_auto_repeat_off(driven: Driven) -> None:
    reply = driven.connection.core.GetKeyboardControl().reply()
    assert reply.global_auto_repeat == xcffib.xproto.AutoRepeatMode.Off


def test_button_and_key_go_up_when_told(driven: Driven) -> None:
    driven.log.clear()
    for action in (MouseDown("middle"), MouseUp("middle"), KeyDown("f5"), KeyUp("f5")):
        driven.driver.perform(action)
    driven.log.read()
    assert [event.kind for event in driven.log.events] == ["button_press", "button_release", "key_press", "key_release"]


def test_layout_that_was_set_meanwhile_is_followed(driven: Driven, display: Display) -> None:
    driven.typed(TypeText("é"))
    subprocess.run(["setxkbmap", "-display", display.name, "de"], check=True, env=display.environment)
    text = "yz YZ äöü ß §& é <>|@€ 你"
    assert driven.typed(TypeText(text)) == text
    driven.driver.reset()
    assert driven.typed(TypeText(text)) == text


def test_key_that_another_client_changes_costs_no_spare_keys(driven: Driven, display: Display) -> None:
    driven.typed(TypeText("".join(HAN[:200])))
    other = display.connect()
    other.core.ChangeKeyboardMapping(1, 8, 2, [0xDF, 0xF0])
    other.core.GetInputFocus().reply()
    text = "ßð" + "".join(HAN[100:400])
    assert driven.typed(TypeText(text)) == text
    other.disconnect()


def test_dead_server_is_a_display_error(driven: Driven, display: Display) -> None:
    display.kill_server()
    with pytest.raises(BackendError, match="X server") as raised:
        driven.driver.perform(Click(1, 1))
    assert raised.value.kind == "display"
    with pytest.raises(BackendError):
        driven.driver.reset()


def test_two_drivers_in_turn_leave_no_trace_of_each_other(
    display: Display, event_log: EventLog, wait_until: Callable[[Callable[[], bool]], None]
) -> None:
    for text in ("é 你", "ñ 好"):
        driven = Driven(display, event_log)
        assert driven.typed(TypeText(text)) == text
        driven.driver.reset()
        driven.connection.disconnect()
