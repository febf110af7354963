"""Suites: task families that belong together. A suite of another package joins by an entry point."""

from agentgym.families import Suite, suites

__all__ = ["Suite", "suites"]
