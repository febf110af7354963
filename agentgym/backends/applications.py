"""Applications: what tasks call them, what commands start them by, and what is them on this machine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from agentgym.backends.programs import Program

__all__ = ["APPLICATIONS", "Application", "application_called", "application_started_by"]


@dataclass(frozen=True)
class Application(Program):
    """An application that tasks are about.

    Attributes:
        words: what ``related_apps`` of tasks calls it besides, in lower case and with ``_`` for blanks.
        commands: the programs by which commands of tasks start it.
    """

    words: tuple[str, ...] = field(default=(), kw_only=True)
    commands: tuple[str, ...] = field(default=(), kw_only=True)


def _application(
    name: str, *places: str, package: str, words: Sequence[str] = (), commands: Sequence[str] = ()
) -> Application:
    return Application(name, places, package, words=tuple(words), commands=tuple(commands))


_LIBRARIES = "/usr/lib/libreoffice/program"

APPLICATIONS: Sequence[Application] = (
    _application(
        "chromium",
        *("/usr/bin/chromium", "google-chrome"),
        package="chromium",
        words=("browser", "chrome", "google_chrome"),
        commands=("chrome", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable"),
    ),
    _application(
        "libreoffice-calc",
        f"{_LIBRARIES}/libsclo.so",
        package="libreoffice-calc",
        words=("calc", "excel"),
        commands=("localc",),
    ),
    _application(
        "libreoffice-writer",
        f"{_LIBRARIES}/libswlo.so",
        package="libreoffice-writer",
        words=("writer", "word"),
        commands=("lowriter",),
    ),
    _application(
        "libreoffice-impress",
        f"{_LIBRARIES}/libsdlo.so",
        package="libreoffice-impress",
        words=("impress", "powerpoint"),
        commands=("loimpress",),
    ),
    _application("libreoffice", "soffice", package="libreoffice-common", commands=("libreoffice", "soffice")),
    _application("gimp", "gimp", package="gimp", commands=("gimp",)),
    _application("vlc", "vlc", package="vlc", commands=("cvlc", "vlc")),
    _application("thunderbird", "thunderbird", package="thunderbird", commands=("thunderbird",)),
    _application("vs-code", "code", package="", words=("code", "vscode", "visual_studio_code"), commands=("code",)),
    _application("picard", "picard", package="picard", commands=("picard",)),
    _application(
        "terminal",
        *("gnome-terminal", "xfce4-terminal", "xterm"),
        package="xfce4-terminal",
        words=("gnome_terminal",),
        commands=("gnome-terminal", "x-terminal-emulator"),
    ),
    _application(
        "file-manager",
        *("nautilus", "pcmanfm", "thunar"),
        package="pcmanfm",
        words=("files", "nautilus"),
        commands=("nautilus",),
    ),
    _application("text-editor", "gedit", "mousepad", package="mousepad", words=("gedit",), commands=("gedit",)),
    _application(
        "pdf-viewer", "evince", "/usr/bin/chromium", package="chromium", words=("evince", "pdf"), commands=("evince",)
    ),
    _application("mousepad", "mousepad", package="mousepad", commands=("mousepad",)),
    _application("pcmanfm", "pcmanfm", package="pcmanfm", commands=("pcmanfm",)),
    _application("thunar", "thunar", package="thunar", commands=("thunar",)),
    _application("xterm", "xterm", package="xterm", commands=("xterm",)),
    _application("xfce4-terminal", "xfce4-terminal", package="xfce4-terminal", commands=("xfce4-terminal",)),
)
"""The first of an application's places is itself; what follows stands in for it."""

_BY_WORD: Mapping[str, Application] = {
    word: application
    for application in APPLICATIONS
    for word in (application.name.replace("-", "_"), *application.words)
}
_BY_COMMAND: Mapping[str, Application] = {
    command: application for application in APPLICATIONS for command in application.commands
}


def application_called(word: str) -> Application | None:
    """What a task calls so, in ``related_apps``: ``"libreoffice_calc"``, ``"vs_code"``, ``"Chrome"``."""
    return _BY_WORD.get(word.strip().lower().replace(" ", "_").replace("-", "_"))


def application_started_by(program: str) -> Application | None:
    """What a command starts: ``"google-chrome"``, ``"/usr/bin/thunderbird"``."""
    return _BY_COMMAND.get(program.rpartition("/")[2])
