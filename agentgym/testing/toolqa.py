"""Whether a task that is done with tools alone can be trusted."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import gymnasium as gym

from agentgym.agents import Agent, Emit, NoopAgent, ScriptedAgent
from agentgym.backends.base import Backend, BackendOptions, backends
from agentgym.errors import ActionError
from agentgym.families import TOOLS, Observation, Script, TaskFamily, suites
from agentgym.runner import Episode
from agentgym.tasks import Task
from agentgym.testing.endstate import end_state, home_of
from agentgym.testing.exploits import exploits_for
from agentgym.testing.mutants import Asked, mutants_of
from agentgym.testing.qachecks import QaCheck, QaReport, QaSpec, same, score_check
from agentgym.tools import ToolContext, read_calls

__all__ = ["check_tool_task"]

_MOST_MUTANTS = 60
_MOST_NAMED = 3


def check_tool_task(spec: QaSpec, family: TaskFamily) -> QaReport:
    """Plays every script of the family, mutants of its oracle, and exploits.

    A mutant that scores 1 is a fault of the task, unless it leaves what the oracle leaves, as `end_state` tells it:
    then nobody could tell the two apart, and it does not count.

    Raises:
        BackendError: if the machine broke: then nothing was learnt about the task.
    """
    options = dict(spec.env_kwargs)
    given = options.pop("backend", "sandbox")
    # Ours, so that what an episode left can be looked at.
    machine: Backend = backends[given](BackendOptions(accessibility=False)) if isinstance(given, str) else given
    try:
        # All that a family can draw: the seed draws what it draws anywhere.
        env = gym.make(TOOLS, **{"task": spec.task, "backend": machine, "split": None, **options})
        try:
            return QaReport(
                spec.task, spec.seed, tuple(_Checks(env, machine, family, spec.seed, _traces(spec.task)).all())
            )
        finally:
            env.close()
    finally:
        machine.close()


@dataclass(frozen=True)
class _Played:
    """An episode: its score (None if unscored), what was asked, and what was seen."""

    score: float | None
    calls: Sequence[Asked]
    beginning: Mapping[str, Any]
    observations: Mapping[str, Any]


@dataclass(frozen=True)
class _Checks:
    env: gym.Env[Any, Any]
    machine: Backend
    family: TaskFamily
    seed: int
    traces: Collection[str]

    def all(self) -> Iterator[QaCheck]:
        first = self.play(ScriptedAgent(self.family.oracle))
        task: Task = self.env.get_wrapper_attr("task")
        left = self.left(task)
        yield score_check("oracle", first.score, lambda score: score == 1)
        # Deliberately after the oracle: whatever it left behind must be gone.
        second = self.play(ScriptedAgent(self.family.oracle))
        yield same("reset", first.beginning, second.beginning)
        yield same("repeat", first.observations, second.observations)
        yield score_check("nothing", self.play(NoopAgent()).score, lambda score: score == 0)
        for name, script in self.family.near_misses.items():
            yield score_check(name, self.play(ScriptedAgent(script)).score, lambda score: score < 1)
        yield self.mutants(task, first.calls, left)
        yield self.exploits(task)

    def mutants(self, task: Task, calls: Sequence[Asked], left: Mapping[str, Any]) -> QaCheck:
        survived, alike, tried = [], 0, mutants_of(calls, most=_MOST_MUTANTS)
        for mutant in tried:
            score = self.play(ScriptedAgent(_script(mutant.calls))).score
            if score is not None and score < 1:
                continue
            if score is not None and _alike(self.left(task), left):
                alike += 1
            else:
                survived.append(f"{mutant.name}{' unscored' if score is None else ''}")
        return _tally("mutants", len(tried) - alike, survived, f", {alike} alike" if alike else "")

    def exploits(self, task: Task) -> QaCheck:
        tools = self.env.get_wrapper_attr("tools")
        worked, tried = [], exploits_for(task, tools)
        for name, calls in tried.items():
            score = self.play(ScriptedAgent(_script(calls))).score
            if score is None or score >= 1:
                worked.append(f"{name}{' unscored' if score is None else ''}")
        return _tally("exploits", len(tried), worked, "")

    def left(self, task: Task) -> Mapping[str, Any]:
        context: ToolContext = self.env.get_wrapper_attr("context")
        return end_state(task, self.machine, context, self.traces)

    def play(self, agent: Agent) -> _Played:
        witness = _Witness(agent, self.machine)
        episode = Episode(self.env, witness, seed=self.seed)
        score, seen = None, []
        for _ in episode:
            transition = episode.step()
            score = transition.info.get("score")
            seen.append(transition.after)
        return _Played(
            score,
            witness.calls,
            witness.beginning,
            {**{f"observation {step}": text for step, text in enumerate(seen, 1)}, "number of observations": len(seen)},
        )


class _Witness:
    """Passes everything on to an agent and keeps what it asked for, and how the episode began."""

    def __init__(self, agent: Agent, machine: Backend) -> None:
        self._agent = agent
        self._machine = machine
        self.calls: list[Asked] = []
        self.beginning: dict[str, Any] = {}

    def reset(self, task: Task, emit: Emit) -> None:
        self._agent.reset(task, emit)

    def act(self, observation: Observation) -> Any:
        if not self.beginning:
            self.beginning = {"observation": observation, **home_of(self._machine)}
        action = self._agent.act(observation)
        try:
            self.calls += read_calls(action)
        except ActionError:
            # What cannot be read does nothing: there is no call to be changed.
            return action
        return action


def _traces(task: str) -> Collection[str]:
    return suites[task.partition("/")[0]].traces


def _script(calls: Sequence[Asked]) -> Script:
    def script(_: Task) -> Any:
        for call in calls:  # noqa: UP028 - what a list's iterator is sent is an error
            yield call

    return script


def _alike(state: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two ends are the same, but for more empty files: who looks for a database makes one."""
    return {name: value for name, value in state.items() if name in other or _content(value)} == other


def _content(value: Any) -> Any:
    match value:
        case [_, content]:
            return content
    return value


def _tally(name: str, count: int, failed: Sequence[str], more: str) -> QaCheck:
    if not failed:
        return QaCheck(name, True, f"{count} of {count}{more}")
    others = f" (+{len(failed) - _MOST_NAMED} more)" if len(failed) > _MOST_NAMED else ""
    return QaCheck(
        name, False, f"{count - len(failed)} of {count}{more}; not {', '.join(failed[:_MOST_NAMED])}{others}"
    )
