"""``agentgym train``: a policy learns, with a progress bar, evaluations, checkpoints and resumption."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from agentgym.cli.options import key_values, modules_from_here
from agentgym.cli.output import figure, progress_bar, write_json, write_table
from agentgym.errors import UsageError
from agentgym.training import Evaluation, Progress, TrainingPlan
from agentgym.training import train as train_policy

__all__ = ["train"]

_INTERRUPT_EXIT = 130
_MAY_CHANGE = ("steps", "stop_at", "evaluate_every", "evaluation_episodes", "record")


def train(
    context: typer.Context,
    env: Annotated[str | None, typer.Argument(help="A registered id: agentgym/ClickButton-v0.")] = None,
    out: Annotated[Path | None, typer.Option(help="The folder that is written.")] = None,
    algo: Annotated[str, typer.Option(help="ppo, a2c, dqn, trpo, qrdqn or maskable-ppo.")] = "ppo",
    steps: Annotated[
        int, typer.Option(min=1, help="Steps of all environments together, those before --resume included.")
    ] = 200_000,
    num_envs: Annotated[int, typer.Option(min=1, help="Environments that are stepped together.")] = 8,
    seed: Annotated[int, typer.Option(min=0, help="Of environments, weights and draws.")] = 0,
    env_option: Annotated[
        list[str] | None, typer.Option(help="KEY=VALUE for the environment; may be repeated.")
    ] = None,
    wrapper: Annotated[
        list[str] | None,
        typer.Option(help="module:Class around the environment, or JSON with options; may be repeated."),
    ] = None,
    option: Annotated[list[str] | None, typer.Option(help="KEY=VALUE for the algorithm; may be repeated.")] = None,
    actions: Annotated[str | None, typer.Option(help="grid, elements or native.")] = None,
    policy: Annotated[str | None, typer.Option(help="grid, or one of Stable-Baselines3's: CnnPolicy.")] = None,
    shaping: Annotated[float, typer.Option(help="Weight of the progress that is paid on the way.")] = 0.0,
    evaluate_every: Annotated[int, typer.Option(min=1, help="Steps between two evaluations.")] = 10_000,
    evaluation_episodes: Annotated[int, typer.Option(min=1, help="Episodes of one evaluation.")] = 100,
    stop_at: Annotated[float | None, typer.Option(help="End when two evaluations in a row have this success.")] = None,
    record: Annotated[Path | None, typer.Option(help="Record every transition of the training here.")] = None,
    resume: Annotated[Path | None, typer.Option(help="Go on with the run in this folder.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Write JSON.")] = False,
) -> None:
    """Train a policy with Stable-Baselines3 or sb3-contrib; the best of the evaluations is OUT/policy.zip.

    Evaluations are of the split "test" where the environment has one. Ctrl-C ends it with 130; --resume OUT goes on.

    \b
    Examples:
      agentgym train agentgym/ClickButton-v0 --steps 30000 --out runs/click-button
      agentgym train agentgym/UseMenu-v0 --shaping 0.5 --stop-at 0.95 --out runs/use-menu
      agentgym train agentgym/ClickShape-v0 --algo maskable-ppo --env-option level=2 --out runs/shapes
      agentgym train --resume runs/use-menu --steps 400000
      tensorboard --logdir runs
      agentgym run --agent policy:runs/click-button/policy.zip --episodes 20
    """
    if resume is not None:
        plan = _resumed(resume, context)
    elif env is None or out is None:
        raise UsageError("agentgym train takes an environment and --out FOLDER, or --resume FOLDER")
    else:
        plan = TrainingPlan(
            env=env,
            out=str(out),
            algo=algo,
            steps=steps,
            num_envs=num_envs,
            seed=seed,
            env_kwargs=key_values(env_option or (), flag="--env-option"),
            env_wrappers=tuple(wrapper or ()),
            options=key_values(option or (), flag="--option"),
            actions=actions,  # type: ignore[arg-type]  # the plan refuses what it does not know
            policy=policy,
            shaping=shaping,
            evaluate_every=evaluate_every,
            evaluation_episodes=evaluation_episodes,
            stop_at=stop_at,
            record=None if record is None else str(record),
        )
    evaluations = _train(plan)
    path = Path(plan.out) / "policy.zip"
    if json:
        write_json({"evaluations": evaluations, "policy": str(path)})
        return
    rows = [
        (str(one.steps), f"{one.seconds / 60:.1f}", figure(one.success), figure(one.mean_return)) for one in evaluations
    ]
    write_table(("steps", "minutes", "success", "return"), rows, title=f"{plan.env}, {plan.algo}, {_what(plan)}")
    typer.echo(f"policy: {path}")


def _what(plan: TrainingPlan) -> str:
    return "unseen episodes" if plan.has_split else "episodes of other seeds"


def _train(plan: TrainingPlan) -> list[Evaluation]:
    with progress_bar() as bar:
        task = bar.add_task(plan.env, total=plan.steps)

        def report(progress: Progress) -> None:
            said = [f"training {figure(progress.recent_success)}"]
            if progress.evaluation is not None:
                said.append(f"evaluated {figure(progress.evaluation.success)}")
            bar.update(task, completed=progress.steps, description=f"{plan.env}  {', '.join(said)}")

        try:
            with modules_from_here():
                return train_policy(plan, report)
        except KeyboardInterrupt:
            bar.stop()
            typer.echo(f"agentgym: interrupted; agentgym train --resume {plan.out} goes on", err=True)
            raise typer.Exit(_INTERRUPT_EXIT) from None


def _resumed(folder: Path, context: typer.Context) -> TrainingPlan:
    """The plan of a folder, with what of it may change and was given."""
    sources = {name: context.get_parameter_source(name) for name in context.params}
    given = {name for name, source in sources.items() if source and source.name == "COMMANDLINE"} - {"resume", "json"}
    if fixed := sorted(given - set(_MAY_CHANGE)):
        raise UsageError(
            f"{fixed[0]} is part of what a run is; with --resume can be given: "
            f"{', '.join('--' + name.replace('_', '-') for name in _MAY_CHANGE)}"
        )
    changed = {
        name: str(value) if name == "record" else value for name, value in context.params.items() if name in given
    }
    known = {field.name for field in dataclasses.fields(TrainingPlan)}
    try:
        said: dict[str, Any] = msgspec.json.decode((folder / "plan.json").read_bytes(), type=dict[str, Any])
        kept = {key: said[key] for key in known & set(said)}
        return TrainingPlan(**{**kept, "out": str(folder), **changed})
    except (OSError, TypeError, msgspec.DecodeError) as error:
        raise UsageError(f"{folder} holds no training run to go on with: {error}") from error
