from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from agentgym.errors import DatasetError
from agentgym.trajectory.deltas import Box
from agentgym.trajectory.frameformat import Kind, boxes_from, pack_boxes, pack_entry, parse_head, verify
from agentgym.trajectory.framelog import FrameLog
from agentgym.trajectory.framereader import FrameCache, FrameReader

PLACE = ("observation",)


def written(path: Path, log: FrameLog) -> FrameReader:
    with path.open("ab") as file:
        file.write(log.take())
    return FrameReader(path, FrameCache())


def typing_frames(count: int) -> list[npt.NDArray[np.uint8]]:
    frame = np.full((120, 160, 3), 240, np.uint8)
    frames = []
    for index in range(count):
        frame[10:20, 2 * index : 2 * index + 6] = index
        frames.append(frame.copy())
    return frames


def same(first: npt.NDArray[Any], second: npt.NDArray[Any]) -> bool:
    return first.dtype == second.dtype and first.shape == second.shape and first.tobytes() == second.tobytes()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(
    st.lists(
        hnp.arrays(st.sampled_from(["u1", "<f4", ">i2", "c16", "?", "S3", "U2"]), hnp.array_shapes(max_dims=4)),
        min_size=1,
        max_size=6,
    ),
    st.randoms(use_true_random=False),
)
def test_any_arrays_come_back_to_the_bit_in_any_order(tmp_path: Path, arrays: list[Any], random: Any) -> None:
    path = tmp_path / "frames"
    path.unlink(missing_ok=True)
    log = FrameLog()
    arrays = [array for array in arrays if array.nbytes]
    if not arrays:
        return
    places = [(log.put_array(PLACE, array), array) for array in arrays]
    reader = written(path, log)
    random.shuffle(places)
    for offset, array in places:
        assert same(reader.array(offset), array)


def test_a_structured_array_comes_back(tmp_path: Path) -> None:
    dtype = np.dtype([("place", "<f8", (2,)), ("name", "S4"), ("inner", [("count", ">u2"), ("on", "?")])], align=True)
    array = np.zeros((3, 4), dtype)
    array["place"] = np.nan
    array["inner"]["count"] = np.arange(12).reshape(3, 4)
    log = FrameLog()
    offset = log.put_array(PLACE, array)
    assert same(written(tmp_path / "frames", log).array(offset), array)


def test_arrays_that_are_views_of_others_come_back(tmp_path: Path) -> None:
    base = np.arange(4000, dtype=np.int32).reshape(40, 100)
    log = FrameLog()
    views = [base.T, base[::2, ::-1], np.asfortranarray(base)]
    offsets = [log.put_array((index,), view) for index, view in enumerate(views)]
    reader = written(tmp_path / "frames", log)
    assert all(same(reader.array(offset), view) for offset, view in zip(offsets, views, strict=True))


def test_a_long_chain_is_read_forwards_backwards_and_at_random(tmp_path: Path) -> None:
    frames = typing_frames(75)
    log = FrameLog()
    offsets = [log.put_array(PLACE, frame) for frame in frames]
    reader = written(tmp_path / "frames", log)
    order = [*range(75), *reversed(range(75)), *np.random.default_rng(0).integers(0, 75, 50)]
    assert all(same(reader.array(offsets[index]), frames[index]) for index in order)


def test_a_small_change_costs_few_bytes_and_none_costs_none(tmp_path: Path) -> None:
    frames = typing_frames(10)
    log = FrameLog()
    log.put_array(PLACE, frames[0])
    log.take()
    log.put_array(PLACE, frames[1])
    assert len(log.take()) < 150
    assert log.put_array(PLACE, frames[1]) == log.put_array(PLACE, frames[1].copy())
    assert log.take() == b""


def test_the_caller_may_change_an_array_that_was_put(tmp_path: Path) -> None:
    array = np.zeros((50, 50), np.uint8)
    log, offsets = FrameLog(), []
    for index in range(20):
        array[index] = index
        offsets.append(log.put_array(PLACE, array))
    reader = written(tmp_path / "frames", log)
    assert [int(reader.array(offset).max()) for offset in offsets] == list(range(20))


def test_an_array_that_was_read_belongs_to_the_reader(tmp_path: Path) -> None:
    frames = typing_frames(2)
    log = FrameLog()
    offsets = [log.put_array(PLACE, frame) for frame in frames]
    reader = written(tmp_path / "frames", log)
    reader.array(offsets[0])[:] = 7
    assert same(reader.array(offsets[0]), frames[0])
    assert same(reader.array(offsets[1]), frames[1])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(st.lists(st.binary(max_size=300), min_size=1, max_size=8))
def test_any_bytes_come_back(tmp_path: Path, blobs: list[bytes]) -> None:
    path = tmp_path / "frames"
    path.unlink(missing_ok=True)
    log = FrameLog()
    stored = [log.put_blob(PLACE, blob) for blob in blobs]
    reader = written(path, log)
    assert [reader.blob(item.offset) for item in stored] == blobs


