"""The solutions of the tasks of several applications."""

from __future__ import annotations

from tests.osworld.oracles import multi_terminal

__all__ = ["SOLUTIONS"]

SOLUTIONS = (*multi_terminal.SOLUTIONS,)
