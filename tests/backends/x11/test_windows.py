"""Windows are found, activated and closed as the window manager knows them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

from agentgym.backends.base import Window
from agentgym.backends.x11.windows import activate, close, list_windows
from agentgym.errors import BackendError

if TYPE_CHECKING:
    from tests.backends.conftest import Display

pytestmark = pytest.mark.desktop

WaitUntil = Callable[[Callable[[], bool]], None]


@pytest.fixture
def connection(desktop: Display) -> Iterator[Any]:
    connection = desktop.connect()
    yield connection
    connection.disconnect()


@pytest.fixture
def open_window(desktop: Display, connection: Any, wait_until: WaitUntil) -> Callable[[str], None]:
    """Opens a terminal of a title and waits until the window manager has it and has made it active."""

    def open_one(title: str) -> None:
        desktop.start(["xterm", "-T", title, "-geometry", "40x10+30+50"])
        wait_until(lambda: active(connection) == [title])
        desktop.rest()

    return open_one


def active(connection: Any) -> list[str]:
    return [window.title for window in list_windows(connection) if window.active]


def test_desktop_without_windows_has_none(connection: Any) -> None:
    assert list_windows(connection) == []
    assert not activate(connection, "")
    assert not close(connection, "any")


def test_display_without_window_manager_has_none(display: Display) -> None:
    connection = display.connect()
    assert list_windows(connection) == []
    connection.disconnect()


def test_window_is_described_without_its_frame(connection: Any, open_window: Callable[[str], None]) -> None:
    open_window("héllo 你好")
    window = list_windows(connection)[0]
    assert (window.title, window.app_class, window.active) == ("héllo 你好", "xterm.XTerm", True)
    assert 30 <= window.x < 40
    assert 60 <= window.y < 90
    assert 200 < window.width < 400
    assert 100 < window.height < 300


def test_windows_are_listed_from_the_lowest_up(
    connection: Any, open_window: Callable[[str], None], wait_until: WaitUntil
) -> None:
    for title in ("one", "two", "three"):
        open_window(title)
    # A window is focused a moment after it is there.
    wait_until(lambda: active(connection) == ["three"])
    assert activate(connection, "one")
    wait_until(lambda: active(connection) == ["one"])
    wait_until(lambda: [window.title for window in list_windows(connection)] == ["two", "three", "one"])


@pytest.mark.parametrize(
    ("name", "strict", "by_class", "found"),
    [
        ("report", False, False, "Report 1"),
        ("2", False, False, "Report 2"),
        ("Report 2", True, False, "Report 2"),
        ("report 2", True, False, None),
        ("Report", True, False, None),
        ("xterm", False, False, None),
        ("XTERM", False, True, "Report 1"),
        ("xterm.XTerm", True, True, "Report 1"),
        ("XTerm", True, True, None),
    ],
)
def test_name_is_matched_as_wmctrl_does(
    connection: Any,
    desktop: Display,
    open_window: Callable[[str], None],
    name: str,
    strict: bool,
    by_class: bool,
    found: str | None,
) -> None:
    for title in ("Report 1", "Report 2", "last"):
        open_window(title)
    assert activate(connection, name, strict=strict, by_class=by_class) == (found is not None)
    desktop.rest()
    assert active(connection) == [found or "last"]


def test_closed_window_goes_and_others_stay(
    connection: Any, open_window: Callable[[str], None], wait_until: WaitUntil
) -> None:
    for title in ("stays", "goes"):
        open_window(title)
    assert close(connection, "goes")
    wait_until(lambda: [window.title for window in list_windows(connection)] == ["stays"])


def test_windows_that_vanish_meanwhile_are_left_out(desktop: Display, connection: Any, wait_until: WaitUntil) -> None:
    terminals = [desktop.start(["xterm", "-T", f"number {number}"]) for number in range(6)]
    wait_until(lambda: len(list_windows(connection)) == 6)
    for terminal in terminals:
        terminal.kill()
        assert all(isinstance(window, Window) for window in list_windows(connection))
        activate(connection, "number")
    wait_until(lambda: list_windows(connection) == [])


def test_dead_server_is_a_display_error(connection: Any, desktop: Display) -> None:
    desktop.kill_server()
    with pytest.raises(BackendError, match="X server") as raised:
        list_windows(connection)
    assert raised.value.kind == "display"
