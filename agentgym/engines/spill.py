"""Large outcomes that travel by way of a folder that all machines see, instead of through the cluster's memory."""

from __future__ import annotations

import os
import shutil
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agentgym.errors import UsageError
from agentgym.extras import needed

__all__ = ["Spill", "Spilled"]

_LARGE_BYTES = 1024 * 1024


@dataclass(frozen=True)
class Spilled:
    """Where an outcome lies."""

    name: str


@dataclass(frozen=True)
class Spill:
    """A folder of one ``map``.

    Attributes:
        place: an absolute path, or an address that fsspec reads: ``"s3://bucket/folder"``.
    """

    place: str

    @staticmethod
    def within(folder: str | os.PathLike[str]) -> Spill:
        """A new folder in this one.

        Raises:
            UsageError: if it cannot be made.
            MissingDependencyError: if it is an address, and fsspec or what it needs for it is not installed.
        """
        text = os.fspath(folder)
        place = text.rstrip("/") if "://" in text else os.path.abspath(text)
        spill = Spill(f"{place}/agentgym-{uuid.uuid4().hex}")
        try:
            spill._make()
        except (OSError, ValueError) as error:
            raise UsageError(f"nothing can be spilled to {text!r}: {error}") from error
        return spill

    def take(self, outcome: bytes) -> bytes | Spilled:
        """What to send instead: itself if it is small. On the worker."""
        if len(outcome) < _LARGE_BYTES:
            return outcome
        name = uuid.uuid4().hex
        if (files := self._files()) is None:
            Path(self.place, name).write_bytes(outcome)
        else:
            files.pipe_file(f"{self.place}/{name}", outcome)
        return Spilled(name)

    def give(self, sent: bytes | Spilled) -> bytes:
        """The outcome that was taken; lets go of it.

        Raises:
            OSError: if it is not there.
        """
        if isinstance(sent, bytes):
            return sent
        if (files := self._files()) is None:
            path = Path(self.place, sent.name)
            outcome = path.read_bytes()
            path.unlink()
            return outcome
        address = f"{self.place}/{sent.name}"
        kept: bytes = files.cat_file(address)
        files.rm_file(address)
        return kept

    def remove(self) -> None:
        """The folder, and what nobody asked for any more."""
        if (files := self._files()) is None:
            shutil.rmtree(self.place, ignore_errors=True)
        elif files.exists(self.place):
            files.rm(self.place, recursive=True)

    def _make(self) -> None:
        if (files := self._files()) is None:
            Path(self.place).mkdir(parents=True)
        else:
            files.makedirs(self.place)

    def _files(self) -> Any:
        """The file system of an address; None for a folder."""
        if "://" not in self.place:
            return None
        return needed("fsspec.core", extra="fsspec").url_to_fs(self.place)[0]
