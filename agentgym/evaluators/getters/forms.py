"""What a getter must be told: the keys beside ``type`` in a task's ``result`` or ``expected``."""

from __future__ import annotations

import msgspec

from agentgym.registry import Registry

__all__ = ["Nothing", "getter_forms"]

getter_forms: Registry[type[msgspec.Struct]] = Registry("getter form")
"""By the getter's name. What does not fit is told before the episode; a getter without a form takes anything."""


class Nothing(msgspec.Struct):
    """Nothing."""
