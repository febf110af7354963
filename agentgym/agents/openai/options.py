"""What an `OpenAIAgent` can be told: plain data, so that a command line, a file or another process can say it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias, get_args

import msgspec

from agentgym.agents.openai.prompts import PRESETS
from agentgym.errors import UsageError
from agentgym.registry import resolve, suggestion

__all__ = ["Api", "Options", "Tokenizer", "options_from", "system_text", "tokenizer_of"]

Api: TypeAlias = Literal["chat", "responses"]
Writing: TypeAlias = Literal["auto", "tools", "text", "pyautogui", "computer_13", "computer", "desktop_action"]
Tokenizer: TypeAlias = Callable[[str], Any]
"""From a text to its tokens, or to how many they are."""

_Count: TypeAlias = Annotated[int, msgspec.Meta(ge=0)]
_Positive: TypeAlias = Annotated[int, msgspec.Meta(gt=0)]
_PRICES = ("input", "output", "cached_input")
_OURS = ("model", "messages", "input", "tools", "stream")
_WORDS = {"api": get_args(Api), "actions": get_args(Writing)}
_UNKNOWN = re.compile(r"unknown field `(.*?)`")


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is asked, where, and how much of the past is told.

    Args:
        model: its name at the server.
        base_url: where the server is; None for ``OPENAI_BASE_URL``, or else OpenAI's own.
        api: ``"chat"`` for chat completions, ``"responses"`` for the responses API.
        key_name: the environment variable that has the key. The key itself is read when the server is first asked; it
            is in no request that is recorded, in no pickle and in no message.
        system: the template of the system prompt, ``"@file"``, or ``"osworld"`` for one that says what to know of a
            desktop as OSWorld's tasks have it; see docs/agents.md. None for the usual one, empty for none.
        actions: how the model acts: ``"tools"``, by calling tools natively; ``"text"``, in its text; ``"pyautogui"``,
            in its text, by the screen alone; ``"computer_13"``, the same with OSWorld's dicts as JSON; ``"computer"``,
            by a tool of the providers' own vocabulary; ``"desktop_action"``, by the environment's tool of that name;
            ``"auto"``, that tool where the environment's actions are its calls, those dicts where they are such and
            there are no tools, tools where there are tools or a screen, else text.
        images: how many screenshots, the last ones, stay in the context; an older one is replaced by a short text.
        context_tokens: the most that a request may have; the oldest turns are left out of one that had more. None for
            no limit.
        tokenizer: counts the tokens of a text, as a callable or ``"module:function"``; None to estimate them from the
            number of characters and the last usage that the server told.
        seed: of the server's sampling; chat completions only, the responses API has none.
        max_tokens: of one reply.
        logprobs: whether to ask for log probabilities; a number asks for so many of the likeliest, too.
        token_ids: whether to ask for token ids, as vLLM gives them.
        parallel_tool_calls: whether several calls may come in one reply; None leaves it to the server.
        stream: whether the reply is streamed, by which the time to its first token is known.
        timeout_s: of one request.
        retries: of a request that failed on the way, by the client's own means, and of a reply that came broken.
        repairs: how often, in one step, a reply that is no action goes back to the model with the reason.
        prices: USD per million tokens: ``{"input": 1.25, "output": 10, "cached_input": 0.125}``.
        extra: goes into each request as it is, over what stands there.
        agent_id: who acts, where several do.
        keep_reasoning: whether the model is sent its own reasoning again; None for what the API wants: with responses.
    """

    model: str
    base_url: str | None = None
    api: Api = "chat"
    key_name: str = "OPENAI_API_KEY"
    system: str | None = None
    actions: Writing = "auto"
    images: _Count = 3
    context_tokens: _Positive | None = None
    tokenizer: Any = None
    temperature: float | None = None
    top_p: float | None = None
    seed: int | None = None
    max_tokens: _Positive | None = None
    logprobs: bool | _Count = False
    token_ids: bool = False
    parallel_tool_calls: bool | None = None
    stream: bool = False
    timeout_s: Annotated[float, msgspec.Meta(gt=0)] = 300.0
    retries: _Count = 4
    repairs: _Count = 3
    prices: dict[str, Annotated[float, msgspec.Meta(ge=0)]] | None = None
    extra: dict[str, Any] = {}
    agent_id: str | None = None
    keep_reasoning: bool | None = None


def options_from(given: Mapping[str, Any]) -> Options:
    """The options, each of its type.

    Raises:
        UsageError: names the one that cannot work, and what would be right.
    """
    try:
        options = msgspec.convert(dict(given), Options)
    except msgspec.ValidationError as error:
        unknown = _UNKNOWN.search(str(error))
        if unknown is None:
            raise UsageError(_misfit(given, error)) from error
        names = [name for name in Options.__struct_fields__ if name != "model"]
        raise UsageError(f"the agent 'openai' has no option {unknown[1]!r}; {suggestion(unknown[1], names)}") from error
    if options.base_url is not None and not options.base_url.startswith(("http://", "https://")):
        raise UsageError(f"base_url is {options.base_url!r}; it must begin with http:// or https://")
    if wrong := sorted(set(options.prices or {}) - set(_PRICES)):
        raise UsageError(f"prices has {wrong[0]!r}; it has USD per million tokens of {', '.join(map(repr, _PRICES))}")
    if taken := sorted(set(options.extra) & set(_OURS)):
        raise UsageError(f"extra has {taken[0]!r}, which the agent itself fills: {', '.join(_OURS)}")
    return options


def _misfit(given: Mapping[str, Any], error: msgspec.ValidationError) -> str:
    """What is wrong with the value of an option; of one that is one of several words, which they are."""
    for name, words in _WORDS.items():
        if name in given and given[name] not in words:
            hint = suggestion(given[name], words) if isinstance(given[name], str) else f"known are: {', '.join(words)}"
            return f"the agent 'openai' has no {name} {given[name]!r}; {hint}"
    return f"the agent 'openai' cannot be made from these options: {error}"


def system_text(given: str) -> str:
    """The template: what was given, the one of this name, or what stands in the file that ``"@file"`` names.

    Raises:
        UsageError: if there is no such file.
    """
    if not given.startswith("@"):
        return PRESETS.get(given, given)
    try:
        return Path(given[1:]).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            f"system={given!r} cannot be read: {error}; without the @ it would be the text itself"
        ) from error


def tokenizer_of(given: Any) -> Tokenizer | None:
    """What counts the tokens of a text.

    Raises:
        UsageError: if it cannot be called, or there is nothing of this name.
    """
    if given is None:
        return None
    found = resolve(given, "tokenizer") if isinstance(given, str) else given
    if not callable(found):
        raise UsageError(f"tokenizer is {given!r}; it must be a callable, or 'module:function'")
    tokenizer: Tokenizer = found
    return tokenizer
