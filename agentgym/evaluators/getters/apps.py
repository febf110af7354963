"""Getters of what applications and the desktop have been set to, or say of themselves."""

from __future__ import annotations

import time
from collections import Counter
from typing import Any
from urllib.parse import unquote

import msgspec

from agentgym.actions import Hotkey, Press, TypeText
from agentgym.backends.base import Backend
from agentgym.errors import MissingDependencyError
from agentgym.evaluators.getters.files import read_file
from agentgym.evaluators.getters.forms import Nothing, getter_forms
from agentgym.evaluators.getters.registry import Fetched, getters

__all__: list[str] = []

_VLC_SETTINGS = "~/.config/vlc/vlcrc"
_GIMP_FOLDER = "~/.config/GIMP/2.10"

_VLC_STATUS = """
import sys, urllib.error, urllib.request
address = "http://127.0.0.1:8080/requests/status.xml"
asked = urllib.request.Request(address, headers={"Authorization": "Basic OnBhc3N3b3Jk"})
try:
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(asked, timeout=10) as answer:
        sys.stdout.buffer.write(answer.read())
except OSError as error:
    sys.exit(str(error))
"""
"""Asks VLC's HTTP interface, with no name and the password ``password``, as OSWorld's tasks start it."""

VIDEOS = (
    "3gp 3gpp 3gpp2 avi divx dv fli flv mp2t mp4 mp4v-es mpeg mpeg-system msvideo ogg quicktime vnd.divx vnd.mpegurl "
    "vnd.rn-realvideo webm x-anim x-avi x-flc x-fli x-flv x-m4v x-matroska x-mpeg x-mpeg-system x-mpeg2 x-ms-asf "
    "x-ms-asf-plugin x-ms-asx x-ms-wm x-ms-wmv x-ms-wmx x-ms-wvx x-msvideo x-nsv x-ogm x-ogm+ogg x-theora x-theora+ogg"
)
"""The kinds of video that OSWorld asks for; each counts twice there, but for one."""

_ONCE = "x-ogm+ogg"

_PLAYERS = 'for kind in "$@"; do echo "$kind $(xdg-mime query default "video/$kind" 2>/dev/null)"; done'

_EXTENSION_PATIENCE_S = 5.0
_PALETTE_S = 1.0
_LOOK_S = 0.05


class Named(msgspec.Struct):
    """A file.

    Args:
        dest: the name under which the metric sees it.
    """

    dest: str


class GimpFile(msgspec.Struct):
    """A file of GIMP's settings.

    Args:
        file_name: its name in ``~/.config/GIMP/2.10``.
        dest: the name under which the metric sees it.
    """

    file_name: str
    dest: str


class ExtensionFile(msgspec.Struct):
    """A file that an extension of VS Code writes.

    Args:
        vscode_extension_command: what is chosen in the command palette.
        path: where the extension then writes the file.
        dest: the name under which the metric sees it.
    """

    vscode_extension_command: str
    path: str
    dest: str


@getters.register("vlc_config")
def vlc_config(backend: Backend, config: dict[str, Any]) -> Fetched:
    """VLC's settings, the file ``vlcrc``.

    Raises:
        FileNotFoundError: if VLC has none, as before it was first closed.
    """
    return Fetched(config["dest"], read_file(backend, _VLC_SETTINGS))


@getters.register("vlc_playing_info")
def vlc_playing_info(backend: Backend, config: dict[str, Any]) -> Fetched:
    """The ``status.xml`` that VLC's HTTP interface gives at port 8080 of the machine, with the password ``password``.

    Raises:
        FileNotFoundError: if no VLC answers there, or refuses.
        MissingDependencyError: if the machine has no Python.
    """
    try:
        done = backend.run(["python3", "-c", _VLC_STATUS], timeout_s=30.0)
    except FileNotFoundError as error:
        raise MissingDependencyError(
            "the machine has no python3 to ask VLC with: sudo apt-get install python3"
        ) from error
    if done.returncode:
        raise FileNotFoundError(f"no VLC tells what it plays: {done.stderr.decode('utf-8', 'replace').strip()}")
    return Fetched(config["dest"], done.stdout)


@getters.register("gimp_config_file")
def gimp_config_file(backend: Backend, config: dict[str, Any]) -> Fetched:
    """A file of GIMP's settings, such as ``gimprc``.

    Raises:
        FileNotFoundError: if there is none, or nothing in it.
    """
    path = f"{_GIMP_FOLDER}/{config['file_name']}"
    content = read_file(backend, path)
    if not content:
        raise FileNotFoundError(f"there is nothing in {path}")
    return Fetched(config["dest"], content)


@getters.register("vm_wallpaper")
def vm_wallpaper(backend: Backend, config: dict[str, Any]) -> Fetched:
    """The picture that GNOME's settings say is the desktop's background.

    Raises:
        FileNotFoundError: if there is none, which OSWorld's metrics are given an empty file for.
    """
    done = backend.run(["gsettings", "get", "org.gnome.desktop.background", "picture-uri"])
    place = unquote(done.stdout.decode("utf-8", "replace").strip().strip("'").removeprefix("file://"))
    if done.returncode or not place:
        raise FileNotFoundError("the desktop has no background picture")
    return Fetched(config["dest"], read_file(backend, place))


@getters.register("default_video_player")
def default_video_player(backend: Backend, _config: dict[str, Any]) -> str:
    """The application that opens most kinds of video, as ``vlc.desktop``, with an end of line; ``unknown`` if none."""
    said = backend.run(["sh", "-c", _PLAYERS, "sh", *VIDEOS.split()]).stdout.decode("utf-8", "replace")
    counts: Counter[str] = Counter()
    for line in said.splitlines():
        kind, _, player = line.partition(" ")
        if player:
            counts[player] += 1 if kind == _ONCE else 2
    # Of equals that which came first, as in OSWorld.
    return f"{counts.most_common(1)[0][0]}\n" if counts else "unknown"


@getters.register("vscode_config")
def vscode_config(backend: Backend, config: dict[str, Any]) -> Fetched:
    """The file that an extension of VS Code writes when its command is chosen in the palette of the focused window.

    Raises:
        FileNotFoundError: if there is no such file then.
    """
    before = _written(backend, config["path"])
    for action in (Hotkey(("ctrl", "shift", "p")), TypeText(config["vscode_extension_command"]), Press("enter")):
        backend.perform(action)
        backend.settle(_PALETTE_S)
    deadline = time.monotonic() + _EXTENSION_PATIENCE_S
    while _written(backend, config["path"]) in ("", before) and time.monotonic() < deadline:
        backend.settle(_LOOK_S)
        time.sleep(_LOOK_S)
    return Fetched(config["dest"], read_file(backend, config["path"]))


def _written(backend: Backend, path: str) -> str:
    """When a file was written last; nothing if there is none."""
    return backend.run(["stat", "--format=%y", path]).stdout.decode("utf-8", "replace").strip()


getter_forms.register("default_video_player", Nothing)
getter_forms.register("gimp_config_file", GimpFile)
getter_forms.register("vlc_config", Named)
getter_forms.register("vlc_playing_info", Named)
getter_forms.register("vm_wallpaper", Named)
getter_forms.register("vscode_config", ExtensionFile)
