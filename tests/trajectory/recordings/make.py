"""Makes the stored recording of the present version: what `test_migration.py` reads for ever after.

    python tests/trajectory/recordings/make.py tests/trajectory/recordings/vN

Run once when the version is raised; a recording that is there is never made anew.
"""

from __future__ import annotations

import sys
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium import spaces

from agentgym.actions import Click
from agentgym.events import ModelRequest, ModelResponse, Note, ToolCalled, ToolReturned
from agentgym.tasks import Check, EvaluatorSpec, GetterSpec, Task
from agentgym.wrappers import TrajectoryRecorder

LONG = "a line of text, again and again\n" * 100


class Sample(gym.Env[Any, Any]):
    """Three steps with a picture, a long text and odd values."""

    observation_space = spaces.Dict(
        {"screenshot": spaces.Box(0, 255, (30, 40, 3), np.uint8), "text": spaces.Text(9999)}
    )
    action_space = spaces.Discrete(3)
    task = Task("tests/sample", "Do it.", evaluator=EvaluatorSpec((Check("exact_match", GetterSpec("x", {})),)))

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        super().reset(seed=seed)
        self._steps = 0
        return self._observation(), {"tuple": (1, 2.5)}

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        self._steps += 1
        last = self._steps == 3
        info = {"numbers": np.arange(3, dtype=np.int16), "nan": float("nan"), "score": 0.5} if last else {}
        return self._observation(), 0.25 * self._steps, last, False, info

    def _observation(self) -> dict[str, Any]:
        picture = np.full((30, 40, 3), 200, np.uint8)
        picture[5:9, 4 * self._steps : 4 * self._steps + 4] = self._steps
        return {"screenshot": picture, "text": LONG + str(self._steps)}


def main(path: str) -> None:
    env = TrajectoryRecorder(Sample(), path, agent="sample", metadata={"purpose": "kept for ever"})
    env.reset(seed=3)
    messages = [{"role": "user", "content": LONG}]
    for step in range(3):
        env.bus.publish(ModelRequest(call_id=f"call-{step}", messages=messages, model="none"))
        env.bus.publish(ModelResponse(call_id=f"call-{step}", content="click", usage={"input_tokens": 7}))
        env.bus.publish(ToolCalled(call_id=f"tool-{step}", name="look", arguments={"at": (1, 2)}))
        env.bus.publish(ToolReturned(call_id=f"tool-{step}", ok=True, result=LONG, latency_ms=1.5))
        env.step(Click(step, 2) if step else np.int64(1))
    env.bus.publish(Note(kind="tag", value={"good": True}))
    env.reset(seed=4)
    env.step(2)
    env.close()


if __name__ == "__main__":
    main(sys.argv[1])
