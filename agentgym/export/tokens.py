"""A conversation as the tokens that it was: what a model read, what it wrote, which of them are its own."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from agentgym.errors import DatasetError
from agentgym.events import ModelResponse
from agentgym.export.story import ModelCall

__all__ = ["TokenRun", "token_runs"]


@dataclass
class TokenRun:
    """Model calls whose prompts each go on from all that was before.

    ``completion_ids`` are all tokens after the first prompt; ``mask`` is 1 for those that the model wrote, 0 for what
    came between: tools' results, the next observation. ``logprobs`` are the model's own, 0 where the mask is; None if
    the model did not give them for every call.
    """

    prompt_ids: list[int]
    completion_ids: list[int] = field(default_factory=list)
    mask: list[int] = field(default_factory=list)
    logprobs: list[float] | None = field(default_factory=list)
    policy_version: str | None = None
    calls: int = 0

    @property
    def ids(self) -> list[int]:
        return [*self.prompt_ids, *self.completion_ids]

    def goes_on_in(self, prompt_ids: list[int]) -> bool:
        return prompt_ids[: len(self.prompt_ids) + len(self.completion_ids)] == self.ids

    def add(self, response: ModelResponse) -> None:
        """Appends a call, whose prompt begins with all that is here."""
        prompt, written = response.prompt_token_ids or [], response.completion_token_ids or []
        between = prompt[len(self.prompt_ids) + len(self.completion_ids) :]
        self.completion_ids += [*between, *written]
        self.mask += [*[0] * len(between), *_checked(response, "completion_mask", [1] * len(written))]
        if response.logprobs is None or self.logprobs is None:
            self.logprobs = None
        else:
            self.logprobs += [*[0.0] * len(between), *_checked(response, "logprobs", [])]
        self.policy_version = response.policy_version or self.policy_version
        self.calls += 1


def token_runs(calls: Iterable[ModelCall]) -> list[TokenRun]:
    """The calls that did not fail, as few runs as they make: one, unless a history was cut, or several agents asked.

    Raises:
        DatasetError: if a call's tokens were not recorded: they are not made again here, since another tokeniser's, or
            the same one's on a text that was read back, train on something else.
    """
    runs: list[TokenRun] = []
    for call in calls:
        response = call.response
        if call.failed or response is None:
            continue
        if response.prompt_token_ids is None or response.completion_token_ids is None:
            raise DatasetError(
                f"model call {call.call_id!r} was recorded without token ids; ask a server that gives them, such as "
                "vLLM, with --agent-option token_ids=true --agent-option logprobs=true"
            )
        prompt = response.prompt_token_ids
        run = next((one for one in reversed(runs) if one.goes_on_in(prompt)), None)
        if run is None:
            run = TokenRun(list(prompt))
            runs.append(run)
        run.add(response)
    return runs


def _checked(response: ModelResponse, name: str, otherwise: list[int]) -> list[int] | list[float]:
    values: list[int] | list[float] | None = getattr(response, name)
    written = len(response.completion_token_ids or ())
    if values is not None and len(values) != written:
        raise DatasetError(f"model call {response.call_id!r} has {len(values)} values of {name} for {written} tokens")
    return otherwise if values is None else values
