"""What is to be done: an order for an episode with the names that its result stands under."""

from __future__ import annotations

import functools
import hashlib
import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from agentgym.agents import agents
from agentgym.errors import UsageError
from agentgym.events import utc_now
from agentgym.families import suites
from agentgym.results.attempts import Attempt, Place
from agentgym.results.config import RunConfig
from agentgym.runner import RolloutSpec
from agentgym.tasks import Task
from agentgym.trajectory.redaction import make_redact, scrub

__all__ = ["Item", "line_of", "make_items", "model_of", "task_name"]

_LENGTH = 16


@dataclass(frozen=True)
class Item:
    """An episode to be run.

    Attributes:
        domain: what its result is counted under, besides all.
        key: a digest of task, seed, agent and environment, options included, secrets left out.
    """

    spec: RolloutSpec
    task: str
    domain: str
    key: str

    @property
    def seed(self) -> int:
        return self.spec.seed

    @property
    def place(self) -> Place:
        return self.task, self.seed, self.member

    @property
    def member(self) -> int:
        """Its number in its group."""
        return int(self.spec.metadata.get("group", {}).get("member", 0))


def make_items(specs: Sequence[RolloutSpec], domains: Mapping[str, str]) -> Sequence[Item]:
    """An item of each order.

    Args:
        domains: by the task's id; of others, the suite that their name begins with.

    Raises:
        UsageError: if two have the same task and seed.
    """
    items = [_item(spec, domains) for spec in specs]
    seen: set[Place] = set()
    for item in items:
        if item.place in seen:
            raise UsageError(f"two tasks have the id {item.task!r}: results are kept by id and seed")
        seen.add(item.place)
    return items


def line_of(item: Item, *, config: RunConfig, session_id: str, **figures: Any) -> Attempt:
    """An attempt at it that has ended now."""
    return Attempt(
        ts=utc_now().isoformat(timespec="milliseconds"),
        session_id=session_id,
        item=item.key,
        task=item.task,
        seed=item.seed,
        domain=item.domain,
        member=item.member,
        agent=config.agent,
        model=model_of(config),
        **figures,
    )


def task_name(spec: RolloutSpec) -> str:
    """Of an order whose environment has its own task, what that is told, or the environment's id."""
    task = spec.task or spec.env_kwargs.get("task")
    if isinstance(task, Task):
        return task.id
    return task if isinstance(task, str) else spec.env


def model_of(config: RunConfig) -> str | None:
    """An option of the agent, or what stands behind the colon of its name."""
    said = config.agent_arguments().get("model")
    kind, _, argument = config.agent.partition(":")
    if said is None and kind in agents and next(iter(inspect.signature(agents[kind]).parameters), None) == "model":
        said = argument
    return said if isinstance(said, str) and said else None


def _item(spec: RolloutSpec, domains: Mapping[str, str]) -> Item:
    task = task_name(spec)
    suite = task.partition("/")[0]
    domain = domains.get(task, suite if suite in suites else "")
    return Item(spec=spec, task=task, domain=domain, key=_digest(spec, task))


def _digest(spec: RolloutSpec, task: str) -> str:
    told = [
        [spec.agent, spec.agent_options],
        [spec.env, spec.env_kwargs, spec.wrappers],
        [spec.hooks, spec.trust_task_hooks],
    ]
    drawn = [] if spec.agent_seed is None else [spec.agent_seed]
    what = [spec.task if isinstance(spec.task, Task) else task, spec.seed, *drawn]
    return _sha256(msgspec.json.encode(what, order="sorted") + _secretless(msgspec.json.encode(told)))[:_LENGTH]


@functools.lru_cache(maxsize=64)
def _secretless(told: bytes) -> bytes:
    """What most items have in common: agent, environment and hooks, without their secrets."""
    return msgspec.json.encode(scrub(msgspec.json.decode(told), make_redact({})), order="sorted")


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
