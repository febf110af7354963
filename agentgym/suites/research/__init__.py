"""The suite `research`: questions over several pages of a made-up country, with traps that are out of date."""

from agentgym.families import Suite
from agentgym.suites.research import offices, orders, reports, towns

__all__ = ["SUITE"]

_MODULES = (towns, offices, orders, reports)

SUITE = Suite(
    "research",
    {family.name: family for module in _MODULES for family in module.FAMILIES},
    "Questions over several pages of a made-up country, with figures, outdated pages, namesakes, findings and reports.",
    env="agentgym/Tools-v0",
    # More pages than one needs may be opened.
    traces=("pages.json",),
)
