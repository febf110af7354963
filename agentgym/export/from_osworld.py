"""A recording made from OSWorld's folders of results, its own or those that `agentgym export --to osworld` wrote."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TypeAlias

import msgspec
import numpy as np
from gymnasium import spaces
from PIL import Image

from agentgym.errors import DatasetError
from agentgym.events import Bus, Failed, Note, Reset, RunStarted, Scored, Step
from agentgym.export.base import fresh
from agentgym.spaces import Computer13, PyAutoGUIText, UnicodeText
from agentgym.tasks import Task
from agentgym.trajectory import Dataset, TrajectoryWriter, provenance
from agentgym.trajectory.spacejson import space_to_json

__all__ = ["from_osworld"]

Line: TypeAlias = dict[str, Any]

_INITIAL = "__init__"
_LAST_WORDS = frozenset({"DONE", "FAIL"})
_TOLD = ("response", "natural_language_action", "model_usage", "messages", "state_correct", "step_status")


def from_osworld(source: Path, out: Path, *, tasks: Mapping[str, Task] | None = None) -> Dataset:
    """Writes a dataset with a run for every model's folder below ``source`` and an episode for every task's, opens it.

    Observations are the screenshots (None where there is none, as of the beginning in OSWorld's own results) and the
    instruction. An episode ends terminated with DONE or FAIL and truncated otherwise, unless its lines say which; the
    score is ``result.txt``'s, an ``Error`` line a failure. What else a line says (the model's response, the messages)
    is a note. Times stay as OSWorld wrote them, in ``ts_raw``.

    Args:
        source: a folder of results, or any folder within.
        out: a folder that must not exist.
        tasks: by id, for instructions and evaluators that the results do not have.

    Raises:
        UsageError: if ``out`` exists.
        DatasetError: if there is no ``traj.jsonl``, or one that cannot be read: names the line.
    """
    found = sorted(source.rglob("traj.jsonl"))
    if not found:
        raise DatasetError(f"{source} has no traj.jsonl in it: it is no folder of OSWorld's results")
    by_model: dict[Path, list[Path]] = {}
    for path in found:
        by_model.setdefault(path.parents[2], []).append(path.parent)
    with fresh(out) as folder:
        for root, places in by_model.items():
            _Run(root, folder, tasks or {}).publish(places)
    return Dataset(out)


class _Run:
    """One model's results becoming one run."""

    def __init__(self, root: Path, out: Path, tasks: Mapping[str, Task]) -> None:
        self._root = root
        self._tasks = tasks
        self._args = _object(root / "args.json")
        self._summaries = {row.get("result_dir"): row for row in _rows(root / "results_summary.jsonl")}
        self._bus = Bus()
        self._writer = TrajectoryWriter(out, self._bus.run_id)
        self._bus.subscribe(self._writer.append)

    def publish(self, places: list[Path]) -> None:
        self._bus.publish(
            RunStarted(
                env=self._env(places),
                provenance=provenance(),
                agent=self._args.get("agent"),
                model=self._args.get("model"),
                max_steps=self._args.get("max_steps"),
                args=self._args,
                metadata={"imported": {"osworld": self._root.name}},
            )
        )
        for place in places:
            self._publish_episode(place)
        self._writer.close()

    def _publish_episode(self, place: Path) -> None:
        lines = _rows(place / "traj.jsonl")
        steps = [line for line in lines if "step_num" in line]
        task = self._task(place, steps)
        began = steps[0] if steps and steps[0].get("action") == _INITIAL else {}
        acted = steps[1:] if began else steps
        self._bus.publish(
            Reset(
                observation=_observed(place, began, task.instruction),
                info=_info(began),
                task=task,
                ts_raw=began.get("action_timestamp"),
            )
        )
        self._bus.publish(Note(kind="imported", value={"domain": place.parent.name, "folder": place.name}))
        for number, line in enumerate(acted, 1):
            self._publish_step(place, task, line, number)
        for line in lines:
            if "Error" in line:
                self._bus.publish(Failed(during="run", type="Error", message=str(line["Error"])))
        result = place / "result.txt"
        if result.exists():
            self._bus.publish(Scored(value=_score(result)))

    def _publish_step(self, place: Path, task: Task, line: Line, number: int) -> None:
        told = {key: line[key] for key in _TOLD if line.get(key) is not None}
        if told:
            self._bus.publish(Note(kind="osworld", value=told, step=number))
        terminated, truncated = _ends(line)
        self._bus.publish(
            Step(
                step=number,
                observation=_observed(place, line, task.instruction),
                action=line.get("action"),
                reward=float(line.get("reward") or 0.0),
                terminated=terminated,
                truncated=truncated,
                info=_info(line),
                ts_raw=line.get("action_timestamp"),
            )
        )

    def _task(self, place: Path, steps: list[Line]) -> Task:
        summary = self._summaries.get(place.relative_to(self._root).as_posix(), {})
        identity = str(summary.get("task_id") or place.name)
        known = self._tasks.get(identity)
        if known is not None:
            return known
        said = next((line["instruction"] for line in steps if line.get("instruction")), "")
        return Task(id=identity, instruction=str(said), metadata={"domain": place.parent.name})

    def _env(self, places: list[Path]) -> dict[str, Any]:
        picture = next((one for place in places for one in _pictures(place)), None)
        # Without a picture nobody knows how large the screen was.
        height, width = (0, 0) if picture is None else picture.shape[:2]
        shown = {} if picture is None else {"screenshot": spaces.Box(0, 255, (height, width, 3), np.uint8)}
        form = self._args.get("action_space", "pyautogui")
        written = Computer13((width, height)) if form == "computer_13" else PyAutoGUIText((width, height))
        return {
            "kwargs": {"action": form, "observation": list(shown), "screen": [width, height]},
            "observation_space": space_to_json(spaces.Dict({**shown, "instruction": UnicodeText()})),
            "action_space": space_to_json(written),
        }


