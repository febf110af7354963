"""A word that can be followed, to people and to assistive technology."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QAccessible, QAccessibleInterface
from PySide6.QtWidgets import QAccessibleWidget, QLabel, QWidget

__all__ = ["Link"]


class Link(QLabel):
    """A word of a text, of which all but its punctuation is a link.

    Qt's own interface calls it a label, whatever is in it.

    Args:
        word: as it stands in the text.
        target: the part of it that is the link, and what ``followed`` is told.
    """

    def __init__(self, word: str, target: str, parent: QWidget, followed: Callable[[str], None]) -> None:
        _make_accessible()
        super().__init__(parent)
        self.target = target
        self.setTextFormat(Qt.TextFormat.RichText)
        self.setText(word.replace(target, f'<a href="{target}">{target}</a>'))
        self.linkActivated.connect(followed)


@cache
def _make_accessible() -> None:
    QAccessible.installFactory(_interface)


def _interface(_: str, shown: QObject) -> QAccessibleInterface | None:
    return QAccessibleWidget(shown, QAccessible.Role.Link, shown.target) if isinstance(shown, Link) else None
