"""What a step with tools costs: above the function, against OpenEnv and tau2, in the sandbox, and 64 at once.

    python benchmarks/tools.py [--quick] [--no-peers] [--peers FOLDER]

Prints one table. Sides take turns and figures are medians, so that what else the machine does hits all of them. Peers
run in environments of their own, which `benchmarks/tools_peers.py` makes at the first call.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from rich.console import Console
from tools_machines import calls, many, resets, snapshots
from tools_ours import above_the_function, against_peers
from tools_table import table_of


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer repetitions")
    parser.add_argument("--no-peers", action="store_true", help="ours alone")
    parser.add_argument("--peers", type=Path, metavar="FOLDER", help="where the peers' environments are, or are made")
    given = parser.parse_args()
    console = Console(width=150)
    rounds, count = (2, 5) if given.quick else (5, 15)
    lines = above_the_function(console, rounds)
    lines += [] if given.no_peers else against_peers(console, rounds, given.peers)
    lines += [*calls(console, count * 2), *resets(console, count), *snapshots(console, count), *many(console, 64)]
    console.print(table_of(lines))


if __name__ == "__main__":
    main()
