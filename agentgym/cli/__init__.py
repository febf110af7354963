"""The ``agentgym`` command."""

from agentgym.cli.app import main

__all__ = ["main"]
