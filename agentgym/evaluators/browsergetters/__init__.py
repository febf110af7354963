"""Getters of what a browser keeps and shows, by OSWorld's names: its profile, its address bar, its pages."""

from agentgym.evaluators.browsergetters import (
    addressbar,
    addressparts,
    appearance,
    elements,
    extensions,
    live,
    pages,
    records,
    recreation,
    settings,
    shortcuts,
)

__all__ = [
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
]
