"""The agent that asks a person."""

from __future__ import annotations

import io
import sys
import time
import webbrowser
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from PIL import Image

from agentgym.actions import Action
from agentgym.agents.base import Emit
from agentgym.agents.human.desk import Desk, Shown
from agentgym.agents.human.server import PlayServer
from agentgym.errors import UsageError
from agentgym.events import Note
from agentgym.tasks import Task

__all__ = ["HumanAgent"]

_CHANNELS = 3


class HumanAgent:
    """Shows what there is to see on a page in the browser, and does what the person does there.

    A click, a drag, a turn of the wheel, a key or a word that is typed is one action; tools are called by a form. How
    long the person took is a `Note` of kind ``"human"`` in the record.

    Args:
        port: of the page, on 127.0.0.1; 0 takes a free one. The address is written to standard error.
        open_browser: whether the page is opened.
        patience_s: how long a person may take for an action; None for any time.

    Raises:
        UsageError: if the port is taken.
    """

    def __init__(self, *, port: int = 0, open_browser: bool = False, patience_s: float | None = None) -> None:
        if patience_s is not None and patience_s <= 0:
            raise UsageError(f"patience_s is {patience_s}; it must be above 0, or None")
        self._desk = Desk()
        self._server = PlayServer(self._desk, port=port)
        self._opens_browser = open_browser
        self._patience_s = patience_s
        self._shown = Shown()
        self._emit: Emit = print

    @property
    def url(self) -> str:
        """Of the page."""
        return self._server.url

    def reset(self, task: Task, emit: Emit) -> None:
        self._emit = emit
        # What tools there are was told before, with the reset's info.
        self._shown = Shown(instruction=task.instruction, tools=self._shown.tools)
        print(f"agentgym: act at {self.url}", file=sys.stderr, flush=True)  # noqa: T201 - the person must find the page
        if self._opens_browser:
            webbrowser.open(self.url)
            self._opens_browser = False

    def read_info(self, info: Mapping[str, Any]) -> None:
        """Takes in what came of the last step, besides the observation."""
        refused = info.get("action_error")
        self._shown = replace(
            self._shown,
            remark=f"Not done: {refused}" if refused else "",
            tools=tuple(info.get("tools", self._shown.tools)),
        )

    def act(self, observation: Any) -> Action:
        """What the person does next.

        Raises:
            TimeoutError: if the person took longer than allowed.
        """
        self._show(observation)
        began = time.perf_counter()
        action: Action = self._desk.take(self._patience_s)
        took_ms = round((time.perf_counter() - began) * 1000, 3)
        self._shown = replace(self._shown, step=self._shown.step + 1)
        self._emit(Note(kind="human", value={"took_ms": took_ms}, step=self._shown.step))
        return action

    def finish(self, result: Any) -> None:
        """Shows how the episode ended."""
        score = getattr(result, "score", None)
        how = "no score" if score is None else f"score {score:g}"
        self._shown = replace(self._shown, over=True, remark=f"The episode is over: {how}.")
        self._desk.show(self._shown)
        self._shown = Shown()

    def close(self) -> None:
        """Ends the page."""
        self._server.close()

    def _show(self, observation: Any) -> None:
        parts = observation if isinstance(observation, Mapping) else {"": observation}
        screens = [part for part in parts.values() if _is_picture(part)]
        texts = [part for name, part in parts.items() if isinstance(part, str) and name != "instruction"]
        self._shown = replace(
            self._shown, screen=_png(screens[0]) if screens else None, text="\n\n".join(text for text in texts if text)
        )
        self._desk.show(self._shown)


def _is_picture(part: Any) -> bool:
    return isinstance(part, np.ndarray) and part.dtype == np.uint8 and part.shape[2:] == (_CHANNELS,)


def _png(picture: Any) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "png", compress_level=1)
    return buffer.getvalue()
