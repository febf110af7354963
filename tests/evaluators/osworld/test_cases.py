"""Every family's cases, of which none may make a metric raise."""

from __future__ import annotations

import importlib
import itertools
import pkgutil
import random
from pathlib import Path

import pytest

from agentgym.evaluators import metrics
from tests.evaluators.osworld import cases

pytestmark = pytest.mark.episodes

_FAMILIES = sorted(found.name for found in pkgutil.iter_modules(cases.__path__))


@pytest.mark.parametrize("family", _FAMILIES)
def test_whatever_an_agent_left_gets_a_score(family: str, tmp_path: Path) -> None:
    made = importlib.import_module(f"tests.evaluators.osworld.cases.{family}").cases(random.Random(1), tmp_path)
    scores = [metrics[case.metric](*case.args, **case.options) for case in itertools.islice(made, 50)]
    assert all(0 <= score <= 1 for score in scores)
    assert len(set(scores)) > 1, "cases that all score the same show nothing"
