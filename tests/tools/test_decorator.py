"""``@tool``: what becomes of a typed function."""

from __future__ import annotations

import enum
import functools
import pickle
import re
import typing
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal, Required

import jsonschema
import msgspec
import pytest
from pydantic import BaseModel, Field
from pydantic.dataclasses import dataclass as pydantic_dataclass
from typing_extensions import TypedDict

from agentgym.errors import ToolError, UsageError
from agentgym.tasks import Task
from agentgym.tools import Tool, ToolContext, tool


class Node(msgspec.Struct):
    children: list[Node] = []


@dataclass
class Tree:
    branches: list[Tree]


class Size(enum.Enum):
    SMALL = "small"
    LARGE = "large"


@dataclass
class Item:
    name: str
    price: float
    size: Size = Size.SMALL


class Address(TypedDict):
    street: str


class Customer(BaseModel):
    email: str
    address: Address


class Loose(BaseModel, extra="ignore"):
    note: str = ""


class Open(BaseModel, extra="allow"):
    note: str = ""


class Part(BaseModel):
    parts: list[Part] = []


@pydantic_dataclass
class Label:
    text: str


@tool
def add(a: int, b: Annotated[int, Field(ge=0)] = 1) -> int:
    """Adds two numbers.

    And says no more
    than that.

    Args:
        a: first.
        b (int): second,
            from 0.

    Returns:
        sum: of both.
    """
    return a + b


def sum_of(a: int, b: int) -> int:
    """Sums."""
    return a + b


@tool
def order(
    customer: Customer,
    items: list[Item],
    how: Literal["post", "pigeon"],
    when: datetime | None = None,
    *,
    context: ToolContext,
) -> dict[str, Any]:
    """Orders."""
    return {
        "email": customer.email,
        "street": customer.address["street"],
        "sizes": [item.size for item in items],
        "how": how,
        "when": when,
        "task": context.task.id,
    }


@pytest.fixture
def context() -> ToolContext:
    return ToolContext(Task("t", "do it"))


def test_a_function_becomes_name_description_and_schema() -> None:
    assert add.name == "add"
    assert add.description == "Adds two numbers.\n\nAnd says no more\nthan that."
    assert add.parameters == {
        "type": "object",
        "properties": {
            "a": {"type": "integer", "description": "first."},
            "b": {"type": "integer", "minimum": 0, "default": 1, "description": "second, from 0."},
        },
        "required": ["a"],
        "additionalProperties": False,
    }
    assert add.definition() == {
        "type": "function",
        "function": {"name": "add", "description": add.description, "parameters": add.parameters},
    }


def test_the_function_can_still_be_called() -> None:
    assert add(2, b=3) == 5


def test_a_definition_is_the_callers_own() -> None:
    add.definition()["function"]["parameters"]["properties"].clear()
    assert set(add.parameters["properties"]) == {"a", "b"}


def test_nested_types_enums_and_the_context(context: ToolContext) -> None:
    done = order.call(
        {
            "customer": {"email": "a@b", "address": {"street": "Elm"}},
            "items": [{"name": "pen", "price": 1}, {"name": "ink", "price": 2.5, "size": "large"}],
            "how": "pigeon",
            "when": "2026-01-02T03:04:05Z",
        },
        context,
    )
    assert done["sizes"] == [Size.SMALL, Size.LARGE]
    assert (done["email"], done["street"], done["how"], done["task"]) == ("a@b", "Elm", "pigeon", "t")
    assert done["when"].year == 2026
    assert "context" not in order.parameters["properties"]
    assert order.parameters["properties"]["how"]["enum"] == ["post", "pigeon"]
    assert order.parameters["$defs"]["Size"]["enum"] == ["small", "large"]


def test_what_is_left_out_is_a_copy_of_the_functions_default(context: ToolContext) -> None:
    seen: list[int] = [0]

    @tool
    def keep(things: list[int] = seen) -> list[int]:
        """Keeps."""
        things.append(1)
        return things

    assert keep.call({}, context) == keep.call({}, context) == [0, 1]
    assert seen == [0]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"a": "5"}, "$.a: input should be a valid integer; given was '5'"),
        ({"a": True}, "$.a: input should be a valid integer; given was True"),
        ({"a": 1.5}, "$.a: input should be a valid integer"),
        ({}, "$.a: missing"),
        ({"a": 1, "b": -1}, "$.b: input should be greater than or equal to 0; given was -1"),
        ({"a": 1, "bb": 1}, "$.bb: no argument of this name; did you mean 'b'?"),
        ({"a": 1, "zzzz": 1}, "$.zzzz: no argument of this name; known are: a, b"),
    ],
)
def test_what_does_not_fit_is_told_with_its_path(arguments: dict[str, Any], says: str, context: ToolContext) -> None:
    with pytest.raises(ToolError) as told:
        add.call(arguments, context)
    assert str(told.value).startswith(f"the arguments of add do not fit: {says}")


