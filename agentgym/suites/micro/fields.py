"""Fields to type into: how right one is, what fills it, and what must not happen to it by itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PySide6.QtCore import QEvent, QLocale, QObject, Qt
from PySide6.QtGui import QFocusEvent, QMouseEvent
from PySide6.QtWidgets import QAbstractSpinBox, QFormLayout, QLineEdit, QPlainTextEdit, QPushButton, QWidget

from agentgym.actions import Action, Click, Hotkey, TypeText
from agentgym.backends.qt.app import App

__all__ = ["SELECT_ALL", "Text", "enter", "has_focus", "rightness", "steady", "submitted"]

SELECT_ALL = Hotkey(("ctrl", "a"))


def rightness(text: str, wanted: str) -> float:
    """How much of a wanted text stands there, in [0, 1]; 0 if anything else does."""
    return len(text) / len(wanted) if wanted.startswith(text) else 0.0


def has_focus(widget: QWidget) -> bool:
    """Whether keys go to the widget, also while a window of another environment is the active one of the process."""
    return widget.window().focusWidget() is widget


def enter(edit: QLineEdit, wanted: str, *, by_key: bool = False) -> Action:
    """The next action towards the text in the field, whatever it holds now.

    What is wrong is selected by ctrl+a and typed over.

    Args:
        by_key: one character at a time, for a text that the instruction does not quote.
    """
    text = edit.text()
    if not has_focus(edit):
        return Click(*App.place(edit))
    if edit.selectedText() == text:
        return TypeText(wanted[0] if by_key else wanted)
    if by_key and text != wanted and wanted.startswith(text) and edit.cursorPosition() == len(text):
        return TypeText(wanted[len(text)])
    return SELECT_ALL


def steady(field: QAbstractSpinBox) -> None:
    """Keeps a field of numbers or dates from changing by itself.

    Qt would complete what is half typed as soon as another window of the process becomes active, repeat a held arrow
    by a clock, and wait in a context menu.
    """
    field.setLocale(QLocale.c())
    field.setContextMenuPolicy(Qt.ContextMenuPolicy.NoContextMenu)
    field.installEventFilter(_Steady(field))


def submitted(
    body: QWidget, fields: Mapping[str, QAbstractSpinBox], top: int, submit: Callable[[], None]
) -> QPushButton:
    """Lays fields out in lines with their titles, below them the button that calls ``submit``; gives the button.

    Args:
        top: pixels above them, besides a margin.
    """
    layout = QFormLayout(body)
    layout.setContentsMargins(8, 8 + top, 8, 8)
    for title, field in fields.items():
        steady(field)
        layout.addRow(title, field)
    button = QPushButton("Submit")
    button.clicked.connect(submit)
    layout.addRow(button)
    return button


class Text(QPlainTextEdit):
    """A text field of several lines from which nothing can be dragged."""

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        # Qt would drag what is selected, with an event loop of its own.
        cursor = self.textCursor()
        cursor.clearSelection()
        self.setTextCursor(cursor)
        super().mousePressEvent(event)


class _Steady(QObject):
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        match event.type():
            case QEvent.Type.Timer | QEvent.Type.ActivationChange:
                return True
            case QEvent.Type.FocusIn | QEvent.Type.FocusOut:
                assert isinstance(event, QFocusEvent), "PySide6 gives an event its class"
                assert isinstance(watched, QWidget), "it is installed on a field"
                # The frame shows whether the field has the keyboard; a real window is painted before it does.
                watched.update()
                return event.reason() == Qt.FocusReason.ActiveWindowFocusReason
        return False
