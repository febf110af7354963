"""Lists the top-level windows of the guest, the lowest first, with python-xlib, which pyautogui brings there."""

from __future__ import annotations

import json
import sys
from typing import Any


def main() -> list[dict[str, Any]]:
    """Each window as `agentgym.backends.base.Window` has it."""
    from Xlib import X, display  # type: ignore[import-untyped]  # it ships no types
    from Xlib.error import XError  # type: ignore[import-untyped]  # it ships no types

    screen = display.Display()
    root = screen.screen().root

    def told(window: Any, name: str) -> Any:
        found = window.get_full_property(screen.intern_atom(name), X.AnyPropertyType)
        return found.value if found is not None else []

    active = list(told(root, "_NET_ACTIVE_WINDOW"))[:1]
    listed = []
    for number in told(root, "_NET_CLIENT_LIST_STACKING"):
        window = screen.create_resource_object("window", number)
        try:
            extent, corner = window.get_geometry(), root.translate_coords(window, 0, 0)
            title = _text(told(window, "_NET_WM_NAME")) or _text(window.get_wm_name() or "")
            app_class = window.get_wm_class() or ()
        except XError:
            # It was closed meanwhile.
            continue
        place = {"x": corner.x, "y": corner.y, "width": extent.width, "height": extent.height}
        listed.append({"title": title, "app_class": ".".join(app_class), **place, "active": [number] == active})
    return listed


def _text(value: Any) -> str:
    return value if isinstance(value, str) else bytes(value).decode("utf-8", "replace")


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main()) + "\n")
