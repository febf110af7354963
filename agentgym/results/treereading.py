"""Results in OSWorld's layout, ours and those that OSWorld itself wrote, read again."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from agentgym.errors import DatasetError
from agentgym.results.attempts import Attempt, standing
from agentgym.results.folder import read_args, read_attempts
from agentgym.wrappers.observation_type import OBSERVED_FOR

__all__ = ["read_tree"]

_ASIDE = re.compile(r"\.before-\d{8}T\d{6}$")
_DEEPEST = 3


def read_tree(root: Path) -> list[Attempt]:
    """What stands in the folders of runs at or below ``root``; empty if there are none.

    Of a folder with ``results.jsonl`` its lines tell; of one without, as OSWorld's own, each task's ``result.txt`` and
    ``traj.jsonl``. A task that has neither a score nor an error is one that was cut off, or runs. What ``--fresh``
    moved aside is left out.

    Raises:
        DatasetError: if a file cannot be read.
    """
    if (root / "results.jsonl").exists():
        return list(_of_ours(root))
    ours = [path for path in _models(root) if (path / "results.jsonl").exists()]
    found = [attempt for path in ours for attempt in _of_ours(path)]
    return [*found, *(_of_osworld(place) for place in _places(root) if not _is_below(place, ours))]


def _models(root: Path) -> Iterator[Path]:
    """The folders that may be a run's, ``root`` among them."""
    for depth in range(_DEEPEST + 1):
        found = sorted(root.glob("/".join("*" * depth))) if depth else [root]
        yield from (path for path in found if path.is_dir() and not _ASIDE.search(path.name))


def _places(root: Path) -> list[Path]:
    """The folders of tasks."""
    found = {path.parent for name in ("traj.jsonl", "result.txt") for path in root.rglob(name)}
    return sorted(path for path in found if not any(_ASIDE.search(part) for part in path.parts))


def _of_ours(path: Path) -> Iterator[Attempt]:
    """Each with the words that its folder was told."""
    args = read_args(path) or {}
    told = {name: args[name] for name in ("action_space", "observation_type") if isinstance(args.get(name), str)}
    for attempt in standing(read_attempts(path)).values():
        yield msgspec.structs.replace(attempt, **told)


def _is_below(place: Path, models: list[Path]) -> bool:
    return any(place.is_relative_to(model) for model in models)


def _of_osworld(place: Path) -> Attempt:
    # What is asked for may be the folder of a model, or within it.
    place = place.resolve()
    lines = _lines(place / "traj.jsonl")
    score = _score(place / "result.txt")
    error = next((str(line["Error"]) for line in reversed(lines) if "Error" in line), None)
    told: dict[str, Any] = {"status": "scored", "score": score}
    if score is None:
        told = {
            "status": "error",
            "error": error or "there is neither a score nor an error: it runs, or was cut off",
            "error_kind": "code" if error else "interrupted",
        }
    return Attempt(
        ts=_written(place),
        session_id="",
        item="",
        task=place.name,
        seed=0,
        agent="OSWorld",
        model=place.parents[1].name,
        domain=place.parent.name,
        **_words(place),
        attempt=1,
        # The reset, of which other programs than OSWorld keep a line, is no step.
        steps=sum("step_num" in line and line["step_num"] != 0 for line in lines),
        **told,
    )


def _words(place: Path) -> dict[str, Any]:
    """What OSWorld calls the folders above the model's, if they are such."""
    above = place.parts[-5:-3]
    if len(above) < 2 or above[1] not in (*OBSERVED_FOR, "text"):
        return {}
    return {"action_space": above[0], "observation_type": above[1]}


def _written(place: Path) -> str:
    latest = max(path.stat().st_mtime for path in place.iterdir())
    return datetime.fromtimestamp(latest, UTC).isoformat(timespec="milliseconds")


def _score(path: Path) -> float | None:
    try:
        return float(path.read_text())
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise DatasetError(f"{path} cannot be read as a score: {error}") from error


def _lines(path: Path) -> list[dict[str, Any]]:
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return []
    except OSError as error:
        raise DatasetError(f"{path} cannot be read: {error.strerror}") from error
    # Of a task that runs, or was cut off, the last line may be half a line.
    whole = content[: content.rfind(b"\n") + 1].splitlines()
    try:
        return [msgspec.json.decode(line, type=dict[str, Any]) for line in whole if line.strip()]
    except msgspec.MsgspecError as error:
        raise DatasetError(f"{path}: {error}") from error