def _ends(line: Line) -> tuple[bool, bool]:
    if "terminated" in line and "truncated" in line:
        return bool(line["terminated"]), bool(line["truncated"])
    done = bool(line.get("done"))
    action = line.get("action")
    word = action.get("action_type") if isinstance(action, Mapping) else action
    said = isinstance(word, str) and word.strip().upper() in _LAST_WORDS
    return done and said, done and not said


def _info(line: Line) -> dict[str, Any]:
    info = line.get("info")
    return info if isinstance(info, dict) else {}


def _observed(place: Path, line: Line, instruction: str) -> dict[str, Any]:
    name = line.get("screenshot_file")
    path = None if name is None else place / Path(str(name)).name
    return {"screenshot": None if path is None else _picture(path), "instruction": instruction}


def _pictures(place: Path) -> Iterator[Any]:
    return (_picture(path) for path in sorted(place.glob("step_*.png")))


def _picture(path: Path) -> Any:
    try:
        with Image.open(path) as image:
            return np.asarray(image.convert("RGB"))
    except OSError as error:
        raise DatasetError(f"{path} cannot be read: {error}") from error


def _score(path: Path) -> float:
    try:
        return float(path.read_text())
    except ValueError as error:
        raise DatasetError(f"{path}: a score is a number: {error}") from error


def _rows(path: Path) -> list[Line]:
    if not path.exists():
        return []
    rows = []
    for number, line in enumerate(path.read_bytes().splitlines(), 1):
        try:
            rows.append(msgspec.json.decode(line, type=dict[str, Any]))
        except msgspec.MsgspecError as error:
            raise DatasetError(f"{path}:{number}: {error}") from error
    return rows


def _object(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    try:
        return msgspec.json.decode(path.read_bytes(), type=dict[str, Any])
    except msgspec.MsgspecError as error:
        raise DatasetError(f"{path}: {error}") from error
