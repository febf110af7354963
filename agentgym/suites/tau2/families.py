"""tau2's tasks as task families of one task each, with the scripts that prove them."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from agentgym.actions import Done, RawAction, ToolCall
from agentgym.families import Observation, Script, TaskFamily
from agentgym.suites.tau2.desk import CHANGES, SAID
from agentgym.suites.tau2.package import Domain, base_tables, policy
from agentgym.suites.tau2.scenario import Scenario, changes_after, scenario
from agentgym.tasks import Check, EvaluatorSpec, GetterSpec, Task

__all__ = ["domain_families"]

_MAX_STEPS = 200  # tau2's own limit

_INSTRUCTION = """\
You serve one customer. Keep to the policy. Speak to the customer with the tool respond; when everything is done or \
nothing can be, end with end_conversation.

<policy>
{policy}
</policy>

Why the customer calls ("you" is the customer):

{call}"""

_TOLD_ALL = "I have told you all that I know and want; decide by that."


def domain_families(domain: Domain, numbers: Iterable[str]) -> dict[str, TaskFamily]:
    """A family for each task of a domain, by the task's number."""
    return {number: _family(domain, number) for number in numbers}


def _family(domain: Domain, number: str) -> TaskFamily:
    def make(_rng: np.random.Generator) -> Task:
        one = scenario(domain, number)
        return Task(
            id=f"tau2-{domain}/{number}",
            instruction=_INSTRUCTION.format(policy=policy(domain), call=one.call),
            tools=(f"tau2:{domain}",),
            evaluator=EvaluatorSpec(tuple(_checks(one))),
            max_steps=_MAX_STEPS,
            seed_params={"domain": domain, "task": number},
            # Told when the customer is first spoken to; a model can be put in its place, with the same to tell.
            metadata={"user": {"turns": [one.briefing], "default": _TOLD_ALL}},
        )

    return TaskFamily(number, make, _play, _NEAR_MISSES, tags=("others", domain))


def _checks(one: Scenario) -> Iterator[Check]:
    yield _check("tau2_database", CHANGES, {"domain": one.domain, "task": one.number})
    if one.told:
        yield _check("tau2_told", SAID, {"told": list(one.told)})


def _check(metric: str, evidence: str, rules: Mapping[str, Any]) -> Check:
    return Check(
        metric,
        GetterSpec("evidence", {"type": "evidence", "name": evidence}),
        GetterSpec("rule", {"type": "rule", "rules": dict(rules)}),
    )


def _scenario(task: Task) -> Scenario:
    return scenario(task.seed_params["domain"], task.seed_params["task"])


def _play(task: Task) -> Generator[RawAction, Observation, None]:
    one = _scenario(task)
    yield from _each(one.actions)
    yield _farewell(one)


def _drop_an_action(task: Task) -> Generator[RawAction, Observation, None]:
    """Leaves out the last action that the database shows; where none does, serves nobody."""
    one = _scenario(task)
    wanted = changes_after(one.domain, one.actions)
    shorter = (one.actions[:place] + one.actions[place + 1 :] for place in reversed(range(len(one.actions))))
    found = next((actions for actions in shorter if changes_after(one.domain, actions) != wanted), None)
    if found is None:
        yield Done()
        return
    yield from _each(found)
    yield _farewell(one)


def _overstep(task: Task) -> Generator[RawAction, Observation, None]:
    """Does all that is asked, and something that nobody asked for."""
    one = _scenario(task)
    yield from _each(one.actions)
    yield _excess(one.domain)
    yield _farewell(one)


_NEAR_MISSES: MappingProxyType[str, Script] = MappingProxyType(
    {"dropped action": _drop_an_action, "overstepped": _overstep}
)


def _each(actions: Iterable[ToolCall]) -> Generator[RawAction, Observation, None]:
    for action in actions:  # noqa: UP028 - a script is sent observations, which a tuple does not take
        yield action


def _farewell(one: Scenario) -> ToolCall:
    return ToolCall("end_conversation", {"message": f"All is done. {'; '.join(one.told)}"})


def _excess(domain: Domain) -> ToolCall:
    user = next(iter(base_tables(domain)["users"]))
    if domain == "airline":
        return ToolCall("send_certificate", {"user_id": user, "amount": 100})
    parts = ("address1", "address2", "city", "state", "country", "zip")
    return ToolCall("modify_user_address", {"user_id": user, **dict.fromkeys(parts, "nowhere")})
