"""A user whom a model plays, at any address that speaks OpenAI's protocol."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from agentgym.errors import BackendError
from agentgym.tools.modelcalls import ModelCall

__all__ = ["ModelledUser", "asked_model"]

_PATIENCE_S = 60.0
_RETRIES = 2

_ROLE = """You play a user who has asked an assistant for something. Stay in the role. Answer what the assistant asks in
one or two sentences, from nothing but what you know; of what you do not know say so.
What you know:
{about}"""


class ModelledUser(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A user whom a model plays.

    Where the server is, and its key, is read from the environment, as the openai package does: ``OPENAI_BASE_URL``,
    ``OPENAI_API_KEY``.

    Args:
        model: its name at the server.
        about: who the user is, what the user wants and knows.
        options: anything else of the request: ``{"temperature": 0, "seed": 1}``.
        most: questions that are answered; None for any number.
    """

    model: str
    about: str
    options: dict[str, Any] = {}
    most: int | None = None


def asked_model(user: ModelledUser, said: Sequence[dict[str, str]], question: str) -> ModelCall:
    """The model's answer to a question.

    Args:
        said: the questions and answers before it.

    Raises:
        BackendError: of kind ``"network"``, if the model cannot be asked or says nothing: no fault of the agent's.
    """
    import openai

    messages = _messages(user, said, question)
    try:
        client = openai.OpenAI(timeout=_PATIENCE_S, max_retries=_RETRIES)
        with client:
            answer: Any = client.chat.completions.create(model=user.model, messages=messages, **user.options)
    except openai.OpenAIError as error:
        raise BackendError(f"the user's model {user.model!r} could not be asked: {error}", kind="network") from error
    if not answer.choices or not answer.choices[0].message.content:
        raise BackendError(f"the user's model {user.model!r} said nothing", kind="network")
    return ModelCall(
        call_id=f"user-{len(said)}",
        model=user.model,
        messages=messages,
        parameters=user.options,
        content=answer.choices[0].message.content,
        id=answer.id,
        finish_reason=answer.choices[0].finish_reason,
        usage=answer.usage.model_dump(exclude_none=True) if answer.usage else None,
    )


def _messages(user: ModelledUser, said: Sequence[dict[str, str]], question: str) -> list[Any]:
    messages = [{"role": "system", "content": _ROLE.format(about=user.about)}]
    for turn in said:
        messages.append({"role": "user", "content": turn["question"]})
        messages.append({"role": "assistant", "content": turn["answer"]})
    return [*messages, {"role": "user", "content": question}]
