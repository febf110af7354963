"""Getters of a browser's files give what OSWorld's give, also of what is missing or damaged."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from agentgym.evaluators import metrics
from tests.evaluators.getters.browser.browsing import Browsing

PREFERENCES = "Default/Preferences"


@pytest.fixture
def machine() -> Browsing:
    return Browsing()


@pytest.mark.parametrize(
    ("getter", "file", "content", "expected"),
    [
        (
            "default_search_engine",
            PREFERENCES,
            {"default_search_provider_data": {"template_url_data": {"short_name": "Microsoft Bing"}}},
            "Microsoft Bing",
        ),
        ("default_search_engine", PREFERENCES, {}, "Google"),
        ("profile_name", PREFERENCES, {"profile": {"name": "Thomas"}}, "Thomas"),
        ("profile_name", PREFERENCES, {}, None),
        ("enable_do_not_track", PREFERENCES, {"enable_do_not_track": True}, "true"),
        ("enable_do_not_track", PREFERENCES, {"enable_do_not_track": False}, "false"),
        ("enable_safe_browsing", PREFERENCES, {"safebrowsing": {"enabled": True}}, "true"),
        ("enable_safe_browsing", PREFERENCES, {"safebrowsing": {"enabled": False, "enhanced": True}}, "true"),
        ("enable_safe_browsing", PREFERENCES, {"safebrowsing": {"enabled": False}}, "false"),
        ("enable_safe_browsing", PREFERENCES, {}, "false"),
        ("enable_enhanced_safety_browsing", PREFERENCES, {"safebrowsing": {"enhanced": True}}, "true"),
        ("enable_enhanced_safety_browsing", PREFERENCES, {"safebrowsing": {"enabled": True}}, "false"),
        ("new_startup_page", PREFERENCES, {}, "true"),
        ("new_startup_page", PREFERENCES, {"session": {"restore_on_startup": 5}}, "true"),
        ("new_startup_page", PREFERENCES, {"session": {"restore_on_startup": 4}}, "false"),
        ("new_startup_page", PREFERENCES, {"session": {"startup_urls": []}}, "false"),
        (
            "data_delete_automacally",
            PREFERENCES,
            {"profile": {"default_content_setting_values": {"cookies": 4}}},
            "true",
        ),
        # What Chromium 156 writes by itself.
        (
            "data_delete_automacally",
            PREFERENCES,
            {"profile": {"default_content_setting_values": {"payment_handler": 2}}},
            "false",
        ),
        ("data_delete_automacally", PREFERENCES, {"profile": {}}, "false"),
        (
            "chrome_font_size",
            PREFERENCES,
            {"webkit": {"webprefs": {"default_font_size": 24}}},
            {"default_font_size": 24},
        ),
        (
            "chrome_font_size",
            PREFERENCES,
            {"webkit": {}},
            {"default_fixed_font_size": 13, "default_font_size": 16, "minimum_font_size": 13},
        ),
        ("chrome_color_scheme", PREFERENCES, {"browser": {"theme": {"color_scheme2": 2}}}, "dark"),
        ("chrome_color_scheme", PREFERENCES, {"browser": {"theme": {"color_scheme": 1}}}, "light"),
        ("chrome_color_scheme", PREFERENCES, {"browser": {"theme": {"color_scheme2": 0, "color_scheme": 2}}}, "system"),
        ("chrome_color_scheme", PREFERENCES, {}, "system"),
        ("chrome_language", "Local State", {"intl": {"app_locale": "fr"}}, "fr"),
        ("chrome_language", "Local State", {}, "en-US"),
        ("enabled_experiments", "Local State", {"browser": {"enabled_labs_experiments": ["a@1"]}}, ["a@1"]),
        ("enabled_experiments", "Local State", {"browser": None}, []),
        (
            "find_unpacked_extension_path",
            PREFERENCES,
            {"extensions": {"settings": {"a": {"path": "/home/user/Desktop/hello"}, "b": {"location": 5}}}},
            ["/home/user/Desktop/hello"],
        ),
        (
            "find_installed_extension_name",
            PREFERENCES,
            {"extensions": {"settings": {"a": {"manifest": {"name": "Zoom"}}, "b": {"path": "/unpacked"}}}},
            ["Zoom"],
        ),
        (
            "bookmarks",
            "Default/Bookmarks",
            {"roots": {"bookmark_bar": {"children": []}}},
            {"bookmark_bar": {"children": []}},
        ),
        ("bookmarks", "Default/Bookmarks", {"roots": []}, {}),
    ],
)
def test_setting_is_read_as_the_browser_wrote_it(
    machine: Browsing, getter: str, file: str, content: Any, expected: Any
) -> None:
    machine.keep(file, content)
    assert machine.get(getter) == expected


DEFAULTS: Mapping[str, Any] = {
    "bookmarks": {},
    "chrome_color_scheme": "system",
    "chrome_font_size": {"default_fixed_font_size": 13, "default_font_size": 16, "minimum_font_size": 13},
    "chrome_language": "en-US",
    "default_search_engine": "Google",
    "enable_do_not_track": "false",
    "enable_safe_browsing": "false",
    "enabled_experiments": [],
    "profile_name": None,
}
NOTHING_TO_JUDGE = (
    "cookie_data",
    "data_delete_automacally",
    "enable_enhanced_safety_browsing",
    "find_installed_extension_name",
    "find_unpacked_extension_path",
    "history",
    "new_startup_page",
)
FILES = (PREFERENCES, "Local State", "Default/Bookmarks", "Default/History", "Default/Cookies")


@pytest.mark.parametrize("content", [None, b"", b'{"profile": ', b"\xff\xfe", b"[1]", b"[" * 100_000], ids=repr)
@pytest.mark.parametrize("getter", [*DEFAULTS, *NOTHING_TO_JUDGE])
def test_what_is_missing_or_damaged_is_as_new_or_not_there(getter: str, content: bytes | None) -> None:
    machine = Browsing()
    for name in FILES if content is not None else ():
        machine.keep(name, content)
    if getter in DEFAULTS:
        assert machine.get(getter) == DEFAULTS[getter]
        return
    with pytest.raises(FileNotFoundError):
        machine.get(getter)


def _database(folder: Path, *statements: str) -> bytes:
    with closing(sqlite3.connect(folder / "kept")) as database:
        for statement in statements:
            database.execute(statement)
        database.commit()
    return (folder / "kept").read_bytes()


def test_history_goes_to_its_metric(machine: Browsing, tmp_path: Path) -> None:
    table = "CREATE TABLE urls (id INTEGER, url TEXT, title TEXT, visit_count INTEGER, last_visit_time INTEGER)"
    row = "INSERT INTO urls VALUES (1, 'https://www.youtube.com/', 'YouTube', 1, 13395000000000000)"
    machine.keep("Default/History", _database(tmp_path, table, row))
    found = machine.get("history", dest="history.sqlite")
    assert found == [["https://www.youtube.com/", "YouTube", 13395000000000000]]
    assert metrics["check_history_deleted"](found, {"type": "keywords", "keywords": ["youtube"]}) == 0
    assert metrics["check_history_deleted"](found, {"type": "keywords", "keywords": ["vimeo"]}) == 1


def test_cookies_go_to_their_metric(machine: Browsing, tmp_path: Path) -> None:
    table = "CREATE TABLE cookies (creation_utc INTEGER, host_key TEXT, name TEXT, encrypted_value BLOB)"
    machine.keep(
        "Default/Cookies", _database(tmp_path, table, "INSERT INTO cookies VALUES (1, '.amazon.com', 'a', x'00')")
    )
    found = machine.get("cookie_data", dest="Cookies")
    assert found == [[1, ".amazon.com", "a", b"\0"]]
    assert metrics["is_cookie_deleted"](found, {"type": "domains", "domains": [".amazon.com"]}) == 0


def test_shortcuts_on_the_desktop_go_to_their_metric(machine: Browsing) -> None:
    assert machine.get("shortcuts_on_desktop") == {}
    machine.write("~/Desktop/chrome-2048.desktop", b"[Desktop Entry]\nName=Play Puzzle Game 2048\nExec=x\n")
    machine.write("~/Desktop/notes.txt", b"Name=Play Puzzle Game 2048\n")
    found = machine.get("shortcuts_on_desktop")
    assert list(found) == ["chrome-2048.desktop"]
    assert metrics["is_shortcut_on_desktop"](found, {"type": "name", "name": "Play Puzzle Game 2048"}) == 1
