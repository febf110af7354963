"""Parts of an accessibility tree as a table, a row for each, columns between tabs.

The form is OSWorld's (``mm_agents/agent.py``, ``linearize_accessibility_tree``): line breaks and tabs in a name or text
stay as they are.
"""

from __future__ import annotations

from collections.abc import Iterable

from agentgym.accessibility.nodes import Node

__all__ = ["cell", "linearized"]

_HEADER = "tag\tname\ttext\tclass\tdescription\tposition (top-left x&y)\tsize (w&h)"


def linearized(nodes: Iterable[Node]) -> list[str]:
    """The rows, the header first; joined by line breaks they are the table."""
    rows = (
        (node.role, node.name, cell(node.text), node.kind, node.description, node.position, node.size) for node in nodes
    )
    return [_HEADER, *map("\t".join, rows)]


def cell(text: str) -> str:
    """A text as it stands in its column: ``""`` for none; one with quotation marks is put into them."""
    if text and '"' not in text:
        return text
    return '"{}"'.format(text.replace('"', '""'))
