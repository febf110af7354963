from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from agentgym.training import TrainingPlan, train

# Enough for two updates of two environments.
SMALL: dict[str, Any] = {
    "steps": 64,
    "num_envs": 2,
    "options": {"n_steps": 16, "batch_size": 16, "n_epochs": 1},
    "evaluate_every": 32,
    "evaluation_episodes": 2,
}


def small_plan(out: Path, **changes: Any) -> TrainingPlan:
    return TrainingPlan(**{"env": "agentgym/ClickButton-v0", "out": str(out), **SMALL, **changes})


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run of a few steps."""
    out = tmp_path_factory.mktemp("training") / "run"
    train(small_plan(out))
    return out
