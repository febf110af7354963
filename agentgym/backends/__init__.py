"""Machines: what an environment acts on and looks at, whatever it is made of."""

from agentgym.backends.base import Backend, BackendFactory, BackendOptions, Completed, Observed, Window, backends

__all__ = ["Backend", "BackendFactory", "BackendOptions", "Completed", "Observed", "Window", "backends"]
