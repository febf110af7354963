"""Recordings with calls of models and tools, published as agents publish them while they step a real environment."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium import spaces

from agentgym.errors import BackendError
from agentgym.evaluators import Score
from agentgym.events import (
    Bus,
    FinalReport,
    ModelRequest,
    ModelResponse,
    Note,
    Reward,
    traced_tool,
)
from agentgym.spaces import UnicodeText
from agentgym.tasks import Task
from agentgym.trajectory import Dataset
from agentgym.wrappers import TrajectoryRecorder

SYSTEM = "You add numbers. Call add; when you know the sum, call answer."
TOOLS: list[dict[str, Any]] = [
    {
        "type": "function",
        "function": {
            "name": name,
            "description": f"{name} numbers",
            "parameters": {"type": "object", "properties": {"numbers": {"type": "array", "items": {"type": "number"}}}},
        },
    }
    for name in ("add", "answer")
]
SECRET = "sk-proj-abcdefghijklmnopqrstuvwxyz0123456789"


class Adding(gym.Env[Any, Any]):
    """Tools to add with, a slate that shows the last sum, and a score for the right answer."""

    observation_space: spaces.Space[Any] = spaces.Dict(
        {"screenshot": spaces.Box(0, 255, (60, 90, 3), np.uint8), "tool_result": UnicodeText()}
    )
    action_space: spaces.Space[Any] = UnicodeText()

    def __init__(self, *, breaks: bool = False) -> None:
        self.task = Task(id="sums/three", instruction="How much is 2 + 3 + 4?", related_apps=("slate",), max_steps=6)
        self._breaks = breaks
        self._score: float | None = None

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        super().reset(seed=seed)
        self._steps, self._score, self._shown = 0, None, 0.0
        return self._observation("ready"), {}

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        self._steps += 1
        if self._breaks and self._steps == 2:
            raise BackendError("the slate at /dev/slate7 is broken, code 17", kind="machine")
        name, numbers = action["name"], action["arguments"].get("numbers", [])
        said = self._call(name, numbers, action.get("id"))
        done = name == "answer"
        if done:
            self._score = float(numbers == [9])
        return self._observation(said), self._score or 0.0, done, False, {"score": self._score} if done else {}

    def evaluate(self) -> Score | None:
        return None if self._score is None else Score(self._score, {"sum": self._score})

    def _call(self, name: str, numbers: list[float], call_id: str | None) -> str:
        try:
            with traced_tool(name, {"numbers": numbers}, call_id=call_id) as call:
                self._shown = sum(float(number) for number in numbers)
                call.result = f"{self._shown:g}"
                return str(call.result)
        except ValueError as error:
            return f"error: {error}"

    def _observation(self, said: str) -> dict[str, Any]:
        picture = np.full((60, 90, 3), 20, np.uint8)
        picture[10 : 10 + int(min(self._shown, 40)), 5:15] = (250, 120, 5 * self._steps)
        return {"screenshot": picture, "tool_result": said}


Plan = list[tuple[str, list[Any]]]

SOLVES: Plan = [("add", [2, 3]), ("add", [5, 4]), ("answer", [9])]
STUMBLES: Plan = [("add", ["two", 3]), ("answer", [8])]


class Talker:
    """An agent whose model's answers are known beforehand; everything else is as with a model that is asked."""

    def __init__(self, bus: Bus, plan: Plan, *, tokens: bool = False, fails_once: bool = False) -> None:
        self._bus = bus
        self._plan = iter(plan)
        self._tokens = tokens
        self._fails_once = fails_once
        self._calls = 0
        self.messages: list[dict[str, Any]] = []

    def act(self, observation: Any, task: Task) -> dict[str, Any]:
        if not self.messages:
            self.messages = [
                {"role": "system", "content": SYSTEM},
                {"role": "user", "content": task.instruction},
            ]
        else:
            self.messages = [*self.messages, self._told(observation)]
        if self._fails_once:
            self._fails_once = False
            self._ask(error=f"429 too many requests, key {SECRET}")
        name, numbers = next(self._plan)
        self._calls += 1
        call_id = f"call_{self._calls}"
        self._ask(name=name, numbers=numbers, call_id=call_id)
        return {"name": name, "arguments": {"numbers": numbers}, "id": call_id}

    def _told(self, observation: Any) -> dict[str, Any]:
        last = self.messages[-1]["tool_calls"][0]["id"]
        return {"role": "tool", "tool_call_id": last, "content": observation["tool_result"]}

    def _ask(
        self, *, name: str = "", numbers: list[Any] | None = None, call_id: str = "", error: str | None = None
    ) -> None:
        request = f"request-{len(self.messages)}-{error is None}"
        self._bus.publish(
            ModelRequest(
                call_id=request,
                messages=self.messages,
                provider="openai",
                model="adder-1",
                tools=TOOLS,
                parameters={"temperature": 0.5, "max_tokens": 64},
            )
        )
        if error is not None:
            self._bus.publish(ModelResponse(call_id=request, model="adder-1", error=error))
            return
        call = {
            "id": call_id,
            "type": "function",
            "function": {"name": name, "arguments": f'{{"numbers": {str(numbers or []).replace(chr(39), chr(34))}}}'},
        }
        ids = {"prompt_token_ids": [1, 2, 3], "completion_token_ids": [7, 8], "logprobs": [-0.5, -0.25]}
        self._bus.publish(
            ModelResponse(
                call_id=request,
                id=f"answer-{self._calls}",
                model="adder-1",
                content=f"I call {name}.",
                reasoning="Two and three first.",
                tool_calls=[call],
                finish_reason="tool_calls",
                usage={
                    "prompt_tokens": 100,
                    "completion_tokens": 10,
                    "prompt_tokens_details": {"cached_tokens": 40},
                    "completion_tokens_details": {"reasoning_tokens": 4},
                },
                **(ids if self._tokens else {}),  # type: ignore[arg-type]  # mypy joins the types of the values
            )
        )
        self.messages = [*self.messages, {"role": "assistant", "content": f"I call {name}.", "tool_calls": [call]}]


