"""OSWorld's folders of results, as its own tools and viewers read them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeAlias

from agentgym.backends.applications import domain_called
from agentgym.errors import DatasetError, UsageError
from agentgym.export.base import fresh
from agentgym.export.story import Story, Turn, stories
from agentgym.export.video import write_video
from agentgym.export.writing import save_png, screen, write_json, write_lines
from agentgym.sinks.osworld import moment_of, osworld_action, osworld_line
from agentgym.trajectory import Dataset

__all__ = ["export_osworld"]

Form: TypeAlias = dict[str, Any]

_UNKNOWN = "unknown"


def export_osworld(
    dataset: Dataset, out: Path, *, model: str | None = None, domain: str | None = None, recording: bool = True
) -> None:
    """Writes ``<action_space>/<observation_type>/<model>/<domain>/<task_id>/`` for every episode.

    In it: ``step_<n>_<time>.png``, ``traj.jsonl``, ``result.txt`` if it was scored, ``recording.mp4``; beside the
    domains ``args.json`` and ``results_summary.jsonl``. Step 0 is ``__init__``, what the reset showed, which OSWorld
    itself does not keep. An episode in which something broke ends with a line ``{"Error": …}`` and has no
    ``result.txt``. Another attempt at a task that is there already goes to ``<task_id>.2``, ``.3`` and so on. ``done``
    is terminated or truncated; each of these has a key of its own besides.

    The domain is the task's suite; else its application, or ``multi_apps``; the model's folder is the model, else the
    agent. ``recording.mp4`` is drawn from the screenshots, a second a step: it does not show what moved in between.

    Has no place for: calls of models and tools, token counts, reward terms, seeds, texts that were observed, the
    score's parts. Demanded and unknown: the domain or model's folder is then ``unknown``.

    Args:
        model: the name of the model's folder.
        domain: for all tasks.
        recording: whether ``recording.mp4`` is written, which needs PyAV.

    Raises:
        UsageError: if something is at ``out``.
        DatasetError: if an episode has no task, or no pictures were observed.
        MissingDependencyError: if PyAV is not installed and recordings are wanted.
    """
    with fresh(out) as folder:
        summaries: dict[Path, list[Form]] = {}
        for story in stories(dataset):
            root = folder / _folder_name(_action_space(story)) / _observation_type(story) / _model(story, model)
            if root not in summaries:
                write_json(root / "args.json", _args(story, model))
            place = _free(root / _folder_name(domain or _domain(story)) / _folder_name(_task_id(story).split("/")[-1]))
            _write_episode(story, place, recording=recording)
            summaries.setdefault(root, []).append(_summary(story, place, root))
        if not summaries:
            raise DatasetError(f"{dataset.path} has no episode")
        for root, rows in summaries.items():
            write_lines(root / "results_summary.jsonl", rows)


def _write_episode(story: Story, place: Path, *, recording: bool) -> None:
    place.mkdir(parents=True)
    write_lines(place / "traj.jsonl", _lines(story, place))
    if story.score is not None:
        (place / "result.txt").write_text(f"{story.score}\n")
    if recording:
        write_video(story.episode, place / "recording.mp4", fps=1, overlay=False)


def _lines(story: Story, place: Path) -> Iterator[Form]:
    yield _line(story, place, 0, story.began_at, "__init__", 0.0, story.reset.info)
    for turn in story.turns:
        if turn.step is not None:
            yield _step_line(story, place, turn)
    if story.episode.failure is not None:
        yield {"Error": story.episode.failure}


def _step_line(story: Story, place: Path, turn: Turn) -> Form:
    step = turn.step
    assert step is not None
    action = osworld_action(step.action, is_code=_action_space(story) == "pyautogui")
    form = _line(story, place, turn.number, turn.ended_at, action, turn.reward, step.info, response=_said(turn))
    ends = {"terminated": step.terminated, "truncated": step.truncated}
    return {**form, "done": step.terminated or step.truncated, **ends}


def _line(
    story: Story,
    place: Path,
    number: int,
    at: str,
    action: Any,
    reward: float | None,
    info: Any,
    *,
    response: Any = None,
) -> Form:
    moment = moment_of(at)
    picture = screen(story.episode.observations[number])
    name = None if picture is None else f"step_{number}_{moment}.png"
    if picture is not None and name is not None:
        save_png(picture, place / name)
    line = osworld_line(number, moment, action, response=response, reward=reward, info=info, picture=name)
    return {**line, "instruction": story.instruction}


def _said(turn: Turn) -> Any:
    response = turn.model_calls[-1].response if turn.model_calls else None
    return None if response is None else response.content


def _args(story: Story, model: str | None) -> Form:
    kwargs = story.run.env.get("kwargs") or {}
    screen_size = kwargs.get("screen") or (None, None)
    return {
        **story.run.args,
        "action_space": _action_space(story),
        "observation_type": _observation_type(story),
        "model": model or story.model,
        "agent": story.run.agent,
        "max_steps": story.max_steps,
        "screen_width": screen_size[0],
        "screen_height": screen_size[1],
        "env": story.run.env.get("id"),
        "sampling": story.run.sampling,
    }


def _summary(story: Story, place: Path, root: Path) -> Form:
    return {
        "application": place.parent.name,
        "task_id": _task_id(story),
        "status": "error" if story.score is None else "success",
        "score": story.score,
        "timestamp": story.ended_at,
        "err_message": story.episode.failure,
        "result_dir": place.relative_to(root).as_posix(),
        "steps": len(story.episode),
    }


def _task_id(story: Story) -> str:
    if story.task_id is None:
        raise DatasetError(f"{story.episode!r} has no task, after which OSWorld names its folder")
    return story.task_id


def _model(story: Story, given: str | None) -> str:
    return _folder_name(given or story.model or story.run.agent or _UNKNOWN)


def _domain(story: Story) -> str:
    task = story.episode.task
    if task is None:
        return _UNKNOWN
    told = task.metadata.get("domain")
    if isinstance(told, str):
        return told
    suite, slash, _ = task.id.rpartition("/")
    if slash:
        return suite
    return domain_called(task.related_apps) or task.snapshot or _UNKNOWN


def _action_space(story: Story) -> str:
    return str((story.run.env.get("kwargs") or {}).get("action", "pyautogui"))


def _observation_type(story: Story) -> str:
    """OSWorld's word for what was observed: the wrapper's that shows it so, or else what it looks like."""
    for wrapper, arguments in zip(
        story.run.env.get("wrappers") or (), story.run.env.get("wrapper_arguments") or (), strict=False
    ):
        if wrapper.endswith(":ObservationType") and arguments:
            return str(arguments["kind"])
    first = story.episode.observations[0]
    has_tree = isinstance(first, dict) and "accessibility_tree" in first
    if screen(first) is None:
        if not has_tree:
            raise DatasetError(f"{story.episode!r} observed neither a screenshot nor an accessibility tree")
        return "a11y_tree"
    return "screenshot_a11y_tree" if has_tree else "screenshot"


def _folder_name(text: str) -> str:
    name = text.replace("/", "_").replace("\0", "_")
    if name in ("", ".", ".."):
        raise UsageError(f"{text!r} cannot be the name of a folder")
    return name


def _free(place: Path) -> Path:
    number = 2
    free = place
    while free.exists():
        free, number = place.with_name(f"{place.name}.{number}"), number + 1
    return free
