"""Questions to the user: one who answers by a script of the task, or one whom a model plays."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any

import msgspec
from pydantic import Field

from agentgym.errors import TaskError, ToolError
from agentgym.tools.context import ToolContext
from agentgym.tools.decorator import tool
from agentgym.tools.modelcalls import ModelCall
from agentgym.tools.modelled_user import ModelledUser, asked_model

__all__ = ["ask_user"]

_LONGEST_QUESTION = 2000
_STATE = "ask_user"


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An answer, and the words of which one must be in the question."""

    words: tuple[str, ...]
    answer: str


class ScriptedUser(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A user of few words: the first rule that fits, else what is next to be said, else always the same.

    Args:
        rules: in their order.
        turns: what is said, one after the other, where no rule fits.
        default: what is said when nothing else is left.
        most: questions that are answered; None for any number.
    """

    rules: tuple[Rule, ...] = ()
    turns: tuple[str, ...] = ()
    default: str = "I cannot tell you more than that."
    most: int | None = None


class Dialogue:
    """What was asked and answered so far; evidence for who judges.

    Attributes:
        said: question and answer, in their order.
        turn: how many of the user's turns are over.
    """

    def __init__(self) -> None:
        self.said: list[dict[str, str]] = []
        self.turn = 0
        self._calls: list[ModelCall] = []

    def evidence(self) -> Mapping[str, bytes]:
        """The whole of it as ``user.json``."""
        return {"user.json": msgspec.json.encode(self.said)}

    def called(self, call: ModelCall) -> None:
        self._calls.append(call)

    def take_model_calls(self) -> list[ModelCall]:
        """Those of the user's model since this was last asked."""
        calls, self._calls = self._calls, []
        return calls


@tool
def ask_user(question: Annotated[str, Field(min_length=1, max_length=_LONGEST_QUESTION)], context: ToolContext) -> str:
    """Asks the user and returns the answer.

    Args:
        question: in plain words, one thing at a time.
    """
    user = _user_of(context)
    dialogue = context.state.setdefault(_STATE, Dialogue())
    if user.most is not None and len(dialogue.said) >= user.most:
        raise ToolError(f"the user has answered {user.most} questions and answers no more")
    if isinstance(user, ModelledUser):
        call = asked_model(user, dialogue.said, question)
        dialogue.called(call)
        answer = call.content
    else:
        answer = _scripted(user, dialogue, question)
    dialogue.said.append({"question": question, "answer": answer})
    return answer


def _user_of(context: ToolContext) -> ScriptedUser | ModelledUser:
    told: Any = context.task.metadata.get("user")
    if told is None:
        raise ToolError("there is no user to ask in this task")
    kind: Any = ModelledUser if isinstance(told, Mapping) and "model" in told else ScriptedUser
    try:
        found: ScriptedUser | ModelledUser = msgspec.convert(told, kind)
    except msgspec.ValidationError as error:
        raise TaskError(f"metadata.user: {error}") from error
    return found


def _scripted(user: ScriptedUser, dialogue: Dialogue, question: str) -> str:
    for rule in user.rules:
        if any(re.search(rf"\b{re.escape(word)}\b", question, re.IGNORECASE) for word in rule.words):
            return rule.answer
    if dialogue.turn < len(user.turns):
        dialogue.turn += 1
        return user.turns[dialogue.turn - 1]
    return user.default
