"""A scripted model behind a real address that speaks OpenAI's protocol and refuses what OpenAI would refuse.

`serving(script)` answers ``/v1/chat/completions`` and ``/v1/responses``, whole or streamed, with what the script says::

    with serving([fault(429, retry_after=0), call("bash", command="ls"), say("done")]) as server:
        client = openai.OpenAI(base_url=server.url, api_key="none")

A script is a list, whose replies are used up one a request, or a function of the request's body. Each body is checked
against the parameter types of the `openai` package and the rules that no type says (each tool call is answered once
before anything else is said); a bad one is answered 400 and kept in ``server.refused``.
"""

from tests.modelserver.checking import check_chat, check_responses
from tests.modelserver.script import (
    Fault,
    Reply,
    ToolUse,
    call,
    calls,
    computer,
    cut,
    empty,
    fault,
    garbage,
    say,
    slow,
    too_long,
)
from tests.modelserver.server import Exchange, ModelServer, Refusal, serving
from tests.modelserver.tokens import token_ids

__all__ = [
    "Exchange",
    "Fault",
    "ModelServer",
    "Refusal",
    "Reply",
    "ToolUse",
    "call",
    "calls",
    "check_chat",
    "check_responses",
    "computer",
    "cut",
    "empty",
    "fault",
    "garbage",
    "say",
    "serving",
    "slow",
    "token_ids",
    "too_long",
]
