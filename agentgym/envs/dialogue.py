"""Conversations that another library holds, as environments: text in, text out."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol

import gymnasium as gym
import msgspec
from gymnasium.error import ResetNeeded

from agentgym.actions.limits import MAX_WRITTEN
from agentgym.actions.quoting import short
from agentgym.envs.arguments import step_limit
from agentgym.envs.refusals import Refusable, check_not_refused
from agentgym.errors import ActionError, BackendError, UsageError
from agentgym.evaluators import Score
from agentgym.spaces import UnicodeText
from agentgym.tasks import Task

__all__ = ["Conversation", "DialogueEnv", "DialogueSnapshot", "Turn"]


class Turn(NamedTuple):
    """What came back for a message: a text, what the other library pays for it, and whether that was the end."""

    text: str
    reward: float
    over: bool


class Conversation(Protocol):
    """One episode of somebody else's environment."""

    name: str

    def opening(self) -> str:
        """What it begins with."""

    def answer(self, said: str) -> Turn:
        """What comes back for a message.

        Raises:
            ActionError: if the other library cannot take the message; the conversation is then of no more use.
            BackendError: if it broke for another reason.
        """

    def score(self) -> Score:
        """How it stands."""

    def close(self) -> None:
        """Lets go of what it holds."""


class DialogueSnapshot(msgspec.Struct, frozen=True):
    """Where a conversation stood: it is held again from the start, which leads to the same place."""

    seed: int
    options: dict[str, Any]
    said: tuple[str, ...]
    steps: int


class DialogueEnv(Refusable, gym.Env[str, str]):
    """A conversation with another library's environment, which is made anew at every reset.

    Observations and actions are text. The last step pays the score; what the other library pays for a step is
    ``raw_reward`` in ``info``. A message that it cannot take is a step in which nothing happens, and
    ``info["action_error"]`` says why.

    Args:
        max_steps: truncates the episode; None for as long as the other library goes on. Kept as an attribute.
        render_mode: ``"ansi"`` for what was said so far, or None.
    """

    metadata = {"render_modes": ["ansi"], "render_fps": 1}  # noqa: RUF012  # as Gymnasium declares it

    def __init__(self, *, max_steps: int | None, render_mode: str | None) -> None:
        if render_mode not in (None, *self.metadata["render_modes"]):
            raise UsageError(f"render_mode is {render_mode!r}; it can be 'ansi' or None")
        self.render_mode = render_mode
        self.observation_space = UnicodeText()
        self.action_space = UnicodeText(MAX_WRITTEN)
        self.max_steps = step_limit(max_steps)
        self._conversation: Conversation | None = None
        self._running = False
        self._seed = 0
        self._options: dict[str, Any] = {}
        self._said: list[str] = []
        self._heard: list[str] = []
        self._steps = 0

    @property
    def task(self) -> Task:
        """What is talked about, as a task without an evaluator of ours.

        Raises:
            ResetNeeded: before the first ``reset``.
        """
        return Task(self._talk.name, self._heard[0])

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[str, dict[str, Any]]:
        """Begins a new conversation, of which nothing is left from the one before.

        Raises:
            UsageError: if the options are not understood.
            BackendError: if the other library cannot begin.
        """
        super().reset(seed=seed)
        self._begin_at(int(self.np_random.integers(2**31)), dict(options or {}))
        return self._heard[-1], {"raw_reward": 0.0, "action_error": None, "failure": None}

    def step(self, action: str) -> tuple[str, float, bool, bool, dict[str, Any]]:
        """Says something and hears what comes back.

        Raises:
            BackendError: if the other library broke.
            ResetNeeded: if there is no episode to act in.
        """
        if not self._running:
            raise ResetNeeded("the episode is over or has not begun: call reset")
        self._steps += 1
        try:
            turn, error = self._exchange(action), None
        except ActionError as refused:
            turn, error = Turn(self._heard[-1], 0.0, over=False), str(refused)
        except BackendError:
            self._running = False
            raise
        info: dict[str, Any] = {"raw_reward": turn.reward, "action_error": error, "failure": None}
        truncated = not turn.over and self.max_steps is not None and self._steps >= self.max_steps
        if not turn.over and not truncated:
            return turn.text, 0.0, False, False, info
        self._running = False
        score = self._talk.score().value
        return turn.text, float(score), turn.over, truncated, {**info, "score": score}

    def evaluate(self) -> Score:
        """How the conversation stands.

        Raises:
            ResetNeeded: before the first ``reset`` and after ``close``.
        """
        return self._talk.score()

    def snapshot(self) -> DialogueSnapshot:
        """A token of where the episode stands, for `restore`."""
        if not self._running:
            raise ResetNeeded("there is no running episode to take a snapshot of")
        return DialogueSnapshot(self._seed, self._options, tuple(self._said), self._steps)

    def restore(self, token: DialogueSnapshot) -> str:
        """Brings the episode back to where it stood, and returns the observation there."""
        self._begin_at(token.seed, token.options)
        for said in token.said:
            self._say(said)
        self._steps = token.steps
        return self._heard[-1]

    def render(self) -> str | None:
        """What was said so far; None without a render mode."""
        if self.render_mode is None:
            return None
        said = [f"> {line}" for line in self._said]
        turns = [text for pair in zip(self._heard, said, strict=False) for text in pair]
        return "\n\n".join([*turns, *self._heard[len(said) :]])

    def close(self) -> None:
        """Ends the conversation. May be called twice."""
        self._running = False
        if self._conversation is not None:
            self._conversation.close()
            self._conversation = None

    @abstractmethod
    def _begin(self, seed: int, options: Mapping[str, Any]) -> Conversation:
        """A new conversation; the same seed and options give the same one."""

    @property
    def _talk(self) -> Conversation:
        if self._conversation is None:
            raise ResetNeeded("no conversation has begun: call reset")
        return self._conversation

    def _begin_at(self, seed: int, options: dict[str, Any]) -> None:
        self.close()
        self._seed, self._options = seed, options
        self._conversation = self._begin(seed, options)
        self._said, self._steps = [], 0
        self._heard = [self._conversation.opening()]
        self._running = True

    def _exchange(self, action: object) -> Turn:
        check_not_refused(action)
        if action not in self.action_space:
            raise ActionError(f"an action is a text of at most {MAX_WRITTEN} characters, not {short(action)}")
        try:
            return self._say(str(action))
        except ActionError:
            # What raised half-way may have changed half of it.
            steps = self._steps
            self.restore(DialogueSnapshot(self._seed, self._options, tuple(self._said), steps))
            raise

    def _say(self, said: str) -> Turn:
        turn = self._talk.answer(said)
        self._said.append(said)
        self._heard.append(turn.text)
        return turn
