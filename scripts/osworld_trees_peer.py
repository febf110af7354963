"""What OSWorld's own agents make of accessibility trees, for a Python that has `desktop-env`; prints JSON.

    PYTHON scripts/osworld_trees_peer.py PLATFORM TREE.xml SCREEN.png

``{"table", "boxes", "marks"}``: the tree in rows, where the numbered boxes are drawn, and their table. Of
`mm_agents.agent` only the functions are taken: the module itself imports the clients of five providers.
"""

from __future__ import annotations

import ast
import json
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

_FUNCTIONS = {"linearize_accessibility_tree", "tag_screenshot"}


def _functions() -> dict[str, Any]:
    package = find_spec("mm_agents")
    assert package is not None
    assert package.submodule_search_locations
    source = Path(package.submodule_search_locations[0], "agent.py").read_text()
    body: list[ast.stmt] = [
        node
        for node in ast.parse(source).body
        if (isinstance(node, ast.FunctionDef) and node.name in _FUNCTIONS)
        or (isinstance(node, ast.Assign) and "_ns_" in ast.unparse(node.targets[0]))
    ]
    taken = "import xml.etree.ElementTree as ET\nfrom mm_agents.accessibility_tree_wrap.heuristic_retrieve import *\n"
    found: dict[str, Any] = {}
    exec(taken + ast.unparse(ast.Module(body, [])), found)  # noqa: S102 - the code that is to be compared with
    return found


def main(platform: str, tree: str, screen: str) -> None:
    theirs = _functions()
    xml = Path(tree).read_text()
    boxes, _, _, marks = theirs["tag_screenshot"](Path(screen).read_bytes(), xml, platform)
    table = theirs["linearize_accessibility_tree"](xml, platform)
    json.dump({"table": table, "boxes": boxes, "marks": marks}, sys.stdout)


main(*sys.argv[1:])
