"""Where a desktop keeps its files, and how its home is emptied and filled again."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Collection, Sequence
from typing import NamedTuple

from .saving import leads_to, remove

_MODE = 0o755


class Places(NamedTuple):
    """Folders of one desktop.

    Attributes:
        home: the applications' home.
        tmp: their ``TMPDIR``.
        run: sockets and the framebuffer; survives a reset.
        also_emptied: other folders that applications write to.
        shown: folders of the host that are shown there, within others perhaps; they stay.
        root: removed with all that is in it when the desktop ends; None in a sandbox, whose folders end with it.
    """

    home: str
    tmp: str
    run: str
    also_emptied: tuple[str, ...] = ()
    shown: tuple[str, ...] = ()
    root: str | None = None

    @property
    def framebuffer(self) -> str:
        return f"{self.run}/framebuffer"

    @property
    def screen(self) -> str:
        """The file in which the X server draws."""
        return f"{self.framebuffer}/Xvfb_screen0"

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

    def unlock(self) -> None:
        """Lets into the home and the servers' folder again whoever has locked himself out of them."""
        for folder in (self.home, self.run):
            if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
                os.chmod(folder, _MODE)

    def renew(self, home: bytes, *, kept: Collection[str]) -> None:
        """Empties what can be written to and fills the home.

        Args:
            home: as for `fill`.
            kept: paths of the servers' own files and folders, which belong to no episode.
        """
        for folder in (self.home, self.tmp, self.run, *self.also_emptied):
            if os.path.isdir(folder):
                # An agent may have taken its own rights away, or given some to others.
                os.chmod(folder, _MODE)
            _empty(folder, kept, self.shown)
        self.create()
        self.fill(home)

    def fill(self, home: bytes) -> None:
        """Unpacks a tar archive into the home; an empty one of no bytes is nothing."""
        if not home:
            return
        # The program, not the module, which with what it imports would stay in the memory of every desktop.
        options = ["--extract", "--preserve-permissions", "--no-same-owner", "--directory", self.home]
        subprocess.run(["tar", *options], input=home, check=True)

    def servers_files(self) -> frozenset[str]:
        """What lies in the servers' folder and in ``/tmp``, without what is the applications'."""
        found = {self.user_run}
        for top in (self.run, self.tmp):
            for folder, folders, files in os.walk(top):
                if folder == self.user_run:
                    folders.clear()
                else:
                    found.update(f"{folder}/{name}" for name in (*folders, *files))
        return frozenset(found)

    def remove(self) -> None:
        if self.root is not None and os.path.isdir(self.root):
            remove(self.root)


def _empty(folder: str, kept: Collection[str], shown: Collection[str]) -> None:
    for name in _names(folder):
        path = f"{folder}/{name}"
        if path in shown:
            continue
        if path not in kept and not leads_to(path, shown):
            remove(path)
        elif not os.path.islink(path):
            _empty(path, kept, shown)


def _names(folder: str) -> Sequence[str]:
    return os.listdir(folder) if os.path.isdir(folder) else []
