"""What a recorder is shown of secrets, and what of them reaches the disk."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import gymnasium as gym
import msgspec
import numpy as np
import pytest

from agentgym.events import (
    Failed,
    FinalReport,
    MessageSnapshot,
    ModelRequest,
    ModelResponse,
    Note,
    Phase,
    ToolCalled,
    ToolReturned,
)
from agentgym.trajectory import Dataset
from agentgym.wrappers import TrajectoryRecorder

TAIL = "Zq9" + "xY7" * 13
PLAIN = "correct-horse-battery-Zq9"
# Put together here, so that no scanner takes them for real ones. Each is told by its look or by what stands before it.
SECRETS = {
    "openai": f"sk-{TAIL}",
    "openai project": f"sk-proj-{TAIL}",
    "anthropic": f"sk-ant-api03-{TAIL}",
    "stripe": f"sk_live_{TAIL}",
    "github": f"ghp_{TAIL}",
    "github fine": f"github_pat_{TAIL}",
    "gitlab": f"glpat-{TAIL}",
    "slack": f"xoxb-{TAIL}",
    "aws": "AKIA" + "ZQ9XY7ZQ9XY7ABCD",
    "google": f"AIza{TAIL}",
    "google oauth": f"ya29.{TAIL}",
    "hugging face": f"hf_{TAIL}",
    "npm": f"npm_{TAIL}",
    "pypi": f"pypi-{TAIL}",
    "sendgrid": f"SG.{TAIL}.{TAIL}",
    "jwt": f"eyJ{TAIL}.{TAIL}.{TAIL}",
    "bearer": f"Authorization: Bearer {PLAIN}",
    "basic": f'{{"authorization": "Basic {base64.b64encode(PLAIN.encode()).decode()}"}}',
    "variable": f"SOME_API_KEY={PLAIN}",
    "address": f"https://me:{PLAIN}@example.org/",
    "private key": f"-----BEGIN RSA PRIVATE KEY-----\n{TAIL}\n-----END RSA PRIVATE KEY-----",
    "escaped": rf"{{\"client_secret\": \"{PLAIN}\"}}",
    "option": f"tool --auth-token {PLAIN}",
}
CORES = {TAIL, PLAIN, "ZQ9XY7ZQ9XY7ABCD", base64.b64encode(PLAIN.encode()).decode().rstrip("=")}


class Leaky(gym.Env[Any, Any]):
    """Shows a secret wherever an environment can."""

    observation_space = gym.spaces.Dict({"text": gym.spaces.Text(9999), "long": gym.spaces.Text(99999)})
    action_space = gym.spaces.Text(9999)

    def __init__(self, secret: str) -> None:
        self.secret = secret

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        return self._observation(), {"headers": {"Authorization": [PLAIN], "X-Api-Key": PLAIN}, self.secret: 1}

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        info = {
            "bytes": self.secret.encode(),
            "long bytes": f"{self.secret}\n".encode() * 100,
            "array": np.array([self.secret, "x"]),
            "scalar": np.str_(self.secret),
            "objects": np.array([self.secret, {"password": PLAIN}], object),
            "tuple": (("authorization", PLAIN), {self.secret}),
            "odd keys": {1: self.secret, b"api_key": PLAIN},
            "har": [{"name": "Cookie", "value": PLAIN}],
            "path": Path(self.secret.replace("/", "")) if "://" not in self.secret else None,
        }
        return self._observation(), 0.0, False, False, info

    def _observation(self) -> dict[str, str]:
        return {"text": self.secret, "long": "x " * 5000 + self.secret}


def told(secret: str) -> Iterator[Any]:
    """Every other way into the stream."""
    yield Phase(name="setup", status=secret, details={"command": ["tool", "--api-key", PLAIN]})
    yield ModelRequest(call_id="1", messages=[{"role": "user", "content": secret}] * 50, parameters={"api_key": PLAIN})
    yield ModelResponse(call_id="1", content=secret, reasoning=secret, raw={"headers": {"authorization": PLAIN}})
    yield ToolCalled(call_id="2", name="bash", arguments={"command": secret}, arguments_raw=secret)
    yield ToolReturned(call_id="2", ok=True, result="y " * 90 + secret + " z" * 90)
    yield ToolReturned(call_id="3", ok=False, error=secret, result={"deep": [secret]})
    yield MessageSnapshot(purpose=secret, messages=[secret])
    yield Failed(during="step", type="ValueError", message=secret, traceback=secret, action=secret)
    yield Note(kind="tag", text=secret, value={"deep": (secret, {"refresh_token": PLAIN})})
    yield FinalReport(text="z " * 3000 + secret)


@pytest.mark.parametrize("preview_chars", [None, 100])
@pytest.mark.parametrize("name", SECRETS)
def test_no_secret_reaches_the_disk(
    tmp_path: Path, name: str, preview_chars: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = SECRETS[name]
    env = TrajectoryRecorder(
        Leaky(secret),
        tmp_path,
        agent=secret,
        metadata={"argv": ["run", "--api-key", PLAIN], "env": {"OPENAI_API_KEY": PLAIN}},
        about={"args": {"command": secret}, "sampling": {"api_key": PLAIN}},
        preview_chars=preview_chars,
    )
    env.reset(options={"token": secret, "password": PLAIN})
    env.step(secret)
    for event in told(secret):
        env.bus.publish(event)
    env.close()
    assert_nowhere(tmp_path)


def assert_nowhere(root: Path) -> None:
    """Greps the files, and what readers make of them, for which frames are compressed and bytes in base64."""
    dataset = Dataset(root)
    read = repr([record.payload for run_id in dataset.runs for record in dataset.records(run_id)])
    on_disk = b"".join(path.read_bytes() for path in root.iterdir())
    arrays = repr([dataset[0].infos[0]["array"].tolist(), dataset[0].infos[0]["objects"].tolist()])
    for core in CORES:
        assert core not in read
        assert core not in arrays
        assert core.encode() not in on_disk


def test_what_a_user_knows_to_be_secret_is_taken_out_by_a_function(
    make: Callable[..., gym.Env[Any, Any]], tmp_path: Path
) -> None:
    env = TrajectoryRecorder(make("images"), tmp_path, redact=lambda text: text.replace("Jane Doe", "[someone]"))
    env.reset(seed=0)
    env.bus.publish(Note(kind="x", text=f"Jane Doe has {SECRETS['github']}"))
    (note,) = (record.payload for record in Dataset(tmp_path)[0].records() if record.event_type == "note")
    assert note == Note(kind="x", text="[someone] has [redacted]")


def test_secrets_of_the_environment_are_taken_out(
    make: Callable[..., gym.Env[Any, Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MY_SERVICE_TOKEN", PLAIN)
    env = TrajectoryRecorder(make("images"), tmp_path)
    env.reset(seed=0)
    env.bus.publish(Note(kind="x", text=f"it is {PLAIN}, is it not"))
    assert PLAIN.encode() not in b"".join(path.read_bytes() for path in tmp_path.iterdir())


def test_previews_keep_the_digest_and_length_of_the_whole(
    make: Callable[..., gym.Env[Any, Any]], tmp_path: Path
) -> None:
    env = TrajectoryRecorder(make("images"), tmp_path, preview_chars=20)
    env.reset(seed=0)
    env.bus.publish(ToolReturned(call_id="1", ok=True, result="word " * 1000, latency_ms=1.0))
    env.bus.publish(Note(kind="x", text="a text of thirty characters…"))
    returned, note = (record.payload for record in list(Dataset(tmp_path)[0].records())[2:])
    assert isinstance(returned, ToolReturned)
    assert returned.result == "word " * 4
    assert isinstance(note, Note)
    assert note.text == "a text of thirty cha"
    (path,) = tmp_path.glob("*.jsonl")
    line = msgspec.json.decode(path.read_bytes().splitlines()[2])
    assert line["payload"]["result"]["length"] == 5000
    assert len(line["payload"]["result"]["sha256"]) == 64


def test_half_a_secret_is_not_left_at_the_end_of_a_preview(tmp_path: Path) -> None:
    env = TrajectoryRecorder(Leaky(""), tmp_path, preview_chars=30)
    env.reset(seed=0)
    env.bus.publish(ToolReturned(call_id="1", ok=True, result="a" * 15 + " " + SECRETS["openai"] + "!" * 3000))
    assert b"sk-" not in b"".join(path.read_bytes() for path in tmp_path.iterdir())
