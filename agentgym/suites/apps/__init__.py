"""The suite `apps`: small tasks on the six applications that every desktop of ours has."""

from agentgym.families import Suite
from agentgym.suites.apps import browser, calc, editor, files, mixed, terminal, writer

__all__ = ["SUITE"]

_MODULES = (editor, files, terminal, calc, writer, browser, mixed)

SUITE = Suite(
    "apps",
    {family.name: family for module in _MODULES for family in module.FAMILIES},
    "Text editor, file manager, terminal, spreadsheet, word processor and browser, without a network.",
)
