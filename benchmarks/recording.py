"""What recording and reading cost, against Minari's DataCollector, PNG files and plain zstd, in one run.

    python benchmarks/recording.py [--quick]

The frames are those of real desktops, stepped by the benchmark itself the first time and kept in a temporary folder. A
peer that is not installed is named and left out: pip install 'minari[all]'. Peers are run in turns, and a figure is the
median of several. Bytes are all that a peer left in its folder; where only pictures are compared, PNG's, only ours are
counted, too, and the whole is said beside it.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from recording_peers import PEERS, absent, load_minari, play, record_minari, record_ours
from recording_streams import Frames, Replay, Silent, small, streams
from rich.console import Console
from rich.table import Table

from agentgym.trajectory import Dataset, pack
from agentgym.wrappers import TrajectoryRecorder

_ROUNDS = 3
_SHORT = 10
"""As long as the small tasks are that are learned at 84x84."""


@dataclass(frozen=True)
class Cost:
    """Of a peer, a step."""

    seconds: float
    bytes: float
    pictures: float
    packed: float


@dataclass(frozen=True)
class Line:
    """Of the table: ``ratio`` must be at least ``target``, or at most if ``at_most``."""

    what: str
    ours: str
    peer: str
    ratio: float
    target: float | None = None
    at_most: bool = False

    @property
    def verdict(self) -> str:
        if self.target is None:
            return ""
        return "holds" if (self.ratio <= self.target if self.at_most else self.ratio >= self.target) else "MISSED"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="fewer steps: for trying, not for quoting")
    parser.add_argument("--memory", nargs=2, metavar=("STEPS", "FOLDER"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.memory:
        print(_anonymous_mb(int(options.memory[0]), options.memory[1]))
        return
    recorded = {name: frames[:60] if options.quick else frames for name, frames in streams().items()}
    lines: list[Line] = []
    for name, frames in recorded.items():
        lines += _writing(f"{name}, 1280x720", _costs(frames), big=True)
        # Five times over: that a run begins at all would be most of what so few of so small steps cost.
        little = np.concatenate([small(frames)] * 5)
        for episode in (_SHORT, None):
            stream = f"{name}, 84x84, episodes of {episode or len(little) - 1}"
            lines += _writing(stream, _costs(little, episode=episode), big=False)
    lines += [*_reading(recorded), *_sampling(small(recorded["mixed"])), _memory(options.quick), _tap()]
    for peer, what in absent().items():
        print(f"{peer} is left out: {what} is not installed")
    _show(lines)


def _costs(frames: Frames, *, episode: int | None = None) -> dict[str, Cost]:
    """Each peer's. Episodes are of so many steps, or there is but one."""
    rounds: dict[str, list[Cost]] = {name: [] for name in PEERS if name not in absent()}
    for _ in range(_ROUNDS):
        for name, costs in rounds.items():
            record = PEERS[name]
            with tempfile.TemporaryDirectory() as root:
                folder = Path(root) / "recording"
                seconds = _timed(lambda: record(frames, folder, episode)) / len(frames)  # noqa: B023 - called at once
                left = _size(folder)
                saved = pack(folder) if name == "agentgym" else 0
                pictures = _size(folder, ".frames")
                costs.append(Cost(seconds, *(size / len(frames) for size in (left, pictures, left - saved))))
    # Sizes are the same each time.
    return {name: sorted(costs, key=lambda cost: cost.seconds)[_ROUNDS // 2] for name, costs in rounds.items()}


def _writing(stream: str, costs: dict[str, Cost], *, big: bool) -> list[Line]:
    ours = costs["agentgym"]
    lines = []
    for name, cost in costs.items():
        if name == "agentgym":
            continue
        pictures = name.startswith(("PNG", "zstd"))
        size, whole = (ours.pictures, f" ({ours.bytes:,.0f} with all else)") if pictures else (ours.bytes, "")
        speed_target, bytes_target = _targets(stream, name, big=big)
        lines.append(
            Line(
                f"{stream}: steps/s against {name}",
                f"{1 / ours.seconds:,.0f}",
                f"{1 / cost.seconds:,.0f}",
                cost.seconds / ours.seconds,
                speed_target,
            )
        )
        what = f"{stream}: {'picture ' if pictures else ''}bytes a step against {name}"
        lines.append(Line(what, f"{size:,.0f}{whole}", f"{cost.bytes:,.0f}", cost.bytes / size, bytes_target))
        if not pictures:
            what = f"{stream}: bytes a step, packed when closed, against {name}"
            packed = f"{ours.packed:,.0f}"
            lines.append(Line(what, packed, f"{cost.bytes:,.0f}", cost.bytes / ours.packed, bytes_target))
    return lines


def _targets(stream: str, peer: str, *, big: bool) -> tuple[float | None, float | None]:
    typing = stream.startswith("typing")
    if peer.startswith("Minari"):
        return (10, 100 if typing else 30) if big else (15, 20)
    if "default" in peer and big:
        return 20, 30 if typing else 6
    return None, None


def _reading(recorded: dict[str, Frames]) -> list[Line]:
    lines = []
    for name, frames in recorded.items():
        with tempfile.TemporaryDirectory() as root:
            record_ours(frames, Path(root) / "ours", None)
            PEERS["PNG a step (Pillow's default, level 6)"](frames, Path(root) / "png", None)
            pictures = [Path(root) / "png" / f"step_{number}.png" for number in range(len(frames))]
            png = _median(partial(_decode, pictures)) / len(frames)
            ours = _median(partial(_read, Path(root) / "ours")) / len(frames)
            lines.append(
                Line(
                    f"{name}: reading all frames in order, a frame, against decoding PNGs",
                    f"{1000 * ours:.2f} ms",
                    f"{1000 * png:.2f} ms",
                    png / ours,
                    5,
                )
            )
            median, worst = _random_access(Path(root) / "ours", len(frames))
            lines.append(
                Line(
                    f"{name}: random access to a frame, median (95th percentile)",
                    f"{median:.2f} ms ({worst:.2f})",
                    "3 ms",
                    median / 3,
                    1,
                    at_most=True,
                )
            )
    return lines


def _decode(pictures: Iterable[Path]) -> None:
    for path in pictures:
        np.asarray(Image.open(path))


def _read(folder: Path) -> None:
    for _ in Dataset(folder)[0].observations:
        pass


def _random_access(folder: Path, count: int) -> tuple[float, float]:
    """Milliseconds to a frame that nothing near was read before: each from a dataset whose cache is empty."""
    random = np.random.default_rng(0)
    observations = Dataset(folder)[0].observations
    len(observations)
    times = []
    for t in random.integers(0, count, 100):
        cold = Dataset(folder)[0].observations
        len(cold)
        times.append(1000 * _timed(lambda: cold[int(t)]))  # noqa: B023 - called at once
    return statistics.median(times), float(np.percentile(times, 95))


def _sampling(frames: Frames) -> list[Line]:
    """Batches of 64 transitions from twenty episodes of 100 steps."""
    many = np.concatenate([frames] * (2001 // len(frames) + 1))[:2001]
    random = np.random.default_rng(0)
    batches = [random.integers(0, 2000, 64).tolist() for _ in range(10)]
    with tempfile.TemporaryDirectory() as root:
        record_ours(many, Path(root) / "ours", 100)
        items = Dataset(Path(root) / "ours").training_items()
        ours = statistics.median(_timed(partial(items.__getitems__, batch)) for batch in batches)
        if absent():
            return [Line("batch of 64 transitions, 84x84x3", f"{1000 * ours:.1f} ms", "–", 0)]
        lines = []
        for name, jpeg in (("lossy JPEG", True), ("lossless", False)):
            record_minari(many, Path(root) / name, 100, jpeg=jpeg)
            dataset = load_minari(Path(root) / name)
            theirs = statistics.median(_timed(partial(_minari_batch, dataset, batch)) for batch in batches)
            what = f"batch of 64 transitions, 84x84x3, against Minari, {name}"
            lines.append(Line(what, f"{1000 * ours:.1f} ms", f"{1000 * theirs:.1f} ms", theirs / ours, 3))
    return lines


def _minari_batch(dataset: Any, batch: list[int]) -> list[Any]:
    """It reads whole episodes: each of those that are needed once."""
    episodes: dict[int, Any] = {number: dataset[number] for number in sorted({index // 100 for index in batch})}
    found = []
    for index in batch:
        episode, t = episodes[index // 100], index % 100
        found.append((episode.observations[t], episode.actions[t], episode.rewards[t], episode.observations[t + 1]))
    return found


def _memory(quick: bool) -> Line:
    """In processes of their own: what the environment alone takes, and the same recorded."""
    steps = 500 if quick else 10_000
    with tempfile.TemporaryDirectory() as root:
        alone, recorded = (_in_a_process(steps, folder) for folder in ("", root + "/data"))
    more = recorded - alone
    what = f"memory above the environment's, at most, in {steps:,} steps of 1280x720"
    return Line(what, f"{more:.0f} MB", "100 MB", more / 100, 1, at_most=True)


def _in_a_process(steps: int, folder: str) -> float:
    command = [sys.executable, __file__, "--memory", str(steps), folder]
    return float(json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout))


def _anonymous_mb(steps: int, folder: str) -> float:
    """The most memory of the process's own, not the files that it has mapped, at any hundredth step."""
    env: Any = Replay(streams()["mixed"], in_place=True)
    env = TrajectoryRecorder(env, folder) if folder else env
    env.reset(seed=0)
    most = 0.0
    for step in range(steps):
        env.step(1)
        if step % 100 == 99:
            status = Path("/proc/self/status").read_text()
            most = max(most, int(status.partition("RssAnon:")[2].split()[0]) / 1024)
    env.close()
    return most


def _tap() -> Line:
    """The recorder around an environment that shows nothing."""
    alone, recorded = [], []
    for _ in range(7):
        alone.append(_timed(lambda: play(Silent(), 3000)))
        recorded.append(_timed_recorder(3000))
    cost = 1e6 * (statistics.median(recorded) - statistics.median(alone)) / 3000
    return Line("tap and stream without arrays, a step", f"{cost:.0f} us", "60 us", cost / 60, 1, at_most=True)


def _timed_recorder(steps: int) -> float:
    with tempfile.TemporaryDirectory() as root:
        env = TrajectoryRecorder(Silent(), root)
        seconds = _timed(lambda: play(env, steps))
        env.close()
    return seconds


def _timed(action: Callable[[], object]) -> float:
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def _median(action: Callable[[], object]) -> float:
    return statistics.median(_timed(action) for _ in range(_ROUNDS))


def _size(folder: Path, suffix: str = "") -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file() and path.name.endswith(suffix))


def _show(lines: Iterable[Line]) -> None:
    table = Table(title="Recording and reading, two cores", title_justify="left")
    for name in ("what", "agentgym", "peer or limit", "ratio", "target", ""):
        table.add_column(name, justify="left" if name in ("what", "") else "right")
    for line in lines:
        target = "" if line.target is None else f"{'<=' if line.at_most else '>='} {line.target:g}"
        table.add_row(line.what, line.ours, line.peer, f"{line.ratio:.2f}", target, line.verdict)
    Console(width=170).print(table)


if __name__ == "__main__":
    main()