def test_every_fault_is_told(context: ToolContext) -> None:
    arguments = {
        "customer": {"email": 1, "address": {}},
        "items": [{"name": "pen", "price": "1"}],
        "how": "car",
    }
    with pytest.raises(ToolError) as told:
        order.call(arguments, context)
    lines = str(told.value).splitlines()
    assert [line.partition(":")[0] for line in lines[1:]] == [
        "$.customer.email",
        "$.customer.address.street",
        "$.items[0].price",
        "$.how",
    ]
    assert lines[-1] == "$.how: input should be 'post' or 'pigeon'; given was 'car'"


def test_a_coroutine_function_is_awaited_also_within_a_running_loop(context: ToolContext) -> None:
    import asyncio

    @tool
    async def later(seconds: float) -> str:
        """Later."""
        await asyncio.sleep(seconds)
        return "done"

    async def notebook() -> Any:
        return later.call({"seconds": 0.001}, context)

    assert later.call({"seconds": 0}, context) == "done"
    assert asyncio.run(notebook()) == "done"


def test_what_a_coroutine_raises_comes_back(context: ToolContext) -> None:
    @tool
    async def fails() -> str:
        """Fails."""
        raise ToolError("no")

    with pytest.raises(ToolError, match=r"^no$"):
        fails.call({}, context)


class Plain(typing.TypedDict, total=False):
    street: Required[str]
    number: int


class Cat(msgspec.Struct, tag="cat"):
    lives: Annotated[int, msgspec.Meta(ge=1, le=9, description="left")] = 9


class Dog(msgspec.Struct, tag="dog", rename="camel", forbid_unknown_fields=True):
    full_name: str
    homes: list[Plain] = []


@tool
def adopt(pets: list[Cat | Dog], home: dict[str, Plain] | None = None, how: int | str = 1) -> list[Any]:
    """Adopts."""
    return [*pets, home, how]


@tool
def keyed(
    model: Part | None = None,
    default: list[Part] | None = None,
    item: Item | None = None,
    label: Label | None = None,
    address: Address | None = None,
    customer: Customer | None = None,
    plain: Plain | None = None,
    cat: Cat | None = None,
    loose: Loose | None = None,
    open_: Open | None = None,
) -> str:
    """Takes one of each kind that has keys."""
    return repr(model or default or item or label or address or customer or plain or cat or loose or open_)


@pytest.mark.parametrize(
    ("arguments", "where"),
    [
        ({"model": {"x": 1}}, "$.model.x"),
        ({"model": {"parts": [{"parts": [{"x": 1}]}]}}, "$.model.parts[0].parts[0].x"),
        ({"default": [{"x": 1}]}, "$.default[0].x"),
        ({"item": {"name": "pen", "price": 1.0, "x": 1}}, "$.item.x"),
        ({"label": {"text": "a", "x": 1}}, "$.label.x"),
        ({"address": {"street": "a", "x": 1}}, "$.address.x"),
        ({"customer": {"email": "a", "address": {"street": "a", "x": 1}}}, "$.customer.address.x"),
        ({"plain": {"x": 1}}, "$.plain.x"),
        ({"cat": {"type": "cat", "x": 1}}, "$.cat.x"),
    ],
)
def test_a_key_that_no_type_knows_is_refused_however_deep(arguments: dict[str, Any], where: str) -> None:
    with pytest.raises(ToolError, match=re.escape(f"{where}: nothing of this name is taken")):
        keyed.check(arguments)
    assert not jsonschema.Draft202012Validator(dict(keyed.parameters)).is_valid(arguments)


def test_a_type_may_say_what_becomes_of_keys_that_it_does_not_know() -> None:
    assert keyed.check({"loose": {"note": "a", "x": 1}}) == {"loose": Loose(note="a")}
    assert keyed.check({"open_": {"note": "a", "x": 1}})["open_"].x == 1
    assert keyed.parameters["$defs"]["Loose"].get("additionalProperties", True)
    assert Part.model_validate({"x": 1}) == Part(), "the type itself stays as it is"


