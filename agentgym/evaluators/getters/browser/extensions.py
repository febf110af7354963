"""Getters of the extensions that a browser has."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from agentgym.backends.base import Backend
from agentgym.evaluators.getters.browser.profile import PREFERENCES, at, settings_in
from agentgym.evaluators.getters.forms import Nothing, getter_forms
from agentgym.evaluators.getters.registry import getters

__all__: list[str] = []


@getters.register("find_unpacked_extension_path")
def find_unpacked_extension_path(backend: Backend, _config: dict[str, Any]) -> list[str]:
    """The folders of all extensions, of an unpacked one as it was chosen.

    Raises:
        FileNotFoundError: if there are no settings that can be read.
    """
    return _texts(at(extension, "path") for extension in _extensions(backend))


@getters.register("find_installed_extension_name")
def find_installed_extension_name(backend: Backend, _config: dict[str, Any]) -> list[str]:
    """The names of all extensions that were installed; of unpacked ones the browser keeps none.

    Raises:
        FileNotFoundError: if there are no settings that can be read.
    """
    return _texts(at(extension, "manifest", "name") for extension in _extensions(backend))


def _extensions(backend: Backend) -> list[Any]:
    found = at(settings_in(backend, PREFERENCES), "extensions", "settings")
    return list(found.values()) if isinstance(found, dict) else []


def _texts(values: Iterable[Any]) -> list[str]:
    return [value for value in values if isinstance(value, str)]


for _name in ("find_installed_extension_name", "find_unpacked_extension_path"):
    getter_forms.register(_name, Nothing)
