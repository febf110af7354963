"""Records what passes its place in the stack of wrappers."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

import gymnasium as gym
from gymnasium.utils import RecordConstructorArgs

from agentgym.errors import UsageError
from agentgym.events import Bus
from agentgym.trajectory import Fsync, Redact, TrajectoryWriter
from agentgym.wrappers.run_recording import Keeper, OnError
from agentgym.wrappers.tap import Tap

__all__ = ["TrajectoryRecorder"]


class TrajectoryRecorder(Tap):
    """Publishes every reset and step to its ``bus`` and keeps all that is published there in a dataset.

    When ``reset`` or ``step`` returns, it is in the file; ``close`` only adds the summary. It changes nothing that
    passes. Agents and tools publish what they do to ``recorder.bus``, into the same stream; what is called within
    ``reset`` or ``step`` may do so through `agentgym.events.trace`, without knowing of the recorder.

    Any number of recorders, in any number of processes, may share a folder: each has files of its own. With
    vectorised environments it goes around each single one, inside the ``env_fns`` or ``make_vec``'s ``wrappers``.
    A recorder that finds itself in a forked process, or copied, goes on in a run of its own, which says what run it
    ``continues``.

    Args:
        env: any environment.
        path: the folder of the dataset; made at the first reset.
        agent: the name of who acts, for the record.
        metadata: anything to be kept with the run, such as the command line or the commit.
        about: what else is known of the run: fields of `agentgym.events.RunStarted` such as ``"model"``,
            ``"session_id"``, ``"attempt"``.
        redact: False to keep keys, tokens and passwords in what is written; a function from text to text to take out
            what only you know, too.
        preview_chars: of a longer text only its beginning, digest and length are kept; None to keep all.
        fsync: when data is forced to the disk itself: ``"never"`` loses nothing when a process dies, ``"episode"``
            and ``"step"`` nothing when the machine does.
        on_error: when the disk refuses, ``"raise"`` a DatasetError from ``step``; or ``"warn"``, and go on unrecorded
            to the end of the episode. Either way the next reset tries again, in a new run.
        key_frame_every: at most so many stored images must be decoded for any one; None for what suits their size.
        pack: whether ``close`` compresses the records, to a tenth; ``zstd -d`` gives back the lines.

    Attributes:
        bus: what is recorded is published here; another run begins in it after a fork, and after ``close``.

    Raises:
        UsageError: if the path is a file, or an argument is out of range.
    """

    bus: Bus

    def __init__(
        self,
        env: gym.Env[Any, Any],
        path: str | os.PathLike[str],
        *,
        agent: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        about: Mapping[str, Any] | None = None,
        redact: bool | Redact = True,
        preview_chars: int | None = None,
        fsync: Fsync = "never",
        on_error: OnError = "raise",
        key_frame_every: int | None = None,
        pack: bool = False,
    ) -> None:
        RecordConstructorArgs.__init__(
            self,
            path=os.fspath(path),
            agent=agent,
            metadata=metadata,
            about=about,
            redact=redact,
            preview_chars=preview_chars,
            fsync=fsync,
            on_error=on_error,
            key_frame_every=key_frame_every,
            pack=pack,
        )
        # A process that changes its folder still records into the one that was meant.
        self._root = Path(path).absolute()
        if self._root.exists() and not self._root.is_dir():
            raise UsageError(f"a dataset is a folder, but {self._root} is a file")
        if on_error not in get_args(OnError):
            raise UsageError(f"on_error is one of {', '.join(get_args(OnError))}, not {on_error!r}")
        self._writing: dict[str, Any] = {
            "redact": redact,
            "preview_chars": preview_chars,
            "fsync": fsync,
            "key_frame_every": key_frame_every,
            "pack": pack,
        }
        self._begin_as(env, bus=None, agent=agent, metadata=metadata, about=about, on_error=on_error)

    def _keeper(self, run_id: str) -> Keeper:
        return TrajectoryWriter(self._root, run_id, **self._writing)