def test_structs_and_typed_dicts(context: ToolContext) -> None:
    given = [{"type": "cat"}, {"type": "dog", "fullName": "Rex", "homes": [{"street": "Elm", "number": 1}]}]
    found = adopt.call({"pets": given, "home": {"a": {"street": "Oak"}}}, context)
    assert found == [Cat(9), Dog("Rex", [{"street": "Elm", "number": 1}]), {"a": {"street": "Oak"}}, 1]
    definitions = adopt.parameters["$defs"]
    assert definitions["Cat"]["properties"]["lives"] == {
        "type": "integer",
        "minimum": 1,
        "maximum": 9,
        "description": "left",
    }
    assert definitions["Dog"]["required"] == ["type", "fullName"]
    assert definitions["Dog"]["additionalProperties"] is False
    assert definitions["Plain"]["required"] == ["street"]
    jsonschema.Draft202012Validator(adopt.parameters).validate({"pets": given})


@pytest.mark.parametrize(
    ("arguments", "faults"),
    [
        ({"pets": [{"type": "cat", "lives": 10}]}, {"$.pets[0].lives"}),
        ({"pets": [{"type": "cow"}]}, {"$.pets[0].type"}),
        ({"pets": [{"type": "dog", "fullName": "a", "homes": [{}]}]}, {"$.pets[0].homes[0].street"}),
        ({"pets": [], "how": []}, {"$.how"}),
        ({"pets": [], "home": {"a": {"street": 1}}}, {"$.home.a.street"}),
        ({"pets": {}}, {"$.pets"}),
    ],
)
def test_paths_are_of_what_was_given_also_in_unions(
    arguments: dict[str, Any], faults: set[str], context: ToolContext
) -> None:
    with pytest.raises(ToolError) as told:
        adopt.call(arguments, context)
    assert faults <= set(re.findall(r"\$[\w.\[\]]*", str(told.value)))
    assert not re.search(r"Cat|Dog|int\b:|str\b:", str(told.value))


def test_what_is_called_like_a_function_is_one(context: ToolContext) -> None:
    class Adder:
        def __call__(self, a: int) -> int:
            return a + 1

        async def later(self, a: int) -> int:
            return a + 2

    assert tool(name="one")(Adder()).call({"a": 1}, context) == 2
    assert tool(Adder().later).call({"a": 1}, context) == 3
    bound = tool(name="three")(functools.partial(sum_of, b=5))
    assert bound.call({"a": 1}, context) == 6
    assert bound.parameters["properties"]["b"]["default"] == 5


def test_a_type_that_contains_itself_is_refused_unless_it_is_a_models_or_a_dataclasses() -> None:
    def walk(node: Node) -> None: ...
    def climb(tree: Tree) -> None: ...

    with pytest.raises(UsageError, match="Node contains itself"):
        tool(walk)
    assert tool(climb).parameters["$defs"]["Tree"]["properties"]["branches"]["items"] == {"$ref": "#/$defs/Tree"}


def test_parameters_may_be_named_as_anything(context: ToolContext) -> None:
    @tool
    def odd(json: str, copy: int, self: str, model_config: int, schema: bool = True) -> list[Any]:
        """Odd."""
        return [json, copy, self, model_config, schema]

    arguments = {"json": "j", "copy": 1, "self": "s", "model_config": 2}
    assert odd.call(arguments, context) == ["j", 1, "s", 2, True]


def test_a_default_does_not_remember_what_a_call_did_to_it(context: ToolContext) -> None:
    @tool
    def collect(word: str, words: list[str] = [], item: Item = Item("a", 1.0)) -> int:  # noqa: B006, B008 - as people do
        """Collects."""
        words.append(word)
        item.price += 1
        return len(words) + int(item.price)

    assert [collect.call({"word": "a"}, context) for _ in range(3)] == [3, 3, 3]
    assert collect.call({"word": "a", "words": ["b"]}, context) == 4


def test_a_partial_has_the_name_and_the_words_of_its_function(context: ToolContext) -> None:
    def price(item: str, discount: int = 0) -> int:
        """Tells a price.

        Args:
            item: its name.
        """
        return len(item) - discount

    made = tool(functools.partial(functools.partial(price), discount=1))
    assert (made.name, made.description) == ("price", "Tells a price.")
    assert made.parameters["properties"]["item"]["description"] == "its name."
    assert made.call({"item": "pen"}, context) == 2


def test_what_has_no_name_is_told_how_to_give_one() -> None:
    class Adder:
        def __call__(self, a: int) -> int:
            return a

    with pytest.raises(UsageError, match=r"has no name of its own; give one: tool\(name='…'\)"):
        tool(Adder())


