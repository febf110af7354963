"""BFCL's episodes as task families of one task each, with the scripts that prove them."""

from __future__ import annotations

from collections.abc import Generator, Iterable

import numpy as np

from agentgym.actions import Done, RawAction, ToolCall
from agentgym.families import Observation, TaskFamily
from agentgym.suites.bfcl.checker import judge
from agentgym.suites.bfcl.conversation import EVIDENCE
from agentgym.suites.bfcl.damage import without
from agentgym.suites.bfcl.episodes import Turns, episode
from agentgym.tasks import Check, EvaluatorSpec, GetterSpec, Task

__all__ = ["episode_family"]

# BFCL stops a model after 20 steps in a turn, each with as many calls as it likes; one answer has 34 in a turn.
_STEPS_PER_TURN = 50

_INSTRUCTION = """\
You help a user by calling tools. In each turn, do what the user asks as far as you can with the tools that there are; \
then call end_turn, whose result is the user's next message. If a tool or a parameter that you need is missing, call \
end_turn and say so.

The user: {message}"""


def episode_family(name: str) -> TaskFamily:
    """The family whose only task is an episode of BFCL."""

    def make(_rng: np.random.Generator) -> Task:
        one = episode(name)
        return Task(
            id=f"bfcl/{name}",
            instruction=_INSTRUCTION.format(message=one.messages[0]),
            tools=(f"bfcl:{name}",),
            evaluator=EvaluatorSpec((_check(name),)),
            max_steps=_STEPS_PER_TURN * len(one.messages),
            seed_params={"episode": name},
        )

    scripts = {"dropped call": _play_without_a_call, "stops too early": _stop_early}
    return TaskFamily(name, make, _play, scripts, tags=("others", _category(name)))


def _category(name: str) -> str:
    return name.removeprefix("multi_turn_").rpartition("_")[0]


def _check(name: str) -> Check:
    return Check(
        "bfcl_turns",
        GetterSpec("evidence", {"type": "evidence", "name": EVIDENCE}),
        GetterSpec("rule", {"type": "rule", "rules": {"episode": name}}),
    )


def _play(task: Task) -> Generator[RawAction, Observation, None]:
    yield from _calls(_answers(task))


def _play_without_a_call(task: Task) -> Generator[RawAction, Observation, None]:
    """Leaves out the last call that matters: some are forgiven, because an earlier one gave the same."""
    one = episode(task.seed_params["episode"])
    places = [(turn, place) for turn, calls in enumerate(one.answers) for place in range(len(calls))]
    damaged = (without(one.answers, *place) for place in reversed(places))
    yield from _calls(next(turns for turns in damaged if not judge(one, turns).valid))


def _stop_early(task: Task) -> Generator[RawAction, Observation, None]:
    answers = _answers(task)
    last = max(turn for turn, calls in enumerate(answers) if calls)
    yield from _calls(answers[:last])
    yield Done()


def _answers(task: Task) -> Turns:
    return episode(task.seed_params["episode"]).answers


def _calls(turns: Iterable[Iterable[ToolCall]]) -> Generator[RawAction, Observation, None]:
    for calls in turns:
        for call in calls:  # noqa: UP028 - a script is sent observations, which a tuple does not take
            yield call
        yield ToolCall("end_turn", {"message": "Done."})
