"""MiniWoB++'s pages as task families."""

from __future__ import annotations

from agentgym.backends.miniwob.pages import page_family
from agentgym.families import Suite
from agentgym.registration import MINIWOB

__all__ = ["SUITE"]

SUITE = Suite(
    "miniwob",
    {name: page_family(name) for name in MINIWOB},
    "MiniWoB++'s own pages in a browser, on the backend miniwob; scored by their own script.",
)
