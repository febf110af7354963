"""What tasks need, for the terminal: one task in full, many as a table by domain."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

import typer

from agentgym.cli.output import write_table
from agentgym.cli.taskneeds import TaskNeeds
from agentgym.evaluators import Network

__all__ = ["write_needs", "write_summary"]

_COLUMNS = (
    *("domain", "tasks", "infeasible", "no network", "static files", "live web", "Drive", "run here"),
    "do not, for want of",
)
_NETWORKS: Sequence[Network] = ("none", "static files", "live web", "Google Drive")
_LISTED = ("steps", "getters", "metrics", "applications", "programs", "packages", "libraries", "local_files")


def write_needs(told: TaskNeeds) -> None:
    """Everything that one task needs."""
    typer.echo(f"{told.task} ({told.domain or 'no domain'}): {'runs here' if told.runs else 'does not run here'}")
    for name, said in _told(told):
        typer.echo(f"  {name:<13}{said}")


def write_summary(tasks: Sequence[TaskNeeds]) -> None:
    """A line for each domain and one for all, then the files, and what to type for what is lacking."""
    domains = list(dict.fromkeys(told.domain for told in tasks))
    rows = [_row(domain or "–", [told for told in tasks if told.domain == domain]) for domain in domains]
    write_table(_COLUMNS, [*rows, _row("all", tasks)] if len(rows) > 1 else rows)
    for line in (*_files(tasks), *_remedies(tasks)):
        typer.echo(line)


def _told(told: TaskNeeds) -> Iterator[tuple[str, str]]:
    for name in _LISTED:
        named = getattr(told.needs, name)
        if named:
            yield name.replace("_", " "), ", ".join(named)
    for file in told.needs.files:
        yield "file", f"{file}{' (at hand)' if file in told.at_hand else ''}"
    for site in told.needs.sites:
        yield "site", site
    proxy = "; OSWorld plays it through a proxy" if told.needs.proxy else ""
    yield "network", f"{told.network}{proxy}"
    if told.needs.accounts:
        yield "accounts", ", ".join(told.needs.accounts)
    if told.infeasible:
        yield "infeasible", "it is solved by saying so"
    for lack in told.lacking:
        yield "lacking", str(lack)


def _row(name: str, tasks: Sequence[TaskNeeds]) -> list[str]:
    networks = Counter(told.network for told in tasks)
    return [
        name,
        str(len(tasks)),
        str(sum(told.infeasible for told in tasks)),
        *(str(networks[network]) for network in _NETWORKS),
        str(sum(told.runs for told in tasks)),
        ", ".join(f"{lack} {count}" for lack, count in _wants(tasks).most_common()),
    ]


def _wants(tasks: Sequence[TaskNeeds]) -> Counter[str]:
    """How many tasks each thing keeps from running; of libraries, each."""
    return Counter(name for told in tasks for name in {one for lack in told.lacking for one in lack.name.split(", ")})


def _files(tasks: Sequence[TaskNeeds]) -> Iterator[str]:
    files = {file for told in tasks for file in told.needs.files}
    if files:
        at_hand = len({file for told in tasks for file in told.at_hand})
        others = "" if at_hand == len(files) else "; 'agentgym fetch' gets the others"
        yield f"files to fetch: {len(files)}, of which {at_hand} are in the cache or the mirror{others}"


def _remedies(tasks: Sequence[TaskNeeds]) -> Iterator[str]:
    lacks = [lack for told in tasks for lack in told.lacking]
    packages = dict.fromkeys(lack.package for lack in lacks if lack.package)
    if packages:
        yield f"type: sudo apt-get install {' '.join(packages)}"
    others = dict.fromkeys(lack.remedy for lack in lacks if lack.remedy and not lack.package)
    yield from (f"type: {remedy}" for remedy in others if remedy.startswith(("pip ", "agentgym ")))
