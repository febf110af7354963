"""What a run came to, on the terminal: a line for each episode, then what they come to by domain and agent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import typer

from agentgym.cli.contact_sheet import save_contact_sheet
from agentgym.cli.output import figure, many, write_table
from agentgym.cli.targets import make_folder, writing
from agentgym.results import AgentGroup, Attempt, Finished, Group, Report, Summary, Way
from agentgym.trajectory import Dataset

__all__ = ["save_sheet", "write_attempts", "write_report", "write_summary"]

_MOST_LINES = 200
_WAY = ("actions", "observation", "agent")
_OF_A_GROUP = ("n", "errors", "mean", "95% interval")


def write_report(report: Report) -> None:
    write_attempts(report.attempts)
    write_summary(report.summary)
    if report.before:
        typer.echo(f"{report.before} of them had finished before")
    if report.dataset is not None:
        typer.echo(f"dataset: {report.dataset}")
    if report.out is not None and report.out != report.dataset:
        typer.echo(f"results: {report.out}")


def write_attempts(attempts: Sequence[Attempt]) -> None:
    """A line for each; of more than a screen can hold, for those alone of which there is something to say."""
    if len(attempts) > _MOST_LINES:
        remarkable = [one for one in attempts if _remark(one)][:_MOST_LINES]
        typer.echo(f"{many(len(attempts), 'result')}, of which {len(remarkable)} are shown; --json has all")
        if not remarkable:
            return
        attempts = remarkable
    remarked = any(_remark(one) for one in attempts)
    grouped = any(one.member for one in attempts)
    members = ("member",) if grouped else ()
    differing, ways = _differing([one.way for one in attempts])
    write_table(
        (
            *differing,
            "task",
            "seed",
            *members,
            "score",
            "return",
            "steps",
            "steps/s",
            *(("remark",) if remarked else ()),
        ),
        [
            (*way, *_figures(one, grouped=grouped), *((_remark(one),) if remarked else ()))
            for way, one in zip(ways, attempts, strict=True)
        ],
    )


def write_summary(summary: Summary) -> None:
    """One agent's by domain; of several a line for each, then a table of them by domain.

    Of several there is no mean over all: it would be nobody's.
    """
    several = len(summary.agents) > 1
    if several:
        _write_agents(summary)
    elif len(summary.domains) > 1:
        write_table(("domain", *_OF_A_GROUP), [(one.name or "–", *_group(one)) for one in summary.domains])
    mean = "" if several else f"mean score {figure(summary.mean_score)}{_interval(summary.interval)}, "
    typer.echo(
        f"{many(summary.episodes, 'episode')}, {summary.scored} scored, {summary.failed} failed, "
        f"{summary.skipped} skipped, {mean}{many(summary.steps, 'step')}"
        f"{f', {summary.cost_usd:.4f} USD' if summary.cost_usd else ''}"
        f"{'' if summary.mean_best is None else f', mean of the best of each group {summary.mean_best:.2f}'}"
    )


def _write_agents(summary: Summary) -> None:
    differing, ways = _differing([(one.action_space, one.observation_type, one.name) for one in summary.agents])
    rows = list(zip(ways, summary.agents, strict=True))
    write_table((*differing, *_OF_A_GROUP), [(*way, *_group(one)) for way, one in rows])
    domains = [one.name for one in summary.domains]
    if len(domains) > 1:
        title = "mean score (of how many), by domain"
        write_table(
            (*differing, *(name or "–" for name in domains)),
            [(*way, *_by_domain(one, domains)) for way, one in rows],
            title=title,
        )


def _by_domain(agent: AgentGroup, domains: Sequence[str]) -> list[str]:
    found = {one.name: f"{figure(one.mean)} ({one.n_scored})" for one in agent.domains}
    return [found.get(name, "") for name in domains]


def _differing(ways: Sequence[Way]) -> tuple[list[str], list[list[str]]]:
    """The columns by which the ways differ, and of each way what stands there."""
    kept = [place for place in range(len(_WAY)) if len({way[place] for way in ways}) > 1]
    return [_WAY[place] for place in kept], [[way[place] or "–" for place in kept] for way in ways]


def save_sheet(report: Report, finished: Sequence[Finished], contact_sheet: Path, *, quiet: bool) -> None:
    """Draws the last screens, in the order of the plan; of what had finished before, from its recording."""
    screens = {one.attempt.place: one.screen for one in finished}
    drawn = [
        (_caption(one), screens[one.place] if one.place in screens else _recorded(report.dataset, one))
        for one in report.attempts
    ]
    make_folder(contact_sheet.parent)
    with writing(contact_sheet):
        save_contact_sheet(drawn, contact_sheet)
    if not quiet:
        typer.echo(f"contact sheet: {contact_sheet}")


def _recorded(dataset: Path | None, attempt: Attempt) -> Any:
    """The last screen in a recording; None if there is no recording, or no screen in it."""
    if dataset is None or attempt.run_id is None or not (dataset / "dataset.json").exists():
        return None
    episodes = Dataset(dataset).filter(run=attempt.run_id)
    shown = episodes[-1].observations if episodes else None
    return shown["screenshot"][-1] if isinstance(shown, Mapping) and "screenshot" in shown else None


def _caption(attempt: Attempt) -> str:
    return f"{attempt.task}  {'unscored' if attempt.score is None else f'score {attempt.score:g}'}"


def _figures(attempt: Attempt, *, grouped: bool) -> tuple[str, ...]:
    return (
        attempt.task,
        str(attempt.seed),
        *((str(attempt.member),) if grouped else ()),
        figure(attempt.score),
        figure(attempt.total_return),
        figure(attempt.steps, digits=0),
        figure(attempt.steps_per_s, digits=1),
    )


def _remark(attempt: Attempt) -> str:
    if attempt.skipped is not None:
        return f"skipped: {attempt.skipped}"
    return attempt.error or ("" if attempt.attempt == 1 else f"attempt {attempt.attempt}")


def _group(group: Group) -> tuple[str, ...]:
    return (str(group.n), str(group.n_error), figure(group.mean), _interval(group.interval).strip())


def _interval(interval: tuple[float, float] | None) -> str:
    return "" if interval is None else f" [{interval[0]:.2f}, {interval[1]:.2f}]"
