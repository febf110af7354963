"""Whether a run asks somebody at this terminal meanwhile, and whether anybody could answer there."""

from __future__ import annotations

from agentgym.errors import UsageError
from agentgym.hooks import read_hook
from agentgym.hooks.asking import can_answer
from agentgym.results.config import RunConfig

__all__ = ["asks_a_person", "refuse_crowd", "refuse_unheard"]

_ASKING = frozenset({"answer", "approve"})
_PAGE, _TERMINAL = "human", "terminal"


def asks_a_person(config: RunConfig) -> bool:
    """Whether somebody at this terminal is asked meanwhile, or told there where the page is."""
    return bool(_asking(config)) or _agent(config) == _PAGE


def refuse_crowd(config: RunConfig, engine: str) -> None:
    """Looks whether several episodes would ask at one terminal, or one that has none.

    Raises:
        UsageError: names who asks and what to drop.
    """
    asking = _asking(config)
    if asking and (config.workers or 1) > 1:
        raise UsageError(f"{asking[0]} asks at the terminal, one question at a time: drop --workers")
    if asking and engine != "serial" and (engine, config.workers) != ("threads", 1):
        raise UsageError(f"{asking[0]} asks at the terminal, which the engine {engine!r} has not: drop --engine")


def refuse_unheard(config: RunConfig) -> None:
    """Looks whether anybody could answer, where nothing says what holds if not.

    Raises:
        UsageError: names who asks.
    """
    asking = _asking(config, unless_default=True)
    if asking and not can_answer():
        default = "" if _agent(config) == _TERMINAL else ", or give the hook a default"
        raise UsageError(
            f"{asking[0]} asks at the terminal, and standard input is none and holds no answer: "
            f"run it in a terminal, or pipe the answers in{default}"
        )


def _asking(config: RunConfig, *, unless_default: bool = False) -> list[str]:
    """Who asks at the terminal, as an error calls them."""
    named = [(one.name.partition(":")[0], one.options) for one in map(read_hook, config.hooks)]
    asking = [
        f"the hook {name!r}"
        for name, options in named
        if name in _ASKING and not (unless_default and options.get("default") is not None)
    ]
    return [*asking, *([f"the agent {_TERMINAL!r}"] if _agent(config) == _TERMINAL else [])]


def _agent(config: RunConfig) -> str:
    return config.agent.partition(":")[0]
