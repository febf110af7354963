"""Where a desktop keeps its files, and how its home is emptied and filled again."""

from __future__ import annotations

import io
import os
import shutil
import tarfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Places:
    """Folders of one desktop.

    Args:
        home: the applications' home.
        tmp: their ``TMPDIR``.
        run: sockets and the framebuffer; survives a reset.
        also_emptied: other folders that applications write to.
        root: removed with all that is in it when the desktop ends; None in a sandbox, whose folders end with it.
    """

    home: str
    tmp: str
    run: str
    also_emptied: tuple[str, ...] = ()
    root: str | None = None

    @property
    def framebuffer(self) -> str:
        return f"{self.run}/framebuffer"

    @property
    def session_bus(self) -> str:
        return f"{self.run}/bus"

    @property
    def accessibility_bus(self) -> str:
        return f"{self.run}/accessibility"

    @property
    def user_run(self) -> str:
        """``XDG_RUNTIME_DIR`` of the applications."""
        return f"{self.run}/user"

    def create(self) -> None:
        for folder in (self.home, self.tmp, self.framebuffer, self.user_run):
            os.makedirs(folder, mode=0o700, exist_ok=True)

    def renew(self, home: bytes) -> None:
        """Empties the applications' folders and unpacks a tar archive into the home."""
        for folder in (self.home, self.tmp, self.user_run, *self.also_emptied):
            _empty(Path(folder))
        with tarfile.open(fileobj=io.BytesIO(home)) as archive:
            # The archive is our own and needs no filter. Said as an attribute, because Python 3.11.2, which Debian 12
            # has, knows no argument of that name.
            archive.extraction_filter = lambda member, _path: member
            archive.extractall(self.home)

    def remove(self) -> None:
        if self.root is not None:
            shutil.rmtree(self.root, ignore_errors=True)


def _empty(folder: Path) -> None:
    for entry in _entries(folder):
        # The X server's sockets and locks live in /tmp and belong to no episode.
        if entry.name.startswith((".X11-unix", ".X0-lock")):
            continue
        if entry.is_dir() and not entry.is_symlink():
            _writable(entry)
            shutil.rmtree(entry)
        else:
            entry.unlink()


def _entries(folder: Path) -> Iterable[Path]:
    return list(folder.iterdir()) if folder.is_dir() else []


def _writable(folder: Path) -> None:
    # An application may leave a folder that even its owner may not enter.
    os.chmod(folder, 0o700)
    for path, names, _ in os.walk(folder):
        for child in (os.path.join(path, name) for name in names):
            if not os.path.islink(child):
                os.chmod(child, 0o700)
