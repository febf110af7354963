"""Calls of models that tools make: collected where tools keep their state, for who may publish them."""

from __future__ import annotations

from typing import Any, Protocol, runtime_checkable

import msgspec

__all__ = ["CallsModels", "ModelCall"]


class ModelCall(msgspec.Struct, frozen=True, kw_only=True):
    """A model was asked and answered.

    Args:
        call_id: the same each time that the episode is played.
        messages: all that it was sent, in OpenAI's chat form.
        parameters: whatever else the request said.
        id: the answer's, as the server has it.
        usage: by the server's own keys.
    """

    call_id: str
    model: str
    messages: list[dict[str, Any]]
    parameters: dict[str, Any] = {}
    content: str
    id: str | None = None
    finish_reason: str | None = None
    usage: dict[str, Any] | None = None


@runtime_checkable
class CallsModels(Protocol):
    """What in a context's ``state`` calls models. Whoever runs the tools takes the calls and publishes them."""

    def take_model_calls(self) -> list[ModelCall]:
        """Those that were made since this was last asked."""
