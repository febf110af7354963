"""A number to be guessed in two guesses, and an agent whose model writes tokens: a byte each."""

from __future__ import annotations

import random
from typing import Any

import gymnasium as gym

from agentgym.agents import Emit
from agentgym.errors import BackendError
from agentgym.evaluators import Score
from agentgym.events import ModelRequest, ModelResponse
from agentgym.spaces import UnicodeText
from agentgym.tasks import Task

ENV = "tests.results.guessing:tests/Guess-v0"
AGENT = "tests.results.guessing:Guesser"


class Guess(gym.Env[Any, Any]):
    """Draws a digit with its seed; tells whether a guess is too low; pays the nearness of the second."""

    observation_space = UnicodeText()
    action_space = UnicodeText()

    def __init__(self, task: str = "guess/digit", breaks_at: int | None = None) -> None:
        self.task = Task(id=task, instruction="Guess a digit.")
        self._breaks_at = breaks_at

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        super().reset(seed=seed)
        self._digit, self._guess, self._steps = int(self.np_random.integers(10)), -1, 0
        return "Guess a digit.", {}

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        self._steps += 1
        self._guess = int(action)
        if self._guess == self._breaks_at:
            raise BackendError("the dice are lost")
        done = self._steps == 2
        told = "right" if self._guess == self._digit else "too low" if self._guess < self._digit else "too high"
        return told, self._value() if done else 0.0, done, False, {}

    def evaluate(self) -> Score:
        return Score(self._value(), {})

    def _value(self) -> float:
        return 1 - abs(self._guess - self._digit) / 10


class Guesser:
    """Guesses by chance.

    Args:
        tokens: whether its model tells them.
        forgets: whether its model is not sent what was before.
    """

    def __init__(self, *, seed: int = 0, tokens: bool = True, forgets: bool = False) -> None:
        self._random = random.Random(seed)
        self._tokens, self._forgets = tokens, forgets

    def reset(self, task: Task, emit: Emit) -> None:
        self._emit = emit
        self._calls = 0
        self._start: list[dict[str, Any]] = [{"role": "system", "content": "Play."}]
        self._messages = self._start

    def act(self, observation: Any) -> str:
        before = self._start if self._forgets else self._messages
        self._messages = [*before, {"role": "user", "content": observation}]
        self._calls += 1
        said = str(self._random.randrange(10))
        prompt = list("\n".join(message["content"] for message in self._messages).encode())
        tokens: dict[str, Any] = {
            "prompt_token_ids": prompt,
            "completion_token_ids": list(f"\n{said}".encode()),
            "logprobs": [-0.1, -2.3],
        }
        call_id = f"call-{self._calls}"
        self._emit(ModelRequest(call_id=call_id, model="dice", messages=self._messages))
        self._emit(ModelResponse(call_id=call_id, model="dice", content=said, **(tokens if self._tokens else {})))
        self._messages = [*self._messages, {"role": "assistant", "content": said}]
        return said


gym.register("tests/Guess-v0", "tests.results.guessing:Guess", disable_env_checker=True)