def test_an_asynchronous_generator_is_refused() -> None:
    async def count() -> AsyncIterator[int]:
        """Counts."""
        yield 1

    with pytest.raises(UsageError, match="'count' is an asynchronous generator; return a list"):
        tool(count)


def test_name_description_and_limit_can_be_given() -> None:
    made = tool(name="plus", description="Sums.", timeout_s=2.0)(sum_of)
    assert (made.name, made.description, made.timeout_s) == ("plus", "Sums.", 2.0)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: tool(lambda x: x), "cannot be named|has no type"),
        (lambda: tool(name="f")(lambda x: x), "parameter 'x' of the tool 'f' has no type; write x: str"),
        (lambda: tool(Item), "made of a function"),
        (lambda: tool(name="f", timeout_s=0)(sum_of), "timeout_s of the tool 'f' is 0"),
        (lambda: tool(name="a b")(sum_of), "cannot be named 'a b'"),
    ],
)
def test_what_cannot_be_a_tool_is_refused(make: Any, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        make()


def test_variable_parameters_are_refused() -> None:
    def many(*args: int) -> None: ...
    def named(**kwargs: int) -> None: ...
    def opaque(thing: threading_lock) -> None: ...  # type: ignore[name-defined]  # noqa: F821 - which is the point

    for function, says in ((many, "a name of its own"), (named, "a name of its own"), (opaque, "not known here")):
        with pytest.raises(UsageError, match=says):
            tool(function)


def test_a_type_that_json_has_not_is_refused() -> None:
    class Socket:
        pass

    def send(socket: Socket) -> None: ...

    with pytest.raises(UsageError, match="the tool 'send' takes what cannot be read from JSON"):
        tool(send)


def test_a_tool_is_frozen_and_copied_as_itself() -> None:
    import copy

    with pytest.raises(AttributeError, match="frozen"):
        add.name = "sub"
    assert copy.deepcopy({"tools": [add]})["tools"][0] is add


def shout(arguments: dict[str, Any], context: ToolContext) -> str:
    return f"{arguments['text']}!"


def not_yet(context: ToolContext) -> bool:
    return False


def test_a_tool_is_pickled(context: ToolContext) -> None:
    assert pickle.loads(pickle.dumps(add)) is add
    assert add.place == f"{__name__}:add"
    renamed = pickle.loads(pickle.dumps(tool(name="plus", timeout_s=3.0)(sum_of)))
    assert (renamed.name, renamed.timeout_s, renamed.call({"a": 1, "b": 2}, context)) == ("plus", 3.0, 3)
    schema = {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]}
    bare = pickle.loads(pickle.dumps(Tool("shout", "Shouts.", schema, shout, 2.0, offered=not_yet)))
    assert (bare.name, bare.timeout_s, bare.call({"text": "a"}, context)) == ("shout", 2.0, "a!")
    assert not bare.is_offered(context)
    with pytest.raises(ToolError, match=r"\$\.text: missing"):
        bare.call({}, context)


def test_a_tool_of_a_bare_schema_is_checked_with_it(context: ToolContext) -> None:
    schema = {
        "type": "object",
        "properties": {
            "items": {"type": "array", "items": {"type": "object", "properties": {"n": {"type": "integer"}}}}
        },
        "required": ["items"],
        "additionalProperties": False,
    }
    made = Tool("count", "Counts.", schema, lambda arguments, _: len(arguments["items"]))
    assert made.call({"items": [{"n": 1}]}, context) == 1
    for arguments, says in (
        ({"items": [{"n": "1"}]}, r"\$\.items\[0\]\.n: '1' is not of type 'integer'; given was '1'"),
        ({}, r"\$\.items: missing"),
        ({"items": [], "item": 1}, r"\$\.item: no argument of this name; did you mean 'items'\?"),
    ):
        with pytest.raises(ToolError, match=says):
            made.call(arguments, context)
    with pytest.raises(UsageError, match="was made of no function"):
        made(1)


def test_a_schema_that_is_none_is_told_when_it_is_used(context: ToolContext) -> None:
    with pytest.raises(UsageError, match="must be the schema of an object"):
        Tool("f", "", {"type": "string"}, lambda *_: None)
    with pytest.raises(UsageError, match="parameters of the tool 'f' are no JSON Schema"):
        Tool("f", "", {"type": "object", "properties": 3}, lambda *_: None).call({}, context)
