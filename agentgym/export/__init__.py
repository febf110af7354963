"""Foreign forms of a dataset: one pure function each, from what is at rest to what another program reads.

An exporter is a function ``(dataset, out, *, option=default, ...)`` that writes a file or a folder. It leaves the dataset
as it is. What the foreign format has no place for is listed in its docstring; what the format demands and the dataset
lacks is null, or refused with a reason.
"""

from agentgym.export.base import Exporter, exporters

__all__ = ["Exporter", "exporters"]
