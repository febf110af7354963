"""All families of the suite `micro`, which takes as long as importing them takes."""

from __future__ import annotations

from agentgym.backends.qt.apps import app_family
from agentgym.families import Suite
from agentgym.registration import MICRO, family_name

__all__ = ["SUITE"]

SUITE = Suite(
    "micro",
    {family.name: family for family in (app_family(family_name(name)) for name in MICRO)},
    "Small tasks on Qt widgets: pointing, typing, choosing, dragging, reading, and several screens.",
)
