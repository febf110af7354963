"""The getter of shortcuts on the desktop."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from agentgym.backends.base import Backend
from agentgym.evaluators.getters.files import read_file
from agentgym.evaluators.getters.forms import Nothing, getter_forms
from agentgym.evaluators.getters.registry import getters

__all__: list[str] = []

_LIST = ["sh", "-c", 'cd ~/Desktop && find . -maxdepth 1 -name "*.desktop" -printf "%f\\0"']


@getters.register("shortcuts_on_desktop")
def shortcuts_on_desktop(backend: Backend, _config: dict[str, Any]) -> dict[str, str]:
    """By its file's name, the text of each shortcut on the desktop that can be read; none if there is no desktop."""
    done = backend.run(_LIST)
    names = [name for name in done.stdout.decode("utf-8", "surrogateescape").split("\0") if name]
    found: dict[str, str] = {}
    for name in sorted(names):
        # A link may lead nowhere.
        with suppress(FileNotFoundError):
            found[name] = read_file(backend, f"~/Desktop/{name}").decode("utf-8", "replace")
    return found


getter_forms.register("shortcuts_on_desktop", Nothing)
