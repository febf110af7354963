"""How a desktop starts ``agentgym-app``, with the packages that it needs and nothing else of the training process."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from agentgym.backends.qt.apps import PROGRAM, STATE_FILE

__all__ = ["LOG", "PROGRAM", "STATE_FILE", "application_command", "application_folders"]

LOG = "~/.agentgym-app.log"
"""What an application said before it ended."""

_SHOWN = "/run/agentgym-app"
_OWN = Path(__file__).parents[2]
_TOOLKIT = "PySide6"
# Only PySide6 is optional; the others are what ours imports on its way to it.
_PACKAGES = (
    *(_TOOLKIT, "shiboken6", "numpy", "msgspec", "gymnasium", "cloudpickle", "farama_notifications"),
    "typing_extensions",
)

# No application imports them.
_HIDDEN = ("agents", "cli", "evaluators", "testing")
_SUITE_OF_APPLICATIONS = "micro"


def application_folders() -> list[str]:
    """Bubblewrap's arguments that show the packages, read-only, without what tells how tasks are solved and judged."""
    shown = [word for source, target in _shown() for word in ("--ro-bind", source, target)]
    hidden = [f"{_SHOWN}/{_OWN.name}/{part}" for part in (*_HIDDEN, *_other_suites())] if shown else []
    return [*shown, *(word for place in hidden for word in ("--tmpfs", place, "--remount-ro", place))]


def application_command(arguments: Sequence[str], *, python: str | None) -> list[str]:
    """The command line in place of ``agentgym-app ARGUMENTS``.

    Args:
        arguments: what follows the program's name.
        python: the interpreter that the sandbox shows; None where there is no sandbox.
    """
    options = [sys.executable] if python is None else [python, "-I", "-S"]
    folder = str(_OWN.parent) if python is None else _SHOWN
    code = f"import sys; sys.path.insert(0, {folder!r}); from agentgym.backends.qt.window import main; main()"
    # What it says is kept, for the error that names it.
    return ["/bin/sh", "-c", f'exec "$@" 2>{LOG}', PROGRAM, *options, "-c", code, *arguments]


def _other_suites() -> Iterator[str]:
    for place in sorted((_OWN / "suites").iterdir()):
        if place.is_dir() and place.name not in (_SUITE_OF_APPLICATIONS, "__pycache__"):
            yield f"suites/{place.name}"


@cache
def _shown() -> Sequence[tuple[str, str]]:
    if find_spec(_TOOLKIT) is None:
        return ()
    return [(str(_OWN), f"{_SHOWN}/{_OWN.name}"), *(pair for name in _PACKAGES for pair in _places_of(name))]


def _places_of(name: str) -> Iterator[tuple[str, str]]:
    spec = find_spec(name)
    if spec is None or spec.origin is None:
        return
    origin = Path(spec.origin)
    place = origin if spec.submodule_search_locations is None else origin.parent
    # Wheels put the libraries that they bring beside the package.
    for path in (place, place.with_name(f"{name}.libs")):
        if path.exists():
            yield str(path.resolve()), f"{_SHOWN}/{path.name}"
