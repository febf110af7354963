"""The step that sets the desktop's background."""

from __future__ import annotations

from pathlib import PurePosixPath
from urllib.parse import quote

from agentgym.backends.base import Backend

__all__ = ["change_wallpaper"]

_SCHEMA = "org.gnome.desktop.background"
_IN_FULL = (
    """path=$1; case $path in "~" | "~/"*) path=$HOME${path#"~"} ;; esac; test -f "$path" && printf %s "$path" """
)


def change_wallpaper(backend: Backend, path: str) -> None:
    """Has GNOME's settings name a picture as the desktop's background, where the getter ``vm_wallpaper`` finds it.

    Args:
        path: where the picture is; ``~`` is the home.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if the machine has no such settings.
    """
    full = backend.run(["sh", "-c", _IN_FULL, "sh", path]).stdout.decode("utf-8", "surrogateescape")
    if not full:
        raise FileNotFoundError(f"there is no picture {path!r} for the background")
    address = f"file://{quote(str(PurePosixPath(full)), errors='surrogateescape')}"
    done = backend.run(["gsettings", "set", _SCHEMA, "picture-uri", address])
    if done.returncode:
        raise ValueError(f"the background cannot be set: {done.stderr.decode('utf-8', 'replace').strip()}")
