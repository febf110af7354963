"""``agentgym run``: an agent on tasks, several at a time, recorded."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from agentgym.cli.contact_sheet import save_contact_sheet
from agentgym.cli.options import key_values, known_sandbox, modules_from_here
from agentgym.cli.output import figure, progress_bar, write_json, write_table
from agentgym.cli.requirements import what_is_lacking
from agentgym.cli.targets import check_target, make_folder, writing
from agentgym.engines import Engine, engines
from agentgym.envs.homes import HOME_REMEDY, home_named_at
from agentgym.errors import UsageError
from agentgym.families import TOOLS, load_tasks
from agentgym.registration import small_task_ids
from agentgym.results import Finished, Row, check, for_policy, plan, summarise
from agentgym.results import run as run_episodes
from agentgym.runner import RolloutSpec

__all__ = ["run"]

_INTERRUPT_EXIT = 130
_DESKTOP: Mapping[str, Any] = {"backend": "x11", "observation": ("screenshot",)}
"""Of the environment, where nothing else is asked for and the agent does not know better."""


def run(
    tasks: Annotated[
        str | None, typer.Argument(help="A suite, suite/task, or a file or folder of tasks; a policy has its own.")
    ] = None,
    agent: Annotated[
        str, typer.Option(help="An agent's name (an argument follows a colon), or module:Class.")
    ] = "oracle",
    agent_option: Annotated[list[str] | None, typer.Option(help="KEY=VALUE for the agent; may be repeated.")] = None,
    num_envs: Annotated[int, typer.Option(min=1, help="How many environments run at a time.")] = 1,
    episodes: Annotated[int, typer.Option(min=1, help="Episodes of each task, each with the next seed.")] = 1,
    seed: Annotated[int, typer.Option(min=0, help="The first seed.")] = 0,
    out: Annotated[Path | None, typer.Option(help="Record into this dataset.")] = None,
    contact_sheet: Annotated[Path | None, typer.Option(help="Draw the final screens into this PNG.")] = None,
    max_steps: Annotated[int | None, typer.Option(min=1, help="Steps after which an episode is cut off.")] = None,
    observation: Annotated[list[str] | None, typer.Option(help="An observation's name; may be repeated.")] = None,
    backend: Annotated[
        str | None,
        typer.Option(
            help="The machine to run on: x11 if not given, sandbox for tools, for a policy that it learned on."
        ),
    ] = None,
    sandbox: Annotated[str, typer.Option(help="bwrap, or none to run applications without protection.")] = "bwrap",
    engine: Annotated[
        str | None, typer.Option(help="Where the episodes run: processes if not given, serial for a policy on qt.")
    ] = None,
    timeout: Annotated[float, typer.Option(min=1, help="Seconds after which an episode is killed.")] = 600.0,
    json: Annotated[bool, typer.Option("--json", help="Write JSON.")] = False,
) -> None:
    """Run an agent on tasks: a table of scores, a recorded dataset.

    Exits with 1 if an episode ended without its score (a machine broke three times, a metric raised). Ctrl-C ends it
    with 130, after the table of what had ended before.

    \b
    Examples:
      agentgym run apps --agent oracle --num-envs 2 --out data/
      agentgym run apps/note-save --agent random --max-steps 20 --episodes 5 --seed 7 --out data/
      agentgym run shell --agent oracle --episodes 2
      agentgym run tasks.jsonl --agent replay:data/ --json
      agentgym run tasks.jsonl --agent my_agents:Clicker --agent-option patience=3
      agentgym run --agent policy:runs/click-button/policy.zip --episodes 20 --backend x11
    """
    given = {"backend": backend, "observation": tuple(observation or ()), "max_steps": max_steps}
    env_kwargs = {"sandbox": known_sandbox(sandbox), **{name: value for name, value in given.items() if value}}
    template = RolloutSpec(
        agent=agent,
        agent_options=key_values(agent_option or (), flag="--agent-option"),
        seed=seed,
        env_kwargs=env_kwargs if _is_policy(agent) else {**_DESKTOP, **env_kwargs},
        record=None if out is None else str(out),
        keep_screen=contact_sheet is not None,
    )
    specs = _without_screen(_planned(tasks, template, episodes), {**given, "sandbox": sandbox})
    _check_homes(specs)
    machine = _engine(engine or _usual_engine(specs[0], num_envs), num_envs, timeout)
    with modules_from_here():
        check(specs[0])
    if out is not None:
        make_folder(out)
    if contact_sheet is not None:
        check_target(contact_sheet)
    skip = _not_runnable(specs) if specs[0].env_kwargs.get("backend") == "x11" else {}
    with modules_from_here():
        finished = _run(specs, machine, skip)
    rows = [one.row for one in finished]
    if json:
        write_json(
            {"rows": rows, "summary": summarise(rows), "dataset": _text(out), "contact_sheet": _text(contact_sheet)}
        )
    else:
        _write_report(rows, out)
    # The report comes first: it is not lost with a picture that cannot be written.
    if contact_sheet is not None:
        _draw(finished, contact_sheet, quiet=json)
    if len(rows) < len(specs):
        typer.echo(f"agentgym: interrupted; {len(rows)} of {len(specs)} episodes ended before", err=True)
        raise typer.Exit(_INTERRUPT_EXIT)
    if any(row.error is not None for row in rows):
        raise typer.Exit(1)


def _is_policy(agent: str) -> bool:
    """Whether it brings the environment along that it was trained on."""
    return agent.startswith("policy:")


def _usual_engine(spec: RolloutSpec, num_envs: int) -> str:
    """A policy is loaded once where all episodes run in one process; to load its library takes seconds each time."""
    in_process = spec.env in small_task_ids().values() and spec.env_kwargs.get("backend", "qt") == "qt"
    return "serial" if _is_policy(spec.agent) and in_process and num_envs == 1 else "processes"


def _planned(tasks: str | None, template: RolloutSpec, episodes: int) -> Sequence[RolloutSpec]:
    if _is_policy(template.agent):
        if "observation" in template.env_kwargs:
            raise UsageError("a policy is shown what it learned on: drop --observation")
        return for_policy(template, tasks, episodes=episodes)
    if tasks is None:
        raise UsageError("agentgym run takes tasks: a suite, suite/task, a file or a folder; only a policy has its own")
    return plan(tasks, template, episodes=episodes)


def _without_screen(specs: Sequence[RolloutSpec], given: Mapping[str, Any]) -> Sequence[RolloutSpec]:
    """The orders, of which those that are played with tools alone are told nothing of a desktop."""
    if all(spec.env != TOOLS for spec in specs):
        return specs
    for flag, value, usual in (("observation", given["observation"], ()), ("sandbox", given["sandbox"], "bwrap")):
        if value != usual:
            raise UsageError(f"tasks with tools alone have no screen and always a sandbox: drop --{flag}")
    env_kwargs = {name: given[name] for name in ("backend", "max_steps") if given[name]}
    return [replace(spec, env_kwargs=env_kwargs) if spec.env == TOOLS else spec for spec in specs]


def _check_homes(specs: Sequence[RolloutSpec]) -> None:
    """Says once, before anything is started, how many tasks can only be done in a sandbox, where there is none."""
    env_kwargs = specs[0].env_kwargs
    if (env_kwargs.get("sandbox"), env_kwargs.get("backend")) != ("none", "x11"):
        return
    tasks = {task.id: task for spec in specs if spec.task is not None for task in load_tasks(spec.task)}
    places = {name: place for name, task in tasks.items() if (place := home_named_at(task)) is not None}
    if places:
        first, place = next(iter(places.items()))
        raise UsageError(
            f"{len(places)} of {len(tasks)} tasks name the home inside a sandbox, the first of them {first!r} at "
            f"{place}; with --sandbox none a desktop's home is a folder of its own: {HOME_REMEDY}"
        )


def _not_runnable(specs: Sequence[RolloutSpec]) -> dict[int, str]:
    """The places of what needs an application that this machine lacks, and what to type."""
    reasons = {index: what_is_lacking(_applications(spec)) for index, spec in enumerate(specs)}
    return {index: reason for index, reason in reasons.items() if reason is not None}


def _applications(spec: RolloutSpec) -> set[str]:
    tasks = () if spec.task is None else load_tasks(spec.task)
    return {name for task in tasks for name in task.related_apps}


def _run(specs: Sequence[RolloutSpec], engine: Engine, skip: Mapping[int, str]) -> list[Finished]:
    """Every episode, in the order of the plan; fewer if Ctrl-C ended it."""
    finished: list[Finished] = []
    with progress_bar() as progress, contextlib.suppress(KeyboardInterrupt):
        bar = progress.add_task("episodes", total=len(specs))
        for one in run_episodes(specs, engine, skip=skip):
            finished.append(one)
            progress.update(bar, advance=1, description=one.row.task)
    return sorted(finished, key=lambda one: one.index)


def _engine(name: str, num_envs: int, timeout_s: float) -> Engine:
    if name == "processes":
        return engines[name](workers=num_envs, timeout_s=timeout_s)
    if num_envs > 1 and name == "serial":
        raise UsageError("the engine 'serial' runs one environment at a time: drop --num-envs or --engine")
    return engines[name]()


def _draw(finished: Sequence[Finished], contact_sheet: Path, *, quiet: bool) -> None:
    with writing(contact_sheet):
        save_contact_sheet([(_caption(one.row), one.screen) for one in finished], contact_sheet)
    if not quiet:
        typer.echo(f"contact sheet: {contact_sheet}")


def _text(path: Path | None) -> str | None:
    return None if path is None else str(path)


def _caption(row: Row) -> str:
    return f"{row.task}  {'unscored' if row.score is None else f'score {row.score:g}'}"


def _figures(row: Row) -> tuple[str, ...]:
    return (
        row.task,
        str(row.seed),
        figure(row.score),
        figure(row.total_return),
        figure(row.steps, digits=0),
        figure(row.steps_per_s, digits=1),
    )


def _remark(row: Row) -> str:
    if row.skipped is not None:
        return f"skipped: {row.skipped}"
    return row.error or ("" if row.attempts == 1 else f"on machine {row.attempts}, the one before broke")


def _write_report(rows: Sequence[Row], out: Path | None) -> None:
    remarked = any(_remark(row) for row in rows)
    write_table(
        ("task", "seed", "score", "return", "steps", "steps/s", *(("remark",) if remarked else ())),
        [(*_figures(row), *((_remark(row),) if remarked else ())) for row in rows],
    )
    summary = summarise(rows)
    typer.echo(
        f"{summary.episodes} episodes, {summary.scored} scored, {summary.failed} failed, {summary.skipped} skipped, "
        f"mean score {figure(summary.mean_score)}, {summary.steps} steps"
    )
    if out is not None:
        typer.echo(f"dataset: {out}")
