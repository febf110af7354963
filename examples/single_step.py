"""Opens a task's desktop, looks at it, acts step by step and asks for the score: ``python single_step.py``."""

from __future__ import annotations

import gymnasium as gym

import agentgym  # noqa: F401  # registers the environments


def main() -> None:
    kinds = ("screenshot", "accessibility_tree", "instruction")
    env = gym.make("agentgym/Desktop-v0", task="apps/note-save", observation=kinds)
    try:
        observation, info = env.reset(seed=0)
        print("task:", observation["instruction"])
        print("the screen settled:", info["settled"])
        print("the accessibility tree has", len(observation["accessibility_tree"]), "characters")
        for action in (
            "pyautogui.write('hello')",
            {"action_type": "key", "key": "end"},
            {"action_type": "CLICK", "parameters": {"x": 400, "y": 300}},
            "pyautogui.click(99999, 0)",
        ):
            observation, _, _, _, info = env.step(action)
            print(action, "->", info["action_error"] or "done")
        print("score:", env.unwrapped.evaluate().value)
    finally:
        env.close()


if __name__ == "__main__":
    main()
