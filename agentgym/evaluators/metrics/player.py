"""Metrics on what VLC plays and on its settings, the file ``vlcrc``."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, NotRequired, TypedDict
from urllib.parse import urlparse

from lxml import etree

from agentgym.evaluators.metrics.registry import Metric

__all__ = ["METRICS"]


class Played(TypedDict):
    type: Literal["file_name", "url"]
    file_name: NotRequired[str]
    url: NotRequired[str]


class RecordingFolder(TypedDict):
    recording_file_path: str


class BackgroundCone(TypedDict):
    expected_qt_bgcone: int | str


class MaxVolume(TypedDict):
    expected_qt_max_volume: int | str


class MinimalView(TypedDict):
    expected_qt_minimal_view: int | str


class SliderColours(TypedDict):
    type: Literal["match", "blackish"]
    expected_qt_slider_colours: NotRequired[str]


class GlobalKey(TypedDict):
    expected_global_key_play_pause: int | str


class OneInstance(TypedDict):
    expected_one_instance_when_started_from_file: int | str


class PlayAndExit(TypedDict):
    expected_play_and_exit: int | str


_META = 'information/category[@name="meta"]/info[@name="{}"]'
_STREAM = 'information/category[@name="Stream 0"]/info[@name="{}"]'
_FILE_PLACES = tuple(_META.format(name) for name in ("filename", "title", "uri", "location", "name"))
_URL_PLACES = (
    *(_META.format(name) for name in ("url", "URI", "location", "title", "filename")),
    *(_STREAM.format(name) for name in ("Codec", "Type", "Language")),
)

# What VLC does where `vlcrc` does not say.
_CONE = "1"
_VOLUME = "125"
_VIEW = "0"
_COLOURS = "153;210;153;20;210;20;255;199;15;245;39;29"
_INSTANCE = "1"
_EXIT = "0"

_DARK = 100
_BRIGHTEST = 255


def is_vlc_playing(result: str | None, rules: Played, *, strict: bool = False) -> float:
    """Whether VLC plays ``rules["file_name"]`` or ``rules["url"]``, as its ``status.xml`` says.

    Args:
        strict: the file has that name, not only an end that is the same, and the address has that path.
    """
    status = _status(result)
    if status is None or status.findtext("state") != "playing":
        return 0.0
    if rules["type"] == "file_name":
        wanted = rules["file_name"]
        shown = _first(status, _FILE_PLACES)
        return float(shown is not None and (_name(shown) == wanted if strict else shown.endswith(wanted)))
    shown = _first(status, _URL_PLACES)
    return float(shown is not None and _is_address(shown, rules["url"], strict=strict))


def is_vlc_fullscreen(result: Mapping[str, int] | None, expected: Mapping[str, int] | None) -> float:
    """Whether a window is as wide and as high as the screen; either may be the result."""
    if result is None or expected is None:
        return 0.0
    return float(all(result[side] == expected[side] for side in ("width", "height")))


def is_vlc_recordings_folder(result: str | None, rules: RecordingFolder, *, strict: bool = False) -> float:
    """Whether VLC records into ``rules["recording_file_path"]``.

    Args:
        strict: only the setting of exactly that name counts.
    """
    lines = [line for line in _lines(result) or () if not line.startswith("#")]
    # Here OSWorld takes the first, elsewhere the last.
    chosen = [line for line in lines if _names(line, "input-record-path", strict=strict, equals="")]
    return float(bool(chosen) and _after(chosen[0]) == rules["recording_file_path"])


def check_qt_bgcone(result: str | None, rules: BackgroundCone, *, strict: bool = False) -> float:
    """Whether VLC's cone on the background is on (1, the default) or off (0).

    Args:
        strict: only the setting of exactly that name counts, no comment.
    """
    return _is_set(result, "qt-bgcone", _CONE, rules["expected_qt_bgcone"], strict=strict)


def check_qt_max_volume(result: str | None, rules: MaxVolume, *, strict: bool = False) -> float:
    """Whether VLC's greatest volume is this many per cent.

    Args:
        strict: only the setting of exactly that name counts, no comment.
    """
    return _is_set(result, "qt-max-volume", _VOLUME, rules["expected_qt_max_volume"], strict=strict)


def check_qt_minimal_view(result: str | None, rules: MinimalView, *, strict: bool = False) -> float:
    """Whether VLC starts with few controls (1) or with all (0, the default).

    Args:
        strict: only the setting of exactly that name counts, no comment.
    """
    return _is_set(result, "qt-minimal-view", _VIEW, rules["expected_qt_minimal_view"], strict=strict)


def check_one_instance_when_started_from_file(result: str | None, rules: OneInstance, *, strict: bool = False) -> float:
    """Whether files open in the VLC that runs (1, the default) or in one more (0).

    Args:
        strict: only the setting of exactly that name counts, no comment.
    """
    wanted = rules["expected_one_instance_when_started_from_file"]
    return _is_set(result, "one-instance-when-started-from-file", _INSTANCE, wanted, strict=strict)


def check_play_and_exit(result: str | None, rules: PlayAndExit, *, strict: bool = False) -> float:
    """Whether VLC ends after what it played (1) or stays (0, the default).

    Args:
        strict: only the setting of exactly that name counts, no comment.
    """
    return _is_set(result, "play-and-exit", _EXIT, rules["expected_play_and_exit"], strict=strict)


def check_global_key_play_pause(result: str | None, rules: GlobalKey, *, strict: bool = False) -> float:
    """Whether a key that works in every window plays and pauses (1) or there is none (0, the default).

    Args:
        strict: only the setting of exactly that name counts, no comment.
    """
    lines = _lines(result)
    if lines is None:
        return 0.0
    key = _setting(lines, "global-key-play-pause", "", strict=strict)
    return float(str(int(bool(key))) == str(rules["expected_global_key_play_pause"]))


def check_qt_slider_colours(result: str | None, rules: SliderColours, *, strict: bool = False) -> float:
    """Whether the colours of VLC's volume slider are those of the rule (``match``), or all dark (``blackish``).

    Args:
        strict: only the setting of exactly that name counts, no comment; dark are whole colours of 0 to 255, at least
            one.
    """
    lines = _lines(result)
    if lines is None:
        return 0.0
    colours = _setting(lines, "qt-slider-colours", _COLOURS, strict=strict, equals="=" if strict else "")
    if rules["type"] == "match":
        return float(colours == rules["expected_qt_slider_colours"])
    return float(_are_dark(colours, strict=strict))


def _status(path: str | None) -> etree._Element | None:
    if path is None:
        return None
    try:
        return etree.fromstring(Path(path).read_bytes(), etree.XMLParser(resolve_entities=False, no_network=True))
    except (OSError, etree.XMLSyntaxError):
        return None


def _first(status: etree._Element, places: tuple[str, ...]) -> str | None:
    texts = (status.findtext(place) for place in places)
    return next((text for text in texts if text), None)


def _name(path: str) -> str:
    return posixpath.basename(path.replace("\\", "/"))


def _is_address(shown: str, wanted: str, *, strict: bool) -> bool:
    if not strict and wanted in shown:
        return True
    try:
        expected, actual = urlparse(wanted), urlparse(shown)
    except ValueError:
        return False
    # Of a stream VLC may show no more than this.
    if shown in (wanted, posixpath.basename(expected.path)):
        return True
    if "://" not in shown or expected.netloc != actual.netloc:
        return False
    return expected.path == actual.path if strict else expected.path in actual.path


def _lines(path: str | None) -> list[str] | None:
    if path is None:
        return None
    try:
        return Path(path).read_bytes().decode().split("\n")
    except (OSError, UnicodeDecodeError):
        return None


def _is_set(path: str | None, name: str, default: str, wanted: int | str, *, strict: bool) -> float:
    lines = _lines(path)
    return float(lines is not None and _setting(lines, name, default, strict=strict) == str(wanted))


def _setting(lines: list[str], name: str, default: str, *, strict: bool, equals: str = "=") -> str:
    """The last value of a setting; OSWorld's reads it in comments, too, where VLC writes its defaults."""
    chosen = [line for line in lines if _names(line, name, strict=strict, equals=equals)]
    return _after(chosen[-1]) if chosen else default


