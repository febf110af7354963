"""The system prompt, from a template."""

from __future__ import annotations

import re
from collections.abc import Mapping

from agentgym.errors import UsageError
from agentgym.registry import suggestion

__all__ = ["PLACEHOLDERS", "PRESETS", "USUAL", "checked_template", "filled"]

USUAL = "You act in an environment, one step at a time, to do the task that you are given.\n\n{actions}"
PRESETS: Mapping[str, str] = {
    "osworld": f"{USUAL}\n\nThe desktop is a Linux one; the user is called user, and the password is password. Where "
    "no window is open, ctrl+alt+t opens a terminal, and a right click on the bare desktop a menu of applications.",
}
"""Templates by name."""
PLACEHOLDERS = ("instruction", "tools", "actions", "screen", "date", "max_steps")
_PLACE = re.compile(r"\{\{|\}\}|\{([a-z_]+)\}")


def checked_template(template: str) -> str:
    """The template.

    Raises:
        UsageError: if it has a placeholder that nothing fills.
    """
    for found in _PLACE.finditer(template):
        if found[1] is not None and found[1] not in PLACEHOLDERS:
            hint = suggestion(found[1], PLACEHOLDERS)
            raise UsageError(f"the system prompt has {found[0]}; {hint} (braces themselves are written twice)")
    return template


def filled(template: str, values: Mapping[str, str]) -> str:
    """The template with its placeholders filled; ``{{`` and ``}}`` are braces, as is what is no name in braces."""

    def value(found: re.Match[str]) -> str:
        return found[0][0] if found[1] is None else values[found[1]]

    return _PLACE.sub(value, template)
