"""Verdicts that were paid for once, kept on disk by what was asked."""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path
from typing import Any

import msgspec

from agentgym.errors import RewardHookError

__all__ = ["Verdict", "VerdictCache"]


class Verdict(msgspec.Struct, frozen=True):
    """What a judge says: ``score`` in [0, 1], and why."""

    score: float
    reason: str = ""


class VerdictCache:
    """One small file a question; any number of threads and processes may share the folder.

    Args:
        folder: made when the first verdict is kept.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get(self, question: Any) -> Verdict | None:
        """The verdict on a question, if it was asked before.

        Raises:
            RewardHookError: if the file cannot be read.
        """
        path = self._path(question)
        try:
            return msgspec.json.decode(path.read_bytes(), type=Verdict)
        except FileNotFoundError:
            return None
        except (OSError, msgspec.DecodeError) as error:
            raise RewardHookError(f"the kept verdict {path} cannot be read; remove it: {error}") from error

    def keep(self, question: Any, verdict: Verdict) -> None:
        """Keeps a verdict, whole or not at all."""
        path = self._path(question)
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent)
        with os.fdopen(handle, "wb") as file:
            file.write(msgspec.json.encode(verdict))
        os.replace(name, path)

    def _path(self, question: Any) -> Path:
        digest = hashlib.sha256(msgspec.json.encode(question, order="sorted")).hexdigest()
        return self._folder / digest[:2] / f"{digest}.json"
