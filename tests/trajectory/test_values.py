from __future__ import annotations

import dataclasses
import datetime as dt
import enum
import math
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agentgym.actions import Batch, Click, TypeText
from agentgym.trajectory.framelog import FrameLog
from agentgym.trajectory.framereader import FrameCache, FrameReader
from agentgym.trajectory.redaction import make_redact
from agentgym.trajectory.values import ValueReader
from agentgym.trajectory.valuewriter import ValueWriter

TEXT = st.text(st.characters(exclude_categories=[]), max_size=20)
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | TEXT
    | st.binary(max_size=20)
    | st.complex_numbers(allow_nan=False)
)
KEYS = TEXT | st.integers() | st.sampled_from(["$frame", "$tuple", "$dict", "$"])
VALUES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(KEYS, inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.sets(st.integers() | TEXT, max_size=4)
        | st.frozensets(st.integers(), max_size=4)
    ),
    max_leaves=12,
)


class Colour(enum.Enum):
    RED = "red"


@dataclasses.dataclass
class Point:
    x: int
    y: Any


class Odd:
    def __repr__(self) -> str:
        raise RuntimeError("no repr")


def round_trip(folder: Path, value: Any, *, redact: bool = False) -> Any:
    log = FrameLog()
    plain = ValueWriter(log, make_redact({}) if redact else None).plain(value, ("value",))
    line = msgspec.json.encode(plain)
    (folder / "frames").write_bytes(log.take())
    return ValueReader(FrameReader(folder / "frames", FrameCache())).value(msgspec.json.decode(line))


@pytest.mark.episodes
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(VALUES)
def test_any_nest_of_plain_values_comes_back_the_same(tmp_path: Path, value: Any) -> None:
    found = round_trip(tmp_path, value)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    "array",
    [
        np.array([0.1, -0.0, 1e-45], np.float32),
        np.array([np.nan, np.inf, -0.0]),
        np.array(3, np.int8),
        np.zeros((0, 3)),
        np.zeros((2, 0), "S0"),
        np.array([True, False]),
        np.arange(300, dtype=np.uint16),
        np.arange(5000, dtype=">f8"),
        np.array(["ab", "ü"]),
        np.array(["2026-11-21"], "M8[D]"),
        np.array([1 + 2j]),
        np.array([2**64 - 1], np.uint64),
        np.array([0.1], np.float16),
    ],
    ids=lambda array: f"{array.dtype}{array.shape}",
)
def test_arrays_keep_dtype_shape_and_bits(tmp_path: Path, array: np.ndarray[Any, Any]) -> None:
    found = round_trip(tmp_path, {"deep": [array]})["deep"][0]
    assert (found.dtype, found.shape, found.tobytes()) == (array.dtype, array.shape, array.tobytes())
    assert found.flags.writeable


@pytest.mark.parametrize(
    "scalar",
    [np.float32(0.1), np.float64("nan"), np.int64(-7), np.bool_(True), np.uint8(255), np.datetime64("2026", "Y")],
)
def test_numpy_scalars_keep_type_and_bits(tmp_path: Path, scalar: np.generic) -> None:
    found = round_trip(tmp_path, scalar)
    assert (type(found), found.tobytes()) == (type(scalar), scalar.tobytes())


def test_nan_comes_back_as_nan(tmp_path: Path) -> None:
    assert math.isnan(round_trip(tmp_path, float("nan")))


def test_an_array_of_objects_comes_back(tmp_path: Path) -> None:
    array = np.array([[1, "a"], [None, [2]]], object)
    found = round_trip(tmp_path, array)
    assert found.dtype == object
    assert found.tolist() == array.tolist()


def test_actions_come_back_as_actions(tmp_path: Path) -> None:
    action = Batch((Click(1, 2), TypeText("héllo")))
    assert round_trip(tmp_path, {"action": action}) == {"action": action}


def test_long_texts_and_bytes_come_back(tmp_path: Path) -> None:
    value = ["ünïcode \ud800 " * 1000, b"\x00\xff" * 5000]
    assert round_trip(tmp_path, value) == value


def test_long_texts_carry_their_digest_and_length() -> None:
    form = ValueWriter(FrameLog(), None).plain("ü" * 3000, ("value",))
    assert form["length"] == 6000
    assert len(form["sha256"]) == 64


@pytest.mark.parametrize(
    ("value", "converted"),
    [
        (Path("/a/b"), "/a/b"),
        (Colour.RED, "red"),
        (dt.date(2026, 11, 21), "2026-11-21"),
        (Point(1, (2,)), {"x": 1, "y": (2,)}),
        (bytearray(b"ab"), b"ab"),
        (np.str_("text"), "text"),
    ],
)
def test_what_is_converted_comes_back_as_documented(tmp_path: Path, value: Any, converted: Any) -> None:
    assert round_trip(tmp_path, value) == converted


def test_what_is_unknown_leaves_its_repr(tmp_path: Path) -> None:
    assert round_trip(tmp_path, len) == "<built-in function len>"
    assert "whose repr raised RuntimeError" in round_trip(tmp_path, Odd())


def test_a_value_that_holds_itself_ends_in_a_repr(tmp_path: Path) -> None:
    value: dict[str, Any] = {}
    value["self"] = value
    found = round_trip(tmp_path, value)
    assert found["self"]["self"].keys() == {"self"}


def test_secrets_by_name_and_by_look_are_taken_out(tmp_path: Path) -> None:
    value = {"api_key": "abc", "note": "Bearer abcdef1234567890XYZ", "api_keys_used": 3}
    found = round_trip(tmp_path, value, redact=True)
    assert found == {"api_key": "[redacted]", "note": "Bearer [redacted]", "api_keys_used": 3}
