"""A state of runs as a person looks at it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from heapq import nlargest
from typing import Literal

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from agentgym.actions.quoting import cut
from agentgym.cli.output import many
from agentgym.events.words import action_in_words, call_in_words
from agentgym.state import Call, EpisodePart, Failure, RunPart, RunState, Status, TaskPart, Totals
from agentgym.state.parts import seconds_between

__all__ = ["Room", "view"]

_STYLES: dict[Status, str] = {
    "pending": "bright_black",
    "running": "cyan",
    "done": "green",
    "failed": "bold red",
    "cancelled": "yellow",
    "interrupted": "magenta",
}
_BAR = 10
_TALL = 40


@dataclass(frozen=True)
class Room:
    """How many rows each part of the view may have."""

    running: int = 12
    tasks: int = 12
    ended: int = 6
    failures: int = 4
    agents: int = 8

    @classmethod
    def of(cls, height: int) -> Room:
        """Shares the lines of a terminal out: first to what runs."""
        agents = 3 if height >= _TALL else 0
        # Titles, heads, the lines between parts, and those that say that there is more.
        rows = max(6, height - 20 - (agents and agents + 4))
        running = max(2, rows * 4 // 10)
        tasks = max(2, rows * 3 // 10)
        return cls(running, tasks, max(1, rows * 2 // 10), max(1, rows - running - tasks - rows * 2 // 10), agents)


def view(
    state: RunState, *, title: str, now: datetime, room: Room | None = None, planned: int | None = None
) -> RenderableType:
    """All of it: sums, what runs, scores by task, what ended last, what broke.

    Args:
        title: the dataset's name.
        now: to tell since when something runs.
        planned: how many episodes there are to be, if that is known.
    """
    return Group(_head(state, title), _sums(state, planned), *_parts(state, now, room or Room()))


def _parts(state: RunState, now: datetime, room: Room) -> Iterator[RenderableType]:
    running = state.running
    waiting = [run for run in [*state.runs.values()] if run.status == "running" and not _is_in_episode(run)]
    if running or waiting:
        yield Text()
        yield _running(state, running, waiting, now, room.running)
    tasks = list(state.tasks.values())
    if tasks:
        yield Text()
        yield _tasks(tasks, room.tasks)
    ended = [episode for episode in state.episodes() if not episode.is_open]
    if ended:
        yield Text()
        yield _ended(state, ended, room.ended)
    if room.agents and any(run.agents for run in [*state.runs.values()]):
        yield Text()
        yield _agents(state, room.agents)
    if state.failures:
        yield Text()
        yield _failures(list(state.failures), room.failures)


def _is_in_episode(run: RunPart) -> bool:
    return any(episode.is_open for episode in [*run.episodes.values()])


def _head(state: RunState, title: str) -> Text:
    text = Text().append(title, style="bold")
    counts = _counts(Counter(run.status for run in [*state.runs.values()]))
    sessions = [name for name in state.sessions if name is not None]
    text.append(f"   {many(len(state.runs), 'run')}")
    if sessions:
        text.append(f" of {many(len(sessions), 'session')}")
    return text.append(": ").append_text(counts) if state.runs else text


def _sums(state: RunState, planned: int | None) -> Text:
    tasks = state.tasks.values()
    scored, scores = sum(task.scored for task in tasks), sum(task.score_sum for task in tasks)
    episodes = _counts(Counter(episode.status for episode in state.episodes()))
    text = Text("episodes ").append_text(episodes or Text("0"))
    text.append("" if planned is None else f" of {planned} planned")
    text.append(f"   steps {sum(task.steps for task in tasks)}")
    if scored:
        text.append(f"   mean score {scores / scored:.2f}", style="bold").append(f" of {scored} scored")
    return text.append(_usage(state.totals))


def _usage(totals: Totals) -> str:
    if not (totals.model_calls or totals.tool_calls):
        return ""
    text = f"\n{many(totals.model_calls, 'model call')}, {many(totals.tool_calls, 'tool call')}"
    if totals.input_tokens or totals.output_tokens:
        text += f"   tokens {_short(totals.input_tokens)} in"
        text += f" ({_short(totals.cached_tokens)} cached)" if totals.cached_tokens else ""
        text += f", {_short(totals.output_tokens)} out"
    return text if totals.cost_usd is None else f"{text}   ${totals.cost_usd:.4f}"


def _running(
    state: RunState, running: Sequence[EpisodePart], waiting: Sequence[RunPart], now: datetime, most: int
) -> Table:
    columns = ("run", "task", "agent", "step", "for", "now", "last action")
    table = _table("running", *columns, right=("step", "for"), room={"now": 3, "last action": 2})
    for episode in running[: most - 1 if waiting else most]:
        run = state.runs[episode.run_id]
        _add(
            table,
            _tail(run.run_id),
            _task_name(episode.task, run),
            run.agent or run.model or "",
            str(episode.steps),
            _since(episode.began_at, now),
            _doing(episode, now),
            _last_action(episode),
        )
    for run in waiting[: most - table.row_count]:
        doing = run.doing or ("between episodes" if run.episodes else "resetting")
        _add(table, _tail(run.run_id), "", run.agent or "", "", _since(run.ended_at, now), doing, "")
    return _with_more(table, len(running) + len(waiting) - table.row_count)


def _doing(episode: EpisodePart, now: datetime) -> Text:
    """What goes on: the calls that have not returned; else the call that was last, or the step."""
    detail = episode.detail
    if detail is None:
        return Text()
    open_calls = [call for call in [*detail.open_calls.values()] if call.status == "running"]
    if open_calls:
        return Text("  ").join(_call(call, now) for call in open_calls[-2:])
    last = max((call for call in (detail.last_model, detail.last_tool) if call), key=_ended_at, default=None)
    return Text("acting", style="dim") if last is None else _call(last, now)


def _ended_at(call: Call) -> str:
    return call.ended_at or call.began_at or ""


def _call(call: Call, now: datetime) -> Text:
    text = Text().append(f"{call.agent_id}: " if call.agent_id else "", style="dim")
    said = call.name or "model" if call.kind == "model" else call_in_words(call.name, call.arguments)
    text.append(said, style="blue" if call.kind == "model" else "magenta")
    if call.status == "running":
        return text.append(f" {_since(call.began_at, now)}", style="cyan")
    took = f" {_duration(call.duration_ms / 1000)}" if call.duration_ms is not None else ""
    return text.append(took, style="dim").append(" failed" if call.error else "", style="red")


def _last_action(episode: EpisodePart) -> Text:
    steps = () if episode.detail is None else [*episode.detail.steps]
    if not steps:
        return Text()
    step = steps[-1]
    text = Text(action_in_words(step.action))
    return text.append("  refused", style="red") if step.action_error else text


def _tasks(tasks: Sequence[TaskPart], most: int) -> Table:
    table = _table("tasks", "task", "episodes", "scored", "mean score", "steps", right=("scored", "steps"))
    shown = nlargest(most, tasks, key=lambda task: (task.counts.get("running", 0), task.episodes, task.scored))
    for task in sorted(shown, key=lambda task: task.task or ""):
        _add(
            table,
            task.task or "–",
            _counts(task.counts),
            str(task.scored),
            _score_bar(task.mean_score),
            str(task.steps),
        )
    return _with_more(table, len(tasks) - len(shown))


def _ended(state: RunState, ended: Sequence[EpisodePart], most: int) -> Table:
    columns = ("task", "seed", "how", "score", "return", "steps", "time", "remark")
    table = _table("ended last", *columns, right=_NUMBERS, room={"remark": 1})
    for episode in nlargest(most, ended, key=lambda episode: episode.ended_at or ""):
        _add(
            table,
            _task_name(episode.task, state.runs[episode.run_id]),
            "" if episode.seed is None else str(episode.seed),
            _status(episode.status),
            _score(episode.score),
            f"{episode.total_return:.4g}",
            str(episode.steps),
            _duration(episode.duration_s),
            Text(cut(episode.failure or ""), style="red"),
        )
    return table


def _agents(state: RunState, most: int) -> Table:
    sums: dict[tuple[str, str], Totals] = {}
    for run in [*state.runs.values()]:
        for agent in [*run.agents.values()]:
            sums.setdefault((agent.agent_id, agent.parent_id or ""), Totals()).add(agent.totals)
    table = _table("agents", "agent", "of", "model calls", "tool calls", "tokens in", "out", right=_COUNTS)
    for name, parent in nlargest(most, sums, key=lambda who: (sums[who].model_calls, sums[who].tool_calls)):
        totals = sums[name, parent]
        counts = totals.model_calls, totals.tool_calls, totals.input_tokens, totals.output_tokens
        _add(table, name, parent, *map(_short, counts))
    return _with_more(table, len(sums) - table.row_count)


def _failures(failures: Sequence[Failure], most: int) -> Table:
    table = _table("what broke", "at", "run", "during", "error", room={"error": 1})
    for failure in failures[: -most - 1 : -1]:
        text = Text().append("the machine's fault  " if failure.infrastructure else "", style="dim")
        text.append(cut(f"{failure.type}: {failure.message}".replace("\n", " ")), style="red")
        _add(table, failure.at[11:19], _tail(failure.run_id), failure.during, text)
    return _with_more(table, len(failures) - table.row_count)


_NUMBERS = ("seed", "score", "return", "steps", "time")
_COUNTS = ("model calls", "tool calls", "tokens in", "out")


def _table(title: str, *columns: str, right: Sequence[str] = (), room: Mapping[str, int] | None = None) -> Table:
    """A table in which columns of numbers stand right, and those of ``room`` share what the others leave."""
    room = room or {}
    table = Table(
        title=title,
        title_style="bold",
        title_justify="left",
        header_style="dim",
        box=None,
        pad_edge=False,
        padding=(0, 2, 0, 0),
        expand=bool(room),
    )
    for column in columns:
        side: Literal["left", "right"] = "right" if column in right else "left"
        table.add_column(column, justify=side, no_wrap=True, overflow="ellipsis", ratio=room.get(column))
    return table


def _add(table: Table, *cells: str | Text) -> None:
    """A row of what others named: none of it is markup."""
    table.add_row(*(Text(cell) if isinstance(cell, str) else cell for cell in cells))


def _with_more(table: Table, more: int) -> Table:
    if more > 0:
        table.caption, table.caption_justify, table.caption_style = f"and {more} more", "left", "dim"
    return table


def _counts(counts: Mapping[Status, int]) -> Text:
    found = [(status, counts.get(status, 0)) for status in _STYLES]
    return Text(", ").join(Text(f"{count} {status}", style=_STYLES[status]) for status, count in found if count)


def _status(status: Status) -> Text:
    return Text(status, style=_STYLES[status])


def _score(score: float | None) -> Text:
    if score is None:
        return Text("–", style="dim")
    return Text(f"{score:.2f}", style="green" if score == 1 else "red" if score == 0 else "yellow")


def _score_bar(score: float | None) -> Text:
    filled = 0 if score is None else round(min(1.0, max(0.0, score)) * _BAR)
    bar = Text("█" * filled, style="green").append("·" * (_BAR - filled), style="dim")
    return bar.append(" ").append_text(_score(score))


def _task_name(task: str | None, run: RunPart) -> str:
    return task or run.env or ""


def _tail(run_id: str) -> str:
    """The part of a run's id that tells it from those of the same minute."""
    return run_id if len(run_id) <= 12 else f"…{run_id[-10:]}"


def _since(moment: str | None, now: datetime) -> str:
    return _duration(seconds_between(moment, now.isoformat()))


def _duration(seconds: float | None) -> str:
    if seconds is None:
        return ""
    if seconds < 60:
        return f"{max(0.0, seconds):.1f} s"
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes}:{rest:02d}" if minutes < 60 else f"{minutes // 60}:{minutes % 60:02d}:{rest:02d}"


def _short(number: int) -> str:
    if number < 10_000:
        return str(number)
    return f"{number / 1000:.0f}k" if number < 1_000_000 else f"{number / 1_000_000:.1f}M"
