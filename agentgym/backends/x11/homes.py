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


class _NotMadeError(Exception):
    """An application left nothing in the home: VLC for root, who is nobody in a sandbox, or one that does not start."""


class _Profile(NamedTuple):
    """What an application writes when it first meets a home, so that it does not take its time for it in each.

    Args:
        program: it is made anew when this is another one, or when what we lay in the folder is, or the next.
        start: what makes it; only a start with a window makes all of LibreOffice's, and has when the window rests.
        folder: where it lies in the home.
    """

    program: str
    start: Sequence[str]
    has_window: bool
    folder: str


# VLC writes all its settings, what they are at first in comments, as soon as one is changed. These are OSWorld's, whose
# tasks ask its web interface what it plays; and there is no sound device, of which it would warn in a window, and no
# GPU, in place of which it would keep both cores busy.
_VLC = """
mkdir -p ~/.local/share/vlc/lua/intf
cat >~/.local/share/vlc/lua/intf/first.lua <<'END'
vlc.config.set("extraintf", "http")
vlc.config.set("http-password", "password")
vlc.config.set("qt-privacy-ask", false)
vlc.config.set("aout", "adummy")
vlc.config.set("vout", "xcb_x11")
vlc.misc.quit()
END
vlc -I luaintf --lua-intf first
"""
# What LibreOffice copies at its first start, for which it does not take one that is set up by us: without a gallery of
# the user's it refuses every sound.
_OFFICE = """
mkdir -p ~/.config/libreoffice/4/user
cp -r /usr/lib/libreoffice/presets/. ~/.config/libreoffice/4/user
exec soffice --calc --norestore --nologo
"""
_SCHEMAS = ".local/share/glib-2.0/schemas"
_PROFILES = (
    _Profile("soffice", ("sh", "-c", _OFFICE), True, ".config/libreoffice/4/user"),
    _Profile("gimp", ("gimp", "-i", "-b", "(gimp-quit 0)"), False, ".config/GIMP/2.10"),
    _Profile("glib-compile-schemas", ("sh", "-c", f"glib-compile-schemas ~/{_SCHEMAS}"), False, _SCHEMAS),
    _Profile("vlc", ("sh", "-c", _VLC), False, ".config/vlc"),
)
_WINDOW_QUIET_S = 0.5


@cache
def home_archive(settings: MachineSettings) -> bytes:
    """A tar archive of the configuration that makes applications quiet and the same every time.

    See docs/determinism.md for what it switches off. Files get one fixed time, so that two homes are equal.

    LibreOffice registers its extensions when it first meets a home, which takes 2 s, GIMP asks its plug-ins for their
    names, 5 s, and VLC asks the user. What they write then is made once on a desktop of these settings, and kept in the
    user's cache folder for this installation of them.
    """
    installed = ((profile, shutil.which(profile.program)) for profile in _PROFILES)
    made = [_kept_profile(profile, Path(path).resolve(), settings) for profile, path in installed if path is not None]
    # What we lay ourselves comes last, over what applications made of it.
    return _joined([*(profile for profile in made if profile is not None), _configuration()])


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


def _kept_profile(profile: _Profile, program: Path, settings: MachineSettings) -> bytes | None:
    status = program.stat()
    laid = [path.read_bytes() for path in sorted((_FILES / profile.folder).rglob("*")) if path.is_file()]
    made_from = f"{program} {status.st_mtime_ns} {status.st_size} {profile.start}".encode() + b"".join(laid)
    key = hashlib.sha256(made_from).hexdigest()[:16]
    name = "office" if profile.program == "soffice" else profile.program
    try:
        return kept(f"{name}-{key}.tar", lambda: _made_profile(profile, settings))
    except _NotMadeError:
        return None


def _made_profile(profile: _Profile, settings: MachineSettings) -> bytes:
    machine = Machine(settings, home=_configuration(), environment=ENVIRONMENT)
    try:
        if profile.has_window:
            machine.launch(profile.start, env=None, cwd=None)
            machine.settle(quiet_s=_WINDOW_QUIET_S, timers_s=_WINDOW_QUIET_S, timeout_s=_PATIENCE_S)
        else:
            machine.run(profile.start, timeout_s=_PATIENCE_S, env=None, cwd=None, stdin=b"")
        pack = ["tar", "-c", "-C", machine.home, profile.folder]
        packed = machine.run(pack, timeout_s=_PATIENCE_S, env=None, cwd=None, stdin=b"")
    except TimeoutError as error:
        raise _NotMadeError from error
    finally:
        machine.close()
    if packed.returncode:
        raise _NotMadeError
    return packed.stdout


def _plain(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = ""
    entry.mtime = FILES_MODIFIED
    # They say it again, to the nanosecond.
    entry.pax_headers = {}
    entry.mode = 0o700 if entry.isdir() else 0o600
    return entry
