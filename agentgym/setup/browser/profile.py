"""Where the browser of a machine keeps its profile."""

from __future__ import annotations

from agentgym.backends.base import Backend

__all__ = ["profile_folder"]

_FIND = """
for folder in ~/.config/google-chrome ~/.config/chromium ~/snap/chromium/common/chromium; do
    if test -d "$folder"; then break; fi
    folder=~/.config/google-chrome
done
printf %s "$folder"
"""
"""Google's browser, Chromium, and Chromium as a snap; the first, where OSWorld's tasks look, if there is none yet."""


def profile_folder(backend: Backend) -> str:
    """The browser's user data folder in full: ``Local State`` lies in it, the profile's files in its ``Default``."""
    return backend.run(["sh", "-c", _FIND]).stdout.decode()
