"""Where records go besides the recording: a terminal, a file, another program; and how they are attached to a run."""

from agentgym.sinks.attaching import attached
from agentgym.sinks.base import Sink, SinkOrder, SinkWarning, make_sink, sinks
from agentgym.sinks.following import follow
from agentgym.sinks.syncing import sync

__all__ = ["Sink", "SinkOrder", "SinkWarning", "attached", "follow", "make_sink", "sinks", "sync"]
