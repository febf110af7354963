"""OSWorld's applications by the names that its tasks give them, and what runs here in their place."""

from __future__ import annotations

import re
import shlex
import shutil
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

from agentgym.backends.x11.environment import BROWSER_FLAGS

__all__ = [
    "APPLICATIONS",
    "PROCESSES",
    "Application",
    "application_of",
    "command_line",
    "installed",
    "known_titles",
    "scripts",
]

_SCRIPTS = Path(__file__).parent / "commands"


class Application(NamedTuple):
    """What a task calls an application, and what is run for it.

    Args:
        names: the commands that tasks give.
        programs: what runs, the first that is installed.
        package: the Debian package of one of them; empty if Debian has none.
        script: the file of ours that runs it, for every name that the machine has no program of; empty for none.
        note: what differs from OSWorld's machines.
        always: whether the script runs the real application, too.
    """

    names: Sequence[str]
    programs: Sequence[str]
    package: str
    script: str = ""
    note: str = ""
    always: bool = False


APPLICATIONS: Sequence[Application] = (
    Application(
        ("google-chrome", "google-chrome-stable", "chrome", "chromium-browser"),
        ("/usr/bin/google-chrome-stable", "/usr/bin/chromium"),
        "chromium",
        "google-chrome",
        "Chromium, its profile in `~/.config/google-chrome`; no account, no sync",
        always=True,
    ),
    Application(
        ("libreoffice", "soffice"),
        ("/usr/bin/libreoffice",),
        "libreoffice-calc, libreoffice-writer, libreoffice-impress",
        "libreoffice",
        "no splash, no recovery",
        always=True,
    ),
    Application(("gimp",), ("/usr/bin/gimp",), "gimp", "gimp", "no splash", always=True),
    Application(
        ("gnome-terminal",), ("/usr/bin/xfce4-terminal",), "xfce4-terminal", "gnome-terminal", "Xfce's terminal"
    ),
    Application(("nautilus",), ("/usr/bin/pcmanfm",), "pcmanfm", "nautilus", "LXDE's file manager"),
    Application(("gedit", "gnome-text-editor"), ("/usr/bin/mousepad",), "mousepad", "gedit", "Xfce's editor"),
    Application(
        ("eog", "evince", "totem"),
        ("/usr/bin/chromium",),
        "chromium",
        "viewer",
        "the browser shows pictures, documents and films",
    ),
    Application(
        ("xdg-open",), ("/usr/bin/xdg-open",), "xdg-utils", "xdg-open", "opens what is named here", always=True
    ),
    Application(("code",), ("/usr/bin/code",), "", "", "nothing takes its place"),
    Application(("vlc",), ("/usr/bin/vlc",), "vlc", "", "asks nothing when it first starts; no sound"),
    Application(("thunderbird",), ("/usr/bin/thunderbird",), "thunderbird", "", "nothing takes its place"),
    Application(
        ("gnome-screenshot",), ("/usr/bin/env",), "", "gnome-screenshot", "the whole screen, to the file of `-f`"
    ),
    Application(("xsel",), ("/usr/bin/xclip",), "xclip", "xsel", "xclip"),
    Application(("socat",), ("/usr/bin/socat",), "socat"),
    Application(("wmctrl",), ("/usr/bin/wmctrl",), "wmctrl"),
    Application(("xdotool",), ("/usr/bin/xdotool",), "xdotool"),
    Application(("gsettings",), ("/usr/bin/gsettings",), "libglib2.0-bin, gsettings-desktop-schemas"),
    Application(
        ("sudo",),
        ("/usr/bin/env",),
        "",
        "sudo",
        "asks for the password, and gives no more rights than there are",
        always=True,
    ),
    *(
        Application(
            (name,),
            (f"/usr/bin/{name}",),
            "apt",
            "apt",
            "`install` succeeds for what is there, and installs nothing",
            always=True,
        )
        for name in ("apt", "apt-get")
    ),
    *(
        Application((name,), (f"/usr/bin/{name}",), package, "pkill", "takes OSWorld's names of processes", always=True)
        for name, package in (("pkill", "procps"), ("pgrep", "procps"), ("killall", "psmisc"))
    ),
)

PROCESSES: Mapping[str, str] = {
    "chrome": "chromium",
    "google-chrome": "chromium",
    "google-chrome-stable": "chromium",
    "gnome-terminal": "xfce4-terminal",
    "gnome-terminal-": "xfce4-terminal",
    "gnome-terminal-server": "xfce4-terminal",
    "nautilus": "pcmanfm",
    "gedit": "mousepad",
}
"""What processes are called on OSWorld's machines and here, where it differs."""

_TITLES = (("Chromium", "Google Chrome"), ("Mousepad", "gedit"))
_CLASSES = (
    ("Chromium", "google-chrome.Google-chrome"),
    ("Xfce4-terminal", "gnome-terminal-server.Gnome-terminal"),
    ("Pcmanfm", "org.gnome.Nautilus.Org.gnome.Nautilus"),
    ("Mousepad", "gedit.Gedit"),
)
# Thunderbird of some versions says which channel it came by.
_CHANNEL = re.compile(r"(?<=\.thunderbird)-\w+$")


def application_of(command: str) -> Application | None:
    """The entry for a command, which may be a path; None if tasks of OSWorld call no application so."""
    name = Path(command).name
    return next((application for application in APPLICATIONS if name in application.names), None)


def command_line(argv: Sequence[str]) -> list[str]:
    """A command line as it is run: what stands in for a program is called by its name, not by the path of that."""
    program, *arguments = argv
    stands_in = program.startswith("/usr/bin/") and shutil.which(program) is None
    return [Path(program).name if stands_in and application_of(program) else program, *arguments]


def installed(application: Application) -> str | None:
    """The program that runs for an application here; None if there is none."""
    real = None if application.always else next(filter(None, map(shutil.which, application.names)), None)
    return real or next((program for program in application.programs if shutil.which(program)), None)


def known_titles(title: str, *, of_class: bool = False) -> list[str]:
    """What tasks may call a window: its title, or its class, and as the application in whose place it is has it."""
    if of_class:
        plain = _CHANNEL.sub("", title)
        known = [title] if plain == title else [title, plain]
        return [*known, *(theirs for ours, theirs in _CLASSES if title.endswith(f".{ours}"))]
    return [title, *(title.removesuffix(ours) + theirs for ours, theirs in _TITLES if title.endswith(ours))]


@cache
def scripts() -> tuple[tuple[str, str], ...]:
    """Names and texts of the commands that a desktop has before those of the machine."""
    return tuple(pair for application in APPLICATIONS for pair in _scripts_of(application))


def _scripts_of(application: Application) -> Iterator[tuple[str, str]]:
    program = next((program for program in application.programs if shutil.which(program)), None)
    if not application.script or program is None:
        return
    text = (_SCRIPTS / application.script).read_text(encoding="utf-8")
    renamed = " ;; ".join(f"{theirs}) word={ours}" for theirs, ours in PROCESSES.items() if not shutil.which(theirs))
    values = {"@PROGRAM@": program, "@FLAGS@": shlex.join(BROWSER_FLAGS), "@RENAMED@": f"{renamed} ;;"}
    for name, value in values.items():
        text = text.replace(name, value)
    for name in application.names:
        if application.always or shutil.which(name) is None:
            yield name, text
