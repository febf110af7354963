"""An episode's folder in OSWorld's layout, written step by step while the episode goes on.

::

    <task_id>/
      step_<n>_<time>.png    what was seen after step n; of 0 what the reset showed
      traj.jsonl             a line a step; {"Error": …} where the episode broke
      runtime.log            what happened when
      recording.mp4          by who films, when the episode ends
      result.txt             by who scores
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import IO, Any

import msgspec
import numpy as np
import numpy.typing as npt

from agentgym.actions import Batch, Python, ToolCall
from agentgym.actions.desktop_call import DESKTOP_ACTION
from agentgym.actions.scripts import written_code
from agentgym.display import Picture, picture_in
from agentgym.errors import UsageError
from agentgym.events import Event, Failed, ModelResponse, Record, Reset, RunCompleted, RunStarted, Scored, Step
from agentgym.events.actiontext import action_text
from agentgym.events.plain import plain
from agentgym.sinks.base import SinkOrder
from agentgym.trajectory.redaction import Redact, scrub

__all__ = ["OSWorldFolder", "emptied", "moment_of", "osworld_action", "osworld_line", "osworld_sink", "save_png"]

_PNG_LEVEL = 1
_FILES = ("traj.jsonl", "result.txt", "runtime.log", "recording.mp4", ".recording.mp4.part")


def osworld_line(
    number: int, moment: str, action: Any, *, response: Any, reward: float | None, info: Any, picture: str | None
) -> dict[str, Any]:
    """A line of ``traj.jsonl``, of a step that ended nothing.

    Args:
        moment: as `moment_of` writes it.
        picture: the file's name; None if nothing was seen.
    """
    return {
        "step_num": number,
        "action_timestamp": moment,
        "action": action,
        "response": response,
        "reward": reward,
        "done": False,
        "info": info,
        "screenshot_file": picture,
    }


def osworld_action(action: Any, *, is_code: bool) -> Any:
    """An action as OSWorld writes it; of a call of `desktop_action`, which has OSWorld's own words, the arguments.

    Args:
        is_code: whether the environment's actions are pyautogui's code.
    """
    match action:
        case Batch(actions) if any(isinstance(one, ToolCall) for one in actions):
            return [osworld_action(one, is_code=is_code) for one in actions]
        case ToolCall(name=name, arguments=arguments) if name == DESKTOP_ACTION:
            return plain(arguments)
        case {"name": str(name), "arguments": dict(arguments)} if name == DESKTOP_ACTION:
            return plain(arguments)
    return _code_of(action) if is_code else plain(action)


def _code_of(action: Any) -> str:
    """As text; Python as the agent wrote it, without what runs before it."""
    match action:
        case Batch(actions) if any(isinstance(one, Python) for one in actions):
            return "\n".join(map(_code_of, actions))
        case Python() if (code := written_code(action)) is not None:
            return code
    return action_text(action)


def moment_of(ts_utc: str) -> str:
    """A record's time as OSWorld writes it: ``20261121@234059123000``."""
    return datetime.fromisoformat(ts_utc).strftime("%Y%m%d@%H%M%S%f")


def save_png(picture: npt.NDArray[np.uint8], path: Path) -> None:
    """Writes a picture, without loss; the folder is made if there is none."""
    from PIL import Image

    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(picture).save(path, format="PNG", compress_level=_PNG_LEVEL)


