"""The episodes of the benchmark of engines: by name, so that every engine can send them to its workers."""

from __future__ import annotations

import hashlib
import os
import signal
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from agentgym.agents import Emit
from agentgym.errors import BackendError
from agentgym.runner import RolloutSpec, rollout
from agentgym.tasks import Task, parse_task

__all__ = ["computing", "modelled", "play_tiny", "tiny", "waiting"]

_MODEL_S = 0.05
_CALLS = 4
_HASHES = 60_000
_TASK = parse_task(
    {
        "id": "bench/product",
        "instruction": f"Multiply 1 to {_CALLS} by 7, one after the other, and submit the last product.",
        "tools": ["calculator", "bash", "submit"],
        "max_steps": 10,
        "evaluator": {
            "func": "matches",
            "result": {"type": "answer"},
            "expected": {"type": "rule", "rules": {"expected": _CALLS * 7}},
        },
    }
)


def waiting(count: int, *, tool: str = "calculator") -> Sequence[RolloutSpec]:
    """Episodes of five answers that take 50 ms each.

    Args:
        tool: what does the sums: ``"bash"`` needs a sandbox.
    """
    return [_spec("engine_episodes:Waiting", seed, {"tool": tool}) for seed in range(count)]


def modelled(count: int, url: str) -> Sequence[RolloutSpec]:
    """The same by the agent `openai`, which asks the server of `engine_model`."""
    options = {"model": "scripted", "base_url": url}
    return [_spec("openai", seed, options) for seed in range(count)]


def computing(count: int) -> Sequence[RolloutSpec]:
    """The same, of an agent that computes instead of waiting."""
    return [_spec("engine_episodes:Computing", seed) for seed in range(count)]


def tiny(count: int, folder: Path, *, killed_every: int) -> Iterator[RolloutSpec]:
    """Episodes of one step, made as they are wanted.

    Args:
        folder: where is kept what was killed, and what ended.
        killed_every: the worker of one of so many is killed in the middle of it, once.
    """
    for seed in range(count):
        options = {"folder": str(folder), "owner": os.getpid(), "dies": seed % killed_every == killed_every // 2}
        yield _spec("engine_episodes:Tiny", seed, options)


def play_tiny(spec: RolloutSpec) -> float | None:
    """The score; what ended leaves its seed in a file."""
    score = rollout(spec).score
    with Path(spec.agent_options["folder"], "ended").open("a") as ended:
        ended.write(f"{spec.seed}\n")
    return score


def _spec(agent: str, seed: int, options: dict[str, Any] | None = None) -> RolloutSpec:
    return RolloutSpec(agent=agent, agent_options=options or {}, env="agentgym/Tools-v0", task=_TASK, seed=seed)


class Waiting:
    """Its model takes 50 ms for an answer.

    Args:
        tool: what it calls for sums.
    """

    def __init__(self, *, tool: str = "calculator") -> None:
        self._tool = tool
        self._step = 0

    def reset(self, task: Task, emit: Emit) -> None:
        self._step = 0

    def act(self, observation: Any) -> dict[str, Any]:
        self._think()
        self._step += 1
        if self._step <= _CALLS:
            said = f"{self._step} * 7"
            arguments = {"command": f"echo $(({said}))"} if self._tool == "bash" else {"expression": said}
            return {"name": self._tool, "arguments": arguments}
        return _submit()

    def _think(self) -> None:
        time.sleep(_MODEL_S)


class Computing(Waiting):
    """Its model is in this process."""

    def _think(self) -> None:
        digest = b""
        for _ in range(_HASHES):
            digest = hashlib.sha256(digest).digest()


class Tiny:
    """Submits at once. Where it is told to, it dies before that, the first time.

    Args:
        seed: by which what dies is known.
        folder: where it is kept that it died.
        owner: the process that must not be killed: there a machine breaks instead.
        dies: whether it does.
    """

    def __init__(self, *, seed: int, folder: str, owner: int, dies: bool) -> None:
        self._died = Path(folder, f"died-{seed}")
        self._owner = owner
        self._dies = dies

    def reset(self, task: Task, emit: Emit) -> None:
        """Begins anywhere."""

    def act(self, observation: Any) -> dict[str, Any]:
        if self._dies and not self._died.exists():
            self._died.touch()
            if os.getpid() == self._owner:
                raise BackendError("as if its machine had been killed")
            os.kill(os.getpid(), signal.SIGKILL)
        return _submit()


def _submit() -> dict[str, Any]:
    return {"name": "submit", "arguments": {"answer": str(_CALLS * 7)}}
