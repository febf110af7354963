"""The frames of a run across files, and read by others while they are written."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import agentgym
from agentgym.events import Bus, Reset, Step
from agentgym.trajectory import Dataset, TrajectoryWriter
from agentgym.trajectory.frameformat import parse_head, split_place
from agentgym.trajectory.framelog import FrameLog
from agentgym.trajectory.framereader import FrameCache, FrameReader
from agentgym.trajectory.layout import frames_file
from agentgym.trajectory.values import ValueReader
from agentgym.trajectory.valuewriter import ValueWriter

pytestmark = pytest.mark.episodes

ROOT = Path(agentgym.__file__).parents[1]


def noise(number: int) -> npt.NDArray[np.uint8]:
    return np.random.default_rng(number).integers(0, 256, (60, 60), np.uint8)


def a_step(number: int, observation: object, *, last: bool = False) -> Step:
    return Step(step=number, observation=observation, action=0, reward=0.0, terminated=last, truncated=False)


def record(root: Path, steps: int, **options: Any) -> None:
    writer = TrajectoryWriter(root, "run", **options)
    bus = Bus("run")
    bus.subscribe(writer.append)
    bus.publish(Reset(observation=(noise(0), "text " * 900)))
    for step in range(1, steps + 1):
        bus.publish(a_step(step, (noise(step // 2), "text " * 900 + str(step))))
    writer.close()


def test_a_file_of_frames_that_is_large_is_gone_on_from_in_another(tmp_path: Path) -> None:
    record(tmp_path, 40, frames_bytes=20_000)
    sizes = [path.stat().st_size for path in tmp_path.glob("*.frames")]
    assert len(sizes) >= 4
    assert max(sizes) < 30_000
    assert frames_file(tmp_path, "run").exists()
    assert frames_file(tmp_path, "run", 1) == tmp_path / "run.2.frames"
    assert frames_file(tmp_path, "run", 1).exists()
    dataset = Dataset(tmp_path)
    assert dataset.torn == ()
    order = np.random.default_rng(0).permutation(41)
    for t in order:
        picture, text = dataset[0].observations[int(t)]
        assert np.array_equal(picture, noise(t // 2))
        assert text == "text " * 900 + (str(t) if t else "")
    summary = json.loads((tmp_path / "run.summary.json").read_text())
    assert summary["bytes"]["frames"] == sum(sizes)


def test_a_torn_frame_in_a_later_file_is_told(tmp_path: Path) -> None:
    record(tmp_path, 40, frames_bytes=20_000)
    last = max(tmp_path.glob("run.*.frames"), key=lambda path: int(path.name.split(".")[1]))
    whole = last.stat().st_size
    with last.open("ab") as file:
        file.write(b"AGF1 and no more")
    (torn,) = Dataset(tmp_path).torn
    assert (torn.path, torn.offset, torn.size) == (last, whole, 16)


def test_a_file_that_was_begun_and_never_referred_to_is_told(tmp_path: Path) -> None:
    record(tmp_path, 2)
    (tmp_path / "run.2.frames").write_bytes(b"AGF1")
    (torn,) = Dataset(tmp_path).torn
    assert (torn.path.name, torn.offset, torn.size) == ("run.2.frames", 0, 4)


def test_many_short_episodes_share_their_runs_files(tmp_path: Path) -> None:
    bus, writer = Bus("run"), TrajectoryWriter(tmp_path, "run")
    bus.subscribe(writer.append)
    for episode in range(5000):
        bus.publish(Reset(observation=episode))
        for step in range(1, 6):
            bus.publish(a_step(step, noise(step), last=step == 5))
    writer.close()
    assert len(list(tmp_path.iterdir())) == 4
    dataset = Dataset(tmp_path)
    assert len(dataset) == 5000
    assert dataset[4321].observations[0] == 4321
    assert len(dataset.transitions()) == 25_000


DTYPES: Any = (
    hnp.scalar_dtypes()
    | hnp.unicode_string_dtypes()
    | hnp.byte_string_dtypes()
    | hnp.nested_dtypes(max_itemsize=64)
    | st.sampled_from([np.dtype(np.longdouble), np.dtype(np.clongdouble), np.dtype(">u8"), np.dtype("<M8[ns]")])
)


def arrays(dtype: np.dtype[Any]) -> st.SearchStrategy[npt.NDArray[Any]]:
    return hnp.arrays(dtype, hnp.array_shapes(min_dims=0, max_dims=5, max_side=7))


@settings(suppress_health_check=list(HealthCheck), max_examples=150, deadline=None)
@given(DTYPES.flatmap(arrays), st.data())
def test_an_array_of_any_dtype_and_shape_comes_back_to_the_bit(
    tmp_path: Path, array: npt.NDArray[Any], data: st.DataObject
) -> None:
    path = tmp_path / "frames"
    path.unlink(missing_ok=True)
    log = FrameLog()
    values = ValueWriter(log, None)
    other = array.copy()
    if array.size:
        other.flat[data.draw(st.integers(0, array.size - 1))] = array.flat[0]
    views = [array, other, array.T, np.asfortranarray(other), array[..., ::-1] if array.ndim else array]
    forms = [values.plain(view, ("x",)) for view in views]
    path.write_bytes(log.take())
    reader = ValueReader(FrameReader(path, FrameCache()))
    for form, view in zip(forms, views, strict=True):
        found = reader.value(form)
        assert (found.dtype, found.shape) == (view.dtype, view.shape)
        assert found.dtype.metadata is None
        assert found.tobytes() == view.tobytes()


def test_at_most_so_many_frames_are_decoded_for_one(tmp_path: Path) -> None:
    log = FrameLog(key_frame_every=5)
    picture = np.zeros((100, 100, 3), np.uint8)
    depths = []
    for index in range(23):
        picture[index] = 1
        log.put_array(("x",), picture)
        entry = log.take()
        depths.append(parse_head(entry, 0).depth)
    assert max(depths) == 4
    assert depths[:5] == [0, 1, 2, 3, 4]


WRITER = """
import sys
import numpy as np
from pathlib import Path
from agentgym.events import Bus, Reset, Step
from agentgym.trajectory import TrajectoryWriter

