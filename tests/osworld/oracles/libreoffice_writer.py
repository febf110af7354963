"""The solutions of the tasks of Writer."""

from __future__ import annotations

from tests.osworld.oracles import writer_looks, writer_text

__all__ = ["SOLUTIONS"]

SOLUTIONS = (*writer_looks.SOLUTIONS, *writer_text.SOLUTIONS)
