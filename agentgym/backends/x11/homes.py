"""What lies in the fresh home of a desktop."""

from __future__ import annotations

import hashlib
import io
import shutil
import tarfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

from agentgym.backends.sandbox.machine import FILES_MODIFIED, Machine, MachineSettings
from agentgym.backends.x11.environment import ENVIRONMENT
from agentgym.kept import kept

__all__ = ["home_archive"]

_FILES = Path(__file__).parent / "home"
# Empty, so that no checkout would keep them.
_FOLDERS = ("Desktop", "Documents", "Downloads")
_PATIENCE_S = 120.0


class _Profile(NamedTuple):
    """What an application writes when it first meets a home, so that it does not take its time for it in each.

    Args:
        program: it is made anew when this is another one, or when what we lay in the folder is.
        start: what makes it; only a start with a window makes all of LibreOffice's, and has when the window rests.
        folder: where it lies in the home.
    """

    program: str
    start: Sequence[str]
    has_window: bool
    folder: str


_SCHEMAS = ".local/share/glib-2.0/schemas"
_PROFILES = (
    _Profile("soffice", ("soffice", "--calc", "--norestore", "--nologo"), True, ".config/libreoffice/4/user"),
    _Profile("gimp", ("gimp", "-i", "-b", "(gimp-quit 0)"), False, ".config/GIMP/2.10"),
    _Profile("glib-compile-schemas", ("sh", "-c", f"glib-compile-schemas ~/{_SCHEMAS}"), False, _SCHEMAS),
)
_WINDOW_QUIET_S = 0.5


@cache
def home_archive(settings: MachineSettings) -> bytes:
    """A tar archive of the configuration that makes applications quiet and the same every time.

    See docs/determinism.md for what it switches off. Files get one fixed time, so that two homes are equal.

    LibreOffice registers its extensions when it first meets a home, which takes 2 s, and GIMP asks its plug-ins for
    their names, 5 s. What they write then is made once on a desktop of these settings, and kept in the user's cache
    folder for this installation of them.
    """
    installed = ((profile, shutil.which(profile.program)) for profile in _PROFILES)
    made = [_kept_profile(profile, Path(path).resolve(), settings) for profile, path in installed if path is not None]
    # What we lay ourselves comes last, over what applications made of it.
    return _joined([*made, _configuration()])


def _configuration() -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for path in sorted(_FILES.rglob("*")):
            archive.add(path, arcname=str(path.relative_to(_FILES)), recursive=False)
        for name in _FOLDERS:
            folder = tarfile.TarInfo(name)
            folder.type = tarfile.DIRTYPE
            archive.addfile(folder)
    return buffer.getvalue()


def _joined(archives: Sequence[bytes]) -> bytes:
    """One archive of several, its entries without what differs between machines."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as joined:
        for content in archives:
            with tarfile.open(fileobj=io.BytesIO(content)) as archive:
                for entry in archive:
                    joined.addfile(_plain(entry), archive.extractfile(entry) if entry.isfile() else None)
    return buffer.getvalue()


def _kept_profile(profile: _Profile, program: Path, settings: MachineSettings) -> bytes:
    status = program.stat()
    laid = [path.read_bytes() for path in sorted((_FILES / profile.folder).rglob("*")) if path.is_file()]
    made_from = f"{program} {status.st_mtime_ns} {status.st_size}".encode() + b"".join(laid)
    key = hashlib.sha256(made_from).hexdigest()[:16]
    name = "office" if profile.program == "soffice" else profile.program
    return kept(f"{name}-{key}.tar", lambda: _made_profile(profile, settings))


def _made_profile(profile: _Profile, settings: MachineSettings) -> bytes:
    machine = Machine(settings, home=_configuration(), environment=ENVIRONMENT)
    try:
        if profile.has_window:
            machine.launch(profile.start, env=None, cwd=None)
            machine.settle(quiet_s=_WINDOW_QUIET_S, timers_s=_WINDOW_QUIET_S, timeout_s=_PATIENCE_S)
        else:
            machine.run(profile.start, timeout_s=_PATIENCE_S, env=None, cwd=None, stdin=b"")
        pack = ["tar", "-c", "-C", machine.home, profile.folder]
        return machine.run(pack, timeout_s=_PATIENCE_S, env=None, cwd=None, stdin=b"").stdout
    finally:
        machine.close()


def _plain(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = ""
    entry.mtime = FILES_MODIFIED
    # They say it again, to the nanosecond.
    entry.pax_headers = {}
    entry.mode = 0o700 if entry.isdir() else 0o600
    return entry
