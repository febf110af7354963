"""What lies in the fresh home of a desktop."""

from __future__ import annotations

import hashlib
import io
import shutil
import tarfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from agentgym.backends.sandbox.machine import FILES_MODIFIED, Machine, MachineSettings
from agentgym.backends.x11.environment import ENVIRONMENT
from agentgym.kept import kept

__all__ = ["home_archive"]

_FILES = Path(__file__).parent / "home"
# Empty, so that no checkout would keep them.
_FOLDERS = ("Desktop", "Documents", "Downloads")
_OFFICE_PROFILE = ".config/libreoffice/4/user"
_OFFICE = ("soffice", "--calc", "--norestore", "--nologo")
_OFFICE_QUIET_S = 0.5
_PATIENCE_S = 120.0


@cache
def home_archive(settings: MachineSettings) -> bytes:
    """A tar archive of the configuration that makes applications quiet and the same every time.

    See docs/determinism.md for what it switches off. Files get one fixed time, so that two homes are equal.

    LibreOffice registers its extensions when it first meets a home, which takes 2 s. What it writes then is made once
    on a desktop of these settings, and kept in the user's cache folder for this installation of LibreOffice.
    """
    office = shutil.which("soffice")
    parts = [_configuration()]
    if office is not None:
        parts.append(_office_cache(Path(office).resolve(), settings))
    return _joined(parts)


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


def _office_cache(office: Path, settings: MachineSettings) -> bytes:
    status = office.stat()
    key = hashlib.sha256(f"{office} {status.st_mtime_ns} {status.st_size}".encode()).hexdigest()[:16]
    return kept(f"office-{key}.tar", lambda: _made_office_cache(settings))


def _made_office_cache(settings: MachineSettings) -> bytes:
    machine = Machine(settings, home=_configuration(), environment=ENVIRONMENT)
    try:
        # Only a start with a window makes all of it; it has made it when the window rests.
        machine.launch(_OFFICE, env=None, cwd=None)
        machine.settle(quiet_s=_OFFICE_QUIET_S, timers_s=_OFFICE_QUIET_S, timeout_s=_PATIENCE_S)
        ours = f"--exclude={_OFFICE_PROFILE}/registrymodifications.xcu"
        pack = ["tar", "-c", "-C", machine.home, ours, _OFFICE_PROFILE]
        return machine.run(pack, timeout_s=_PATIENCE_S, env=None, cwd=None, stdin=b"").stdout
    finally:
        machine.close()


def _plain(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = ""
    entry.mtime = FILES_MODIFIED
    entry.mode = 0o700 if entry.isdir() else 0o600
    return entry
