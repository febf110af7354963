"""Functions of other packages, called in a process in which the order of sets is the same every time."""

from __future__ import annotations

import atexit
import json
import os
import subprocess
import sys
from threading import Lock
from typing import Any

from agentgym.errors import BackendError

__all__ = ["FixedOrder"]

_LOOP = """
import json, sys
{source}
for line in sys.stdin:
    try:
        said = {{"value": answer(*json.loads(line))}}
    except Exception as error:
        said = {{"error": repr(error)}}
    print(json.dumps(said), file=sys.__stdout__, flush=True)
"""


class FixedOrder:
    """A process that answers one call after the other, with ``PYTHONHASHSEED=0``; started when it is first asked.

    It ends with the process that started it, even if that is killed. A fork starts one of its own.

    Args:
        source: Python code with a function ``answer``, which takes and returns what JSON can say.
    """

    def __init__(self, source: str) -> None:
        self._source = source
        self._lock = Lock()
        self._process: subprocess.Popen[str] | None = None
        self._owner = 0

    def __call__(self, *arguments: Any) -> Any:
        """What the function returns.

        Raises:
            BackendError: if it raised, or the process died.
        """
        with self._lock:
            line = self._asked(json.dumps(arguments))
        if not line:
            raise BackendError(f"the process that was asked for {arguments!r} died", kind="application")
        said = json.loads(line)
        if "error" in said:
            raise BackendError(f"what was asked for {arguments!r} raised {said['error']}", kind="application")
        return said["value"]

    def _asked(self, line: str) -> str:
        process = self._running()
        assert process.stdin is not None, "a pipe"
        assert process.stdout is not None, "a pipe"
        try:
            process.stdin.write(line + "\n")
            process.stdin.flush()
        except BrokenPipeError:
            return ""
        return process.stdout.readline()

    def _running(self) -> subprocess.Popen[str]:
        if self._process is None or self._owner != os.getpid() or self._process.poll() is not None:
            self._process = subprocess.Popen(
                [sys.executable, "-c", _LOOP.format(source=self._source)],
                env={**os.environ, "PYTHONHASHSEED": "0"},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            self._owner = os.getpid()
            atexit.register(_end, self._process)
        return self._process


def _end(process: subprocess.Popen[str]) -> None:
    if process.poll() is None:
        process.kill()
    with process:
        pass
