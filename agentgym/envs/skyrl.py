"""An environment of skyrl-gym as one of Gymnasium's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Literal

import msgspec
import numpy as np

from agentgym.actions.quoting import short
from agentgym.envs.dialogue import Conversation, DialogueEnv, Turn
from agentgym.envs.wordsums import word_sum
from agentgym.errors import ActionError, BackendError, UsageError
from agentgym.evaluators import Score
from agentgym.extras import needed
from agentgym.registry import suggestion

__all__ = ["SkyRLEnv"]

# These run what the agent writes on this machine, outside any sandbox.
_RUNS_CODE = frozenset({"lcb", "searchcode"})

_ASKS = {
    "gsm8k": "Reason step by step, and end with '#### ' and the number.",
    "gsm8k_multi_turn": "Reason step by step, and end with '#### ' and the number.",
    "aime": "Reason step by step, and end with a line 'Answer: ' and the number.",
}
_TURNS = 5


class SkyRLEnv(DialogueEnv):
    """A text environment of skyrl-gym, which is made anew at every reset: its own ``init`` keeps turns and history.

    The observation is what it says, the first one the row's prompt. The score is what it paid last, from 0 to 1.

    Args:
        name: as skyrl-gym registers it: ``"gsm8k"``.
        rows: what to ask, as SkyRL's datasets have it: ``{"prompt": text or messages, "reward_spec": …}``, or a JSONL
            file of such; one is drawn at each reset. None draws small sums in words, for ``gsm8k``,
            ``gsm8k_multi_turn`` and ``aime``.
        split: ``"train"`` or ``"test"``: two halves of the sums that can be drawn.
        config: what the environment is configured with, such as ``{"db_path": …}`` for ``text2sql``.
        max_steps: truncates the episode; None for as long as the environment goes on.
        render_mode: ``"ansi"`` or None.

    Raises:
        UsageError: if there is no such environment, it runs code outside a sandbox, or it needs rows.
        MissingDependencyError: if skyrl-gym is not installed.
    """

    def __init__(
        self,
        name: str = "gsm8k",
        *,
        rows: str | Path | Sequence[Mapping[str, Any]] | None = None,
        split: Literal["train", "test"] = "train",
        config: Mapping[str, Any] | None = None,
        max_steps: int | None = None,
        render_mode: str | None = None,
    ) -> None:
        super().__init__(max_steps=max_steps, render_mode=render_mode)
        _check_name(name)
        if split not in ("train", "test"):
            raise UsageError(f"split is {short(split)}; it can be 'train' or 'test'")
        if rows is None and name not in _ASKS:
            raise UsageError(f"skyrl-gym's {name!r} needs rows=: what to ask; without, there are {', '.join(_ASKS)}")
        self._name, self._split, self._config = name, split, dict(config or {})
        self._rows = None if rows is None else _read(rows)

    def _begin(self, seed: int, options: Mapping[str, Any]) -> Conversation:
        if unknown := set(options) - {"row"}:
            raise UsageError(f"no reset option named {short(min(unknown))}; there is 'row'")
        row = options.get("row")
        return _Chat(self._name, self._row(seed) if row is None else dict(row), self._config)

    def _row(self, seed: int) -> dict[str, Any]:
        rng = np.random.default_rng([self._split == "test", seed])
        if self._rows is not None:
            return dict(self._rows[int(rng.integers(len(self._rows)))])
        question, answer = word_sum(rng)
        truth = {"ground_truth": str(answer)}
        return {
            "prompt": f"{question} {_ASKS[self._name]}",
            "reward_spec": truth,
            # What `aime` calls it.
            "reward_model": truth,
            "max_turns": _TURNS,
        }


class _Chat:
    """One episode of an environment of skyrl-gym, which draws nothing."""

    def __init__(self, name: str, row: dict[str, Any], config: Mapping[str, Any]) -> None:
        self.name = f"skyrl/{name}"
        self._paid = 0.0
        extras = {key: value for key, value in row.items() if key != "prompt"}
        try:
            package = needed("skyrl_gym", extra="skyrl")
            self._inner = package.make(name, env_config=SimpleNamespace(**config), extras=extras)
            opening, _ = self._inner.init(_messages(row))
        except Exception as error:  # a boundary to environments that others wrote
            raise BackendError(f"{self.name} could not begin: {error!r}", kind="application") from error
        self._opening = _text_of(opening)

    def opening(self) -> str:
        return self._opening

    def answer(self, said: str) -> Turn:
        try:
            came = self._inner.step(said)
        except Exception as error:  # a boundary to environments that others wrote
            raise ActionError(f"{self.name} cannot take {short(said)}: {error!r}") from error
        self._paid = float(came["reward"])
        return Turn(_text_of(came["observations"]), self._paid, bool(came["done"]))

    def score(self) -> Score:
        return Score(min(1.0, max(0.0, self._paid)))

    def close(self) -> None:
        self._inner.close()


def _messages(row: Mapping[str, Any]) -> list[dict[str, str]]:
    prompt = row.get("prompt")
    if isinstance(prompt, str):
        return [{"role": "user", "content": prompt}]
    if not isinstance(prompt, list):
        raise UsageError(f"a row has a prompt, text or messages, not {short(prompt)}")
    return [dict(message) for message in prompt]


def _text_of(messages: Sequence[Mapping[str, str]]) -> str:
    return "\n\n".join(message["content"] for message in messages)


def _check_name(name: str) -> None:
    known = needed("skyrl_gym", extra="skyrl").registry
    if name not in known:
        raise UsageError(f"skyrl-gym has no environment {name!r}; {suggestion(str(name), known)}")
    if name in _RUNS_CODE:
        raise UsageError(f"skyrl-gym's {name!r} runs the agent's code on this machine, outside a sandbox: not offered")


def _read(rows: str | Path | Sequence[Mapping[str, Any]]) -> Sequence[Mapping[str, Any]]:
    given = _lines(Path(rows)) if isinstance(rows, str | Path) else rows
    if not given or not all(isinstance(row, Mapping) and "prompt" in row for row in given):
        raise UsageError(f"rows is {short(rows)}; it must be a list of dicts that have a 'prompt'")
    return given


def _lines(path: Path) -> list[Any]:
    try:
        return [msgspec.json.decode(line) for line in path.read_bytes().splitlines()]
    except (OSError, msgspec.DecodeError) as error:
        raise UsageError(f"rows is {str(path)!r}, which cannot be read: {error}") from error
