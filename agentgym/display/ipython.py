"""Lets a notebook show an environment through the wrappers around it."""

from __future__ import annotations

import sys
from typing import Any

import gymnasium as gym

__all__ = ["environment_html", "show_environments"]


def show_environments() -> None:
    """Tells the IPython that this runs in, if any, how environments are shown.

    `gym.make` puts wrappers around what it makes, and Gymnasium's do not pass ``_repr_html_`` on. Only an IPython that
    is there already is told; elsewhere ``env.unwrapped`` shows itself.
    """
    ipython = sys.modules.get("IPython")
    shell = None if ipython is None else ipython.get_ipython()
    if shell is not None:
        shell.display_formatter.formatters["text/html"].for_type(gym.Env, environment_html)


def environment_html(env: gym.Env[Any, Any]) -> str | None:
    """What the outermost layer shows that can show itself; None if none can."""
    layer = env
    while True:
        shown = getattr(layer, "_repr_html_", None)
        if shown is not None:
            html: str | None = shown()
            return html
        if not isinstance(layer, gym.Wrapper):
            return None
        layer = layer.env
