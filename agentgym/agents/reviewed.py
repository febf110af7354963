"""An agent whose actions another one looks at before they are done."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import gymnasium as gym
import msgspec

from agentgym.actions import ToolCall
from agentgym.agents.base import Emit
from agentgym.agents.members import Given, Member, action_parts, function, instead, texts_of, with_text
from agentgym.errors import UsageError
from agentgym.events import Note
from agentgym.events.words import action_in_words
from agentgym.spaces import ToolCallText
from agentgym.tasks import Task

__all__ = ["Reviewed"]

_TOOLS = (
    function("approve", "Lets the proposed action be done.", {}),
    function(
        "send_back",
        "Keeps the proposed action from being done.",
        {"reason": {"type": "string", "description": "What is wrong with it, for who proposed it."}},
    ),
)
_DUTY = (
    "Another agent does the task below; you do not act yourself. Each action that it proposes is shown to you before "
    "it is done: call approve, or send_back with the reason.\n\nThe task: {}"
)


class Reviewed:
    """An agent and its critic, who sends an action back with a reason, or lets it be done.

    What comes back is told the agent as an action that was not done, with the reason. After ``times`` that an action of
    one step came back the next is done whatever the critic would say, who is not asked. Each verdict is a `Note` of
    kind ``"review"``. A critic that says neither lets the action be done, with ``"none"`` as its verdict.

    Args:
        agent: proposes; the fields of `agentgym.agents.members.Spec`.
        critic: looks at what is proposed. It knows the task, what is seen, and its own verdicts.
        times: how often an action may come back, in one step.
        seed: for who draws.
        id: of the pair in the stream.

    Raises:
        UsageError: if they cannot be made, or told apart.
    """

    def __init__(
        self,
        agent: Given,
        critic: Given,
        *,
        times: int = 2,
        seed: int = 0,
        id: str = "team",  # noqa: A002 - as the members' own is called
    ) -> None:
        self.id = id
        self._agent, self._critic = Member(agent, seed=seed), Member(critic, seed=seed + 1)
        self.members = [self._agent, self._critic]
        if self._agent.id == self._critic.id:
            raise UsageError(f"the agent and its critic are both called {self._agent.id!r}; give each an id of its own")
        if times < 0:
            raise UsageError(f"times is {times}; an action comes back 0 times or more")
        self._times = times
        self._space: gym.Space[Any] | None = None
        self._info: Mapping[str, Any] = {}
        self._emit: Emit = _nobody
        self._task = Task(id="", instruction="")
        self._made: list[ToolCall] = []

    def draw_from(self, space: gym.Space[Any]) -> None:
        """Is told what actions are here."""
        self._space = space

    def reset(self, task: Task, emit: Emit) -> None:
        self._emit, self._info, self._task, self._made = emit, {}, task, []
        self._agent.begin(task, emit, self._space, parent_id=self.id)
        duty = msgspec.structs.replace(task, instruction=_DUTY.format(task.instruction))
        self._critic.begin(duty, emit, ToolCallText(_TOOLS), parent_id=self.id)

    def read_info(self, info: Mapping[str, Any]) -> None:
        """Is for who acts; of tools, those that it may call."""
        tools = {"tools": self._agent.told_of(info["tools"])} if "tools" in info else {}
        self._info = {**info, **tools}
        self._agent.tell(self._info)

    def act(self, observation: Any) -> Any:
        """The action that the critic let pass, or the one after the last that it might send back."""
        left = self._times
        while True:
            proposed = self._agent.act(observation)
            lacking = self._agent.lacks(proposed)
            reason = lacking or (self._verdict(observation, proposed) if left else None)
            if reason is None or not left:
                self.credit()
                # What may not be done goes to the environment as a text, which it refuses.
                return f"Not done: {lacking}." if lacking else proposed
            left -= 1
            self._agent.tell({**self._info, "tool_results": [], "action_error": reason})

    def credit(self) -> None:
        """Tells the run that the agent asks for what is done next, not its critic, who was heard last."""
        self._agent.credit()

    def finish(self, result: Any) -> None:
        for member in self.members:
            member.finish(result)

    def close(self) -> None:
        for member in self.members:
            member.close()

    def __repr__(self) -> str:
        return f"Reviewed({self._agent.id} by {self._critic.id})"

    def _verdict(self, observation: Any, proposed: Any) -> str | None:
        """Why the action comes back; None if it may be done."""
        shown = _shown(instead(observation, self._task.instruction, ""), proposed)
        # Whose calls are all answered may be told nothing else: what comes next is the answer.
        heard = [{"call_id": one.id, "name": one.name, "ok": True, "content": texts_of(shown)} for one in self._made]
        self._critic.tell({"tools": list(_TOOLS), "tool_results": heard, "action_error": None})
        said = self._critic.act(shown)
        self._made = made = [part for part in action_parts(said) if isinstance(part, ToolCall)]
        calls = {one.name: one.arguments for one in made}
        verdict = next((name for name in ("send_back", "approve") if name in calls), "none")
        reason = str(calls["send_back"].get("reason") or "no reason is given") if verdict == "send_back" else None
        value = {"verdict": verdict, "action": action_in_words(proposed)}
        self._emit(Note(kind="review", text=reason, value=value, agent_id=self._critic.id, parent_id=self.id))
        return None if reason is None else f"{self._critic.id} sent it back: {reason}"


def _shown(observation: Any, proposed: Any) -> Any:
    """What the critic sees. What tools returned was not returned to it, and is shown as a text."""
    if isinstance(observation, Mapping) and isinstance(observation.get("tool_result"), str):
        observation = with_text(observation, "last result", observation["tool_result"])
    return with_text(observation, "proposed action", action_in_words(proposed))


def _nobody(_event: object) -> None:
    """Who is told before the first episode."""
