"""The accessibility tree: ours against a `gi`/Atspi walk of the same desktop, in turns.

    python benchmarks/accessibility.py [mousepad thunar "soffice --calc --norestore --nologo" ...]

Needs ``python3-gi`` and ``gir1.2-atspi-2.0`` for the system's Python. The walk leaves out tables with more than 100,000
cells, which it would not end with; ours has their visible cells.
"""

from __future__ import annotations

import json
import shlex
import statistics
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lxml import etree

from agentgym.backends.x11.backend import X11Backend

_WALK = Path(__file__).parent / "atspi_walk.py"
_ROUNDS = 15
_TREES_A_ROUND = 5
_WALKS_A_ROUND = 2


def _ours(backend: X11Backend) -> tuple[list[float], int]:
    seconds = []
    tree = ""
    for _ in range(_TREES_A_ROUND):
        started = time.perf_counter()
        tree = backend.observe(["accessibility_tree"])["accessibility_tree"]
        seconds.append(time.perf_counter() - started)
    return seconds, len(list(etree.fromstring(tree).iter())) - 1


def _walked(backend: X11Backend) -> tuple[list[float], int]:
    done = backend.run(["/usr/bin/python3", "walk.py", str(_WALKS_A_ROUND)], timeout_s=300)
    if done.returncode:
        raise SystemExit(done.stderr.decode())
    walked = json.loads(done.stdout)
    return walked["seconds"], _count(walked["applications"])


def _count(nodes: Sequence[dict[str, Any]]) -> int:
    return sum(1 + _count(node["children"]) for node in nodes)


def _measure(backend: X11Backend, argv: Sequence[str]) -> str:
    backend.reset(seed=0)
    backend.write("~/walk.py", _WALK.read_bytes())
    backend.launch(argv)
    backend.settle(30.0)
    ours: list[float] = []
    walks: list[float] = []
    nodes = walked = 0
    for _ in range(_ROUNDS):
        seconds, nodes = _ours(backend)
        ours += seconds
        seconds, walked = _walked(backend)
        walks += seconds
    fast, slow = statistics.median(ours) * 1e3, statistics.median(walks) * 1e3
    return f"| {' '.join(argv[:2]):<16} | {fast:7.1f} | {nodes:6} | {slow:7.0f} | {walked:6} | {slow / fast:5.1f} |"


def main(applications: Sequence[str]) -> None:
    print("| application      | ours ms |  nodes | walk ms |  nodes | ratio |")
    print("|------------------|---------|--------|---------|--------|-------|")
    backend = X11Backend()
    try:
        for application in applications or ["mousepad"]:
            print(_measure(backend, shlex.split(application)), flush=True)
    finally:
        backend.close()


if __name__ == "__main__":
    main(sys.argv[1:])
