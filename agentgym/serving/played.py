"""An environment that is played by calls: tools, and what belongs to the episode besides."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import nullcontext
from typing import Any

import gymnasium as gym
from msgspec import structs

from agentgym.actions.quoting import short
from agentgym.errors import EvaluationError, UsageError
from agentgym.events import Bus, Note, traced_tool, tracing
from agentgym.registry import suggestion
from agentgym.serving.acts import Offered, Shown, acts_of, free_name

__all__ = ["CONTROLS", "Played"]

_LOOK = "screenshot"

CONTROLS: Mapping[str, Offered] = {
    one.name: one
    for one in (
        Offered("task", "Says what is to be done.", {"type": "object", "properties": {}}),
        Offered(_LOOK, "Shows the last observation again, without acting.", {"type": "object", "properties": {}}),
        Offered("evaluate", "Says how the task stands: a score from 0 to 1.", {"type": "object", "properties": {}}),
        Offered(
            "reset",
            "Begins another episode; the present one is given up.",
            {"type": "object", "properties": {"seed": {"type": ["integer", "null"], "minimum": 0}}},
        ),
    )
}
"""What is offered besides the actions; where a tool of the task has the name, ``env_`` is put before it."""


class Played:
    """An environment, played by whoever calls. For one thread.

    Its first episode begins when something is first asked of it.

    Args:
        env: is closed by `close`.
        seed: of the first episode; each after it goes on from there, if it is given no other.
        hidden: names of `CONTROLS` that are not offered.

    Raises:
        UsageError: if its actions cannot be called, or there is no such control.
    """

    def __init__(self, env: gym.Env[Any, Any], *, seed: int | None = None, hidden: Collection[str] = ()) -> None:
        for name in hidden:
            if name not in CONTROLS:
                raise UsageError(f"{name!r} cannot be hidden; {suggestion(name, CONTROLS)}")
        self._env = env
        self._acts = acts_of(env)
        self._hidden = frozenset(hidden)
        self._seed = seed
        self._observation: Any = None
        self._info: Mapping[str, Any] = {}
        self._met: Mapping[str, Any] = {}
        self._begun = self._over = self._acted = False

    @property
    def title(self) -> str:
        """The environment's id."""
        spec = self._env.spec
        return type(self._env.unwrapped).__name__ if spec is None else spec.id

    @property
    def instruction(self) -> str:
        """What is to be done."""
        self._begin()
        task = getattr(self._env.unwrapped, "task", None)
        return str(self._observation) if task is None else str(task.instruction)

    def offered(self) -> Sequence[Offered]:
        """All that can be called now."""
        self._begin()
        acting = self._acts.offered()
        controls = self._controls({one.name for one in acting})
        return [*acting, *(structs.replace(CONTROLS[known], name=name) for name, known in controls.items())]

    def met(self, who: Mapping[str, Any]) -> None:
        """Keeps in the record who calls, each time that it is another than before."""
        self._begin()
        if who != self._met and self._bus is not None:
            self._bus.publish(Note(kind="client", value=dict(who)))
        self._met = who

    def call(self, name: str, arguments: dict[str, Any]) -> Shown:
        """What comes of a call. One that cannot be made is told so, and is a step unless the episode is over.

        Raises:
            BackendError: if the machine broke; `reset` begins on another.
        """
        self._begin()
        control = self._controls({one.name for one in self._acts.offered()}).get(name)
        if control == "reset":
            return self._reset(arguments)
        if control is not None:
            return self._told(control)
        if self._over:
            return Shown(f"{self._outcome()} Call reset for another episode.", ok=False)
        return self._step(name, arguments)

    def close(self) -> None:
        """Ends the run. An episode in which something was done is ended as if by who did it, so that it is scored."""
        leaving = self._acts.leaving()
        try:
            if self._acted and not self._over and leaving is not None:
                self._env.step(leaving)
        finally:
            self._env.close()

    @property
    def _bus(self) -> Bus | None:
        """Of the recorder around the environment, if there is one."""
        return self._env.get_wrapper_attr("bus") if self._env.has_wrapper_attr("bus") else None

    def _begin(self) -> None:
        if not self._begun:
            self._start(self._seed)

    def _start(self, seed: int | None) -> None:
        self._begun = self._acted = False
        self._observation, self._info = self._env.reset(seed=seed)
        self._begun, self._over = True, False

    def _reset(self, arguments: dict[str, Any]) -> Shown:
        seed = arguments.get("seed")
        if seed is not None and (isinstance(seed, bool) or not isinstance(seed, int) or seed < 0):
            return Shown(f"seed is {short(seed)}; it must be a whole number from 0, or not be given", ok=False)
        self._start(seed)
        shown = self._acts.shown(self._observation, self._info)
        return structs.replace(shown, text=self.instruction)

    def _step(self, name: str, arguments: dict[str, Any]) -> Shown:
        # Until the step has returned, there is nothing to go on with.
        self._over = True
        self._observation, _, terminated, truncated, self._info = self._env.step(self._acts.action(name, arguments))
        self._acted, self._over = True, bool(terminated or truncated)
        shown = self._acts.shown(self._observation, self._info)
        if not self._over:
            return shown
        text = "\n\n".join(filter(None, (shown.text, self._outcome())))
        return structs.replace(shown, text=text, value={"over": True, "score": self._info.get("score")})

    def _outcome(self) -> str:
        score = self._info.get("score")
        failure = self._info.get("failure")
        if score is None:
            return "The episode is over." if failure is None else f"The episode is over and has no score: {failure}."
        return "The episode is over." if "evaluate" in self._hidden else f"The episode is over. Its score is {score:g}."

    def _told(self, control: str) -> Shown:
        """What asks and changes nothing; it is in the record as a tool's call, for which there is no step."""
        bus = self._bus
        with nullcontext() if bus is None else tracing(bus), traced_tool(control) as call:
            shown = self._evaluated() if control == "evaluate" else self._seen(control)
            call.result = shown.text
            return shown

    def _seen(self, control: str) -> Shown:
        if control == "task":
            return Shown(self.instruction)
        return self._acts.shown(self._observation, {})

    def _evaluated(self) -> Shown:
        evaluate = getattr(self._env.unwrapped, "evaluate", None)
        try:
            score = None if evaluate is None else evaluate()
        except EvaluationError as error:
            return Shown(f"The episode cannot be scored: {error}", ok=False)
        if score is None:
            return Shown("Nothing here is scored.")
        return Shown(f"The score is {score.value:g}.", value={"score": score.value, "terms": dict(score.terms)})

    def _controls(self, taken: Collection[str]) -> Mapping[str, str]:
        """The controls by the names that they are offered under."""
        shown = [name for name in CONTROLS if name not in self._hidden and (self._acts.pictures or name != _LOOK)]
        return {free_name(name, taken): name for name in shown}
