"""Cases of the metrics on VLC's settings and what it plays."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.evaluators.osworld.case import Case, Folder, damaged

_NAMES = ("Rick Astley - Never Gonna Give You Up.mp4", "a.mp4", "ba.mp4", "c&d.mkv", "ünïcode.ogg")
_URLS = (
    "https://devstreaming.example/videos/img_bipbop/master.m3u8",
    "https://devstreaming.example/videos/master.m3u8",
    "https://other.example/videos/img_bipbop/master.m3u8",
    "rtsp://camera.example/live;stream=1",
    "http://a.example/",
    "http://a.example",
)
# A metric, its key in the rule, its name in `vlcrc`, and values.
_SETTINGS = (
    ("check_qt_bgcone", "expected_qt_bgcone", "qt-bgcone", (0, 1)),
    ("check_qt_max_volume", "expected_qt_max_volume", "qt-max-volume", (125, 200, 60)),
    ("check_qt_minimal_view", "expected_qt_minimal_view", "qt-minimal-view", (0, 1)),
    (
        "check_one_instance_when_started_from_file",
        "expected_one_instance_when_started_from_file",
        "one-instance-when-started-from-file",
        (0, 1),
    ),
)
_COLOURS = (
    "153;210;153;20;210;20;255;199;15;245;39;29",
    "0;0;0;0;0;0;0;0;0;0;0;0",
    "99;99;99;1;2;3",
    "99;99;100",
    "1;2;3;200",
    "5",
    "",
    "-3;0;1",
    "a;b;c",
    " 1; 2;3 ",
)


def cases(rng: random.Random, folder: Path) -> Iterator[Case]:
    files = Folder(folder)
    makers = (_playing, _playing, _fullscreen, _recordings, _setting, _setting, _key, _colours)
    while True:
        yield rng.choice(makers)(rng, files)


def _playing(rng: random.Random, files: Folder) -> Case:
    name, url = rng.choice(_NAMES), rng.choice(_URLS)
    path = rng.choice((name, f"file:///home/user/{name}", f"/home/user/{name}", f"C:\\videos\\{name}", f"x{name}"))
    shown = rng.choice((path, path, url, f"{url}?t=1", f"{url}/more", url.rpartition("/")[2], "", "Never"))
    key = rng.choice(("filename", "title", "uri", "location", "name", "url", "URI"))
    facts = [(key, shown), (rng.choice(("title", "filename", "genre")), rng.choice((shown, "other", "")))]
    rng.shuffle(facts)
    state = rng.choice(("playing", "playing", "playing", "playing", "paused", "stopped", ""))
    meta = "".join(f'<info name="{one}">{value.replace("&", "&amp;")}</info>' for one, value in facts)
    stream = rng.choice(("", f'<category name="Stream 0"><info name="Codec">{url}</info></category>'))
    content = (
        '<?xml version="1.0" encoding="utf-8" standalone="yes" ?>\n'
        f"<root><fullscreen>false</fullscreen><state>{state}</state><information>"
        f'<category name="meta">{meta}</category>{stream}</information></root>'
    ).encode()
    rule = rng.choice(({"type": "file_name", "file_name": name}, {"type": "url", "url": rng.choice((url, *_URLS))}))
    return Case("is_vlc_playing", [_file(rng, files, content, ".xml"), rule])


def _fullscreen(rng: random.Random, _files: Folder) -> Case:
    screen = {"width": 1920, "height": 1080}
    other: list[Any] = [screen, screen, {"width": 1920, "height": 1053}, {"width": 1080, "height": 1920}, None]
    return Case("is_vlc_fullscreen", rng.sample([rng.choice((screen, screen, None)), rng.choice(other)], 2))


def _recordings(rng: random.Random, files: Folder) -> Case:
    wanted = rng.choice(("/home/user/Desktop", "/home/user/Videos", ""))
    found = rng.choice((wanted, wanted, "/tmp", f"{wanted}/", f" {wanted} ", f"x={wanted}"))
    line = rng.choice(
        ("input-record-path={}", "#input-record-path={}", "my-input-record-path={}", "input-record-path {}")
    )
    content = _vlcrc(rng, [line.format(found)] * rng.choice((0, 1, 1, 1, 2)))
    return Case("is_vlc_recordings_folder", [_file(rng, files, content), {"recording_file_path": wanted}])


def _setting(rng: random.Random, files: Folder) -> Case:
    metric, key, name, values = rng.choice(_SETTINGS)
    wanted = rng.choice(values)
    return Case(metric, [_file(rng, files, _with(rng, name, values)), {key: rng.choice((wanted, wanted, str(wanted)))}])


def _key(rng: random.Random, files: Folder) -> Case:
    content = _with(rng, "global-key-play-pause", ("", "Space", "Ctrl+p", " "))
    wanted = rng.choice((0, 1, "0", "1", "Space"))
    return Case("check_global_key_play_pause", [_file(rng, files, content), {"expected_global_key_play_pause": wanted}])


def _colours(rng: random.Random, files: Folder) -> Case:
    content = _with(rng, "qt-slider-colours", _COLOURS)
    match = {"type": "match", "expected_qt_slider_colours": rng.choice(_COLOURS)}
    return Case("check_qt_slider_colours", [_file(rng, files, content), rng.choice((match, {"type": "blackish"}))])


def _with(rng: random.Random, name: str, values: tuple[Any, ...]) -> bytes:
    forms = ("{}={}", "{}={}", "{}={}", "#{}={}", "no{}={}", "{} = {}", "{}{}", "{}=x={}")
    lines = [rng.choice(forms).format(name, rng.choice(values)) for _ in range(rng.choice((0, 1, 1, 1, 2)))]
    return _vlcrc(rng, lines)


def _vlcrc(rng: random.Random, lines: list[str]) -> bytes:
    others = ["[qt] # Qt interface", "", "# Volume (integer)", "#qt-volume=1", "key-play-pause=Space", "\ttabbed"]
    return rng.choice(("\n", "\n", "\r\n")).join([*others[:3], *lines, *others[3:]]).encode()


def _file(rng: random.Random, files: Folder, content: bytes, suffix: str = "") -> str:
    kind = rng.random()
    if kind < 0.05:
        return files.missing(suffix)
    return files.write(damaged(rng, content) if kind < 0.15 else content, suffix)
