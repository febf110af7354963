"""What an accessibility tree shows, told as OSWorld's agents are told it: a table, or a picture with numbered boxes."""

from agentgym.accessibility.marks import Marked, marked, middle
from agentgym.accessibility.nodes import Box, Node, Platform, shown_nodes
from agentgym.accessibility.table import linearized
from agentgym.accessibility.tokens import Counter, Counting, estimated, token_counter, trimmed

__all__ = [
    "Box",
    "Counter",
    "Counting",
    "Marked",
    "Node",
    "Platform",
    "estimated",
    "linearized",
    "marked",
    "middle",
    "shown_nodes",
    "token_counter",
    "trimmed",
]