bus, writer = Bus("run"), TrajectoryWriter(Path(sys.argv[1]), "run", frames_bytes=100_000)
bus.subscribe(writer.append)
picture = np.zeros((120, 160, 3), np.uint8)
bus.publish(Reset(observation=picture))
print("begun", flush=True)
sys.stdin.readline()
for step in range(1, 1501):
    picture[step % 120] = step % 251
    if step % 50 == 0:
        picture[:] = np.random.default_rng(step).integers(0, 256, picture.shape, np.uint8)
    bus.publish(Step(step=step, observation=picture, action=step, reward=0.0, terminated=False, truncated=False))
"""

READER = """
import sys, time
import numpy as np
from agentgym.trajectory import Dataset

dataset, seen, looked = Dataset(sys.argv[1]), 0, 0
print("reading", flush=True)
deadline = time.monotonic() + 100
while seen < 1500 and time.monotonic() < deadline:
    dataset.refresh()
    episode = dataset[0]
    assert len(episode) >= seen, (len(episode), seen)
    assert all(part.reason.startswith("the last") for part in dataset.torn), dataset.torn
    seen = len(episode)
    for t in {seen, seen // 2, max(0, seen - 3)}:
        picture = episode.observations[t]
        assert t == 0 or picture[t % 120, 0, 0] == t % 251 or t % 50 == 0, t
        assert t == 0 or episode.actions[t - 1] == t
        looked += 1
print(seen, looked, int(episode.observations[1450].sum()))
"""


def test_two_processes_read_while_one_writes(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}

    def start(script: str, **pipes: Any) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", script, str(tmp_path)]
        return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True, **pipes)

    with start(WRITER, stdin=subprocess.PIPE) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "begun\n"
        readers = [start(READER, stderr=subprocess.PIPE) for _ in range(2)]
        assert [reader.stdout.readline() for reader in readers if reader.stdout] == ["reading\n"] * 2
        assert writer.stdin is not None
        writer.stdin.write("go\n")
        writer.stdin.flush()
        said = [reader.communicate(timeout=120) for reader in readers]
        writer.communicate(timeout=60)
    assert [reader.returncode for reader in readers] == [0, 0], said
    expected = np.random.default_rng(1450).integers(0, 256, (120, 160, 3), np.uint8).sum()
    for out, _ in said:
        seen, looked, total = map(int, out.split())
        assert (seen, total) == (1500, expected)
        assert looked >= 6


def test_a_place_names_the_file_and_the_byte() -> None:
    assert split_place(7) == (0, 7)
    assert split_place((1 << 40) + 7) == (1, 7)


@pytest.mark.slow
@pytest.mark.long
def test_a_million_short_episodes_open_in_seconds_and_little_memory(tmp_path: Path) -> None:
    """Written by hand: what is tested is reading."""
    line = '{{"ts_utc":"2026-11-21T09:53:14.877+00:00","run_id":"run","episode":{},"idx":{},{}}}\n'
    reset = '"event_type":"reset","payload":{"observation":0}'
    step = '"event_type":"step","payload":{"step":1,"observation":1,"action":0,"reward":0.0,"terminated":true}'
    count = 1_000_000
    with (tmp_path / "run.jsonl").open("w") as file:
        for episode in range(count):
            first = episode * 6
            file.write(line.format(episode, first, reset))
            file.writelines(line.format(episode, first + number, step) for number in range(1, 6))
    (tmp_path / "dataset.json").write_text('{"format": "agentgym.dataset", "version": 2}')
    began, before = time.monotonic(), resident_mb()
    dataset = Dataset(tmp_path)
    took, more = time.monotonic() - began, resident_mb() - before
    assert len(dataset) == count
    assert len(dataset[count - 1]) == 5
    assert dataset[123_456].observations[1] == 1
    assert took < 60
    assert more < 200


def resident_mb() -> float:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20