def _names(line: str, name: str, *, strict: bool, equals: str) -> bool:
    if strict:
        return line.partition("=")[0].strip() == name and "=" in line
    return f"{name}{equals}" in line


def _after(line: str) -> str:
    return line.rsplit("=", maxsplit=1)[-1].strip()


def _are_dark(colours: str, *, strict: bool) -> bool:
    try:
        values = [int(value) for value in colours.split(";")]
    except ValueError:
        return False
    if strict and (len(values) % 3 or not all(0 <= value <= _BRIGHTEST for value in values)):
        return False
    # What is left over after the last whole colour counts for OSWorld's as nothing.
    return all(value < _DARK for value in values[: len(values) // 3 * 3])


METRICS: Mapping[str, Metric] = {
    "is_vlc_playing": is_vlc_playing,
    "is_vlc_fullscreen": is_vlc_fullscreen,
    "is_vlc_recordings_folder": is_vlc_recordings_folder,
    "check_qt_bgcone": check_qt_bgcone,
    "check_qt_max_volume": check_qt_max_volume,
    "check_qt_minimal_view": check_qt_minimal_view,
    "check_qt_slider_colours": check_qt_slider_colours,
    "check_global_key_play_pause": check_global_key_play_pause,
    "check_one_instance_when_started_from_file": check_one_instance_when_started_from_file,
    "check_play_and_exit": check_play_and_exit,
}
