"""The solutions of the tasks of Impress."""

from __future__ import annotations

from tests.osworld.oracles import impress_colours, impress_places, impress_texts

__all__ = ["SOLUTIONS"]

SOLUTIONS = (*impress_colours.SOLUTIONS, *impress_places.SOLUTIONS, *impress_texts.SOLUTIONS)
