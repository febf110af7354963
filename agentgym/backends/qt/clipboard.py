"""What is in a clipboard, as bytes that can be put away."""

from __future__ import annotations

from PySide6.QtCore import QMimeData
from PySide6.QtGui import QClipboard

__all__ = ["contents", "fill"]


def contents(clipboard: QClipboard) -> dict[str, bytes]:
    """Everything in it, by MIME type."""
    found: QMimeData | None = clipboard.mimeData()
    return {} if found is None else {name: bytes(found.data(name).data()) for name in found.formats()}


def fill(clipboard: QClipboard, found: dict[str, bytes]) -> None:
    """Puts into it what `contents` gave, and nothing else."""
    if not found:
        if contents(clipboard):
            clipboard.clear()
        return
    data = QMimeData()
    for name, content in found.items():
        data.setData(name, content)
    clipboard.setMimeData(data)