def test_a_long_text_that_changes_a_little_costs_little(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    text = "".join(f"<node x='{random.integers(1000)}'/>\n" for _ in range(3000)).encode()
    log = FrameLog()
    log.put_blob(PLACE, text)
    log.take()
    log.put_blob(PLACE, text.replace(b"x='5", b"x='6", 1))
    assert len(log.take()) < 150


def test_the_same_bytes_are_kept_once(tmp_path: Path) -> None:
    log = FrameLog()
    assert log.put_blob(("a",), b"long" * 1000) == log.put_blob(("b",), b"long" * 1000)


def test_after_forgetting_nothing_refers_to_what_was_lost(tmp_path: Path) -> None:
    frames = typing_frames(3)
    log = FrameLog()
    log.put_array(PLACE, frames[0])
    reader = written(tmp_path / "frames", log)
    log.put_array(PLACE, frames[1])
    log.forget((tmp_path / "frames").stat().st_size)
    offset = log.put_array(PLACE, frames[2])
    reader = written(tmp_path / "frames", log)
    assert same(reader.array(offset), frames[2])


@pytest.mark.parametrize("cut", [1, 10, 60])
def test_a_cut_frame_says_where_and_leaves_the_others(tmp_path: Path, cut: int) -> None:
    path, frames, log = tmp_path / "frames", typing_frames(2), FrameLog()
    offsets = [log.put_array(PLACE, frame) for frame in frames]
    reader = written(path, log)
    content = path.read_bytes()
    path.write_bytes(content[:-cut])
    assert same(reader.array(offsets[0]), frames[0])
    assert reader.end_of_entries(0) == offsets[1]
    with pytest.raises(DatasetError, match=f"{path}: at byte {offsets[1]}"):
        FrameReader(path, FrameCache()).array(offsets[1])


def test_a_damaged_frame_is_noticed(tmp_path: Path) -> None:
    path, log = tmp_path / "frames", FrameLog()
    offset = log.put_array(PLACE, typing_frames(1)[0])
    reader = written(path, log)
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(DatasetError, match="check sum"):
        reader.array(offset)


def rough(number: int) -> npt.NDArray[np.uint8]:
    return np.random.default_rng(number).integers(0, 256, (100, 100, 3), np.uint8)


def test_what_was_behind_a_dialogue_is_not_stored_again(tmp_path: Path) -> None:
    desktop, log = rough(0), FrameLog()
    dialogue = desktop.copy()
    dialogue[10:60, 10:60] = rough(1)[:50, :50]
    typed = desktop.copy()
    typed[90, 5:20] = 7
    shown = [desktop, dialogue, desktop, dialogue, typed, dialogue]
    sizes, offsets = [], []
    for frame in shown:
        offsets.append(log.put_array(PLACE, frame))
        data = log.take()
        sizes.append(len(data))
        with (tmp_path / "frames").open("ab") as file:
            file.write(data)
    assert sizes[1] > 5000
    assert sizes[2:4] == [0, 0]
    assert max(sizes[4:]) < 150
    reader = FrameReader(tmp_path / "frames", FrameCache())
    for index in (5, 0, 3, 1, 4, 2):
        assert same(reader.array(offsets[index]), shown[index])


def test_scenes_that_change_at_random_come_back_to_the_bit(tmp_path: Path) -> None:
    random, log = np.random.default_rng(5), FrameLog(key_frame_every=20)
    scenes = [rough(number) for number in range(12)]
    shown, offsets = [], []
    for _ in range(400):
        scene = scenes[random.integers(12)]
        top, left = random.integers(0, 90, 2)
        scene[top : top + random.integers(1, 60), left : left + random.integers(1, 60)] = random.integers(256)
        shown.append(scene.copy())
        offsets.append(log.put_array(PLACE, scene))
    reader = written(tmp_path / "frames", log)
    assert all(same(reader.array(offsets[index]), shown[index]) for index in random.permutation(400))


def test_numbers_too_large_for_a_small_head_have_a_wide_one() -> None:
    small = pack_entry(Kind.BLOB, offset=9, depth=0, base=9, meta=b"", raw_size=1, content=b"x")
    wide = pack_entry(Kind.BLOB_DELTA, offset=1 << 33, depth=300, base=5, meta=b"", raw_size=1 << 40, content=b"x")
    assert (len(small), len(wide)) == (25, 41)
    head = parse_head(wide, 1 << 33)
    assert (head.depth, head.base, head.raw_size) == (300, 5, 1 << 40)
    verify(head, wide)
    assert parse_head(small, 9).base == 9
    boxes: list[Box] = [(0, 1, 70_000, 70_008)]
    kind, meta = pack_boxes(boxes)
    assert kind is Kind.BOXES
    assert boxes_from(kind, meta) == boxes
