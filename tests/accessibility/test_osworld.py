"""Tables and marks are those that OSWorld's own agents make of the same trees and screens.

``desktops/`` has eleven real desktops of 1280x720, each with what `desktop-env` 1.0.2 makes of it by
``scripts/osworld_trees_peer.py``, and a tree in the form of OSWorld's server on Windows.
"""

from __future__ import annotations

import json
import lzma
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from agentgym.accessibility import linearized, marked, shown_nodes

_DESKTOPS = Path(__file__).parent / "desktops"
_NAMES = sorted(path.name.partition(".")[0] for path in _DESKTOPS.glob("*.webp"))


def _tree(name: str) -> str:
    return lzma.decompress((_DESKTOPS / f"{name}.xml.xz").read_bytes()).decode()


def _theirs(name: str) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(lzma.decompress((_DESKTOPS / f"{name}.json.xz").read_bytes()))
    return read


def test_there_are_desktops_to_compare() -> None:
    assert len(_NAMES) == 11


@pytest.mark.parametrize("name", _NAMES)
def test_the_table_is_osworlds(name: str) -> None:
    rows = linearized(shown_nodes(_tree(name)))
    assert len(rows) > 5
    assert "\n".join(rows) == _theirs(name)["table"]


@pytest.mark.parametrize("name", _NAMES)
def test_the_marks_are_osworlds(name: str) -> None:
    screen = np.asarray(Image.open(_DESKTOPS / f"{name}.webp").convert("RGB"))
    found = marked(screen, shown_nodes(_tree(name), images=True))
    theirs = _theirs(name)
    assert [list(box) for box in found.boxes] == theirs["boxes"]
    assert "\n".join(found.rows) == theirs["marks"]


def test_a_tree_of_windows_gives_osworlds_table() -> None:
    tree = _tree("windows")
    assert "\n".join(linearized(shown_nodes(tree, "windows"))) == _theirs("windows")["table"]
    # OSWorld looks for the places of Windows' parts under Ubuntu's names, and marks none.
    screen = np.random.default_rng(0).integers(0, 255, (300, 400, 3), np.uint8)
    found = marked(screen, shown_nodes(tree, "windows", images=True))
    assert found.boxes == [(5, 40, 300, 20), (5, 80, 60, 24), (340, 280, 60, 20), (200, 200, 32, 32)]
    assert shown_nodes(tree) == []
