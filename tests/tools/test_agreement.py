"""What a tool's schema says and what its check takes are the same, whatever the types are."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Annotated, Any, Literal, NotRequired, Union

import jsonschema
import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field
from typing_extensions import TypedDict

from agentgym.errors import ToolError
from agentgym.spaces.instances import instance_of
from agentgym.tasks import Task
from agentgym.tools import Tool, ToolContext, tool


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


@dataclass
class Point:
    x: int
    y: float = 0.0


class Place(TypedDict):
    name: str
    at: NotRequired[Point]


class Model(BaseModel):
    model_config = ConfigDict(extra="forbid")
    colour: Colour
    tags: Annotated[list[str], Field(max_length=2)] = []


class Struct(msgspec.Struct):
    a: int
    b: Annotated[str, msgspec.Meta(min_length=1)] = "b"


LEAVES: list[Any] = [
    int,
    float,
    str,
    bool,
    type(None),
    Colour,
    Point,
    Place,
    Model,
    Struct,
    Literal["a", 1],
    Annotated[int, Field(ge=0, lt=5)],
    Annotated[float, Field(gt=0)],
    Annotated[str, Field(min_length=1, max_length=3)],
]
TYPES = st.recursive(
    st.sampled_from(LEAVES),
    lambda inner: (
        inner.map(lambda of: list[of])  # type: ignore[valid-type]  # drawn here
        | inner.map(lambda of: dict[str, of])  # type: ignore[valid-type]
        | st.tuples(inner, inner).map(tuple.__class_getitem__)
        | st.tuples(inner, inner).map(lambda two: Union[two[0], two[1]])  # noqa: UP007 - some of them have no `|`
        | inner.map(lambda of: Annotated[list[of], Field(min_length=1)])  # type: ignore[valid-type]
    ),
    max_leaves=4,
)
# Whole numbers as floats are left out: JSON Schema calls 1.0 an integer, we do not.
FLOATS = st.floats(allow_nan=False, allow_infinity=False).filter(lambda number: not number.is_integer())
KEYS = st.sampled_from(("x", "y", "name", "at", "colour", "tags", "a", "b", "type"))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 8) | FLOATS | st.sampled_from(("red", "a", "", "abcd", "5")),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=8,
)


def tool_of(kind: Any) -> Tool:
    def take(value: Any) -> Any:
        """Takes a value."""
        return value

    take.__annotations__ = {"value": kind, "return": Any}
    return tool(take)


def accepts(made: Tool, arguments: dict[str, Any]) -> bool:
    try:
        made.call(arguments, ToolContext(Task("t", "")))
    except ToolError:
        return False
    return True


@pytest.mark.episodes
@settings(max_examples=150, deadline=None)
@given(TYPES, VALUES, st.data())
def test_schema_and_check_agree(kind: Any, value: Any, data: st.DataObject) -> None:
    made = tool_of(kind)
    jsonschema.Draft202012Validator.check_schema(made.parameters)
    validator = jsonschema.Draft202012Validator(made.parameters)
    arguments = data.draw(st.sampled_from([{"value": value}, {"vlue": value}, {}, {"value": value, "more": 1}]))
    assert accepts(made, arguments) == validator.is_valid(arguments), (made.parameters, arguments)


@pytest.mark.episodes
@settings(max_examples=100, deadline=None)
@given(TYPES, st.integers(0, 1000))
def test_what_is_drawn_from_a_schema_fits(kind: Any, seed: int) -> None:
    made = tool_of(kind)
    arguments = instance_of(made.parameters, np.random.default_rng(seed))
    assert accepts(made, arguments), (made.parameters, arguments)
    assert msgspec.json.decode(msgspec.json.encode(arguments)) == arguments


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "object", "properties": {"a": {"type": ["integer", "null"]}}, "required": ["a"]},
        {"type": "object", "properties": {"a": {"enum": [1, "x"]}, "b": {"const": 3}}, "required": ["a", "b"]},
        {"type": "object", "properties": {"a": {"type": "array", "minItems": 2}}, "required": ["a"]},
        {"type": "object", "properties": {"a": {"type": "integer", "multipleOf": 5, "maximum": -1}}, "required": ["a"]},
        {"type": "object", "properties": {"a": {"oneOf": [{"type": "integer"}, {"type": "string"}]}}},
        {"type": "object", "properties": {"a": {"allOf": [{"type": "string", "minLength": 2}]}}, "required": ["a"]},
        {"$defs": {"t": {"type": "object", "properties": {"t": {"$ref": "#/$defs/t"}}}}, "$ref": "#/$defs/t"},
        {"type": "object", "properties": {"a": {"type": "number", "exclusiveMinimum": 1, "maximum": 1.5}}},
        {"type": "object", "properties": {"a": True, "b": {}}, "required": ["a", "b"]},
        {"type": "object"},
        {},
    ],
)
def test_values_are_drawn_of_schemas_that_others_wrote(schema: dict[str, Any]) -> None:
    validator = jsonschema.Draft202012Validator(schema)
    for seed in range(50):
        validator.validate(instance_of(schema, np.random.default_rng(seed)))
