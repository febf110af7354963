"""A head process follows two workers through Redis, as if they were elsewhere; one of them is killed.

    python examples/follow_workers.py

Needs a redis-server, which it starts itself, and `pip install 'agentgym-envs[redis]'`.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import socket
import subprocess
import tempfile
from pathlib import Path

import gymnasium as gym

import agentgym
from agentgym.sinks import attached, follow, sync
from agentgym.state import RunState
from agentgym.wrappers import TrajectoryRecorder


def work(data: str, url: str, episodes: int, *, dies: bool) -> None:
    """What a worker does: play, record, and send what it records; one of them is killed in the middle."""
    env = TrajectoryRecorder(gym.make("CartPole-v1"), data, agent="random", about={"session_id": "night"})
    with attached(env.bus, [url], recording=data):
        for seed in range(episodes):
            env.reset(seed=seed)
            env.action_space.seed(seed)
            over = False
            while not over:
                _, _, terminated, truncated, _ = env.step(env.action_space.sample())
                over = terminated or truncated
            if dies and seed == episodes // 2:
                os.kill(os.getpid(), signal.SIGKILL)
        env.close()


def main(folder: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = ["redis-server", "--port", str(port), "--dir", str(folder), "--save", ""]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    url, data = f"redis://127.0.0.1:{port}/0?stream=night", str(folder / "data")
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=work, args=(data, url, 20), kwargs={"dies": dies}) for dies in (False, True)]
    for worker in workers:
        worker.start()
    state, steps, recorded = RunState(), 0, None
    try:
        for record in follow(url, idle_s=60):  # the server and the workers may come late, or go
            state.apply(record)
            steps += record.event_type == "step"
            if record.event_type == "run_completed":
                print(f"one worker is done, {steps} steps followed")
                for worker in workers:
                    worker.join()
                # What the other had recorded and not yet sent comes from its file.
                print("sent afterwards:", *(one.records for one in sync(data, url)))
                recorded = sum(map(len, agentgym.Dataset(data)))
            if steps == recorded:
                break
    finally:
        for worker in workers:
            worker.kill()
        server.kill()
        server.wait()
    for run in state.runs.values():
        print(f"{run.run_id}: {run.status}, {len(run.episodes)} episodes")
    print(f"{steps} steps followed, as many as were recorded: {steps == recorded}")


if __name__ == "__main__":
    main(Path(tempfile.mkdtemp()))
