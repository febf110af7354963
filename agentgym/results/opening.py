"""Opening a session: the plan, what of it finished before, and the folder that is held meanwhile."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from agentgym.display.mp4 import check_can_film
from agentgym.events import utc_now
from agentgym.families import load_tasks
from agentgym.results.attempts import Attempt, Place
from agentgym.results.comparing import refuse_changed_tasks, refuse_mixture, refuse_other_session, secretless
from agentgym.results.config import RunConfig
from agentgym.results.folder import Results, RunFolder, move_aside, read_args
from agentgym.results.items import Item, line_of, make_items
from agentgym.results.lost import lost_runs
from agentgym.results.orders import engine_for, orders
from agentgym.results.people import refuse_unheard
from agentgym.results.planning import check, domains_of
from agentgym.results.session import Finished, Report, Session
from agentgym.results.tree import ResultTree, domain_of, summary_words, tree_at, words_of
from agentgym.runner import RolloutSpec
from agentgym.tasks import Task

__all__ = ["Lacking", "open_session", "run_config"]

Lacking = Callable[[Task, Mapping[str, Any]], str | None]
"""Says of a task what it needs and will not find in an environment of such options, and what to do; or None."""

_DESKTOPS = ("guest", "host", "x11")


@contextmanager
def open_session(
    config: RunConfig,
    *,
    fresh: bool = False,
    redo_errors: bool = False,
    lacking: Lacking | None = None,
    keep_screens: bool = False,
) -> Iterator[Session]:
    """Plans, makes one environment to see that it can be made, and holds the folder of the results for the block.

    Args:
        fresh: moves a folder that is there aside.
        redo_errors: also does again what failed by the fault of agent, task or metric.
        lacking: tells which tasks cannot be run here; they are skipped.
        keep_screens: whether `Finished.screen` is there.

    Raises:
        UsageError: if something of it cannot be, the folder holds results of other settings, or another process
            writes to it.
    """
    specs = orders(config, keep_screen=keep_screens)
    items = make_items(specs, domains_of(config.tasks))
    if config.result_root is not None:
        items = [replace(item, domain=domain_of(item)) for item in items]
    engine = engine_for(config, specs)
    refuse_unheard(config)
    now = utc_now()
    name = config.session or f"{now:%Y%m%dT%H%M%S}-{os.urandom(3).hex()}"
    out = tree_at(config, specs) or _out(config, name)
    tree = None if config.result_root is None or out is None else ResultTree(out, items, films=config.films)
    if config.films:
        check_can_film()
    dataset = (Path(config.trace_dir) if config.trace_dir else out) if config.trace else None
    check(replace(specs[0], record=None if dataset is None else str(dataset)))
    aside = move_aside(out, now) if fresh and out is not None and _is_taken(out) else None
    with ExitStack() as stack:
        told = {} if tree is None else words_of(config, specs[0])
        results = Results() if out is None else stack.enter_context(_continued(out, config, items, told))
        session_id = name
        if isinstance(results, RunFolder):
            goes_on = read_args(results.path) is not None
            session_id = _written_args(results, config, name, now, planned=len(items), told=told)
            if goes_on and dataset is not None:
                _add_lost(results, dataset, items, config, session_id)
        todo = [item for item in items if _is_missing(item, results, redo_errors=redo_errors)]
        skipped = {} if lacking is None else _not_runnable(todo, lacking)
        if tree is not None:
            tree.mend(results.standing, todo)
        yield Session(
            config,
            session_id,
            items,
            results,
            engine,
            dataset=dataset,
            todo=todo,
            skipped=skipped,
            aside=aside,
            tree=tree,
        )


def run_config(
    config: RunConfig,
    *,
    fresh: bool = False,
    redo_errors: bool = False,
    lacking: Lacking | None = None,
    report: Callable[[Finished], None] | None = None,
) -> Report:
    """Does what ``agentgym run`` does, and returns what it came to.

    An interrupt ends what is running and is raised again; the same call goes on afterwards.

    Args:
        report: is told each attempt.

    Raises:
        UsageError: as `open_session`, whose arguments the others are.
    """
    with open_session(config, fresh=fresh, redo_errors=redo_errors, lacking=lacking) as session:
        for finished in session.work():
            if report is not None:
                report(finished)
        return session.report()


def _out(config: RunConfig, name: str) -> Path | None:
    if config.out is not None:
        return Path(config.out)
    return Path("runs", name) if config.trace else None


def _is_taken(out: Path) -> bool:
    return out.is_dir() and any(out.iterdir())


@contextmanager
def _continued(out: Path, config: RunConfig, items: Sequence[Item], told: Mapping[str, str]) -> Iterator[RunFolder]:
    """The folder, if what is asked for may stand beside what it holds.

    Args:
        told: OSWorld's words for the run, which then stand in each line of its summary; empty where it is none of them.
    """

    def besides(attempt: Attempt) -> Mapping[str, Any]:
        return {**summary_words(attempt), **told} if told else {}

    with RunFolder.open(out, besides=besides) as folder:
        args = read_args(folder.path) or {}
        refuse_other_session(folder.path, args, config)
        if any(one.came_to_something for one in folder.standing.values()):
            refuse_mixture(folder.path, args, config, told)
        refuse_changed_tasks(folder.path, folder.standing, items)
        yield folder


def _written_args(
    folder: RunFolder, config: RunConfig, session_id: str, now: datetime, *, planned: int, told: Mapping[str, str]
) -> str:
    """Writes what was told, now and by each call before; returns the session, which is the folder's if it had one."""
    args = read_args(folder.path) or {}
    session_id = str(args.get("session_id", session_id))
    settings = secretless(config)
    call = {
        "at": now.isoformat(timespec="seconds"),
        "given": {name: settings[name] for name in sorted(config.model_fields_set)},
        "planned": planned,
    }
    about = {"session_id": session_id, "agentgym": version("agentgym-envs")}
    folder.write_args({**about, **settings, **told, "session": session_id, "calls": [*args.get("calls", []), call]})
    return session_id


