"""OSWorld's own metrics as a server on standard input and output, for a Python that has `desktop-env`.

    PYTHON scripts/osworld_peer.py < requests.jsonl

A line ``{"metric", "args", "options"}`` is answered by ``{"score"}`` or ``{"error"}``. Each call runs in a process and
an empty folder of its own, so that one that crashes, hangs or leaves something behind spoils no other.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import select
import signal
import sys
import tempfile
import warnings
from importlib import import_module
from typing import Any, TextIO

warnings.simplefilter("ignore")

__all__ = ["score_of"]

_METRICS = "desktop_env.evaluators.metrics"


def score_of(request: dict[str, Any]) -> dict[str, Any]:
    """What a metric gives, or what it raises."""
    try:
        metric = getattr(import_module(_METRICS), request["metric"])
        score = metric(*request["args"], **request["options"])
        return {"score": None if score is None else float(score)}
    except BaseException as error:  # noqa: BLE001 - a boundary to others' code, which may also exit
        return {"error": f"{type(error).__name__}: {error}"}


def _apart(request: dict[str, Any], limit_s: float) -> dict[str, Any]:
    reader, writer = os.pipe()
    with tempfile.TemporaryDirectory() as folder:
        child = os.fork()
        if child == 0:
            os.chdir(folder)
            os.write(writer, json.dumps(score_of(request)).encode())
            os._exit(0)
        os.close(writer)
        try:
            return _answer(reader, child, limit_s)
        finally:
            os.close(reader)


def _answer(reader: int, child: int, limit_s: float) -> dict[str, Any]:
    parts = []
    while True:
        if not select.select([reader], [], [], limit_s)[0]:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            return {"error": f"no answer within {limit_s:g} s"}
        part = os.read(reader, 1 << 16)
        if not part:
            break
        parts.append(part)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    answer: dict[str, Any] = json.loads(b"".join(parts)) if parts else {"error": f"the process ended with {status}"}
    return answer


def _quiet() -> TextIO:
    """Standard output for answers alone: the metrics print, too, and what they import."""
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    # A Python without `desktop-env` says so now.
    import_module(_METRICS)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    return answers


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--limit", type=float, default=60.0, help="seconds for a call")
    parser.add_argument("--together", action="store_true", help="all calls in one process: faster where it compiles")
    options = parser.parse_args()
    answers = _quiet()
    # A child that collects garbage would copy all of the libraries.
    gc.disable()
    gc.freeze()
    for line in sys.stdin:
        request = json.loads(line)
        answer = score_of(request) if options.together else _apart(request, options.limit)
        answers.write(json.dumps(answer) + "\n")


if __name__ == "__main__":
    main()