def play(recorder: TrajectoryRecorder, agent: Talker, *, seed: int = 0) -> Iterator[int]:
    """Yields the number of each step that was done."""
    observation, _ = recorder.reset(seed=seed)
    task = recorder.env.unwrapped.task  # type: ignore[attr-defined]  # of Adding
    for number in range(1, 20):
        observation, _, terminated, truncated, _ = recorder.step(agent.act(observation, task))
        yield number
        if terminated or truncated:
            return


def record_talks(path: Path, *, agent: str | None = "talker") -> Dataset:
    """Three episodes of one task in one run: solved, with tokens; failed, with a tool's and a model's error; broken."""
    about = {"model": "adder-1", "provider": "openai", "session_id": "session-1", "agent_version": "0.3"}
    recorder = TrajectoryRecorder(Adding(), path, agent=agent, about=about)
    for _ in play(recorder, Talker(recorder.bus, SOLVES, tokens=True)):
        pass
    recorder.bus.publish(Reward(step=1, value=0.25, name="tidy"))
    recorder.bus.publish(Note(kind="lakeview_summary", text="adds two numbers", step=1))
    recorder.bus.publish(FinalReport(text="It is 9."))
    for _ in play(recorder, Talker(recorder.bus, STUMBLES, fails_once=True), seed=1):
        pass
    recorder.close()
    record_broken(path)
    return Dataset(path)


def record_broken(path: Path) -> None:
    broken = TrajectoryRecorder(Adding(breaks=True), path, agent="talker")
    try:
        for _ in play(broken, Talker(broken.bus, SOLVES), seed=2):
            pass
    except BackendError:
        pass
    broken.close()