def emptied(folder: Path) -> Path:
    """The folder without what an episode before left there; other files stay."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in (*(folder / name for name in _FILES), *folder.glob("step_*.png")):
        path.unlink(missing_ok=True)
    return folder


class OSWorldFolder:
    """The folder of one task, which holds its last attempt alone.

    Args:
        folder: emptied of an earlier attempt when a run begins.
        redact: takes secrets out of what is written.
    """

    def __init__(self, folder: Path, redact: Redact) -> None:
        self._folder = folder.absolute()
        self._redact = redact
        self._log: IO[str] | None = None
        self._says_pyautogui = True
        self._response: Any = None
        self._instruction: str | None = None
        self._look: Callable[[], Picture | None] = _no_screen

    def look_through(self, look: Callable[[], Picture | None]) -> None:
        """Is told how to look at the screen of who is shown none."""
        self._look = look

    def __call__(self, record: Record) -> None:
        match record.payload:
            case RunStarted() as event:
                self._begin(event)
            case Reset() as event:
                self._instruction = getattr(event.task, "instruction", None)
                self._keep_picture(event.observation, 0, record.ts_utc)
            case ModelResponse(error=None) as event:
                self._response = event.content or plain(event.tool_calls) or None
            case Step() as event:
                self._append(self._line(event, record.ts_utc))
                self._response = None
            case RunCompleted(error=str(error)):
                self._append({"Error": error.removesuffix(": ")})
        self._tell(record)

    def close(self) -> None:
        if self._log is not None:
            self._log.close()
            self._log = None

    def _begin(self, event: RunStarted) -> None:
        self.close()
        emptied(self._folder)
        self._log = (self._folder / "runtime.log").open("a", encoding="utf-8", buffering=1)
        kwargs = event.env.get("kwargs")
        form = kwargs.get("action", "pyautogui") if isinstance(kwargs, Mapping) else "pyautogui"
        self._says_pyautogui = form == "pyautogui"

    def _line(self, step: Step, at: str) -> dict[str, Any]:
        action = osworld_action(step.action, is_code=self._says_pyautogui)
        picture = self._keep_picture(step.observation, step.step, at)
        line = osworld_line(
            step.step,
            moment_of(at),
            action,
            response=self._response,
            reward=step.reward,
            info=step.info,
            picture=picture,
        )
        ends = {"terminated": step.terminated, "truncated": step.truncated}
        return {**line, "done": step.terminated or step.truncated, **ends, "instruction": self._instruction}

    def _keep_picture(self, observation: Any, number: int, at: str) -> str | None:
        picture = picture_in(observation)
        picture = self._look() if picture is None else picture
        if picture is None:
            return None
        name = f"step_{number}_{moment_of(at)}.png"
        save_png(picture, self._folder / name)
        return name

    def _append(self, line: dict[str, Any]) -> None:
        with (self._folder / "traj.jsonl").open("ab", buffering=0) as file:
            file.write(msgspec.json.encode(scrub(plain(line), self._redact)) + b"\n")

    def _tell(self, record: Record) -> None:
        said = _said(record)
        if said is not None and self._log is not None:
            self._log.write(f"{record.ts_utc} {self._redact(said)}\n")


def _no_screen() -> None:
    """Where nobody looks."""


def _said(record: Record) -> str | None:
    """What the log says of it; None for nothing."""
    said = None
    match record.payload:
        case RunStarted(agent=agent, attempt=attempt):
            said = f"run {record.run_id} of {agent}, attempt {attempt or 1}"
        case Reset(seed=seed) as event:
            said = f"reset with seed {seed} took {_ms(event)}"
        case ModelResponse(model=model, error=error) as event:
            said = f"{model} answered in {_ms(event)}{f': error: {error}' if error else ''}"
        case Step(step=number, info=info) as event:
            refused = info.get("action_error")
            said = f"step {number} took {_ms(event)}{f': not done: {refused}' if refused else ''}"
        case Scored(value=value):
            said = f"score {value}"
        case Failed(during=during, type=kind, message=message, traceback=trace):
            said = "\n".join([f"{during} failed: {kind}: {message}", *([trace] if trace else [])])
        case RunCompleted(status=status) as event:
            said = f"run {status} after {_ms(event)}"
    return said


def _ms(event: Event) -> str:
    return f"{event.duration_ms or 0:.0f} ms"


class _Options(msgspec.Struct, forbid_unknown_fields=True):
    folder: str = ""


def osworld_sink(order: SinkOrder) -> OSWorldFolder:
    folder = order.place or order.read(_Options).folder
    if not folder:
        raise UsageError(f"the sink {order.shown!r} needs the folder of one task: osworld:FOLDER")
    return OSWorldFolder(Path(folder), order.redact)
