"""What every tool must keep to, whoever made it."""

from __future__ import annotations

import msgspec
import numpy as np
from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError

from agentgym.errors import ToolError
from agentgym.spaces.instances import instance_of
from agentgym.tools import Tool, resolve_tools
from agentgym.tools.registry import ToolSource

__all__ = ["check_tool"]

_DRAWN = 30


def check_tool(tool: ToolSource) -> None:
    """Returns if a model can be told of the tool, and if what its schema allows is what it takes. It is not called.

    Args:
        tool: what `agentgym.tools.resolve_tools` takes of one, such as a function; of several each is checked.

    Raises:
        AssertionError: says what the tool does not keep to.
        UsageError: if it is none and no tool can be made of it.
    """
    for one in resolve_tools([tool]).values():
        _check(one)


def _check(tool: Tool) -> None:
    assert tool.description.strip(), f"{tool.name} says nothing of what it is for: give it a docstring"
    try:
        Draft202012Validator.check_schema(dict(tool.parameters))
    except SchemaError as error:
        raise AssertionError(f"the parameters of {tool.name} are no JSON Schema: {error.message}") from error
    definition = tool.definition()
    assert definition == tool.definition(), f"{tool.name} is told of in another way each time"
    assert definition["function"] is not tool.definition()["function"], f"the definition of {tool.name} is shared"
    assert msgspec.json.decode(msgspec.json.encode(definition)) == definition, f"{tool.name}'s definition is no JSON"
    for key, parameter in tool.parameters.get("properties", {}).items():
        assert _told(parameter), f"{tool.name} does not say what {key!r} is: add it to Args: of the docstring"
    for seed in range(_DRAWN):
        arguments = instance_of(tool.parameters, np.random.default_rng(seed))
        try:
            tool.check(arguments)
        except ToolError as error:
            raise AssertionError(f"{tool.name} refuses what its schema allows: {error}") from error


def _told(parameter: object) -> bool:
    return parameter is True or (isinstance(parameter, dict) and bool({"description", "$ref"} & parameter.keys()))
