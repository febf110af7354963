"""What a tool is given of the episode that it is called in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol, runtime_checkable

import msgspec
import numpy as np

from agentgym.errors import BackendError, EvaluationError, ToolError
from agentgym.tasks import Task
from agentgym.tools.clock import EpisodeClock
from agentgym.tools.workspace import Workspace

__all__ = ["ToolContext"]

FINDINGS = "findings"
"""Where in ``state`` the list of findings is."""


@runtime_checkable
class GivesEvidence(Protocol):
    def evidence(self) -> Mapping[str, bytes]: ...


def _no_workspace() -> Workspace:
    raise ToolError("there is no machine here for this tool to work in")


class ToolContext:
    """An episode, as its tools see it.

    ``state`` is theirs, by the name of the tool or the service: what is in it is copied by a snapshot. What has a
    method ``evidence() -> Mapping[str, bytes]`` is asked for it when the task is judged; what has ``close()`` is closed
    when the episode's environment is reset or closed. Whatever is random is drawn from ``rng``, and the time is told by
    ``clock``, so that the episode can be played again.

    Args:
        task: the present one.
        workspace: makes the machine when it is first asked for.
        clock: begins as the task says if it is not given.
    """

    def __init__(
        self,
        task: Task,
        *,
        rng: np.random.Generator | None = None,
        workspace: Callable[[], Workspace] = _no_workspace,
        clock: EpisodeClock | None = None,
    ) -> None:
        self.task = task
        self.rng = np.random.default_rng(0) if rng is None else rng
        self.clock = EpisodeClock.of(task) if clock is None else clock
        self._state: dict[str, Any] = {}
        self.calls: list[dict[str, Any]] = []
        self.answer: str | None = None
        self.over = False
        self._workspace = workspace

    @property
    def state(self) -> dict[str, Any]:
        """What the tools of the episode remember, by the name of the tool or the service."""
        return self._state

    @property
    def workspace(self) -> Workspace:
        """The machine; made when it is first asked for.

        Raises:
            BackendError: if it did not start.
            ToolError: if there is none in this episode.
        """
        return self._workspace()

    def submit(self, answer: str) -> None:
        """Ends the episode with an answer. No call of the same action is made after this one."""
        if not isinstance(answer, str):
            raise TypeError(f"an answer is text, not {type(answer).__name__}")
        self.answer = answer
        self.over = True

    def evidence(self) -> dict[str, bytes]:
        """What the episode left to be judged, beside the machine, by name.

        ``answer`` is there if one was submitted, ``findings.json`` if ``state["findings"]`` is; ``calls.jsonl`` has
        name, arguments and ok of each call, in their order.

        Raises:
            EvaluationError: names what cannot say what it left.
        """
        left = {"calls.jsonl": b"".join(msgspec.json.encode(call) + b"\n" for call in self.calls)}
        if self.answer is not None:
            left["answer"] = self.answer.encode("utf-8", "surrogatepass")
        for name, one in self.state.items():
            try:
                if name == FINDINGS and isinstance(one, list):
                    left["findings.json"] = msgspec.json.encode(one)
                elif isinstance(one, GivesEvidence):
                    left.update(one.evidence())
            except Exception as error:  # a boundary to what tools keep
                if isinstance(error, BackendError):
                    raise
                raise EvaluationError(f"state[{name!r}] gave no evidence: {error!r}") from error
        return left

    def close(self) -> None:
        """Closes what in ``state`` can be closed, the last first.

        Raises:
            BackendError: names the first that cannot be, when all were tried.
        """
        failed: BackendError | None = None
        for name, one in reversed(self.state.items()):
            close = getattr(one, "close", None)
            if not callable(close):
                continue
            try:
                close()
            except Exception as error:  # noqa: BLE001 - a boundary to what tools keep; raised when all were tried
                failed = failed or BackendError(f"state[{name!r}] cannot be closed: {error!r}", kind="application")
                failed.__cause__ = failed.__cause__ or error
        if failed is not None:
            raise failed
