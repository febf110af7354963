"""The solutions of the tasks of several applications."""

from __future__ import annotations

from tests.osworld.oracles import multi_mail, multi_terminal, multi_vlc

__all__ = ["SOLUTIONS"]

SOLUTIONS = (*multi_mail.SOLUTIONS, *multi_terminal.SOLUTIONS, *multi_vlc.SOLUTIONS)
