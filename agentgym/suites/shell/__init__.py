"""The suite `shell`: files, scripts and repositories, with a shell."""

from agentgym.families import TOOLS, Suite
from agentgym.suites.shell import finding, git, logs, modes, names, scripts, texts

__all__ = ["SUITE"]

_MODULES = (finding, names, texts, modes, logs, scripts, git)

SUITE = Suite(
    "shell",
    {family.name: family for module in _MODULES for family in module.FAMILIES},
    "Finding, renaming, replacing, permissions, pipelines, broken scripts and git, judged by the files that are left.",
    env=TOOLS,
)
