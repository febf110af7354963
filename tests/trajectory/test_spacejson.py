from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
import pytest
from gymnasium import spaces

from agentgym.errors import DatasetError
from agentgym.spaces import Computer13, PyAutoGUIText, UnicodeText
from agentgym.trajectory.spacejson import space_from_json, space_to_json

SPACES: list[spaces.Space[Any]] = [
    spaces.Box(0, 255, (720, 1280, 3), np.uint8),
    spaces.Box(-np.inf, np.inf, (3,), np.float32),
    spaces.Box(np.array([0.1, -1.0]), np.array([np.inf, 2.5]), dtype=np.float64),
    spaces.Box(0, 2**62, (2,), np.int64),
    spaces.Discrete(5, start=-2),
    spaces.MultiDiscrete(np.array([[2, 3], [4, 5]])),
    spaces.MultiBinary([2, 3]),
    spaces.MultiBinary(4),
    spaces.Text(5, min_length=0, charset="abcü"),
    spaces.Dict({"b": spaces.Discrete(2), "a": spaces.Dict({"x": spaces.Box(0, 1, (2,))})}),
    spaces.Tuple([spaces.Discrete(2), spaces.Text(3)]),
    UnicodeText(70),
    PyAutoGUIText((800, 600)),
    Computer13((800, 600)),
]


@pytest.mark.parametrize("space", SPACES, ids=lambda space: type(space).__name__)
def test_a_space_comes_back_equal_and_small(space: spaces.Space[Any]) -> None:
    line = msgspec.json.encode(space_to_json(space))
    assert space_from_json(msgspec.json.decode(line)) == space
    assert len(line) < 500


def test_bounds_that_vary_over_a_large_box_stay_small() -> None:
    low = np.zeros((200, 200, 3), np.float32)
    low[100:] = -1
    space = spaces.Box(low, low + 2)
    line = msgspec.json.encode(space_to_json(space))
    assert space_from_json(msgspec.json.decode(line)) == space
    assert len(line) < 1000


def test_an_unknown_space_leaves_its_repr_and_says_so() -> None:
    form = space_to_json(spaces.Sequence(spaces.Discrete(2)))
    assert "Discrete(2)" in form["repr"]
    with pytest.raises(DatasetError, match="Sequence"):
        space_from_json(form)
