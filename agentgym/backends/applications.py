"""What tasks call applications in ``related_apps``, what commands start them by, and what is them on this machine."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from agentgym.backends.programs import Program
from agentgym.backends.x11.applications import application_of

__all__ = ["APPLICATIONS", "MULTI_APPS", "Application", "application_called", "application_started_by", "domain_called"]

MULTI_APPS = "multi_apps"
"""OSWorld's word for the domain of tasks that are about several applications."""

_LIBRARIES = "/usr/lib/libreoffice/program"


@dataclass(frozen=True)
class Application(Program):
    """An application that tasks are about.

    Attributes:
        words: what tasks call it besides, in lower case and with ``_`` for blanks.
        commands: the programs by which commands of tasks start it.
    """

    words: Sequence[str] = field(default=(), kw_only=True)
    commands: Sequence[str] = field(default=(), kw_only=True)


def _of_osworld(name: str, command: str, *words: str) -> Application:
    """One of those for which something may take the place on a desktop of ours."""
    known = application_of(command)
    if known is None:
        raise LookupError(f"no application is called {command!r}")
    places = (*(() if known.always else known.names), *known.programs)
    packages = known.package.replace(",", "")
    return Application(name, places, packages, words=words, commands=(*known.names, name))


def _part(name: str, library: str, command: str, *words: str) -> Application:
    return Application(name, (f"{_LIBRARIES}/{library}",), name, words=words, commands=(command,))


APPLICATIONS: Sequence[Application] = (
    _of_osworld("chromium", "google-chrome", "browser", "chrome", "google_chrome"),
    _part("libreoffice-calc", "libsclo.so", "localc", "calc", "excel"),
    _part("libreoffice-writer", "libswlo.so", "lowriter", "word", "writer"),
    _part("libreoffice-impress", "libsdlo.so", "loimpress", "impress", "powerpoint"),
    _of_osworld("libreoffice", "libreoffice"),
    _of_osworld("gimp", "gimp"),
    _of_osworld("vlc", "vlc"),
    _of_osworld("thunderbird", "thunderbird"),
    _of_osworld("vs-code", "code", "code", "visual_studio_code", "vscode"),
    _of_osworld("terminal", "gnome-terminal", "gnome_terminal"),
    _of_osworld("file-manager", "nautilus", "files", "nautilus"),
    _of_osworld("text-editor", "gedit", "gedit"),
    _of_osworld("pdf-viewer", "evince", "evince", "pdf"),
    *(
        Application(name, (name,), name, commands=(name,))
        for name in ("mousepad", "pcmanfm", "thunar", "xfce4-terminal", "xterm")
    ),
)

_BY_WORD: Mapping[str, Application] = {
    word: application
    for application in APPLICATIONS
    for word in (application.name.replace("-", "_"), *application.words)
}
_BY_COMMAND: Mapping[str, Application] = {
    command: application for application in APPLICATIONS for command in application.commands
}


def application_called(word: str) -> Application | None:
    """What a task calls so: ``"libreoffice_calc"``, ``"vs_code"``, ``"Chrome"``."""
    return _BY_WORD.get(_plain(word))


def domain_called(words: Iterable[str]) -> str:
    """The folder in which OSWorld has tasks about such applications; empty if there are none."""
    domains = list(dict.fromkeys(map(_domain, words)))
    return MULTI_APPS if len(domains) > 1 else next(iter(domains), "")


def application_started_by(program: str) -> Application | None:
    """What a command starts: ``"google-chrome"``, ``"/usr/bin/thunderbird"``."""
    return _BY_COMMAND.get(program.rpartition("/")[2])


def _domain(word: str) -> str:
    known = application_called(word)
    name = _plain(word) if known is None else _plain(known.name)
    return "chrome" if name == "chromium" else name


def _plain(word: str) -> str:
    return word.strip().lower().replace(" ", "_").replace("-", "_")
