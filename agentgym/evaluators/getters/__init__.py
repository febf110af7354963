"""Getters: what is fetched from a machine, by OSWorld's names and some of our own."""

from importlib import import_module

from agentgym.evaluators.getters.forms import getter_forms
from agentgym.evaluators.getters.registry import Fetched, Getter, getter_needs, getters, needs_of

__all__ = ["Fetched", "Getter", "getter_forms", "getter_needs", "getters", "needs_of"]

_MODULES = (
    "apps",
    "browser",
    "drive",
    "files",
    "machine",
    "programs",
    "repositories",
    "rules",
    "slides",
    "tools",
    "trees",
    "webpages",
)
"""Each registers its getters, and beside them their forms."""

for _name in _MODULES:
    import_module(f"{__name__}.{_name}")