def _add_lost(results: Results, dataset: Path, items: Sequence[Item], config: RunConfig, session_id: str) -> None:
    """Gives a line to each attempt that was cut off, so that there is one for each."""
    by_key = {item.key: item for item in items}
    for lost in lost_runs(dataset, session_id, results.run_ids):
        item = by_key.get(lost.item)
        if item is not None and lost.attempt > results.attempts_at(item.place):
            cut_off: dict[str, Any] = {
                "status": "error",
                "error": "the process that ran it was interrupted or killed",
                "error_kind": "interrupted",
            }
            told = {"attempt": lost.attempt, "run_id": lost.run_id, "started": lost.started}
            results.add(line_of(item, config=config, session_id=session_id, **told, **cut_off))


def _is_missing(item: Item, results: Results, *, redo_errors: bool) -> bool:
    stands = results.standing.get(item.place)
    # Of other settings, or of a task that was mended since, nothing is left here that came to something.
    if stands is None or not stands.is_finished or stands.item != item.key:
        return True
    return redo_errors and stands.status == "error"


def _not_runnable(items: Sequence[Item], lacking: Lacking) -> dict[Place, str]:
    """Of what would stop half-way for want of something, what to do about it."""
    desktops = [item for item in items if item.spec.env_kwargs.get("backend") in _DESKTOPS]
    # Of whatever seed, a task needs the same.
    reasons = {item.task: _reason(item.spec, lacking) for item in {one.task: one for one in desktops}.values()}
    return {item.place: reason for item in desktops if (reason := reasons[item.task]) is not None}


def _reason(spec: RolloutSpec, lacking: Lacking) -> str | None:
    tasks = () if spec.task is None else load_tasks(spec.task)
    return next((said for task in tasks if (said := lacking(task, spec.env_kwargs)) is not None), None)
