"""Cases of the metrics on films."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from tests.evaluators.osworld.case import Case, Folder, damaged


def cases(rng: random.Random, folder: Path) -> Iterator[Case]:
    files = Folder(folder)
    while True:
        yield _film_case(rng, files)


def _film_case(rng: random.Random, files: Folder) -> Case:
    film = _frames(rng)
    changed = (film, film, film[:-1], [*film, film[-1]], [255 - frame for frame in film], _frames(rng))
    other = rng.choice((*changed, [*film[: len(film) // 2], *_frames(rng)][: len(film)]))
    args: list[Any] = [_written(files, other), _written(files, film)]
    if rng.random() < 0.15:
        args[0] = files.write(damaged(rng, Path(args[0]).read_bytes()), ".avi")
    if rng.random() < 0.05:
        args[0] = rng.choice((files.missing(".avi"), None))
    if rng.random() < 0.05:
        args[1] = files.missing(".avi")
    options = rng.choice(({}, {}, {"threshold": 1}, {"max_frames_to_check": 3}, {"max_frames_to_check": 0}))
    return Case("compare_videos", args, options)


def _frames(rng: random.Random) -> list[Any]:
    noise = np.random.default_rng(rng.randrange(1 << 30))
    count = rng.randint(1, 14)
    if rng.random() < 0.2:
        return [np.full((48, 64, 3), rng.randrange(256), np.uint8) for _ in range(count)]
    scene = cv2.resize(noise.integers(0, 256, (6, 8, 3), np.uint8), (64, 48), interpolation=cv2.INTER_CUBIC)
    return [np.roll(scene, 2 * step, axis=1) for step in range(count)]


def _written(files: Folder, frames: list[Any]) -> str:
    path = str(files.new(".avi"))
    writer = cv2.VideoWriter(path, cv2.VideoWriter.fourcc(*"MJPG"), 10, (64, 48))
    for frame in frames:
        writer.write(frame)
    writer.release()
    return path
