"""Where records go besides the recording: a terminal, a file, another program; and how they are attached to a run."""

from agentgym.sinks.attaching import attached
from agentgym.sinks.base import Sink, SinkOrder, SinkWarning, make_sink, sinks

__all__ = ["Sink", "SinkOrder", "SinkWarning", "attached", "make_sink", "sinks"]
