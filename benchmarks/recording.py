"""What recording costs, beside what others cost on the same frames in the same run.

    python benchmarks/recording.py [--quick]

Steps real desktops, keeps their frames in memory, and plays them through an environment that costs nothing, bare and
under each recorder in turn. Prints one table. Figures are medians of several rounds. Minari's DataCollector needs jax
(`pip install minari jax`); what is not installed is left out and named.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import gymnasium as gym
import numpy as np
import numpy.typing as npt
import zstandard
from PIL import Image
from rich.console import Console
from rich.table import Table
from sessions import Frames, mixed_session, typing_session

import agentgym
from agentgym.wrappers import TrajectoryRecorder

Row = tuple[str, str, str, str, str]

_SHORT_EPISODE = 10
"""As long as the small tasks are that are learned at 84x84."""


class Replay(gym.Env[Any, Any]):
    """Shows given frames one after the other.

    Args:
        frames: of all episodes.
        length: of an episode, in steps; None for one of all frames.
    """

    def __init__(self, frames: Frames, length: int | None = None) -> None:
        self._frames = frames
        self._length = length or len(frames) - 1
        self._at = 0
        self._end = 0
        self.observation_space = gym.spaces.Box(0, 255, frames[0].shape, np.uint8)
        self.action_space = gym.spaces.Discrete(8)

    def reset(self, **_: Any) -> tuple[npt.NDArray[np.uint8], dict[str, Any]]:
        self._at = self._end if self._end + self._length < len(self._frames) else 0
        self._end = self._at + self._length
        return self._frames[self._at], {}

    def step(self, action: int) -> tuple[npt.NDArray[np.uint8], float, bool, bool, dict[str, Any]]:
        self._at += 1
        return self._frames[self._at], 0.0, self._at == self._end, False, {}


class Counter(gym.Env[Any, Any]):
    """Observations without arrays."""

    observation_space = gym.spaces.Discrete(1 << 30)
    action_space = gym.spaces.Discrete(8)

    def reset(self, **_: Any) -> tuple[int, dict[str, Any]]:
        return 0, {}

    def step(self, action: int) -> tuple[int, float, bool, bool, dict[str, Any]]:
        return 1, 0.0, False, False, {}


@dataclass(frozen=True)
class Cost:
    """Of one recorder: steps per second, bytes a step."""

    rate: float
    size: float


def run_episode(env: gym.Env[Any, int]) -> None:
    env.reset(seed=0)
    over = False
    while not over:
        over = env.step(1)[2]


@dataclass(frozen=True)
class Session:
    """Frames, and how they are cut into episodes."""

    frames: Frames
    length: int | None = None

    @property
    def episodes(self) -> int:
        return 1 if self.length is None else (len(self.frames) - 1) // self.length

    @property
    def steps(self) -> int:
        return len(self.frames) - 1 if self.length is None else self.episodes * self.length

    def env(self) -> Replay:
        return Replay(self.frames, self.length)

    def play(self, env: gym.Env[Any, int]) -> None:
        for _ in range(self.episodes):
            run_episode(env)


def bare(session: Session, _folder: Path) -> None:
    session.play(session.env())


def ours(session: Session, folder: Path) -> None:
    env = TrajectoryRecorder(session.env(), folder)
    session.play(env)
    env.close()


def png(level: int, session: Session, folder: Path) -> None:
    _each_frame(session, folder, lambda frame: _png(frame, level))


def zstd(session: Session, folder: Path) -> None:
    compressor = zstandard.ZstdCompressor(level=1)
    _each_frame(session, folder, lambda frame: compressor.compress(frame.tobytes()))


def _each_frame(session: Session, folder: Path, encode: Callable[[npt.NDArray[np.uint8]], bytes]) -> None:
    folder.mkdir()
    for index, frame in enumerate(session.frames):
        (folder / f"step_{index}").write_bytes(encode(frame))


def _png(frame: npt.NDArray[np.uint8], level: int) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(frame).save(buffer, "png", compress_level=level)
    return buffer.getvalue()


def minari(jpeg: bool, session: Session, folder: Path) -> None:
    """Episodes collected and turned into a dataset."""
    from minari import DataCollector

    os.environ["MINARI_DATASETS_PATH"] = str(folder)
    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
        # It misses descriptions, authors and the like.
        warnings.simplefilter("ignore")
        env = DataCollector(session.env(), jpeg_encoding=jpeg)
        session.play(env)
        env.create_dataset("bench/frames-v0")
        env.close()


def measured(record: Callable[[Session, Path], None], session: Session, rounds: int) -> Cost:
    seconds, sizes = [], []
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as parent:
            folder = Path(parent) / "recorded"
            seconds.append(_seconds(partial(record, session, folder)))
            sizes.append(sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()))
    return Cost(session.steps / statistics.median(seconds), statistics.median(sizes) / session.steps)


def peers() -> Iterator[tuple[str, Callable[[Session, Path], None]]]:
    if _has_minari():
        yield "Minari, lossless", partial(minari, False)
        yield "Minari, default (lossy JPEG)", partial(minari, True)
    yield "PNG a step, level 1", partial(png, 1)
    yield "PNG a step, default", partial(png, 6)
    yield "zstd of each frame", zstd


def _has_minari() -> bool:
    try:
        from minari import DataCollector  # noqa: F401
    except ImportError as error:
        Console(stderr=True).print(f"left out: Minari's DataCollector ({error})")
        return False
    return True


def session_rows(name: str, session: Session, rounds: int, wanted: dict[str, str]) -> Iterator[Row]:
    own = measured(ours, session, rounds)
    for peer, record in peers():
        theirs = measured(record, session, rounds)
        yield (
            f"{name}: {peer}",
            f"{own.rate:,.0f} steps/s, {own.size:,.0f} B",
            f"{theirs.rate:,.0f} steps/s, {theirs.size:,.0f} B",
            f"{own.rate / theirs.rate:.1f}x, 1/{theirs.size / own.size:.0f}",
            wanted.get(peer.partition(",")[0], ""),
        )
    yield (f"{name}: no recording", "", f"{measured(bare, session, rounds).rate:,.0f} steps/s", "", "")


def reading_rows(frames: Frames, rounds: int) -> Iterator[Row]:
    """Frames of one recorded episode by chance, and in order against decoding PNGs."""
    with tempfile.TemporaryDirectory() as parent:
        folder = Path(parent) / "ours"
        ours(Session(frames), folder)
        images = [_png(frame, 6) for frame in frames]
        rng = np.random.default_rng(0)
        places = [int(place) for place in rng.integers(len(frames), size=50)]
        times = []
        for place in places:
            # Opened anew, so that no frame is kept from the one before.
            observations = agentgym.Dataset(folder)[0].observations
            start = time.perf_counter()
            found = observations[place]
            times.append((time.perf_counter() - start) * 1000)
            assert np.array_equal(found, frames[place])
        yield ("one frame by chance", f"{statistics.median(times):.2f} ms", "", "", "< 3 ms")
        in_order = statistics.median(_seconds(partial(_read_all, folder)) for _ in range(rounds))
        decoded = statistics.median(_seconds(partial(_decode_all, images)) for _ in range(rounds))
        yield (
            "all frames in order: PNG",
            f"{in_order * 1000 / len(frames):.2f} ms",
            f"{decoded * 1000 / len(frames):.2f} ms",
            f"{decoded / in_order:.1f}x",
            "5x",
        )


def _read_all(folder: Path) -> None:
    for frame in agentgym.Dataset(folder)[0].observations:
        assert frame.size


def _decode_all(images: Sequence[bytes]) -> None:
    for image in images:
        assert np.asarray(Image.open(io.BytesIO(image))).size


def sampling_row(session: Session, batches: int) -> Row:
    """64 transitions by chance."""
    with tempfile.TemporaryDirectory() as parent:
        folder = Path(parent) / "ours"
        ours(session, folder)
        mine = _sampling(agentgym.Dataset(folder), batches)
        theirs = None
        if _has_minari():
            import minari as library

            minari(False, session, Path(parent) / "minari")
            theirs = _sampling(library.load_dataset("bench/frames-v0"), batches)
    return (
        "a batch of 64 transitions, 84x84x3: Minari",
        f"{mine * 1000:.1f} ms",
        "" if theirs is None else f"{theirs * 1000:.1f} ms",
        "" if theirs is None else f"{theirs / mine:.1f}x",
        "3x",
    )


def _sampling(dataset: Any, batches: int) -> float:
    """Seconds of a batch; both datasets are indexed by episode, and their episodes have the same names."""
    rng = np.random.default_rng(0)

    def batch() -> None:
        befores = []
        for _ in range(64):
            episode = dataset[int(rng.integers(len(dataset)))]
            step = int(rng.integers(len(episode)))
            befores.append(episode.observations[step])
            assert episode.observations[step + 1].shape == befores[-1].shape
            assert episode.rewards[step] == 0
        np.stack(befores)

    return statistics.median(_seconds(batch) for _ in range(batches))


def _seconds(work: Callable[[], None]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def tap_row(steps: int, rounds: int) -> Row:
    """What a step without arrays costs above the environment."""
    own, nothing = [], []
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as parent:
            env = TrajectoryRecorder(Counter(), Path(parent) / "ours")
            own.append(_per_step(env, steps))
            env.close()
            nothing.append(_per_step(Counter(), steps))
    cost = (statistics.median(own) - statistics.median(nothing)) * 1e6
    return ("tap and stream without arrays", f"{cost:.0f} us a step", "", "", "< 60 us")


def _per_step(env: gym.Env[Any, int], steps: int) -> float:
    env.reset(seed=0)
    start = time.perf_counter()
    for _ in range(steps):
        env.step(1)
    return (time.perf_counter() - start) / steps


def memory_row(steps: int) -> Row:
    """The peak of a process of its own, with the recorder and without."""
    peaks = [
        int(
            subprocess.run(
                [sys.executable, __file__, "--memory", kind, str(steps)], capture_output=True, check=True
            ).stdout
        )
        for kind in ("recorded", "bare")
    ]
    above = (peaks[0] - peaks[1]) / 1024
    return (f"memory of {steps:,} steps of 1280x720, above the environment", f"{above:.0f} MB", "", "", "< 100 MB")


def print_peak(kind: str, steps: int) -> None:
    # A process begins with its parent's peak; this forgets it.
    Path("/proc/self/clear_refs").write_text("5")
    rng = np.random.default_rng(0)
    frame = rng.integers(0, 255, (720, 1280, 3), np.uint8)
    frames = [frame.copy() for _ in range(16)]
    for index, one in enumerate(frames):
        one[20 * index : 20 * index + 20, :200] = index
    long = [frames[index % len(frames)] for index in range(steps + 1)]
    with tempfile.TemporaryDirectory() as parent:
        (ours if kind == "recorded" else bare)(Session(long), Path(parent) / "recorded")
    status = Path("/proc/self/status").read_text()
    print(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM")))


def _small(frame: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    return cv2.resize(frame, (84, 84), interpolation=cv2.INTER_AREA).astype(np.uint8)


def rows(quick: bool) -> Iterator[Row]:
    steps, rounds = (60, 2) if quick else (300, 3)
    typing, mixed = typing_session(steps), mixed_session(steps // 2)
    yield from session_rows(
        "typing, 1280x720", Session(typing), rounds, {"Minari": "10x, 1/100", "PNG a step": "20x, 1/30"}
    )
    yield from session_rows(
        "mixed, 1280x720", Session(mixed), rounds, {"Minari": "10x, 1/30", "PNG a step": "20x, 1/6"}
    )
    small = [_small(frame) for frame in (*typing, *mixed)]
    for length in (_SHORT_EPISODE, None):
        name = f"84x84, episodes of {length or len(small) - 1} steps"
        yield from session_rows(name, Session(small, length), rounds, {"Minari": "15x, 1/20"})
    yield from reading_rows(mixed, rounds)
    yield sampling_row(Session(small, len(small) // 10), 3 * rounds)
    yield tap_row(2_000, 2 * rounds + 1)
    yield memory_row(1_000 if quick else 10_000)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a fifth of the frames, fewer rounds")
    parser.add_argument("--memory", nargs=2, metavar=("KIND", "STEPS"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.memory is not None:
        print_peak(arguments.memory[0], int(arguments.memory[1]))
        return
    table = Table("what", "ours", "theirs", "ratio", "wanted", title="Recording")
    console = Console(width=150)
    for row in rows(arguments.quick):
        console.log(*row)
        table.add_row(*row)
    console.print(table)


if __name__ == "__main__":
    main()
