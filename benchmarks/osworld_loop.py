"""OSWorld's loop over one episode, against a server as in its machines: what it asks for, and where it sleeps.

Of `lib_run_single.py`, `desktop_env.py` and its controllers, in the copy of April 2026.
"""

from __future__ import annotations

import json
import tempfile
import time
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agentgym.evaluators import metrics

_PREFIX = "import pyautogui; import time; pyautogui.FAILSAFE = False; "


@dataclass(frozen=True)
class Waits:
    """Seconds of sleep.

    Attributes:
        after_reset: before the first observation.
        step: after each action.
        before_score: after the last action.
        window: between two looks for the window of a file that was opened.
    """

    after_reset: float = 60.0
    step: float = 2.0
    before_score: float = 20.0
    window: float = 1.0


NO_WAITS = Waits(0.0, 0.0, 0.0, 0.05)


class Loop:
    """One environment of OSWorld's, its machine running already."""

    def __init__(self, port: int, waits: Waits) -> None:
        self._port = port
        self._waits = waits

    def episode(self, task: Mapping[str, Any], actions: Sequence[str]) -> tuple[float, float]:
        """Seconds from reset to score, and the score; the machine is as new before."""
        self._ask("/close_windows", {})
        started = time.perf_counter()
        self._prepare(task["config"])
        self._observe()
        time.sleep(self._waits.after_reset)
        self._observe()
        for action in actions:
            self._ask("/execute", {"command": ["python", "-c", _PREFIX + action], "shell": False})
            time.sleep(self._waits.step)
            self._observe()
        time.sleep(self._waits.before_score)
        score = self._score(task["evaluator"])
        return time.perf_counter() - started, score

    def _prepare(self, steps: Sequence[Mapping[str, Any]]) -> None:
        for step in steps:
            told = step["parameters"]
            match step["type"]:
                case "upload_file":
                    for file in told["files"]:
                        self._send(file["path"], Path(file["local_path"]).read_bytes())
                case "open":
                    self._ask("/setup/open_file", {**told, "every_s": self._waits.window})
                case "activate_window":
                    self._ask("/setup/activate_window", told)
                case "execute":
                    self._ask("/execute", told)
                case "sleep":
                    time.sleep(told["seconds"])
                case other:
                    raise ValueError(f"this loop has no step {other!r}")

    def _observe(self) -> None:
        self._ask("/screenshot")
        self._ask("/accessibility")

    def _score(self, evaluator: Mapping[str, Any]) -> float:
        self._prepare(evaluator.get("postconfig", []))
        result, expected = evaluator["result"], evaluator["expected"]
        with tempfile.TemporaryDirectory() as folder:
            found = Path(folder, "result" + Path(result["path"]).suffix)
            found.write_bytes(self._ask("/file", {"file_path": result["path"]}))
            # The metric is ours on both sides: OSWorld's has the same score.
            wanted = expected["rules"] if expected["type"] == "rule" else expected["path"].removeprefix("file://")
            return float(metrics[evaluator["func"]](str(found), wanted, **evaluator.get("options", {})))

    def _send(self, path: str, content: bytes) -> None:
        self._request("/setup/upload", content, {"X-Path": path})

    def _ask(self, path: str, body: Mapping[str, Any] | None = None) -> bytes:
        return self._request(path, None if body is None else json.dumps(body).encode(), {})

    def _request(self, path: str, content: bytes | None, headers: Mapping[str, str]) -> bytes:
        request = urllib.request.Request(f"http://127.0.0.1:{self._port}{path}", content, dict(headers))
        with urllib.request.urlopen(request) as answer:
            return bytes(answer.read())
