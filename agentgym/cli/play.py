"""``agentgym play``: a person acts, and what was done is a recorded demonstration."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, Any

import typer

from agentgym.agents.human import HumanAgent, TerminalAgent
from agentgym.cli.environments import made_env
from agentgym.cli.options import key_values, modules_from_here
from agentgym.cli.output import figure, many, write_table
from agentgym.cli.targets import make_folder
from agentgym.runner import Episode, EpisodeResult
from agentgym.wrappers import TrajectoryRecorder

__all__ = ["play"]

_INTERRUPT_EXIT = 130
_HEAD = ("task", "seed", "score", "return", "steps", "seconds")


def play(
    target: Annotated[
        str, typer.Argument(help="A task: suite/task, a suite, a file, a folder; or an environment's id.")
    ],
    out: Annotated[Path, typer.Option(help="Record into this dataset.")] = Path("demonstrations"),
    episodes: Annotated[int, typer.Option(min=1, help="How many, each with the next seed.")] = 1,
    seed: Annotated[int, typer.Option(min=0, help="Of the first episode.")] = 0,
    option: Annotated[list[str] | None, typer.Option(help="KEY=VALUE for the environment; may be repeated.")] = None,
    terminal: Annotated[
        bool, typer.Option("--terminal", help="Act in the terminal: for tools, without a page.")
    ] = False,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Of the page, on 127.0.0.1; 0 takes a free one.")] = 0,
    browser: Annotated[bool, typer.Option(help="Open the page.")] = True,
) -> None:
    """Act yourself; everything is recorded as a demonstration.

    The page shows the screen: click, drag, scroll and type on it, or call tools by a form. Each of these is one step.
    Say by a button that the task is done. Ctrl-C ends it; what was recorded is kept.

    \b
    Examples:
      agentgym play apps/note-save
      agentgym play micro/click-shape --episodes 10 --out demonstrations
      agentgym play shell/find-files --terminal
    """
    ended: list[EpisodeResult] = []
    interrupted = False
    with modules_from_here():
        env = made_env(target, key_values(option or (), flag="--option"))
        with ExitStack() as stack:
            stack.callback(lambda: env.close())  # noqa: PLW0108 - by then it is the recorder around it
            make_folder(out)
            env = TrajectoryRecorder(env, out, agent="human")
            agent: Any = TerminalAgent() if terminal else HumanAgent(port=port, open_browser=browser)
            stack.callback(agent.close)
            try:
                for number in range(episodes):
                    result = Episode(env, agent, seed=seed + number).run()
                    ended.append(result)
            except (KeyboardInterrupt, EOFError):
                interrupted = True
    write_table(_HEAD, [_figures(result) for result in ended])
    typer.echo(f"dataset: {out}")
    if interrupted:
        typer.echo(f"agentgym: interrupted; {len(ended)} of {many(episodes, 'episode')} ended before", err=True)
        raise typer.Exit(_INTERRUPT_EXIT)


def _figures(result: EpisodeResult) -> tuple[str, ...]:
    return (
        result.task,
        str(result.seed),
        figure(result.score),
        figure(result.total_return),
        figure(result.steps, digits=0),
        figure(result.steps_s, digits=1),
    )
