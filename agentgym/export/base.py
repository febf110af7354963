"""What an exporter is, and the table of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

from agentgym.registry import Registry
from agentgym.trajectory import Dataset

__all__ = ["Exporter", "exporters"]


class Exporter(Protocol):
    """Writes a dataset in a foreign form."""

    def __call__(self, dataset: Dataset, out: Path, **options: Any) -> None:
        """Writes to ``out``, a file or folder that must not exist.

        Raises:
            UsageError: if something is there already, or an option is mistaken.
            DatasetError: if the dataset lacks what the format demands.
            MissingDependencyError: says what to install.
        """
        ...


exporters: Registry[Exporter] = Registry("exporter")
