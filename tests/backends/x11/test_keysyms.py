"""Characters and key names have the keysyms of the X protocol."""

from __future__ import annotations

import pytest

from agentgym.actions.keys import KEYS as NAMES
from agentgym.backends.x11.keysyms import KEYS, keysym_of_character, keysym_of_key
from agentgym.errors import ActionError

_ON_NO_KEYBOARD = {"accept", "final", "fn"}


def test_every_key_name_has_a_keysym_but_those_that_no_keyboard_has() -> None:
    assert {name for name in NAMES if len(name) > 1} == set(KEYS) | _ON_NO_KEYBOARD


@pytest.mark.parametrize("name", sorted(_ON_NO_KEYBOARD))
def test_key_that_no_keyboard_has_is_refused(name: str) -> None:
    with pytest.raises(ActionError, match=f"no keyboard of an X server has the key '{name}'"):
        keysym_of_key(name)


@pytest.mark.parametrize(
    ("name", "keysym"), [("enter", 0xFF0D), ("F5", 0xFFC2), ("Shift", 0xFFE1), ("a", 0x61), ("A", 0x41), ("é", 0xE9)]
)
def test_key_is_found_by_name_in_any_case_or_by_its_character(name: str, keysym: int) -> None:
    assert keysym_of_key(name) == keysym


def test_unknown_key_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(ActionError, match="no key named 'entr'; did you mean 'enter'"):
        keysym_of_key("entr")


@pytest.mark.parametrize(
    ("character", "keysym"),
    [
        ("~", 0x7E),
        ("ÿ", 0xFF),
        ("Ā", 0x01000100),
        ("你", 0x01004F60),
        ("😀", 0x0101F600),
        ("\n", 0xFF0D),
        ("\t", 0xFF09),
    ],
)
def test_character_has_the_keysym_of_the_protocol(character: str, keysym: int) -> None:
    assert keysym_of_character(character) == keysym


@pytest.mark.parametrize("character", ["\x00", "\x1b", "\x7f", "\x85", "\ud800"])
def test_character_that_no_keysym_can_carry_is_refused(character: str) -> None:
    with pytest.raises(ActionError, match=f"U\\+{ord(character):04X}"):
        keysym_of_character(character)
