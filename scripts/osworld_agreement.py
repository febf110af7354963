"""Whether OSWorld's own metrics and ours give the same score, on cases that a family's generator makes.

    python scripts/osworld_agreement.py FAMILY [FAMILY …] --peer PYTHON [--cases 2000] [--seed 0]

FAMILY is a module of ``tests/evaluators/osworld/cases``; PYTHON is one that has `desktop-env`. Where OSWorld's raises,
the episode has no score there; ours gives 0, or raises as well, and both count as ``they raise``. Exits with 1 if any
score differs but where the case says why.
"""

from __future__ import annotations

import argparse
import importlib
import itertools
import json
import math
import random
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from agentgym.evaluators.metrics import metrics
from tests.evaluators.osworld.case import Case

__all__ = ["Peer", "verdict"]

_COLUMNS = ("cases", "rewarded", "equal", "they raise", "known", "differing")


class Peer:
    """OSWorld's metrics in a process of its own."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def score(self, case: Case) -> dict[str, Any]:
        """Its answer to a case: a score or an error."""
        request = {"metric": case.metric, "args": case.args, "options": case.options}
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit(f"the peer ended: {self._process.wait()}")
        answer: dict[str, Any] = json.loads(line)
        return answer


@contextmanager
def _peer(python: str, *, together: bool) -> Iterator[Peer]:
    command = [python, str(Path(__file__).with_name("osworld_peer.py")), *(["--together"] if together else [])]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield Peer(process)


def _ours(case: Case) -> dict[str, Any]:
    try:
        return {"score": float(metrics[case.metric](*case.args, **case.options))}
    except Exception as error:  # noqa: BLE001 - what a metric raises is what is compared
        return {"error": f"{type(error).__name__}: {error}"}


def verdict(case: Case, ours: dict[str, Any], theirs: dict[str, Any]) -> str:
    """The column in which a case counts."""
    if "error" in theirs or theirs["score"] is None:
        same = not ours.get("score")
    else:
        near = case.tolerance
        same = "score" in ours and math.isclose(ours["score"], theirs["score"], rel_tol=near, abs_tol=near)
    if not same:
        return "known" if case.known else "differing"
    return "they raise" if "error" in theirs else "equal"


def _compare(family: str, count: int, seed: int, peer: Peer) -> Counter[tuple[str, str]]:
    seen: Counter[tuple[str, str]] = Counter()
    told: set[str] = set()
    module = importlib.import_module(f"tests.evaluators.osworld.cases.{family}")
    with tempfile.TemporaryDirectory() as folder:
        for case in itertools.islice(module.cases(random.Random(seed), Path(folder)), count):
            theirs, ours = peer.score(case), _ours(case)
            where = verdict(case, ours, theirs)
            seen[case.metric, where] += 1
            seen[case.metric, "cases"] += 1
            # Where all is 0, to be equal says little.
            seen[case.metric, "rewarded"] += bool(theirs.get("score"))
            if where == "differing" and case.metric not in told:
                told.add(case.metric)
                sys.stdout.write(f"{case.metric}: theirs {theirs}, ours {ours}\n  {case}\n{_files(case)}")
    return seen


def _files(case: Case) -> str:
    paths = [Path(one) for one in case.args if isinstance(one, str) and one.startswith(tempfile.gettempdir())]
    return "".join(f"  {path.name}: {path.read_bytes()[:600]!r}\n" for path in paths if path.is_file())


def _table(family: str, seen: Counter[tuple[str, str]]) -> str:
    rows = [f"{family:36}" + "".join(f"{column:>12}" for column in _COLUMNS)]
    for metric in [*sorted({metric for metric, _ in seen}), "all"]:
        counts = {
            column: sum(n for (name, where), n in seen.items() if where == column and metric in (name, "all"))
            for column in _COLUMNS
        }
        rows.append(f"{metric:36}" + "".join(f"{counts[column]:12}" for column in _COLUMNS))
    return "\n".join(rows) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("families", nargs="+", metavar="FAMILY")
    parser.add_argument("--peer", required=True, metavar="PYTHON")
    parser.add_argument("--cases", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--together", action="store_true", help="the peer's calls in one process: faster, less safe")
    options = parser.parse_args()
    differing = 0
    with _peer(options.peer, together=options.together) as peer:
        for family in options.families:
            seen = _compare(family, options.cases, options.seed, peer)
            sys.stdout.write(_table(family, seen))
            differing += sum(count for (_, where), count in seen.items() if where == "differing")
    raise SystemExit(differing > 0)


if __name__ == "__main__":
    main()
