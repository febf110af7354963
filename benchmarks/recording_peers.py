"""The ways to record that the benchmark compares: each takes frames and a folder, and leaves a recording there."""

from __future__ import annotations

import importlib.util
import os
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

import gymnasium as gym
import zstandard
from PIL import Image
from recording_streams import Frames, Replay

from agentgym.wrappers import TrajectoryRecorder

__all__ = ["PEERS", "absent", "load_minari", "play", "record_minari", "record_ours"]

Recorder: TypeAlias = Callable[[Frames, Path, int | None], None]
"""Frames, folder, and how many steps an episode has; None for one episode of all."""

_MINARI_ID = "bench/frames-v0"


def play(env: gym.Env[Any, Any], steps: int) -> None:
    env.reset(seed=0)
    for _ in range(steps):
        if env.step(1)[3]:
            env.reset()


def record_ours(frames: Frames, folder: Path, episode: int | None) -> None:
    env = TrajectoryRecorder(Replay(frames, episode=episode), folder)
    play(env, len(frames) - 1)
    env.close()


def record_minari(frames: Frames, folder: Path, episode: int | None, *, jpeg: bool) -> None:
    """Minari's own recorder, in its default file format; it writes at the end."""
    import minari

    with _minari_in(folder), warnings.catch_warnings():
        # It wants the names of authors and a registered environment.
        warnings.simplefilter("ignore")
        env = minari.DataCollector(Replay(frames, episode=episode), jpeg_encoding=jpeg)
        play(env, len(frames) - 1)
        env.create_dataset(_MINARI_ID)


def load_minari(folder: Path) -> Any:
    import minari

    with _minari_in(folder), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return minari.load_dataset(_MINARI_ID)


def record_png(frames: Frames, folder: Path, _episode: int | None, *, level: int) -> None:
    folder.mkdir()
    for number, frame in enumerate(frames):
        Image.fromarray(frame).save(folder / f"step_{number}.png", compress_level=level)


def record_zstd(frames: Frames, folder: Path, _episode: int | None) -> None:
    folder.mkdir()
    compressor = zstandard.ZstdCompressor(level=1)
    with (folder / "frames").open("wb") as file:
        for frame in frames:
            file.write(compressor.compress(frame.data))
            file.flush()


PEERS: Mapping[str, Recorder] = {
    "agentgym": record_ours,
    "Minari, lossy JPEG (its default)": partial(record_minari, jpeg=True),
    "Minari, lossless": partial(record_minari, jpeg=False),
    "PNG a step (Pillow's default, level 6)": partial(record_png, level=6),
    "PNG a step (level 1)": partial(record_png, level=1),
    "zstd level 1 of each frame": record_zstd,
}


def absent() -> dict[str, str]:
    """The peers that cannot be run here, and what they lack."""
    missing = [name for name in ("minari", "h5py", "jax") if importlib.util.find_spec(name) is None]
    return {name: ", ".join(missing) for name in PEERS if missing and name.startswith("Minari")}


@contextmanager
def _minari_in(folder: Path) -> Iterator[None]:
    before = os.environ.get("MINARI_DATASETS_PATH")
    os.environ["MINARI_DATASETS_PATH"] = str(folder)
    try:
        yield
    finally:
        del os.environ["MINARI_DATASETS_PATH"]
        if before is not None:
            os.environ["MINARI_DATASETS_PATH"] = before
