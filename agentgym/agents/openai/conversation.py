"""What was said between the environment and the model, in turns, whichever API it is sent by."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

__all__ = ["Answer", "Asked", "Reply", "Seen", "Turn", "windowed"]


@dataclass(frozen=True)
class Asked:
    """A call that a model wrote.

    Attributes:
        call_id: the model's own, or one like it if another call of the episode has that already.
        arguments: the model's own text; of a computer's actions, which come as objects, those.
        checks: what the provider wants to be seen by someone before the call is made.
    """

    call_id: str
    name: str
    arguments: str | list[dict[str, Any]]
    checks: tuple[dict[str, Any], ...] = ()


@dataclass(frozen=True)
class Reply:
    """What a model said.

    Attributes:
        sent_back: the reply as the API takes it in later requests: messages, or items.
        cut: whether it ended for want of tokens.
    """

    id: str | None
    model: str | None
    text: str
    refusal: str | None = None
    reasoning: str | None = None
    asked: tuple[Asked, ...] = ()
    sent_back: tuple[dict[str, Any], ...] = ()
    finish_reason: str | None = None
    usage: dict[str, Any] | None = None
    prompt_token_ids: list[int] | None = None
    completion_token_ids: list[int] | None = None
    logprobs: list[float] | None = None

    @property
    def cut(self) -> bool:
        return self.finish_reason == "length"


@dataclass(frozen=True)
class Seen:
    """What the environment shows: text, and a picture as the address that holds it."""

    text: str = ""
    image: str | None = None


@dataclass(frozen=True)
class Answer:
    """What came of a call."""

    to: Asked
    text: str


@dataclass(frozen=True)
class Turn:
    """What the model said and what came of it; of the first one nothing was said before."""

    said: Reply | None = None
    answers: tuple[Answer, ...] = ()
    seen: Seen = field(default_factory=Seen)


LEFT_OUT = "[An earlier screenshot is left out.]"


def windowed(turns: list[Turn], images: int) -> list[tuple[Turn, bool]]:
    """Each turn, and whether its picture is among the last ones that are shown."""
    left = images
    marked: list[tuple[Turn, bool]] = []
    for turn in reversed(turns):
        shown = turn.seen.image is not None and left > 0
        left -= shown
        marked.append((turn, shown))
    return marked[::-1]
