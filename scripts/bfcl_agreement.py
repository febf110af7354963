"""Whether BFCL's own checker and ours agree, on every multi-turn episode as answered and as damaged.

    python scripts/bfcl_agreement.py            # 800 answers and 4 x 800 damaged ones
    python scripts/bfcl_agreement.py --every 40 # a sample of them

Exits with 1 if they differ anywhere.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np
from bfcl_eval.eval_checker.multi_turn_eval import multi_turn_utils
from bfcl_eval.eval_checker.multi_turn_eval.multi_turn_checker import multi_turn_checker

from agentgym.actions import ToolCall
from agentgym.suites.bfcl.checker import Fault, judge
from agentgym.suites.bfcl.damage import DAMAGES
from agentgym.suites.bfcl.episodes import Episode, Turns, episode, episode_names

__all__ = ["answers", "their_fault"]

_FAULTS: dict[str, Fault] = {
    "multi_turn:empty_turn_model_response": "no call",
    "multi_turn:instance_state_mismatch": "state",
    "multi_turn:execution_response_mismatch": "response",
}


def their_fault(one: Episode, turns: Turns) -> Fault | None:
    """What BFCL's checker says, in our words."""
    entry = {"id": one.name, "initial_config": dict(one.initial), "involved_classes": list(one.services)}
    # Each turn is one step of the model; a turn without calls has no step.
    played = [[[_written(call) for call in calls]] if calls else [] for calls in turns]
    wanted = [[_written(call) for call in calls] for calls in one.answers]
    try:
        said: dict[str, Any] = multi_turn_checker(played, wanted, entry, one.name.rpartition("_")[0], "agentgym")
    finally:
        _forget()
    return None if said["valid"] else _FAULTS[said["error_type"]]


def answers(one: Episode, number: int) -> Iterator[tuple[str, Turns]]:
    """The ground truth and what each damage makes of it, seeded by the episode's number."""
    yield "ground truth", one.answers
    for kind, damage in DAMAGES.items():
        yield kind, damage(one.answers, np.random.default_rng(number))


def _written(call: ToolCall) -> str:
    return f"{call.name}({', '.join(f'{name}={value!r}' for name, value in call.arguments.items())})"


def _forget() -> None:
    """Takes the objects of an episode out of the checker's module, where it keeps them for good."""
    kept = vars(multi_turn_utils)
    for name in [name for name in kept if name.startswith("agentgym_")]:
        del kept[name]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--every", type=int, default=1, help="only every so many episodes")
    every = parser.parse_args().every
    seen: Counter[tuple[str, str, str]] = Counter()
    for number, name in list(enumerate(episode_names()))[::every]:
        one = episode(name)
        for kind, turns in answers(one, number):
            theirs, ours = their_fault(one, turns), judge(one, turns).fault
            seen[kind, str(theirs), str(ours)] += 1
            if theirs != ours:
                sys.stdout.write(f"{name}, {kind}: theirs {theirs}, ours {ours}\n")
    sys.stdout.write(f"{'answer':18} {'theirs':10} {'ours':10} episodes\n")
    for (kind, theirs_, ours_), count in sorted(seen.items()):
        sys.stdout.write(f"{kind:18} {theirs_:10} {ours_:10} {count:8}\n")
    sys.exit(any(theirs != ours for _, theirs, ours in seen))


if __name__ == "__main__":
    main()
