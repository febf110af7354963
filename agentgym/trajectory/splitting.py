"""Shares groups out, the same way each time."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

from agentgym.errors import UsageError

__all__ = ["shared_out"]


def shared_out(groups: Iterable[str], shares: Sequence[float], seed: int) -> dict[str, int]:
    """Which part each group goes to.

    Parts get as many of the groups as their shares say, rounded; none with a share stays empty while another has two.

    Args:
        groups: names, each as often as it has members; how often is of no account.
        shares: of the parts, greater than 0.
        seed: draws the order in which groups are dealt, together with their names.

    Raises:
        UsageError: if there are no shares, or one is not positive.
    """
    if not shares or min(shares) <= 0:
        raise UsageError(f"shares must be positive, got {list(shares)}")
    order = sorted(set(groups), key=lambda group: hashlib.sha256(f"{seed}_{group}".encode()).digest())
    counts = [0] * len(shares)
    parts: dict[str, int] = {}
    for group in order:
        # The part that has least of what it is due comes next (Webster's rule); of equals the first.
        part = min(range(len(shares)), key=lambda place: (counts[place] + 0.5 * bool(counts[place])) / shares[place])
        counts[part] += 1
        parts[group] = part
    return parts
