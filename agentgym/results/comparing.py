"""Whether what is asked for now may stand beside what a folder holds."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from agentgym.errors import UsageError
from agentgym.results.attempts import Attempt, Place
from agentgym.results.config import IDENTITY, RunConfig
from agentgym.results.items import Item
from agentgym.trajectory.redaction import Redact, given_secrets, make_redact, scrub, taking_out

__all__ = ["refuse_changed_tasks", "refuse_mixture", "refuse_other_session", "secretless", "without_secrets"]

_WAYS = "give another --out (or --result-root), or --fresh to move what is there aside"


def without_secrets(config: RunConfig) -> Redact:
    """A function that takes out of a text what the settings and the environment hold of secrets."""
    given = [config.agent_options, config.env_options, config.engine_options, config.wrappers, config.hooks]
    take_out, redact = taking_out(given_secrets(given)), make_redact(os.environ)
    return lambda text: redact(take_out(text))


def secretless(config: RunConfig) -> dict[str, Any]:
    """The settings as they may be written."""
    plain: dict[str, Any] = scrub(config.model_dump(mode="json"), without_secrets(config))
    return plain


def refuse_mixture(
    path: Path, args: Mapping[str, Any], config: RunConfig, told: Mapping[str, Any] | None = None
) -> None:
    """Looks at what the folder was begun with.

    Args:
        told: what its ``args.json`` says in place of settings.

    Raises:
        UsageError: names each setting that makes the results others, as it was and as it is.
    """
    now = {**secretless(config), **(told or {})}
    changed = [name for name in IDENTITY if name in args and args[name] != now[name]]
    # Members of groups have other seeds of the agent than who is alone.
    if "group" in args and (args["group"] == 1) != (config.group == 1):
        changed.append("group")
    if changed:
        said = ", ".join(f"{name} was {args[name]!r} and is {now[name]!r}" for name in changed)
        raise UsageError(f"{path} holds results of other settings: {said}; {_WAYS}")


def refuse_other_session(path: Path, args: Mapping[str, Any], config: RunConfig) -> None:
    """Looks at which session the folder is of.

    Raises:
        UsageError: if another was asked for by its name.
    """
    if config.session is not None and args.get("session_id") not in (None, config.session):
        raise UsageError(f"{path} is of the session {args['session_id']!r}, not {config.session!r}; {_WAYS}")


def refuse_changed_tasks(path: Path, standing: Mapping[Place, Attempt], items: Iterable[Item]) -> None:
    """Looks at what results stand under the names of what is to be run.

    Raises:
        UsageError: if one was run as another task, though of the same id, or by another agent.
    """
    changed = [
        item
        for item in items
        if item.place in standing and standing[item.place].came_to_something and standing[item.place].item != item.key
    ]
    if changed:
        raise UsageError(
            f"{path} holds results of {len(changed)} tasks that are not now what they were, the first of them "
            f"{changed[0].task!r} with seed {changed[0].seed}; {_WAYS}"
        )
