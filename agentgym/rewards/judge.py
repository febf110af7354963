"""A language model that judges steps, through any address that speaks OpenAI's protocol."""

from __future__ import annotations

import base64
import io
import os
import re
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from agentgym.errors import RewardHookError, UsageError
from agentgym.kept import cache_folder
from agentgym.rewards.told import as_text
from agentgym.rewards.transition import Transition
from agentgym.rewards.verdictcache import Verdict, VerdictCache

__all__ = ["LLMJudge"]

_INSTRUCTION = """You judge one step of an agent that uses a computer.
{rubric}
You are given what was seen before the step, the action, and what was seen after it.
Answer with JSON and nothing else: {{"score": NUMBER, "reason": "ONE SHORT SENTENCE"}}, the score from 0 to 1."""
_OBJECT = re.compile(r"\{.*\}", re.DOTALL)
_SHOWN = 200
_PICTURE = 3


class LLMJudge:
    """A reward hook that pays the score, in [0, 1], that a model gives a step by a rubric.

    It is called with a transition and waits for the answer, so around a running environment it belongs into
    `agentgym.wrappers.LateRewards`. Verdicts are kept on disk by the hash of all that was asked, model and address
    included: what was judged live is relabelled without asking, and the same. Pictures are shown; other arrays are told
    in full up to 1000 numbers, and larger ones by type, shape, extent, mean and hash.

    Args:
        model: its name at that address.
        rubric: what is to be rewarded; name the task here if the observation does not.
        base_url: where it is; None for OpenAI's own.
        api_key: the name of the environment variable that has the key; with ``base_url`` it may be unset.
        cache: the folder of verdicts; None for ``agentgym/verdicts`` in the user's cache folder.
        timeout_s: of a request, in seconds.
        retries: of a request that failed on the way or was refused for now.
        options: anything else of the request, such as ``{"max_tokens": 200}``.

    Raises:
        UsageError: if the rubric is empty, or there is no key.
    """

    def __init__(
        self,
        model: str,
        rubric: str,
        *,
        base_url: str | None = None,
        api_key: str = "OPENAI_API_KEY",
        cache: str | os.PathLike[str] | None = None,
        timeout_s: float = 60.0,
        retries: int = 2,
        options: Mapping[str, Any] | None = None,
    ) -> None:
        if not rubric.strip():
            raise UsageError("a judge needs a rubric: what is to be rewarded?")
        if base_url is None and not os.environ.get(api_key):
            raise UsageError(f"there is no key in ${api_key}; set it, or give the base_url of a server without keys")
        self._model = model
        self._rubric = rubric
        self._base_url = base_url
        self._key_name = api_key
        self._timeout_s = timeout_s
        self._retries = retries
        self._options = dict(options or {})
        self._cache = VerdictCache(cache_folder() / "verdicts" if cache is None else Path(cache).absolute())

    def __call__(self, transition: Transition) -> float:
        return self.verdict(transition).score

    def __repr__(self) -> str:
        return f"LLMJudge({self._model!r})"

    def verdict(self, transition: Transition) -> Verdict:
        """What the model says of a step, now or when it was first asked.

        Raises:
            RewardHookError: if the server cannot be asked, or its answer is no verdict; that is not kept.
        """
        question = {"model": self._model, "messages": self._messages(transition), **self._options}
        asked = {**question, "base_url": self._base_url}
        known = self._cache.get(asked)
        if known is not None:
            return known
        said = _read(self._ask(question))
        self._cache.keep(asked, said)
        return said

    def __getstate__(self) -> dict[str, Any]:
        # A client has sockets and locks; the copy connects on its own.
        return {name: value for name, value in self.__dict__.items() if name != "_client"}

    @cached_property
    def _client(self) -> Any:
        import openai

        key = os.environ.get(self._key_name) or "none"
        return openai.OpenAI(base_url=self._base_url, api_key=key, timeout=self._timeout_s, max_retries=self._retries)

    def _ask(self, question: dict[str, Any]) -> str:
        import openai

        try:
            answer = self._client.chat.completions.create(**question)
        except openai.OpenAIError as error:
            raise RewardHookError(f"the judge {self._model!r} could not be asked: {error}") from error
        return (answer.choices[0].message.content if answer.choices else None) or ""

    def _messages(self, transition: Transition) -> list[dict[str, Any]]:
        refused = transition.info.get("action_error")
        action = f"Action: {as_text(transition.action)}" + (f"\nIt was refused: {refused}" if refused else "")
        seen = [
            _told("Before:"),
            *_parts(transition.before),
            _told(action),
            _told("After:"),
            *_parts(transition.after),
        ]
        return [
            {"role": "system", "content": _INSTRUCTION.format(rubric=self._rubric)},
            {"role": "user", "content": seen},
        ]


def _read(answer: str) -> Verdict:
    """A verdict out of an answer, in which models like to put more than JSON."""
    found = _OBJECT.search(answer)
    try:
        verdict = msgspec.json.decode(found[0] if found else answer, type=Verdict)
    except msgspec.DecodeError as error:
        raise RewardHookError(f"the judge's answer is no verdict ({error}): {answer[:_SHOWN]!r}") from error
    if not 0 <= verdict.score <= 1:
        raise RewardHookError(f"the judge's score is {verdict.score}; it must be from 0 to 1")
    return verdict


def _parts(observation: Any) -> list[dict[str, Any]]:
    """An observation as parts of a message: pictures as pictures, all else as text."""
    if isinstance(observation, Mapping):
        return [part for name in observation for part in (_told(f"{name}:"), *_parts(observation[name]))]
    if isinstance(observation, np.ndarray) and observation.dtype == np.uint8 and observation.shape[2:] == (_PICTURE,):
        return [{"type": "image_url", "image_url": {"url": _data_url(observation)}}]
    return [_told(as_text(observation))]


def _told(text: str) -> dict[str, Any]:
    return {"type": "text", "text": text}


def _data_url(picture: Any) -> str:
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "png")
    return f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"
