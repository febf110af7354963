"""Whether a task can be trusted: its oracle scores 1, idleness 0, near misses less than 1, and it repeats itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import gymnasium as gym

from agentgym.agents import Agent, Emit, NoopAgent, ScriptedAgent
from agentgym.backends.base import Backend
from agentgym.families import TOOLS, Observation, TaskFamily, env_of, find_family
from agentgym.runner import Episode
from agentgym.tasks import Task
from agentgym.testing.qachecks import QaCheck, QaReport, QaSpec, same, score_check
from agentgym.testing.toolqa import check_tool_task

__all__ = ["QaCheck", "QaReport", "QaSpec", "check_task"]

_LISTING = "sort -z | xargs -0 -r sha256sum"
_WHOLE_HOME = f"cd && find . -type f -print0 | {_LISTING}"
# What applications write for themselves when they start has times and identifiers in it.
_OWN_STATE = " -o ".join(f"-path ./{folder}" for folder in (".cache", ".config", ".local", ".pki"))
_USERS_HOME = f"cd && find . \\( {_OWN_STATE} \\) -prune -o -type f -print0 | {_LISTING}"


def check_task(spec: QaSpec) -> QaReport:
    """Plays every script of the task's family, the oracle twice; with tools alone, mutants and exploits, too.

    Raises:
        UnknownNameError: if no suite has such a task.
        BackendError: if the machine broke: then nothing was learnt about the task.
    """
    family = find_family(spec.task)
    if env_of(spec.task) == TOOLS:
        return check_tool_task(spec, family)
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
    yield score_check("oracle", first.score, lambda score: score == 1)
    # Deliberately after the oracle: whatever it left behind must be gone.
    second = _watch(env, ScriptedAgent(family.oracle), seed)
    yield same("reset", {**first.beginning, **fresh}, {**second.beginning, **_fresh(backend, seed)})
    yield same("repeat", first.numbered_observations(), second.numbered_observations())
    yield score_check("nothing", _watch(env, NoopAgent(), seed).score, lambda score: score == 0)
    for name, script in family.near_misses.items():
        yield score_check(name, _watch(env, ScriptedAgent(script), seed).score, lambda score: score < 1)


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
    score = episode.run().score
    return _Seen(score, witness.beginning, [*witness.observations, episode.observation])


def _fresh(backend: Backend, seed: int) -> dict[str, Any]:
    """What a reset alone gives, before any application has started."""
    backend.reset(seed=seed)
    return {"fresh home": _listed(backend, _WHOLE_HOME), "fresh clipboard": _clipboard(backend)}


def _listed(backend: Backend, command: str) -> str:
    return backend.run(["sh", "-c", command]).stdout.decode("utf-8", "replace")


def _clipboard(backend: Backend) -> bytes:
    # Without an owner xclip fails, which is an empty clipboard.
    return backend.run(["xclip", "-o", "-selection", "clipboard"], timeout_s=10).stdout
