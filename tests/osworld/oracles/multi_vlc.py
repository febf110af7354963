"""Tasks of several applications, one of which is VLC."""

from __future__ import annotations

from collections.abc import Mapping

from agentgym.actions import Click, Hotkey, Press, TypeText
from agentgym.suites.apps.making import patiently
from tests.osworld.makers.decks import Page, Text, deck
from tests.osworld.makers.films import film, gif, scene, tune, wav
from tests.osworld.moves import in_terminal
from tests.osworld.solution import Gone, Moves, Seen, Solution

__all__ = ["SOLUTIONS"]

_TERMINAL = Hotkey(("ctrl", "alt", "t"))
_FIRST_PAGE, _SECOND_PAGE = Click(100, 235), Click(100, 335)


def _no_files() -> Mapping[str, bytes]:
    return {}


def _player() -> Moves:
    yield _TERMINAL
    yield from in_terminal("xdg-mime default vlc.desktop $(grep -o 'video/[^;]*' /usr/share/applications/vlc.desktop)")


def _landscape_files() -> Mapping[str, bytes]:
    return {
        "landscape.mp4": film(100, scene_s=4, rate=4),
        "Robotic_Workshop_Infographics.pptx": deck(Page(title=Text("Robots")), Page()),
        "landscape.png": scene(2),
    }


def _landscape() -> Moves:
    yield Seen("landscape.mp4")
    yield Hotkey(("alt", "tab"))
    yield Hotkey(("ctrl", "t"))
    yield Seen("Go to Time")
    yield TypeText("000008\n")
    yield Gone("Go to Time")
    yield Press("space")
    yield Hotkey(("shift", "s"))
    yield _TERMINAL
    yield from in_terminal("until mv vlcsnap*.png landscape.png; do sleep 0.1; done")
    yield _SECOND_PAGE
    # Of the side bar.
    yield Click(1746, 336)
    yield from _choose("Set Background Image", "/home/user/landscape.png")


def _sound_files() -> Mapping[str, bytes]:
    sound = tune(20)
    return {
        "Minimalist_Business_Slides.pptx": deck(Page(title=Text("Business")), Page()),
        "planet.mp4": film(20, rate=4, sound=sound),
        "planet.wav": wav(sound),
    }


def _sound() -> Moves:
    yield _TERMINAL
    yield from in_terminal(
        "cd Desktop",
        "cvlc planet.mp4 --no-sout-video --sout '#transcode{acodec=s16l}:std{access=file,mux=wav,dst=planet.wav}' "
        "vlc://quit",
    )
    yield _FIRST_PAGE
    # The transitions, their list of sounds, and what of it opens a file.
    yield Click(1892, 382)
    yield Click(1776, 831)
    yield Click(1740, 297)
    yield from _choose("Open", "/home/user/Desktop/planet.wav")
    # The list would take the key that saves for the first letter of a sound.
    yield _FIRST_PAGE


def _choose(dialogue: str, path: str) -> Moves:
    yield Seen(dialogue)
    yield patiently(TypeText(path))
    yield Press("enter")
    yield Gone(dialogue)


def _clip_files() -> Mapping[str, bytes]:
    return {"src.mp4": film(10, scene_s=1), "src_clip.gif": gif(range(3, 8))}


_TO_GIF = (
    # The shell sorts the pictures, as GIMP does not.
    """'(let* ((files (list '"$(printf '"%s" ' clip/*.png)"')) """
    '(image (car (gimp-file-load 1 (car files) "")))) '
    "(for-each (lambda (file) (gimp-image-insert-layer image (car (gimp-file-load-layer 1 image file)) 0 0)) "
    "(cdr files)) "
    '(gimp-image-convert-indexed image 0 0 255 0 0 "") '
    '(file-gif-save 1 image (car (gimp-image-get-active-layer image)) "Desktop/src_clip.gif" "" 0 1 200 0) '
    "(gimp-quit 0))'"
)


def _clip() -> Moves:
    yield Seen("GNU Image Manipulation Program")
    yield _TERMINAL
    yield from in_terminal(
        "mkdir clip",
        "cvlc Desktop/src.mp4 --start-time=3 --stop-time=8 --no-audio --vout=vdummy --avcodec-hw=none "
        "--video-filter=scene --scene-path=clip --scene-ratio=5 --scene-width=320 --scene-height=240 vlc://quit",
        f"gimp -i -b {_TO_GIF}",
    )


SOLUTIONS = (
    Solution("2fe4b718-3bd7-46ec-bdce-b184f5653624", "gui", _clip_files, _clip, least=0.98),
    Solution("47f7c0ce-a5fb-4100-a5e6-65cd0e7429e5", "gui", _landscape_files, _landscape, least=0.98),
    Solution("778efd0a-153f-4842-9214-f05fc176b877", "gui", _sound_files, _sound, least=0.98),
    Solution("937087b6-f668-4ba6-9110-60682ee33441", "gui", _no_files, _player),
)
