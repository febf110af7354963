"""The folders of a run as OSWorld has them, written while it goes on; `agentgym.results.folder` is the truth.

::

    <result_root>/<action_space>/<observation_type>/<model>/
      args.json, results.jsonl, results_summary.jsonl, …    the folder of the run
      <domain>/<task_id>/                                    of each task its last attempt
        step_<n>_<time>.png, traj.jsonl, runtime.log         by `agentgym.sinks.osworld`, as it goes
        recording.mp4                                        also of one that failed
        result.txt                                           the score; none if there is none
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import msgspec

from agentgym.backends.applications import domain_called
from agentgym.errors import DatasetError, UsageError
from agentgym.families import load_tasks
from agentgym.results.attempts import Attempt, Place
from agentgym.results.config import RunConfig
from agentgym.results.items import Item, model_of
from agentgym.results.observed import observed_as
from agentgym.runner import RolloutSpec
from agentgym.sinks.osworld import emptied
from agentgym.tasks import Task

__all__ = ["ResultTree", "domain_of", "summary_words", "tree_at", "words_of"]

_TYPES = {
    ("screenshot",): "screenshot",
    ("accessibility_tree",): "a11y_tree",
    ("accessibility_tree", "screenshot"): "screenshot_a11y_tree",
}
_OBSERVED = frozenset({"screenshot", "accessibility_tree"})


class ResultTree:
    """Where each item of a run has its folder.

    Args:
        path: of the model.
        items: of the run, each with a domain.
        films: whether they are filmed.

    Raises:
        UsageError: if two would have the same folder.
    """

    def __init__(self, path: Path, items: Sequence[Item], *, films: bool) -> None:
        self._path, self._films = path, films
        self._places: dict[Place, Path] = {}
        taken: dict[Path, str] = {}
        for item in items:
            place = path / _task_folder(item.domain, item.place)
            if place in taken:
                raise UsageError(f"the tasks {taken[place]!r} and {item.task!r} would both have the folder {place}")
            taken[place] = item.task
            self._places[item.place] = place

    def told(self, item: Item) -> dict[str, Any]:
        """What an order is told, so that the folder is written where the episode runs."""
        place = self._places[item.place].absolute()
        film = str(place / "recording.mp4") if self._films else None
        return {"sinks": (*item.spec.sinks, f"osworld:?{urlencode({'folder': str(place)})}"), "film": film}

    def mend(self, standing: Mapping[Place, Attempt], todo: Iterable[Item]) -> None:
        """Empties the folders of what is to be done, and ends those of what is finished.

        Raises:
            DatasetError: if the disk refuses.
        """
        again = {item.place for item in todo}
        for place, folder in self._places.items():
            if place in again and folder.is_dir():
                _refusable(emptied, folder)
            elif place in standing and place not in again:
                self.add(standing[place])

    def add(self, attempt: Attempt) -> None:
        """Writes the score, or why there is none. May be told the same twice.

        Raises:
            DatasetError: if the disk refuses.
        """
        _refusable(_end, self._places[attempt.place], attempt)


def tree_at(config: RunConfig, specs: Sequence[RolloutSpec]) -> Path | None:
    """The folder of the run below ``result_root``; None without one."""
    if config.result_root is None:
        return None
    names = (*words_of(config, specs[0]).values(), model_of(config) or config.agent)
    return Path(config.result_root, *map(folder_name, names))


def words_of(config: RunConfig, spec: RolloutSpec) -> Mapping[str, str]:
    """OSWorld's words, by their names: how actions are written, and what is observed."""
    shown = spec.env_kwargs.get("observation", ())
    kinds = tuple(sorted(_OBSERVED & {shown} if isinstance(shown, str) else _OBSERVED & set(shown)))
    action = str(spec.env_kwargs.get("action", "pyautogui"))
    return {"action_space": action, "observation_type": observed_as(config) or _TYPES.get(kinds, "text")}


def summary_words(attempt: Attempt) -> Mapping[str, Any]:
    """What a line of ``results_summary.jsonl`` has besides, for those who read OSWorld's: the same in its words."""
    return {
        "task_id": attempt.task,
        "application": attempt.domain,
        "success": attempt.score == 1,
        "err_message": attempt.error,
        "timestamp": attempt.ts,
        "result_dir": _task_folder(attempt.domain, attempt.place).as_posix(),
    }


def domain_of(item: Item) -> str:
    """What the plan says, else OSWorld's folder of the task's application, or ``multi_apps``."""
    if item.domain:
        return item.domain
    tasks = () if item.spec.task is None else load_tasks(item.spec.task)
    return domain_called(tasks[0].related_apps if tasks else ()) or _snapshot(tasks)


def folder_name(text: str) -> str:
    """A text as the name of a folder.

    Raises:
        UsageError: if it cannot be one.
    """
    name = text.replace("/", "_").replace("\0", "_")
    if name in ("", ".", ".."):
        raise UsageError(f"{text!r} cannot be the name of a folder")
    return name


def _snapshot(tasks: Sequence[Task]) -> str:
    return (tasks[0].snapshot if tasks else None) or "unknown"


def _task_folder(domain: str, place: Place) -> Path:
    """The domain and the task's id in it; with the seed or the number in its group where that is not the first."""
    task, seed, member = place
    name = folder_name(task.removeprefix(f"{domain}/"))
    return Path(folder_name(domain), f"{name}{f'.seed{seed}' if seed else ''}{f'.try{member + 1}' if member else ''}")


def _end(folder: Path, attempt: Attempt) -> None:
    if attempt.status == "scored" and attempt.score is not None:
        folder.mkdir(parents=True, exist_ok=True)
        _write(folder / "result.txt", f"{float(attempt.score)}\n".encode())
    elif attempt.status == "error":
        folder.mkdir(parents=True, exist_ok=True)
        _say_error(folder / "traj.jsonl", attempt.error or "")


def _say_error(path: Path, error: str) -> None:
    """Has the last line say why there is no score: whoever ran the episode may have known less of it, or was killed."""
    written = path.read_bytes() if path.exists() else b""
    # A process that was killed may have left half a line.
    whole = written[: written.rfind(b"\n") + 1].splitlines(keepends=True)
    steps = b"".join(line for line in whole if not line.startswith(b'{"Error":'))
    _write(path, steps + msgspec.json.encode({"Error": error}) + b"\n")


def _write(path: Path, content: bytes) -> None:
    """Leaves a file alone that says so already."""
    if not path.exists() or path.read_bytes() != content:
        path.write_bytes(content)


def _refusable(do: Any, *arguments: Any) -> None:
    try:
        do(*arguments)
    except OSError as error:
        raise DatasetError(f"{arguments[0]} cannot be written: {error.strerror or error}") from error
