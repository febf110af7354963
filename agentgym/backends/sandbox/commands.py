"""The folder of commands that a desktop finds before the system's: ``python`` with packages, and scripts by name."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path

__all__ = ["command_environment", "command_folder"]

_SHOWN = "/run/agentgym-commands"

_BIN = f"{_SHOWN}/bin"
_AUTHORITY = f"{_SHOWN}/Xauthority"

# What pyautogui imports, and what the programs of tasks and of agents read and write documents with. Without
# `mouseinfo`, which ends the interpreter where Tk is not installed; pyautogui does without it.
_MODULES = (
    *("pyautogui", "pymsgbox", "pyscreeze", "pytweening", "pyperclip", "Xlib", "six", "PIL", "pillow.libs"),
    *("numpy", "numpy.libs", "lxml", "openpyxl", "et_xmlfile", "docx", "pptx", "xlsxwriter", "typing_extensions"),
)

_VENV = "home = {home}\ninclude-system-site-packages = true\nversion = {version}\n"

# One entry, for no display. Without a file python3-xlib 0.15 connects to none, and of an empty one it prints a warning.
_NO_SECRET = "\0" * 10


def command_folder(
    scripts: Sequence[tuple[str, str]], *, python: str, descriptor_of: Callable[[str], int]
) -> list[str]:
    """Bubblewrap's arguments that make the folder, which is a virtual environment of Python's, too.

    Args:
        scripts: names and texts of what can be called.
        python: the interpreter as the sandbox shows it.
        descriptor_of: gives an inherited descriptor of a text.
    """
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    config = _VENV.format(home=Path(python).parent, version=sys.version.split()[0])
    argv = ["--file", str(descriptor_of(config)), f"{_SHOWN}/pyvenv.cfg"]
    argv += ["--file", str(descriptor_of(_NO_SECRET)), _AUTHORITY]
    for name in ("python", "python3", version):
        argv += ["--symlink", python, f"{_BIN}/{name}"]
    for place in _packages():
        argv += ["--ro-bind", str(place), f"{_SHOWN}/lib/{version}/site-packages/{place.name}"]
    for name, text in scripts:
        argv += ["--perms", "0755", "--file", str(descriptor_of(text)), f"{_BIN}/{name}"]
    return argv


def command_environment(path: str) -> dict[str, str]:
    """What processes find in their environment so that they find the commands before those on ``path``."""
    return {"PATH": f"{_BIN}:{path}", "XAUTHORITY": _AUTHORITY}


@cache
def _packages() -> Sequence[Path]:
    """Where this process has the packages that are shown; those that are not installed are left out."""
    return [place for name in _MODULES for place in _places_of(name)]


def _places_of(name: str) -> Iterator[Path]:
    module, _, libraries = name.partition(".")
    if libraries:
        # Beside the packages for which a wheel brings them.
        folders = [Path(folder) for folder in sys.path]
        yield from (folder / name for folder in folders if (folder / name).is_dir())
        return
    spec = find_spec(module)
    if spec is None or spec.origin is None:
        return
    origin = Path(spec.origin)
    yield (origin if spec.submodule_search_locations is None else origin.parent).resolve()
