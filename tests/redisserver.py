"""A Redis server of one's own, on a port and in a folder that nobody else has, that may be killed and frozen."""

from __future__ import annotations

import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import redis

_PATIENCE_S = 60


class RedisServer:
    """Not started until ``start``.

    Args:
        folder: its files lie there.
        keeps: whether what it was told outlives it.
    """

    def __init__(self, folder: Path, *, keeps: bool = True) -> None:
        self._folder = folder
        self._keeps = keeps
        self._process: subprocess.Popen[bytes] | None = None
        self.port = _free_port()

    def url(self, options: str = "stream=s") -> str:
        return f"redis://127.0.0.1:{self.port}/0?{options}"

    def start(self) -> None:
        self._folder.mkdir(exist_ok=True)
        command = ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self._folder)]
        command += ["--save", "", "--appendonly", "yes" if self._keeps else "no", "--appendfsync", "always"]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log)
        deadline = time.monotonic() + _PATIENCE_S
        while not self._answers():
            assert self._process.poll() is None, (self._folder / "log").read_text()
            assert time.monotonic() < deadline, "redis-server did not answer"
            time.sleep(0.01)

    def kill(self) -> None:
        """SIGKILL: nothing is said to anybody."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()
        self._process = None

    def freeze(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def stop(self) -> None:
        if self._process is not None:
            self.thaw()
            self.kill()

    @contextmanager
    def client(self) -> Iterator[Any]:
        client: Any = redis.Redis(port=self.port, protocol=2)
        try:
            yield client
        finally:
            client.close()

    def entries(self, stream: str = "s") -> list[dict[str, str]]:
        with self.client() as client:
            found = client.xrange(stream)
        return [{key.decode(): value.decode() for key, value in fields.items()} for _, fields in found]

    def idxs(self, run_id: str, stream: str = "s") -> list[int]:
        return [int(entry["idx"]) for entry in self.entries(stream) if entry["run"] == run_id]

    def _answers(self) -> bool:
        try:
            with self.client() as client:
                return bool(client.ping())
        except redis.RedisError:
            return False


@contextmanager
def serving(folder: Path, *, keeps: bool = True) -> Iterator[RedisServer]:
    """A server that is ended with the block."""
    server = RedisServer(folder, keeps=keeps)
    try:
        server.start()
        yield server
    finally:
        server.stop()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
