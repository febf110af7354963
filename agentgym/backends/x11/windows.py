"""Top-level windows, as the window manager announces them on the root window (EWMH 1.5)."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, cast

import xcffib
import xcffib.xproto

from agentgym.backends.base import Window
from agentgym.backends.x11.applications import known_titles
from agentgym.errors import BackendError

__all__ = ["activate", "close", "forget_root_properties", "forget_selections", "list_windows", "root_properties"]

_ATOMS = (
    "_NET_ACTIVE_WINDOW",
    "_NET_CLIENT_LIST",
    "_NET_CLIENT_LIST_STACKING",
    "_NET_CLOSE_WINDOW",
    "_NET_WM_NAME",
    "_NET_WM_VISIBLE_NAME",
)
_CLIPBOARD = "CLIPBOARD"
_FROM_A_PAGER = 2
_WINDOW_MANAGERS = ("_NET_", "_OB_", "_OPENBOX_", "WM_")
_LONGEST_PROPERTY = 1 << 16


def list_windows(connection: xcffib.Connection) -> list[Window]:
    """Every window that the window manager manages, the lowest first; without their frames.

    ``app_class`` is ``instance.Class``, as ``wmctrl -x`` writes it.

    Raises:
        BackendError: of kind ``"display"``, if the X server is gone.
    """
    with _display_errors():
        root = _Root(connection)
        found = (root.describe(window) for window in root.managed("_NET_CLIENT_LIST_STACKING"))
        return [window for window in found if window is not None]


def root_properties(connection: xcffib.Connection) -> frozenset[int]:
    """The atoms of what is said on the root window, such as a wallpaper or X resources."""
    core = cast("Any", connection).core
    root = connection.get_setup().roots[connection.pref_screen].root
    return frozenset(core.ListProperties(root).reply().atoms)


def forget_root_properties(connection: xcffib.Connection, *, known: frozenset[int]) -> None:
    """Removes what was said on the root window beyond what is known, but for the window manager's own words.

    Raises:
        BackendError: of kind ``"display"``, if the X server is gone.
    """
    core = cast("Any", connection).core
    root = connection.get_setup().roots[connection.pref_screen].root
    with _display_errors():
        for atom in root_properties(connection) - known:
            name = core.GetAtomName(atom).reply().name.to_string()
            if not name.startswith(_WINDOW_MANAGERS):
                core.DeleteProperty(root, atom)


def forget_selections(connection: xcffib.Connection) -> None:
    """Empties the clipboard and what a middle click pastes.

    Raises:
        BackendError: of kind ``"display"``, if the X server is gone.
    """
    with _display_errors():
        core = cast("Any", connection).core
        clipboard = core.InternAtom(False, len(_CLIPBOARD), _CLIPBOARD).reply().atom
        for selection in (clipboard, xcffib.xproto.Atom.PRIMARY):
            core.SetSelectionOwner(xcffib.NONE, selection, xcffib.CurrentTime)
        core.GetInputFocus().reply()


def activate(connection: xcffib.Connection, name: str, *, strict: bool = False, by_class: bool = False) -> bool:
    """Raises and focuses a window; False if there is none of this name.

    Semantics of ``wmctrl -a``, as OSWorld's server uses it: of several windows the one that was opened first; upper and
    lower case are one unless ``strict``. What is in the place of an application of OSWorld's is found by its name, too.

    Args:
        connection: stays the caller's.
        name: what the title contains, or is if ``strict``.
        strict: whether all of it must be the same.
        by_class: looks at ``app_class`` instead of the title.

    Raises:
        BackendError: of kind ``"display"``, if the X server is gone.
    """
    return _ask(connection, "_NET_ACTIVE_WINDOW", [_FROM_A_PAGER, 0, 0], _names(name, strict=strict, by_class=by_class))


def close(connection: xcffib.Connection, name: str, *, strict: bool = False, by_class: bool = False) -> bool:
    """Asks a window to close as its frame's button would; False if there is none of this name.

    Windows are found as by `activate`.

    Raises:
        BackendError: of kind ``"display"``, if the X server is gone.
    """
    return _ask(connection, "_NET_CLOSE_WINDOW", [0, _FROM_A_PAGER], _names(name, strict=strict, by_class=by_class))


def _ask(connection: xcffib.Connection, message: str, values: Sequence[int], fits: Callable[[Window], bool]) -> bool:
    with _display_errors():
        root = _Root(connection)
        for identifier in root.managed("_NET_CLIENT_LIST"):
            window = root.describe(identifier)
            if window is not None and fits(window):
                root.send(identifier, message, values)
                return True
        return False


def _names(name: str, *, strict: bool, by_class: bool) -> Callable[[Window], bool]:
    def fits(window: Window) -> bool:
        told = known_titles(window.app_class if by_class else window.title, of_class=by_class)
        return name in told if strict else any(name.lower() in one.lower() for one in told)

    return fits


class _Root:
    """The root window and what the window manager has written on it."""

    def __init__(self, connection: xcffib.Connection) -> None:
        # xcffib makes this attribute when it loads, out of a type checker's sight.
        self._core = cast("Any", connection).core
        self._root = connection.get_setup().roots[connection.pref_screen].root
        self._atoms = self._intern()
        active = self._property(self._root, self._atoms["_NET_ACTIVE_WINDOW"])
        self._active = _numbers(active)[:1]

    def managed(self, which: str) -> list[int]:
        return _numbers(self._property(self._root, self._atoms[which]))

    def describe(self, window: int) -> Window | None:
        """What is known of a window; None if it has vanished."""
        place = self._core.TranslateCoordinates(window, self._root, 0, 0)
        size = self._core.GetGeometry(window)
        properties = xcffib.xproto.Atom
        names = [self._atoms["_NET_WM_NAME"], self._atoms["_NET_WM_VISIBLE_NAME"]]
        texts = [self._request_property(window, atom) for atom in (*names, properties.WM_NAME, properties.WM_CLASS)]
        try:
            name, shown, old_name, app_class = (bytes(text.reply().value.buf()) for text in texts)
            corner, extent = place.reply(), size.reply()
        except (xcffib.xproto.WindowError, xcffib.xproto.DrawableError):
            return None
        return Window(
            # A window manager reads the encodings of the old property and writes what it shows as UTF-8.
            title=(name or shown).decode("utf-8", "replace") or old_name.decode("latin-1"),
            app_class=app_class.rstrip(b"\0").replace(b"\0", b".").decode("latin-1"),
            x=corner.dst_x,
            y=corner.dst_y,
            width=extent.width,
            height=extent.height,
            active=[window] == self._active,
        )

    def send(self, window: int, message: str, values: Sequence[int]) -> None:
        """Asks the window manager to do something with a window."""
        numbers = [*values, *[0] * (5 - len(values))]
        event = struct.pack("=BBHII5I", 33, 32, 0, window, self._atoms[message], *numbers)
        masks = xcffib.xproto.EventMask
        self._core.SendEvent(False, self._root, masks.SubstructureRedirect | masks.SubstructureNotify, event)
        self._core.GetInputFocus().reply()

    def _intern(self) -> Mapping[str, int]:
        cookies = [self._core.InternAtom(False, len(name), name) for name in _ATOMS]
        return {name: cookie.reply().atom for name, cookie in zip(_ATOMS, cookies, strict=True)}

    def _request_property(self, window: int, atom: int) -> Any:
        return self._core.GetProperty(False, window, atom, xcffib.xproto.GetPropertyType.Any, 0, _LONGEST_PROPERTY)

    def _property(self, window: int, atom: int) -> bytes:
        return bytes(self._request_property(window, atom).reply().value.buf())


def _numbers(value: bytes) -> list[int]:
    return list(struct.unpack(f"={len(value) // 4}I", value))


@contextmanager
def _display_errors() -> Iterator[None]:
    try:
        yield
    except xcffib.ConnectionException as error:
        raise BackendError(f"the X server is gone: {error}", kind="display") from error
