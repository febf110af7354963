"""Judges an episode as BFCL's own checker does: after each turn the services' state, and what the calls gave.

The semantics are those of ``multi_turn_checker`` of bfcl-eval 2026.3.23: the agent's calls and those of the ground
truth are played on services of their own. After each turn that the ground truth answers with calls, the agent must have
made a call in it; every public attribute of every service must be equal; and all that this turn's calls of the ground
truth gave must be among what the agent's calls have given so far, in whatever order.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, Literal, TypeAlias, TypedDict

import msgspec

from agentgym.actions import ToolCall
from agentgym.suites.bfcl.episodes import Episode, episode
from agentgym.suites.bfcl.services import Services, call_service, open_services

__all__ = ["Fault", "Verdict", "bfcl_turns", "judge"]

Fault: TypeAlias = Literal["unfinished", "no call", "state", "response"]


class Verdict(msgspec.Struct, frozen=True):
    """What is wrong first, and in which turn, from 0; nothing, if the episode is solved."""

    fault: Fault | None = None
    turn: int | None = None

    @property
    def valid(self) -> bool:
        return self.fault is None


class EpisodeRules(TypedDict):
    episode: str


def bfcl_turns(result: Sequence[Sequence[Any]], rules: EpisodeRules) -> float:
    """1 if BFCL's checker accepts the calls of an episode.

    Args:
        result: the calls as they were made, turn by turn: ``{"name": …, "arguments": …}``.
        rules: ``{"episode": name}``.
    """
    turns = [[ToolCall(call["name"], call["arguments"]) for call in turn] for turn in result]
    return float(judge(episode(rules["episode"]), turns).valid)


def judge(episode: Episode, turns: Sequence[Sequence[ToolCall]]) -> Verdict:
    """Whether the calls of an agent, turn by turn, do what the episode asks for."""
    if len(turns) != len(episode.answers):
        return Verdict("unfinished", len(turns))
    played, wanted = open_services(episode), open_services(episode)
    given: Counter[str] = Counter()
    for turn, (calls, answers) in enumerate(zip(turns, episode.answers, strict=True)):
        given.update(call_service(played, call) for call in calls)
        due = Counter(call_service(wanted, call) for call in answers)
        # In a turn without an answer calls are free, but what they did is there in the next.
        fault = _fault(calls, played, wanted, missing=due - given) if answers else None
        if fault:
            return Verdict(fault, turn)
    return Verdict()


def _fault(calls: Sequence[ToolCall], played: Services, wanted: Services, *, missing: Counter[str]) -> Fault | None:
    if not calls:
        return "no call"
    if not all(_same_state(played[name], service) for name, service in wanted.items()):
        return "state"
    return "response" if missing else None


def _same_state(played: Any, wanted: Any) -> bool:
    public = (name for name in vars(wanted) if not name.startswith("_"))
    return all(getattr(played, name) == getattr(wanted, name) for name in public)
