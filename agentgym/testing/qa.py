"""Whether a task can be trusted: its oracle scores 1, idleness 0, near misses less than 1, and it repeats itself."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import gymnasium as gym
import msgspec
import numpy as np

from agentgym.actions.quoting import cut
from agentgym.agents import Agent, Emit, NoopAgent, ScriptedAgent
from agentgym.backends.base import Backend
from agentgym.families import Observation, TaskFamily, find_family
from agentgym.runner import Episode
from agentgym.tasks import Task

__all__ = ["QaCheck", "QaReport", "QaSpec", "check_task"]

_CHECKSUM = re.compile(r"\b([0-9a-f]{8})[0-9a-f]{56}\b")
_LISTING = "sort -z | xargs -0 -r sha256sum"
_WHOLE_HOME = f"cd && find . -type f -print0 | {_LISTING}"
# What applications write for themselves when they start has times and identifiers in it.
_OWN_STATE = " -o ".join(f"-path ./{folder}" for folder in (".cache", ".config", ".local", ".pki"))
_USERS_HOME = f"cd && find . \\( {_OWN_STATE} \\) -prune -o -type f -print0 | {_LISTING}"


@dataclass(frozen=True)
class QaSpec:
    """Which task of a suite to check, with which seed, in an environment with which options."""

    task: str
    seed: int = 0
    env_kwargs: Mapping[str, Any] = field(default_factory=dict)


class QaCheck(msgspec.Struct, frozen=True):
    """One claim about a task. ``found`` says what was seen, in a few words."""

    name: str
    ok: bool
    found: str


class QaReport(msgspec.Struct, frozen=True):
    task: str
    seed: int
    checks: tuple[QaCheck, ...]

    @property
    def ok(self) -> bool:
        return all(check.ok for check in self.checks)


def check_task(spec: QaSpec) -> QaReport:
    """Plays every script of the task's family, the oracle twice.

    Raises:
        UnknownNameError: if no suite has such a task.
        BackendError: if the machine broke: then nothing was learnt about the task.
    """
    family = find_family(spec.task)
    wanted = ("screenshot", *(kind for kind in family.needs if kind != "screenshot"))
    env = gym.make("agentgym/Desktop-v0", **{"task": spec.task, "observation": wanted, **spec.env_kwargs})
    try:
        return QaReport(spec.task, spec.seed, tuple(_checks(env, family, spec.seed)))
    finally:
        env.close()


def _checks(env: gym.Env[Any, Any], family: TaskFamily, seed: int) -> Iterator[QaCheck]:
    backend: Backend = env.get_wrapper_attr("backend")
    fresh = _fresh(backend, seed)
    first = _watch(env, ScriptedAgent(family.oracle), seed)
    yield _score_check("oracle", first.score, lambda score: score == 1)
    # Deliberately after the oracle: whatever it left behind must be gone.
    second = _watch(env, ScriptedAgent(family.oracle), seed)
    yield _same("reset", {**first.beginning, **fresh}, {**second.beginning, **_fresh(backend, seed)})
    yield _same("repeat", first.numbered_observations(), second.numbered_observations())
    yield _score_check("nothing", _watch(env, NoopAgent(), seed).score, lambda score: score == 0)
    for name, script in family.near_misses.items():
        yield _score_check(name, _watch(env, ScriptedAgent(script), seed).score, lambda score: score < 1)


@dataclass(frozen=True)
class _Seen:
    score: float | None
    beginning: Mapping[str, Any]
    observations: list[Observation]

    def numbered_observations(self) -> dict[str, Any]:
        """Every observation under its step; their number, so that a shorter episode differs."""
        numbered = {
            f"{kind} {step}": value
            for step, observation in enumerate(self.observations)
            for kind, value in observation.items()
        }
        return {**numbered, "number of observations": len(self.observations)}


class _Witness:
    """Passes everything on to an agent and keeps what it saw."""

    def __init__(self, agent: Agent, backend: Backend) -> None:
        self._agent = agent
        self._backend = backend
        self.beginning: dict[str, Any] = {}
        self.observations: list[Observation] = []

    def reset(self, task: Task, emit: Emit) -> None:
        self._agent.reset(task, emit)

    def act(self, observation: Observation) -> Any:
        if not self.observations:
            self.beginning = {
                **observation,
                "home": _listed(self._backend, _USERS_HOME),
                "clipboard": _clipboard(self._backend),
            }
        self.observations.append(observation)
        return self._agent.act(observation)


def _watch(env: gym.Env[Any, Any], agent: Agent, seed: int) -> _Seen:
    backend: Backend = env.get_wrapper_attr("backend")
    witness = _Witness(agent, backend)
    episode = Episode(env, witness, seed=seed)
    transitions = deque(episode, maxlen=1)
    observations = [*witness.observations, *(transition.after for transition in transitions)]
    return _Seen(episode.result().score, witness.beginning, observations)


def _score_check(name: str, score: float | None, wanted: Callable[[float], bool]) -> QaCheck:
    if score is None:
        return QaCheck(name, False, "unscored")
    return QaCheck(name, wanted(score), f"{score:g}")


def _same(name: str, first: Mapping[str, Any], second: Mapping[str, Any]) -> QaCheck:
    differing = [
        f"{key}: {_difference(first.get(key), second.get(key))}"
        for key in {**first, **second}
        if not _equal(first.get(key), second.get(key))
    ]
    if not differing:
        return QaCheck(name, True, "same")
    more = f" (+{len(differing) - 1} more)" if len(differing) > 1 else ""
    return QaCheck(name, False, f"{differing[0]}{more}")


def _equal(first: Any, second: Any) -> bool:
    if isinstance(first, np.ndarray) and isinstance(second, np.ndarray):
        return np.array_equal(first, second)
    return type(first) is type(second) and bool(first == second)


def _difference(first: Any, second: Any) -> str:
    """Where two pictures or texts part, in a few words."""
    if isinstance(first, np.ndarray) and isinstance(second, np.ndarray) and first.shape == second.shape:
        rows, columns = np.nonzero((first != second).any(axis=-1))
        return f"{len(rows)} pixels, x {columns.min()} to {columns.max()}, y {rows.min()} to {rows.max()}"
    if isinstance(first, str) and isinstance(second, str):
        pairs = zip(first.splitlines(), second.splitlines(), strict=False)
        line = next(((a, b) for a, b in pairs if a != b), ("", "one is longer"))
        return f"{_told(line[0])} became {_told(line[1])}"
    return f"{first!r:.80} became {second!r:.80}"


def _told(line: str) -> str:
    """A line, its checksum cut to as much as tells it from others, so that the file's name is seen."""
    return repr(cut(_CHECKSUM.sub(r"\1…", line)))


def _fresh(backend: Backend, seed: int) -> dict[str, Any]:
    """What a reset alone gives, before any application has started."""
    backend.reset(seed=seed)
    return {"fresh home": _listed(backend, _WHOLE_HOME), "fresh clipboard": _clipboard(backend)}


def _listed(backend: Backend, command: str) -> str:
    return backend.run(["sh", "-c", command]).stdout.decode("utf-8", "replace")


def _clipboard(backend: Backend) -> bytes:
    # Without an owner xclip fails, which is an empty clipboard.
    return backend.run(["xclip", "-o", "-selection", "clipboard"], timeout_s=10).stdout
