"""What VLC plays and how it is set."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from agentgym.evaluators import metrics

_STATUS = """<?xml version="1.0" encoding="utf-8" standalone="yes" ?>
<root><state>{state}</state><information><category name="meta"><info name="{key}">{shown}</info></category>
</information></root>"""


def _playing(
    folder: Path, rules: Any, shown: str, *, key: str = "filename", state: str = "playing", **options: Any
) -> float:
    path = folder / "status.xml"
    path.write_text(_STATUS.format(state=state, key=key, shown=shown))
    return metrics["is_vlc_playing"](str(path), rules, **options)


def test_the_file_that_plays_is_told_by_its_name(tmp_path: Path) -> None:
    rules = {"type": "file_name", "file_name": "a.mp4"}
    assert _playing(tmp_path, rules, "a.mp4") == 1
    assert _playing(tmp_path, rules, "file:///home/user/a.mp4", key="uri") == 1
    assert _playing(tmp_path, rules, "b.mp4") == 0
    assert _playing(tmp_path, rules, "a.mp4", state="paused") == 0


def test_strictly_a_longer_name_is_another_file(tmp_path: Path) -> None:
    rules = {"type": "file_name", "file_name": "a.mp4"}
    assert _playing(tmp_path, rules, "not a.mp4") == 1
    assert _playing(tmp_path, rules, "not a.mp4", strict=True) == 0
    assert _playing(tmp_path, rules, "C:\\films\\a.mp4", strict=True) == 1


def test_of_a_stream_its_address_or_its_last_part_is_shown(tmp_path: Path) -> None:
    rules = {"type": "url", "url": "https://a.example/films/master.m3u8"}
    assert _playing(tmp_path, rules, "https://a.example/films/master.m3u8", key="url") == 1
    assert _playing(tmp_path, rules, "master.m3u8", strict=True) == 1
    assert _playing(tmp_path, rules, "https://a.example/other/master.m3u8") == 0


def test_strictly_a_longer_address_is_another_stream(tmp_path: Path) -> None:
    rules = {"type": "url", "url": "https://a.example/one"}
    assert _playing(tmp_path, rules, "https://a.example/one-more") == 1
    assert _playing(tmp_path, rules, "https://a.example/one-more", strict=True) == 0


@pytest.mark.parametrize("content", [b"", b"<root>", b"\xff", b"<root/>"])
def test_a_damaged_status_scores_zero(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "status.xml"
    path.write_bytes(content)
    assert metrics["is_vlc_playing"](str(path), {"type": "file_name", "file_name": "a"}) == 0


def test_a_window_as_large_as_the_screen_is_full_screen() -> None:
    screen = {"width": 1920, "height": 1080}
    assert metrics["is_vlc_fullscreen"](screen, dict(screen)) == 1
    assert metrics["is_vlc_fullscreen"](screen, {"width": 1920, "height": 1000}) == 0
    assert metrics["is_vlc_fullscreen"](screen, None) == 0


@pytest.mark.parametrize(
    ("name", "rules", "content", "score", "strictly"),
    [
        ("check_qt_bgcone", {"expected_qt_bgcone": 0}, "qt-bgcone=0", 1, 1),
        ("check_qt_bgcone", {"expected_qt_bgcone": 0}, "#qt-bgcone=0", 1, 0),
        ("check_qt_bgcone", {"expected_qt_bgcone": 1}, "", 1, 1),
        ("check_qt_max_volume", {"expected_qt_max_volume": 200}, "qt-max-volume=100\nqt-max-volume=200\r\n", 1, 1),
        ("check_qt_max_volume", {"expected_qt_max_volume": "125"}, "#qt-volume=1", 1, 1),
        ("check_qt_minimal_view", {"expected_qt_minimal_view": 1}, "no-qt-minimal-view=1", 1, 0),
        ("check_qt_minimal_view", {"expected_qt_minimal_view": 1}, "", 0, 0),
        (
            "check_one_instance_when_started_from_file",
            {"expected_one_instance_when_started_from_file": 0},
            "one-instance-when-started-from-file=0",
            1,
            1,
        ),
        ("check_play_and_exit", {"expected_play_and_exit": 0}, "#play-and-exit=0", 1, 1),
        ("check_play_and_exit", {"expected_play_and_exit": 0}, "play-and-exit=1", 0, 0),
        ("check_global_key_play_pause", {"expected_global_key_play_pause": 1}, "global-key-play-pause=Space", 1, 1),
        ("check_global_key_play_pause", {"expected_global_key_play_pause": 1}, "#global-key-play-pause=", 0, 0),
        ("check_qt_slider_colours", {"type": "blackish"}, "qt-slider-colours=1;2;3;4;5;6", 1, 1),
        ("check_qt_slider_colours", {"type": "blackish"}, "qt-slider-colours=5", 1, 0),
        ("check_qt_slider_colours", {"type": "blackish"}, "", 0, 0),
        (
            "check_qt_slider_colours",
            {"type": "match", "expected_qt_slider_colours": "1;2;3"},
            "qt-slider-colours=1;2;3",
            1,
            1,
        ),
        ("is_vlc_recordings_folder", {"recording_file_path": "/a"}, "input-record-path=/a\ninput-record-path=/b", 1, 1),
        ("is_vlc_recordings_folder", {"recording_file_path": "/a"}, "x-input-record-path=/a", 1, 0),
        ("is_vlc_recordings_folder", {"recording_file_path": "/a"}, "#input-record-path=/a", 0, 0),
    ],
)
def test_settings(tmp_path: Path, name: str, rules: Any, content: str, score: float, strictly: float) -> None:
    path = tmp_path / "vlcrc"
    path.write_text(content, newline="")
    assert metrics[name](str(path), rules) == score
    assert metrics[name](str(path), rules, strict=True) == strictly
    assert metrics[name](None, rules) == metrics[name](str(tmp_path / "none"), rules) == 0
