"""The suite `mixed`: a desktop and tools, where neither is enough."""

from agentgym.families import Suite
from agentgym.suites.mixed import door, lookup, rescue

__all__ = ["SUITE"]

_MODULES = (door, rescue, lookup)

SUITE = Suite(
    "mixed",
    {family.name: family for module in _MODULES for family in module.FAMILIES},
    "A text editor and tools: what one of them shows the other needs.",
)
