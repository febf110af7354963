"""Has a model do a task with tools, and tells what it did: ``python llm_agent.py MODEL [FOLDER]``.

The model is at OpenAI, with the key in OPENAI_API_KEY, or at any server of the same protocol: OPENAI_BASE_URL.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

import gymnasium as gym

import agentgym
from agentgym.agents.openai import OpenAIAgent
from agentgym.runner import Episode
from agentgym.wrappers import TrajectoryRecorder

TASK = {
    "id": "count-lines",
    "instruction": "Count the lines of poem.txt that have the word 'sea' in them. Write the number into count.txt.",
    "tools": ["bash"],
    "max_steps": 10,
    "config": [
        {
            "type": "file",
            "parameters": {"path": "/home/user/poem.txt", "content": "The sea\nand the sky\nand the sea again\n"},
        }
    ],
    "evaluator": {
        "func": "exact_match",
        "result": {"type": "vm_command_line", "command": ["cat", "/home/user/count.txt"]},
        "expected": {"type": "rule", "rules": {"expected": "2\n"}},
    },
}


def show(action: Any, info: Mapping[str, Any]) -> None:
    print("the model:", action)
    for result in info["tool_results"]:
        print("  ", result["name"], "gave:", result["content"].strip() or "nothing")
    if info["action_error"]:
        print("   not done:", info["action_error"])


def main(model: str, folder: str) -> None:
    env = TrajectoryRecorder(gym.make("agentgym/Tools-v0", task=TASK), folder, agent="openai", about={"model": model})
    agent = OpenAIAgent(model, temperature=0.0)
    try:
        episode = Episode(env, agent, seed=0)
        for _ in episode:
            action = episode.action
            episode.step()
            show(action, episode.info)
        result = episode.result()
    finally:
        env.close()
        agent.close()
    usage = result.usage
    print(f"score {result.score} in {result.steps} steps;", f"{usage['model_calls']} calls of the model,", end=" ")
    print(f"{usage['input_tokens']} tokens read, {usage['output_tokens']} written")
    calls = [record for record in agentgym.Dataset(folder)[-1].records() if record.event_type == "model_request"]
    print("requests in the recording:", len(calls))


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "gpt-5-mini", sys.argv[2] if len(sys.argv) > 2 else "data")
