"""What a guest that is made by name is made with: variables of the environment."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping

from agentgym.backends.base import BackendOptions
from agentgym.backends.guest.backend import GuestBackend
from agentgym.backends.guest.providers import CommandProvider, Provider, providers
from agentgym.errors import UsageError

__all__ = ["make_guest"]

_URL = "AGENTGYM_GUEST_URL"
_COMMANDS = {word: f"AGENTGYM_GUEST_{word.upper()}" for word in ("start", "revert", "stop")}
_PROVIDER = "AGENTGYM_GUEST_PROVIDER"
_WORDS: Mapping[str, tuple[str, Callable[[str], object]]] = {
    "AGENTGYM_GUEST_PATH_TO_VM": ("path_to_vm", str),
    "AGENTGYM_GUEST_SNAPSHOT_NAME": ("snapshot_name", str),
    "AGENTGYM_GUEST_HEADLESS": ("headless", lambda text: text.lower() in ("1", "true", "yes")),
    "AGENTGYM_GUEST_OS_TYPE": ("os_type", str),
    "AGENTGYM_GUEST_BOOT_TIMEOUT": ("boot_timeout", float),
}


def make_guest(options: BackendOptions) -> GuestBackend:
    """The guest backend as environments make it, by the variables ``AGENTGYM_GUEST_…``; see ``docs/guest.md``.

    Raises:
        UsageError: if they do not say which guest.
    """
    told = os.environ
    words = {word: _read(name, read) for name, (word, read) in _WORDS.items() if told.get(name)}
    return GuestBackend(
        told.get(_URL) or None,
        provider=_provider(told),
        screen_size=options.screen,
        require_a11y_tree=options.accessibility,
        require_terminal=options.accessibility,
        **words,  # type: ignore[arg-type]  # each has been read as what it is
    )


def _provider(told: Mapping[str, str]) -> Provider | None:
    commands = {word: told[name] for word, name in _COMMANDS.items() if told.get(name)}
    name = told.get(_PROVIDER)
    if name and commands:
        raise UsageError(f"{_PROVIDER} and {', '.join(_COMMANDS[word] for word in commands)} exclude one another")
    if name:
        return providers[name]()
    if not commands and not told.get(_URL):
        raise UsageError(f"which guest? set {_URL}=http://host:5000, {_PROVIDER}=docker or {_COMMANDS['start']}=…")
    return CommandProvider(**commands, address=_address(told.get(_URL, ""))) if commands else None


def _address(url: str) -> str:
    return url.partition("//")[2].rstrip("/") if "//" in url else url


def _read(name: str, read: Callable[[str], object]) -> object:
    try:
        return read(os.environ[name])
    except ValueError as error:
        raise UsageError(f"{name} is {os.environ[name]!r}: {error}") from error
