"""The solutions of the tasks of VLC."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from agentgym.actions import Click, Hotkey, Press, Scroll, TypeText
from tests.osworld.makers.films import Picture, film, mp3, scene, tune
from tests.osworld.makers.pages import pdf
from tests.osworld.moves import in_terminal
from tests.osworld.solution import Gone, Moves, Seen, Solution

__all__ = ["SOLUTIONS"]

_PLAYER = "VLC media player"
_ALL_SETTINGS = (651, 864)
_SEARCH = (733, 218)
_FOUND = (655, 276)
_FOUND_IN_MAIN_INTERFACES = (650, 331)
_TERMINAL = Hotkey(("ctrl", "alt", "t"))
_SAVE = (1224, 869)


def _no_files() -> Mapping[str, bytes]:
    return {}


def _settings() -> Moves:
    yield Seen(_PLAYER)
    yield Hotkey(("ctrl", "p"))
    yield Seen("Simple Preferences")


def _save() -> Moves:
    yield Click(*_SAVE)
    yield Gone("Preferences")


def _tick(x: int, y: int) -> Callable[[], Moves]:
    """Ticks a box of the first page of settings, or takes its tick away."""

    def moves() -> Moves:
        yield from _settings()
        yield Click(x, y)
        yield from _save()

    return moves


def _find(setting: str) -> Moves:
    """Searches all settings."""
    yield from _settings()
    yield Click(*_ALL_SETTINGS)
    yield Seen("Advanced Preferences")
    yield Click(*_SEARCH)
    yield TypeText(setting)


def _interface(*moves: Click | Hotkey | TypeText) -> Callable[[], Moves]:
    """Does something in the lower part of all settings of the interface."""

    def made() -> Moves:
        yield from _find("cone")
        yield Click(*_FOUND_IN_MAIN_INTERFACES)
        yield Scroll(dy=-30, x=1100, y=700)
        yield from moves
        yield from _save()

    return made


def _stays() -> Moves:
    # It was told to go in its file while it started: only a new one knows for sure.
    yield Seen(_PLAYER)
    yield Hotkey(("ctrl", "q"))
    yield Gone(_PLAYER)
    yield _TERMINAL
    yield Seen("Terminal")
    yield TypeText("vlc\n")
    yield from _find("play and exit")
    yield Click(*_FOUND)
    yield Click(920, 361)
    yield from _save()


def _recordings() -> Moves:
    yield from _settings()
    yield Click(996, 238)
    yield Click(1030, 668)
    yield TypeText("/home/user/Desktop")
    yield from _save()


def _pausing_files() -> Mapping[str, bytes]:
    return {"lecture_pdf.pdf": pdf(["Data Structures"]), "Colorful-Flowers(chosic.com).mp3": mp3(tune(60))}


def _pausing() -> Moves:
    yield Hotkey(("alt", "tab"))
    yield from _settings()
    yield Click(1093, 238)
    yield Click(1150, 440, clicks=2)
    yield Seen("Global Hotkey change")
    yield Hotkey(("ctrl", "alt", "p"))
    yield Gone("Global Hotkey change")
    yield from _save()


_CLIP = "Rick Astley - Never Gonna Give You Up (Official Music Video).mp4"


def _clip_files() -> Mapping[str, bytes]:
    return {_CLIP: film(60)}


def _clip() -> Moves:
    yield Hotkey(("ctrl", "o"))
    yield Seen("Select one or more files to open")
    yield TypeText(f"/home/user/Desktop/{_CLIP}\n")
    yield Seen(_CLIP)


def _full_files() -> Mapping[str, bytes]:
    return {"Optimus - Gen 2.mp4": film(120)}


def _full() -> Moves:
    yield Seen("Gen 2.mp4")
    yield Press("f")


def _song_files() -> Mapping[str, bytes]:
    song = tune(75)
    return {"Baby Justin Bieber.mp4": film(75, rate=2, sound=song), "Baby Justin Bieber.mp3": mp3(song)}


def _song() -> Moves:
    # The one that runs was started to play the last seconds alone, and would write no more.
    yield _TERMINAL
    yield from in_terminal(
        "cd ~/Desktop",
        "cvlc 'Baby Justin Bieber.mp4' --no-sout-video --sout '#transcode{acodec=mp3,ab=128}"
        ':std{access=file,mux=dummy,dst="Baby Justin Bieber.mp3"}\' vlc://quit',
    )


def _upside_down(picture: Picture) -> Picture:
    return picture[::-1, ::-1]


def _turned_files() -> Mapping[str, bytes]:
    commercial, sound = "1984_Apple_Macintosh_Commercial.mp4", tune(30)
    return {commercial: film(30, sound=sound), f"flipped_{commercial}": film(30, sound=sound, shown=_upside_down)}


def _turned() -> Moves:
    yield _TERMINAL
    yield from in_terminal(
        "cvlc Desktop/flipped_1984_Apple_Macintosh_Commercial.mp4 --sout "
        "'#transcode{vcodec=h264,vb=800,vfilter=transform{type=180},acodec=mp4a}"
        ":std{access=file,mux=mp4,dst=1984_Apple_Macintosh_Commercial.mp4}' vlc://quit"
    )


def _background_files() -> Mapping[str, bytes]:
    return {
        "Interstellar Movie - Official Trailer.mp4": film(124, scene_s=4, rate=4),
        "interstellar.png": scene(30),
    }


def _background() -> Moves:
    yield Seen("Interstellar")
    yield Hotkey(("shift", "s"))
    yield _TERMINAL
    yield from in_terminal(
        "until ls vlcsnap*.png; do sleep 0.1; done",
        "gsettings set org.gnome.desktop.background picture-uri file://$(ls ~/vlcsnap*.png)",
    )


SOLUTIONS = (
    Solution("386dbd0e-0241-4a0a-b6a2-6704fba26b1c", "gui", _pausing_files, _pausing, afresh=True),
    Solution("59f21cfb-0120-4326-b255-a5b827b38967", "gui", _clip_files, _clip),
    Solution("5ac2891a-eacd-4954-b339-98abba077adb", "gui", _no_files, _stays),
    Solution("8ba5ae7a-5ae5-4eab-9fcc-5dd4fe3abf89", "gui", _no_files, _recordings),
    Solution("8d9fd4e2-6fdb-46b0-b9b9-02f06495c62f", "gui", _full_files, _full),
    Solution("8f080098-ddb1-424c-b438-4e96e5e4786e", "gui", _song_files, _song, least=0.98),
    Solution("aa4b5023-aef6-4ed9-bdc9-705f59ab9ad6", "gui", _turned_files, _turned),
    Solution("efcf0d81-0835-4880-b2fd-d866e8bc2294", "gui", _background_files, _background, least=0.98),
    Solution("215dfd39-f493-4bc3-a027-8a97d72c61bf", "gui", _no_files, _interface(Click(920, 645))),
    Solution(
        "9195653c-f4aa-453d-aa95-787f6ccfaae9",
        "gui",
        _no_files,
        _interface(Click(1290, 728), Hotkey(("ctrl", "a")), TypeText("200")),
    ),
    Solution(
        "d06f0d4d-2cd5-4ede-8de9-598629438c6e",
        "gui",
        _no_files,
        _interface(Click(1300, 561), Hotkey(("ctrl", "a")), TypeText("20;20;20;20;20;20;20;20;20;20;20;20")),
    ),
    Solution("a5bbbcd5-b398-4c91-83d4-55e1e31bbb81", "gui", _no_files, _tick(738, 471)),
    Solution("f3977615-2b45-4ac5-8bba-80c17dbe2a37", "gui", _no_files, _tick(600, 681)),
)
