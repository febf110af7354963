"""A tool: a name, what it is for, what it takes, and what it does."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NoReturn, TypeAlias

import msgspec

from agentgym.actions.quoting import short
from agentgym.errors import UsageError
from agentgym.registry import resolve
from agentgym.tools.context import ToolContext
from agentgym.tools.schemas import Check, SchemaCheck

__all__ = ["Arguments", "Does", "Tool"]

Arguments: TypeAlias = dict[str, Any]
Does: TypeAlias = Callable[[Arguments, ToolContext], Any]


class Tool:
    """Something that an agent can call by name. Frozen.

    Args:
        name: of letters, digits, ``_``, ``-`` and ``.``; at most 64, as providers of models have it.
        description: what the model is told of it.
        parameters: JSON Schema of an object.
        call: what it does, given the arguments and the episode's context. What it returns is the result: text as it is,
            anything else as JSON; a `Reply` has text for the agent and a value besides. It raises `ToolError` to say
            what went wrong.
        timeout_s: seconds after which a call is given up; None for no limit, and no thread.
        check: what looks at the arguments; None for the schema itself.
        offered: whether it is there at this point of an episode; None for always. It looks at the context alone.

    Raises:
        UsageError: if the name, the schema or the limit cannot be.
    """

    __slots__ = ("_check", "_does", "_function", "_offered", "description", "name", "parameters", "timeout_s")

    name: str
    description: str
    parameters: Mapping[str, Any]
    timeout_s: float | None
    _does: Does
    _check: Check
    _offered: Callable[[ToolContext], bool] | None
    _function: Callable[..., Any] | None

    def __init__(
        self,
        name: str,
        description: str,
        parameters: Mapping[str, Any],
        call: Does,
        timeout_s: float | None = None,
        *,
        check: Check | None = None,
        offered: Callable[[ToolContext], bool] | None = None,
        function: Callable[..., Any] | None = None,
    ) -> None:
        _check_name(name)
        if timeout_s is not None and not timeout_s > 0:
            raise UsageError(
                f"timeout_s of the tool {name!r} is {short(timeout_s)}; it must be a number over 0, or None"
            )
        fields = {
            "name": name,
            "description": description,
            "parameters": parameters,
            "timeout_s": timeout_s,
            "_does": call,
            "_check": SchemaCheck(name, parameters) if check is None else check,
            "_offered": offered,
            "_function": function,
        }
        for field, value in fields.items():
            object.__setattr__(self, field, value)

    def call(self, arguments: Arguments, context: ToolContext) -> Any:
        """Does it, if the arguments fit.

        Raises:
            ToolError: if they do not, or the tool says that something went wrong.
            Exception: whatever else the tool raises.
        """
        return self._does(self._check(arguments), context)

    def check(self, arguments: Arguments) -> Arguments:
        """The arguments as it takes them, if they fit; nothing is called.

        Raises:
            ToolError: if they do not.
        """
        return self._check(arguments)

    @property
    def always_offered(self) -> bool:
        return self._offered is None

    def is_offered(self, context: ToolContext) -> bool:
        """Whether it is there by now. To call one that is not is to call a name that nobody has."""
        return self._offered is None or self._offered(context)

    def definition(self) -> dict[str, Any]:
        """The tool as OpenAI's API is told of it; the caller's own copy."""
        parameters = msgspec.json.decode(msgspec.json.encode(self.parameters))
        function = {"name": self.name, "description": self.description, "parameters": parameters}
        return {"type": "function", "function": function}

    def renamed(self, name: str, *, description: str | None = None, timeout_s: float | None = None) -> Tool:
        """The same tool under another name."""
        return Tool(
            name,
            self.description if description is None else description,
            self.parameters,
            self._does,
            self.timeout_s if timeout_s is None else timeout_s,
            check=self._check,
            offered=self._offered,
            function=self._function,
        )

    @property
    def place(self) -> str | None:
        """Where it is imported from, ``"module:name"``; None if that cannot be said."""
        place = f"{getattr(self._function, '__module__', '')}:{getattr(self._function, '__qualname__', '')}"
        try:
            found = resolve(place, "tool")
        except UsageError:
            return None
        return place if found is self else None

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        """Calls the function that the tool was made of, as it would be without."""
        if self._function is None:
            raise UsageError(f"the tool {self.name!r} was made of no function: use its call(arguments, context)")
        return self._function(*arguments, **named)

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"a Tool is frozen; {name!r} cannot be set")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"a Tool is frozen; {name!r} cannot be deleted")

    def __copy__(self) -> Tool:
        return self

    def __deepcopy__(self, _memo: dict[int, Any]) -> Tool:
        return self

    def __reduce__(self) -> tuple[Callable[..., Tool], tuple[Any, ...]]:
        if self.place is not None:
            return _imported, (self.place,)
        if self._function is not None:
            return _made_again, (self._function, self.name, self.description, self.timeout_s)
        bare = partial(Tool, offered=self._offered)
        return bare, (self.name, self.description, self.parameters, self._does, self.timeout_s)

    def __repr__(self) -> str:
        return f"<Tool {self.name}({', '.join(self.parameters.get('properties', {}))})>"


def _check_name(name: object) -> None:
    allowed = (
        isinstance(name, str)
        and 0 < len(name) <= 64
        and all(letter.isascii() and (letter.isalnum() or letter in "_-.") for letter in name)
    )
    if not allowed:
        raise UsageError(f"a tool cannot be named {short(name)}; a name has 1 to 64 letters, digits, '_', '-' and '.'")


def _imported(place: str) -> Tool:
    found: Tool = resolve(place, "tool")
    return found


def _made_again(function: Callable[..., Any], name: str, description: str, timeout_s: float | None) -> Tool:
    # The decorator makes tools, and so is above them.
    from agentgym.tools.decorator import tool

    return tool(name=name, description=description, timeout_s=timeout_s)(function)
