"""Programs of this machine, and the Debian packages they come from."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Program", "on_path"]


@dataclass(frozen=True)
class Program:
    """A program and the Debian package it comes from.

    Attributes:
        places: any of these will do: a name on the PATH, or an absolute path.
        package: of Debian; Ubuntu's has the same name where it has one. Empty if Debian has none.
    """

    name: str
    places: tuple[str, ...]
    package: str

    def found(self) -> str | None:
        """Where it is."""
        return next((path for path in map(on_path, self.places) if path is not None), None)


def on_path(place: str) -> str | None:
    """Where a program is, of a name on the PATH or an absolute path; None if it is not there."""
    path = shutil.which(place) or (place if place.startswith("/") and Path(place).exists() else None)
    return None if path is None or _is_snap(Path(path)) else path


def _is_snap(path: Path) -> bool:
    """Ubuntu's browsers are scripts that start a snap, which cannot run in a sandbox of ours."""
    if "/snap/" in str(path.resolve()):
        return True
    with path.open("rb") as file:
        return file.read(2) == b"#!" and b"/snap/bin" in file.read(4096)
