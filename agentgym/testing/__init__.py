"""Checks that a user's own parts can be put to; ours must pass them too."""

from agentgym.testing.backends import check_backend, check_renewal
from agentgym.testing.tools import check_tool

__all__ = ["check_backend", "check_renewal", "check_tool"]
