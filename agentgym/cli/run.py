"""``agentgym run``: an agent on tasks, several at a time, recorded; a second call goes on."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Annotated, Any

import typer

from agentgym.cli.interrupting import Interruption, interruptible
from agentgym.cli.options import key_values, modules_from_here
from agentgym.cli.output import many, write_json
from agentgym.cli.runprogress import RunProgress
from agentgym.cli.runreport import save_sheet, write_report
from agentgym.cli.targets import check_file, check_folder
from agentgym.cli.taskneeds import what_a_task_lacks
from agentgym.results import Finished, Report, RunConfig, asks_a_person, dotenv, open_session, read_config

__all__ = ["run"]

_AGENT, _ENV, _ENGINE, _KEPT = "Agent", "Tasks and environment", "Engine", "What is kept"


def _option(*names: str, group: str, help: str, **more: Any) -> Any:  # noqa: A002  # as typer calls it
    return typer.Option(*names, help=help, rich_help_panel=group, show_default=False, **more)


def run(
    tasks: Annotated[
        str | None, typer.Argument(help="A suite, suite/task, or a file or folder of tasks; a policy has its own.")
    ] = None,
    agent: Annotated[
        str | None,
        _option(
            "--agent",
            group=_AGENT,
            help="A name (an argument follows a colon), or module:Class. [oracle: who knows a suite's tasks]",
        ),
    ] = None,
    agent_option: Annotated[
        list[str] | None, _option("--agent-option", group=_AGENT, help="KEY=VALUE for the agent; may be repeated.")
    ] = None,
    model: Annotated[str | None, _option("--model", group=_AGENT, help="The model that the agent asks.")] = None,
    base_url: Annotated[str | None, _option("--base-url", group=_AGENT, help="Where the model is served.")] = None,
    episodes: Annotated[
        int | None, _option("--episodes", group=_ENV, help="Episodes of each task, each with the next seed. [1]")
    ] = None,
    group: Annotated[
        int | None,
        _option("--group", group=_ENV, help="Attempts at each task and seed, by other seeds of the agent. [1]"),
    ] = None,
    seed: Annotated[int | None, _option("--seed", group=_ENV, help="The first seed. [0]")] = None,
    split: Annotated[
        str | None, _option("--split", group=_ENV, help="train or test: half of what a suite's tasks can draw.")
    ] = None,
    max_steps: Annotated[
        int | None,
        _option("--max-steps", "--max-turns", group=_ENV, help="Steps after which an episode is cut off. [the task's]"),
    ] = None,
    observation: Annotated[
        list[str] | None, _option("--observation", group=_ENV, help="An observation's name; may be repeated.")
    ] = None,
    observation_type: Annotated[
        str | None,
        _option(
            "--observation-type",
            group=_ENV,
            help="As OSWorld's agents see it: screenshot, a11y_tree, screenshot_a11y_tree or som (numbered boxes).",
        ),
    ] = None,
    backend: Annotated[
        str | None,
        _option(
            "--backend",
            group=_ENV,
            help="The machine to run on: x11 if not given, sandbox for tools, for a policy that it learned on.",
        ),
    ] = None,
    sandbox: Annotated[
        str | None, _option("--sandbox", group=_ENV, help="bwrap, or none: applications without protection. [bwrap]")
    ] = None,
    env_option: Annotated[
        list[str] | None, _option("--env-option", group=_ENV, help="KEY=VALUE for the environment; may be repeated.")
    ] = None,
    initial_wait: Annotated[
        float | None, _option("--initial-wait", group=_ENV, help="Seconds after a reset, before the first look. [0]")
    ] = None,
    pause: Annotated[float | None, _option("--pause", group=_ENV, help="Seconds after each action. [0]")] = None,
    settle_wait: Annotated[
        float | None, _option("--settle-wait", group=_ENV, help="Seconds before an episode is scored. [0]")
    ] = None,
    wrapper: Annotated[
        list[str] | None,
        _option(
            "--wrapper", group=_ENV, help="module:Class around the environment, or JSON with options; may be repeated."
        ),
    ] = None,
    hook: Annotated[
        list[str] | None,
        _option("--hook", group=_AGENT, help="POINT=NAME or POINT=module:function, observe=…; may be repeated."),
    ] = None,
    trust_task_hooks: Annotated[
        bool | None, _option("--trust-task-hooks", group=_AGENT, help="Let tasks name functions as hooks.")
    ] = None,
    engine: Annotated[
        str | None,
        _option(
            "--engine",
            group=_ENGINE,
            help="serial, processes, threads, ray or spark. [processes; serial for a policy on qt, or to ask a person]",
        ),
    ] = None,
    workers: Annotated[
        int | None, _option("--num-envs", "--workers", group=_ENGINE, help="How many environments run at a time. [1]")
    ] = None,
    engine_option: Annotated[
        list[str] | None, _option("--engine-option", group=_ENGINE, help="KEY=VALUE for the engine; may be repeated.")
    ] = None,
    timeout: Annotated[
        float | None,
        _option("--timeout", group=_ENGINE, help="Seconds after which an episode is ended; 0 for never. [600]"),
    ] = None,
    retries: Annotated[
        int | None,
        _option("--retries", "--max-retries", group=_ENGINE, help="How often to try again after a machine fault. [2]"),
    ] = None,
    max_failures: Annotated[
        int | None, _option("--max-failures", group=_ENGINE, help="Stop when so many episodes failed.")
    ] = None,
    out: Annotated[
        str | None,
        _option(
            "--out",
            group=_KEPT,
            help="The folder: results and recording; its agent and environment stay. [runs/SESSION]",
        ),
    ] = None,
    result_root: Annotated[
        str | None,
        _option("--result-root", group=_KEPT, help="Below it a folder for each task, as OSWorld has them; not --out."),
    ] = None,
    film: Annotated[
        bool | None, _option("--film/--no-film", group=_KEPT, help="Film each task there, or none. [film]")
    ] = None,
    fresh: Annotated[
        bool, _option("--fresh", group=_KEPT, help="Begin anew; what is in the folder is moved aside.")
    ] = False,
    redo_errors: Annotated[
        bool, _option("--redo-errors", group=_KEPT, help="Also do again what failed by the agent's or metric's fault.")
    ] = False,
    session: Annotated[str | None, _option("--session", group=_KEPT, help="The session's name.")] = None,
    trace: Annotated[
        bool | None, _option("--trace/--no-trace", group=_KEPT, help="Record every episode, or none. [record]")
    ] = None,
    trace_dir: Annotated[
        str | None, _option("--trace-dir", group=_KEPT, help="Record into this dataset instead of --out.")
    ] = None,
    sink: Annotated[
        list[str] | None,
        _option("--sink", group=_KEPT, help="console, jsonl:PATH, redis://…: where records go besides."),
    ] = None,
    contact_sheet: Annotated[
        Path | None, _option("--contact-sheet", group=_KEPT, help="Draw the final screens into this PNG.")
    ] = None,
    config: Annotated[
        Path | None, typer.Option(help="Settings from this .toml or .yaml; variables and flags go before them.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Write JSON.")] = False,
) -> None:
    """Run an agent on tasks: results, a summary, a recorded dataset. The same call again does what is missing.

    Exits with 1 if an episode ended without its score (a machine broke three times, a metric raised), with 130 after
    Ctrl-C. Every setting may also stand in --config FILE, or be a variable, AGENTGYM_AGENT, also in the file .env.

    \b
    Examples:
      agentgym run apps --agent oracle --num-envs 2 --out data/
      agentgym run apps/note-save --agent random --max-steps 20 --episodes 5 --seed 7 --out data/
      agentgym run shell --agent oracle --episodes 2 --no-trace
      agentgym run tasks.jsonl --agent replay:data/ --json
      agentgym run tasks.jsonl --agent my_agents:Clicker --agent-option patience=3
      agentgym run --agent policy:runs/click-button/policy.zip --episodes 20 --backend x11
      agentgym run code --agent openai --model NAME --base-url URL --group 8 --engine threads --workers 8
      agentgym run tasks/ --agent openai --model NAME --result-root results/ --max-turns 15 --num-envs 4
      agentgym run --config run.toml --engine threads --workers 32
    """
    given = {
        "tasks": tasks,
        "agent": agent,
        "agent_options": key_values(agent_option or (), flag="--agent-option"),
        "model": model,
        "base_url": base_url,
        "episodes": episodes,
        "seed": seed,
        "group": group,
        "split": split,
        "max_steps": max_steps,
        "observation": tuple(observation or ()),
        "observation_type": observation_type,
        "initial_wait": initial_wait,
        "pause": pause,
        "settle_wait": settle_wait,
        "backend": backend,
        "sandbox": sandbox,
        "env_options": key_values(env_option or (), flag="--env-option"),
        "wrappers": tuple(wrapper or ()),
        "hooks": tuple(hook or ()),
        "trust_task_hooks": trust_task_hooks,
        "engine": engine,
        "workers": workers,
        "engine_options": key_values(engine_option or (), flag="--engine-option"),
        "timeout": timeout,
        "retries": retries,
        "max_failures": max_failures,
        "result_root": result_root,
        "film": film,
        "out": out,
        "session": session,
        "trace": trace,
        "trace_dir": trace_dir,
        "sinks": tuple(sink or ()),
    }
    with dotenv(Path.cwd()), modules_from_here(), interruptible() as interruption:
        settings = read_config(
            {name: value for name, value in given.items() if value not in (None, (), {})}, file=config
        )
        _check_targets(settings, contact_sheet)
        finished, report = _run(settings, interruption, fresh, redo_errors, keep_screens=contact_sheet is not None)
        if json:
            write_json(_as_json(report, contact_sheet))
        else:
            write_report(report)
        # The report comes first: it is not lost with a picture that cannot be written.
        if contact_sheet is not None:
            save_sheet(report, finished, contact_sheet, quiet=json)
        _leave(report, interruption)


def _run(
    settings: RunConfig, interruption: Interruption, fresh: bool, redo_errors: bool, *, keep_screens: bool
) -> tuple[list[Finished], Report]:
    with open_session(
        settings, fresh=fresh, redo_errors=redo_errors, lacking=what_a_task_lacks, keep_screens=keep_screens
    ) as session:
        finished: list[Finished] = []
        if session.aside is not None:
            typer.echo(f"agentgym: what was there is in {session.aside} now", err=True)
        with (
            RunProgress(session, shown=not _needs_terminal(settings)) as progress,
            interruption.noted(),
            closing(session.work()) as work,
        ):
            for one in work:
                finished.append(one)
                progress.show(one)
        return finished, session.report()


def _needs_terminal(settings: RunConfig) -> bool:
    return asks_a_person(settings) or any(sink.partition(":")[0] == "console" for sink in settings.sinks)


def _check_targets(settings: RunConfig, contact_sheet: Path | None) -> None:
    for folder in (settings.out, settings.result_root, settings.trace_dir):
        if folder is not None:
            check_folder(Path(folder))
    if contact_sheet is not None:
        check_folder(contact_sheet.parent)
        check_file(contact_sheet)


def _as_json(report: Report, contact_sheet: Path | None) -> dict[str, Any]:
    return {
        "session_id": report.session_id,
        "rows": report.attempts,
        "summary": report.summary,
        "out": _text(report.out),
        "dataset": _text(report.dataset),
        "contact_sheet": _text(contact_sheet),
    }


def _text(path: Path | None) -> str | None:
    return None if path is None else str(path)


def _leave(report: Report, interruption: Interruption) -> None:
    ended = f"{_ended(report)} of {many(report.planned, 'episode')} ended before"
    goes_on = "" if report.out is None else "; the same command goes on"
    if report.stopped is not None:
        typer.echo(f"agentgym: stopped: {report.stopped}; {ended}{goes_on}", err=True)
    if interruption.status is not None:
        typer.echo(f"agentgym: interrupted; {ended}{goes_on}", err=True)
        raise typer.Exit(interruption.status)
    if report.stopped is not None or report.summary.failed:
        raise typer.Exit(1)


def _ended(report: Report) -> int:
    return sum(attempt.error_kind != "interrupted" for attempt in report.attempts)
