"""What an exporter is, the table of them, and what they share."""

from __future__ import annotations

import functools
import warnings
from pathlib import Path
from typing import Any, Protocol

from agentgym.extras import needed
from agentgym.registry import Registry
from agentgym.trajectory import Dataset
from agentgym.trajectory.fresh import fresh

__all__ = ["ExportWarning", "Exporter", "exporters", "fresh", "needed", "tell", "tell_of_cut_texts"]


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


class ExportWarning(UserWarning):
    """What of the dataset the foreign form does not have, and why."""


class _Exporters(Registry[Exporter]):
    """Exporters that say, once, of how many texts they had the beginning alone."""

    def __getitem__(self, name: str) -> Exporter:
        exporter = super().__getitem__(name)

        @functools.wraps(exporter)
        def telling(dataset: Dataset, out: Path, **options: Any) -> None:
            exporter(dataset, out, **options)
            tell_of_cut_texts(dataset)

        return telling


exporters: Registry[Exporter] = _Exporters("exporter")

exporters.register_lazily("atif", "agentgym.export.atif:export_atif")
exporters.register_lazily("aworld", "agentgym.export.aworld:export_aworld")
exporters.register_lazily("d3rlpy", "agentgym.export.to_d3rlpy:export")
exporters.register_lazily("events", "agentgym.export.events_stream:export_events")
exporters.register_lazily("failures", "agentgym.export.failures:export_failures")
exporters.register_lazily("grpo", "agentgym.export.grpo:export_grpo")
exporters.register_lazily("minari", "agentgym.export.to_minari:export")
exporters.register_lazily("osworld", "agentgym.export.osworld:export_osworld")
exporters.register_lazily("otel", "agentgym.export.otel:export_otel")
exporters.register_lazily("parquet", "agentgym.export.to_parquet:export")
exporters.register_lazily("preference", "agentgym.export.preference:export_preference")
exporters.register_lazily("rl", "agentgym.export.rl:export_rl")
exporters.register_lazily("sb3", "agentgym.export.to_sb3:export")
exporters.register_lazily("sft", "agentgym.export.sft:export_sft")
exporters.register_lazily("torchrl", "agentgym.export.to_torchrl:export")
exporters.register_lazily("trae", "agentgym.export.trae:export_trae")


def tell(count: int, what: str) -> None:
    """Warns of episodes that an export leaves out, if there are any; ``what`` says which."""
    if count:
        noun = "episode" if count == 1 else "episodes"
        warnings.warn(f"left out {count} {noun} {what}", ExportWarning, stacklevel=3)


def tell_of_cut_texts(dataset: Dataset) -> None:
    """Warns of texts of which the recording has the beginning alone, if there are any."""
    # Whoever shows how far an export has come counts the episodes that are gone through, which these are not.
    cut = frozenset[str]().union(*(dataset[index].cut_texts for index in range(len(dataset))))
    if cut:
        what = "1 text was" if len(cut) == 1 else f"{len(cut)} texts were"
        warnings.warn(
            f"{what} cut when this was recorded (preview_chars); the export has no more of them than their beginning",
            ExportWarning,
            stacklevel=3,
        )
