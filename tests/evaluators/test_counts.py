from __future__ import annotations

import pytest

from agentgym.evaluators.metrics import metrics


@pytest.mark.parametrize(
    ("found", "score"), [(0, 1.0), (1, 0.75), ([[2]], 0.5), ([(9,)], 0.0), ([], 0.0), ([[None]], 0.0), (-1, 0.0)]
)
def test_every_time_costs(found: object, score: float) -> None:
    assert metrics["costs"](found, each=0.25) == score
