"""Getters of what a browser keeps and shows, by OSWorld's names: its profile, its address bar, its pages."""

from importlib import import_module

__all__: list[str] = []

_MODULES = (
    "addressbar",
    "addressparts",
    "appearance",
    "elements",
    "extensions",
    "live",
    "pages",
    "records",
    "recreation",
    "settings",
    "shortcuts",
)
"""Each registers its getters, and beside them their forms."""

for _name in _MODULES:
    import_module(f"{__name__}.{_name}")
