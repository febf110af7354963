"""Inside of a real IPython, in a process of its own."""

from __future__ import annotations

import subprocess
import sys

import pytest

pytestmark = pytest.mark.episodes

SHOW = """
import sys
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
import gymnasium as gym
import agentgym
from agentgym.wrappers import RewardHooks, TrajectoryRecorder
task = {"id": "a-task", "instruction": "<script>"}
def shown(env):
    return shell.display_formatter.format(env)[0]
"""


def run(code: str) -> str:
    done = subprocess.run([sys.executable, "-W", "error", "-c", SHOW + code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout


def test_an_environment_is_shown_through_the_wrappers_around_it() -> None:
    said = run("""
env = gym.make("agentgym/Desktop-v0", task=task, backend="memory", screen=(64, 48))
env.reset(seed=0)
forms = shown(env)
assert "data:image/png" in forms["text/html"] and "a-task" in forms["text/html"], forms
assert "<script" not in forms["text/html"]
assert "DesktopEnv" in forms["text/plain"]
env.close()
print("shown")
""")
    assert said == "shown\n"


def test_reward_terms_are_shown_whatever_is_around_them(tmp_path: str) -> None:
    said = run(f"""
env = gym.make("agentgym/Desktop-v0", task=task, backend="memory", screen=(64, 48), max_steps=5)
env = TrajectoryRecorder(RewardHooks(RewardHooks(env, cost=lambda _: -0.25), pay=lambda _: 2.0), {str(tmp_path)!r})
env.reset(seed=0)
assert "cost" not in shown(env)["text/html"]
for _ in range(3):
    env.step("WAIT")
html = shown(env)["text/html"]
assert "cost" in html and "-0.75" in html and "pay" in html and ">6<" in html, html
env.reset()
assert "-0.75" not in shown(env)["text/html"]
env.close()
print("shown")
""")
    assert said == "shown\n"


def test_other_environments_are_shown_as_ever() -> None:
    said = run("""
import numpy as np
class Plain(gym.Env):
    observation_space = action_space = gym.spaces.Discrete(2)
class Own(Plain):
    def _repr_html_(self):
        return "<b>own</b>"
assert set(shown(Plain())) == {"text/plain"}
assert set(shown(RewardHooks(Plain(), cost=lambda _: 0.0))) == {"text/plain"}
assert shown(Own())["text/html"] == "<b>own</b>"
assert shown(RewardHooks(gym.wrappers.OrderEnforcing(Own())))["text/html"] == "<b>own</b>"
print("shown")
""")
    assert said == "shown\n"


@pytest.mark.parametrize("first", ["", "import IPython\n"])
def test_without_a_running_ipython_nothing_is_told_and_none_is_loaded(first: str) -> None:
    code = f"{first}import sys, agentgym\nprint('IPython' in sys.modules)"
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == f"{bool(first)}\n"
