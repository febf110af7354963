"""The keyboard map of an X server: which keys give a keysym, and spare keys for those that it lacks.

A keysym that the map lacks is put on a key that types nothing. An application may translate a key press long after it
was sent, with the map as it is by then, so a spare key that was pressed is given another meaning only after the desktop
has been drained. Meanings stay until the place is needed, so most text changes the map once or never.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Collection, Iterator, Sequence, Set
from itertools import pairwise
from typing import Any, NamedTuple, cast

import xcffib
import xcffib.xproto

from agentgym.errors import ActionError

__all__ = ["Keymap", "Stroke"]

Row = tuple[int, ...]

# Keys (by evdev's numbers, which all of Linux uses) that are given to be remapped: they have no keysym or one that only
# laptops know. Chromium gets the new character from the toolkit but goes by the key's old meaning for commands, so no
# key is among them that it has one for: copying, going back, closing, media, ... (Chromium 156).
_NEUTRAL = frozenset(
    {147, 149, *range(154, 158), 159, 161, 162, 168, 177, 178, 183, 184, 197, *range(199, 203), 210, 211, 217, 219, 221}
    | {222, 224, *range(226, 231), 236, *range(243, 246), 247, 248, *range(250, 256)}
)
_EXPENDABLE = range(0x10050000, 0x10090000)
_KEYPAD = range(0xFF80, 0xFFBE)

# A key that has one keysym in two groups shows three: keysym, nothing, keysym. Keys with more have types of their own.
_PLAIN_LENGTH = 4
_WORTH_A_REQUEST = 16


class Stroke(NamedTuple):
    """A key, and whether Shift is down with it.

    ``spare`` is True on a key that was put to use here: Shift must then be as ``shift`` says, whatever the agent holds.
    """

    keycode: int
    shift: bool
    spare: bool = False


class Keymap:
    """Finds or makes a stroke for every keysym.

    Args:
        connection: stays the caller's. Changes of the map come back on it as MappingNotify events, which its
            owner drops.
        drain: blocks until the desktop has dealt with every key that was sent.
    """

    def __init__(self, connection: xcffib.Connection, *, drain: Callable[[], None]) -> None:
        # xcffib makes this attribute when it loads, out of a type checker's sight.
        self._core = cast("Any", connection).core
        self._drain = drain
        setup = connection.get_setup()
        self._codes = range(setup.min_keycode, setup.max_keycode + 1)
        self.modifiers = frozenset(self._core.GetModifierMapping().reply().keycodes)
        self._placed: OrderedDict[int, Stroke] = OrderedDict()
        self._pressed: set[int] = set()
        self._raw = b""
        self._rows: dict[int, Row] = {}
        self._written: dict[int, Row] = {}
        self.refresh()
        self._original = self._rows

    @property
    def capacity(self) -> int:
        """How many keysyms that the map lacks can be typable at once."""
        return len(self._slots)

    def refresh(self) -> None:
        """Takes up changes that others made to the map."""
        reply = self._read()
        if reply.keysyms.buf() == self._raw:
            return
        self._placed.clear()
        self._adopt(reply)
        spare = self._spare_codes()
        self._slots = [Stroke(code, shift, spare=True) for shift in (False, True) for code in spare]
        self._free = list(reversed(self._slots))
        self._native = self._own_strokes(frozenset(spare))

    def pieces(self, keysyms: Sequence[int], *, held: Collection[int] = ()) -> Iterator[Sequence[int]]:
        """Splits keysyms into the longest runs that can be typable at once while ``held`` keycodes stay as they are.

        Raises:
            ActionError: if the map has no key to spare for what it lacks.
        """
        room = self.capacity - 2 * len(held)
        foreign: set[int] = set()
        start = 0
        for index, keysym in enumerate(keysyms):
            if keysym in self._native or keysym in foreign:
                continue
            if room <= 0:
                raise ActionError(f"the keyboard map has neither a key for keysym {keysym:#x} nor one to spare")
            if len(foreign) == room:
                yield keysyms[start:index]
                foreign, start = set(), index
            foreign.add(keysym)
        yield keysyms[start:]

    def strokes(self, keysyms: Sequence[int], *, held: Set[int] = frozenset()) -> list[Stroke]:
        """One stroke for each keysym; changes the map if it lacks some of them.

        Args:
            keysyms: no more distinct ones that the map lacks than one of ``pieces`` has.
            held: keycodes that are down and so must keep their meaning.
        """
        foreign = dict.fromkeys(keysym for keysym in keysyms if keysym not in self._native)
        missing = [keysym for keysym in foreign if keysym not in self._placed]
        if missing:
            self._place(missing, keep=foreign.keys(), held=held)
        for keysym in foreign:
            self._placed.move_to_end(keysym)
        self._pressed |= foreign.keys()
        return [self._native.get(keysym) or self._placed[keysym] for keysym in keysyms]

    def restore(self) -> None:
        """Makes the map what it was when this object was made."""
        self._adopt(self._read())
        changed = [code for code in self._codes if self._rows[code] != self._original[code]]
        if changed:
            self._write({code: self._original[code] for code in changed})
        self._pressed.clear()
        self._raw = b""
        self.refresh()

    def _place(self, keysyms: Sequence[int], *, keep: Set[int], held: Set[int]) -> None:
        evicted = self._evict(len(keysyms) - len(self._free), keep=keep, held=held)
        if not self._pressed.isdisjoint(evicted):
            self._drain()
            self._pressed.clear()
        rows: dict[int, Row] = {}
        for keysym in keysyms:
            slot = self._placed[keysym] = self._free.pop()
            first, second, *_ = rows.get(slot.keycode, self._rows[slot.keycode])
            # Both levels the same until the second is needed: then the key types right with Shift held, too.
            if slot.shift:
                rows[slot.keycode] = (first, keysym)
                continue
            rows[slot.keycode] = (keysym, second if self._lives(second) else keysym)
        self._write(rows)
        self._adopt(self._read())
        self._written |= {code: self._rows[code] for code in rows}
        # Chromium hears of a new map and of keys on two connections, so the key may overtake the map (Chromium 156).
        self._drain()

    def _evict(self, count: int, *, keep: Set[int], held: Set[int]) -> list[int]:
        """Frees the places of the keysyms that were not used for longest, and returns these keysyms."""
        candidates = (k for k, slot in self._placed.items() if k not in keep and slot.keycode not in held)
        evicted = [keysym for keysym, _ in zip(candidates, range(count), strict=False)]
        self._free.extend(self._placed.pop(keysym) for keysym in reversed(evicted))
        return evicted

    def _lives(self, keysym: int) -> bool:
        slot = self._placed.get(keysym)
        return slot is not None and slot.shift

    def _read(self) -> Any:
        return self._core.GetKeyboardMapping(self._codes.start, len(self._codes)).reply()

    def _adopt(self, reply: Any) -> None:
        keysyms, width = list(reply.keysyms), reply.keysyms_per_keycode
        self._raw = reply.keysyms.buf()
        self._rows = {code: _row(keysyms[i * width : (i + 1) * width]) for i, code in enumerate(self._codes)}

    def _write(self, rows: dict[int, Row]) -> None:
        """Changes keys with as few requests as can be: each makes every application read the map again."""
        for block in self._blocks():
            changed = sorted(rows.keys() & set(block))
            if changed:
                span = [rows.get(code, self._rows[code]) for code in range(changed[0], changed[-1] + 1)]
                width = max(map(len, span))
                keysyms = [keysym for row in span for keysym in (*row, *[0] * (width - len(row)))]
                self._core.ChangeKeyboardMapping(len(span), changed[0], width, keysyms)

    def _blocks(self) -> list[range]:
        """All keys, in runs that one request can write without harm to those among them that it writes as they are."""
        special = [code for code in self._codes if not self._is_plain(code)]
        edges = sorted({self._codes.start, *special, *(code + 1 for code in special), self._codes.stop})
        return [range(start, stop) for start, stop in pairwise(edges)]

    def _is_plain(self, code: int) -> bool:
        return code not in self.modifiers and len(self._rows[code]) <= _PLAIN_LENGTH

    def _spare_codes(self) -> list[int]:
        """The keys to put to use, those first that can be written together with most others."""
        blocks = [[code for code in block if self._is_spare(code)] for block in self._blocks()]
        large = [block for block in blocks if len(block) >= _WORTH_A_REQUEST]
        return [code for block in sorted(large or blocks, key=len, reverse=True) for code in block]

    def _is_spare(self, code: int) -> bool:
        row = self._rows[code]
        return code in _NEUTRAL and (row == self._written.get(code) or all(k == 0 or k in _EXPENDABLE for k in row))

    def _own_strokes(self, spare: Set[int]) -> dict[int, Stroke]:
        strokes: dict[int, Stroke] = {}
        for code in self._codes:
            first, second, *_ = self._rows[code]
            if code in spare:
                continue
            if first:
                strokes.setdefault(first, Stroke(code, shift=False))
            # Num Lock decides about the second level of the keypad, not Shift alone.
            if second and first not in _KEYPAD:
                strokes.setdefault(second, Stroke(code, shift=True))
        return strokes


def _row(keysyms: Sequence[int]) -> Row:
    """The keysyms of a key without the empty ones at the end, at least two."""
    length = max((i + 1 for i, keysym in enumerate(keysyms) if keysym), default=0)
    return (*keysyms[: max(length, 2)], *[0] * (2 - len(keysyms)))
