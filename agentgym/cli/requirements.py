"""What the machine must have: programs, user namespaces, fonts. Each is looked at, nothing is changed."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterable, Iterator, Sequence
from importlib.util import find_spec

import msgspec

from agentgym.backends import applications
from agentgym.backends.base import BackendOptions, backends
from agentgym.backends.programs import Program
from agentgym.errors import AgentGymError

__all__ = ["APPLICATIONS", "DESKTOP", "Finding", "Program", "inspect_machine", "what_is_lacking"]


_OF_THE_SUITES = frozenset(
    {
        *("chromium", "gimp", "libreoffice-calc", "libreoffice-impress", "libreoffice-writer", "mousepad", "pcmanfm"),
        *("thunar", "xfce4-terminal", "xterm"),
    }
)

DESKTOP: Sequence[Program] = (
    Program("X server", ("Xvfb",), "xvfb"),
    Program("window manager", ("openbox",), "openbox"),
    Program("session bus", ("dbus-daemon",), "dbus"),
    Program(
        "accessibility bus",
        ("/usr/libexec/at-spi2-registryd", "/usr/lib/at-spi2-core/at-spi2-registryd"),
        "at-spi2-core",
    ),
    Program("sandbox", ("bwrap",), "bubblewrap"),
    Program("clipboard", ("xclip",), "xclip"),
    Program("font list", ("fc-list",), "fontconfig"),
)

APPLICATIONS: Sequence[Program] = tuple(
    application for application in applications.APPLICATIONS if application.name in _OF_THE_SUITES
)

JAVA = Program("Java, for Spark", ("java",), "default-jre-headless")


def what_is_lacking(words: Iterable[str]) -> str | None:
    """Which applications this machine lacks, and what to type; None if it has them.

    Args:
        words: what tasks call them, in OSWorld's words or ours; one that is not known here is taken to be there.
    """
    called = dict.fromkeys(map(applications.application_called, words))
    lacking = [one for one in applications.APPLICATIONS if one in called and one.found() is None]
    if not lacking:
        return None
    verb = "is" if len(lacking) == 1 else "are"
    said = f"{', '.join(one.name for one in lacking)} {verb} not installed"
    packages = [one.package for one in lacking if one.package]
    return f"{said}: sudo apt-get install {' '.join(packages)}" if packages else said


class Finding(msgspec.Struct, frozen=True):
    """One thing that was looked at.

    Attributes:
        ok: whether it is as it must be.
        required: False for what only some tasks need.
        found: where it is, or what is wrong.
        advice: what to type, if anything helps.
    """

    name: str
    ok: bool
    required: bool
    found: str
    advice: str = ""
    package: str = ""


def inspect_machine() -> Iterator[Finding]:
    """Looks at one thing after the other; the last is a whole desktop, tried only if all it needs is there."""
    ready = True
    for finding in _parts():
        ready = ready and (finding.ok or not finding.required)
        yield finding
    if ready:
        yield _try("a desktop starts", _start_desktop)


def _parts() -> Iterator[Finding]:
    yield from (_look_for(program, required=True) for program in DESKTOP)
    if shutil.which("bwrap"):
        yield _try("user namespaces", _start_sandbox)
    if shutil.which("fc-list"):
        yield _look_for_fonts()
    yield from (_look_for(program, required=False) for program in APPLICATIONS)
    if find_spec("pyspark") is not None:
        yield _look_for(JAVA, required=False)


def _look_for(program: Program, *, required: bool) -> Finding:
    found = program.found()
    if found is not None:
        return Finding(program.name, True, required, found)
    advice = f"sudo apt-get install --yes {program.package}"
    return Finding(program.name, False, required, "not installed", advice, program.package)


def _look_for_fonts() -> Finding:
    listed = subprocess.run(["fc-list", ":scalable=true", "family"], capture_output=True, text=True, check=False)
    families = len(set(listed.stdout.splitlines()))
    if families:
        return Finding("fonts", True, True, f"{families} families")
    package = "fonts-dejavu-core"
    return Finding("fonts", False, True, "no scalable font", f"sudo apt-get install --yes {package}", package)


def _try(name: str, start: Callable[[], None]) -> Finding:
    try:
        start()
    except AgentGymError as error:
        said, _, advice = str(error).partition("; try: ")
        return Finding(name, False, True, said, advice)
    return Finding(name, True, True, "tried")


def _start_sandbox() -> None:
    from agentgym.backends.sandbox.bubblewrap import check_sandbox

    check_sandbox()


def _start_desktop() -> None:
    backend = backends["x11"](BackendOptions())
    try:
        backend.reset(seed=0)
    finally:
        backend.close()
