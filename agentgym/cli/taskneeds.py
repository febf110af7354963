"""What each task needs, and whether this machine meets it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from agentgym.backends.applications import domain_called
from agentgym.cli.requirements import DESKTOP
from agentgym.evaluators import Lack, Needs, Network, lacks_at_judging, lacks_of_desktop, needs_of_task
from agentgym.families import DESKTOP as DESKTOP_ENV
from agentgym.families import env_of
from agentgym.setup.downloads import have
from agentgym.tasks import Task

__all__ = ["TaskNeeds", "told_needs", "what_a_task_lacks"]


class TaskNeeds(msgspec.Struct, frozen=True):
    """What one task needs.

    Args:
        domain: the folder or suite it comes from; else its application, or ``multi_apps``.
        infeasible: whether it is solved by saying that it cannot be done.
        network: the most that it needs of the network.
        runs: whether this machine can run it.
        lacking: what stands against it.
        at_hand: those of its files that need not be fetched any more.
    """

    task: str
    domain: str
    infeasible: bool
    network: Network
    runs: bool
    needs: Needs
    lacking: tuple[Lack, ...] = ()
    at_hand: tuple[str, ...] = ()


def told_needs(task: Task, domain: str, problems: Sequence[str], *, network: bool) -> TaskNeeds:
    """What a task needs, held against this machine.

    Args:
        domain: empty if what it comes from has none.
        problems: what is wrong with the task itself.
        network: whether environments are given the machine's network.
    """
    needs = needs_of_task(task)
    lacking = (*map(_of_problem, problems), *_lacks(task, needs, network=network))
    return TaskNeeds(
        task.id,
        domain or domain_called(task.related_apps),
        infeasible=task.evaluator is not None and task.evaluator.infeasible,
        network=needs.network,
        runs=not lacking,
        needs=needs,
        lacking=lacking,
        at_hand=tuple(filter(_is_at_hand, needs.files)),
    )


def what_a_task_lacks(task: Task, env_kwargs: Mapping[str, Any]) -> str | None:
    """What of a task's needs will not be met in an environment of such options, in one line; None if all is."""
    needs = needs_of_task(task)
    here = env_kwargs.get("backend") == "x11"
    network = not here or env_kwargs.get("network") is True
    lacks = [*(lacks_of_desktop(needs) if here else ()), *lacks_at_judging(needs, network=network)]
    return "; ".join(_in_one_line(lacks)) or None


def _lacks(task: Task, needs: Needs, *, network: bool) -> Iterator[Lack]:
    if env_of(task) == DESKTOP_ENV:
        missing = [program for program in DESKTOP if program.found() is None]
        if missing:
            names = ", ".join(program.name for program in missing)
            yield Lack("desktop", f"no desktop can start without {names}", "agentgym doctor", installs=True)
        yield from lacks_of_desktop(needs)
    yield from lacks_at_judging(needs, network=network)


def _in_one_line(lacks: Sequence[Lack]) -> Iterator[str]:
    """What is lacking; all packages in one command."""
    packages = [lack for lack in lacks if lack.package]
    if packages:
        names = ", ".join(lack.name for lack in packages)
        verb = "is" if len(packages) == 1 else "are"
        install = " ".join(dict.fromkeys(lack.package for lack in packages))
        yield f"{names} {verb} not installed: sudo apt-get install {install}"
    yield from (str(lack) for lack in lacks if not lack.package)


def _is_at_hand(address: str) -> bool:
    return address.startswith(("file:", "http")) and have(address)


def _of_problem(said: str) -> Lack:
    return Lack("problems", said)
