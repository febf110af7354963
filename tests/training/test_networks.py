"""The network whose actions are pixels."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from gymnasium import spaces

from agentgym.training.networks import GridPolicy

pytestmark = pytest.mark.episodes  # it loads torch


def policy(grid: tuple[int, int], *, verbs: int = 2, others: int = 3, words: bool = True) -> Any:
    image = spaces.Box(0, 255, (3, 84, 84), np.uint8)
    parts = {"screenshot": image, "instruction": spaces.MultiDiscrete([256] * 20)}
    space = spaces.Dict(parts) if words else image
    count = verbs * grid[0] * grid[1] + others
    torch.manual_seed(0)
    return GridPolicy(space, spaces.Discrete(count), lambda _: 1e-3, grid=grid, verbs=verbs, others=others)


def logits(actor: Any, screen: np.ndarray[Any, Any], tokens: int = 1) -> torch.Tensor:
    seen: dict[str, torch.Tensor] = {
        "screenshot": torch.as_tensor(screen[None]),
        "instruction": torch.full((1, 20), tokens),
    }
    with torch.no_grad():
        found: torch.Tensor = actor.get_distribution(seen).distribution.logits[0]
    return found


@pytest.mark.parametrize("grid", [(21, 16), (42, 32), (105, 80), (5, 4)])
def test_there_is_one_logit_for_each_place_and_each_other_action(grid: tuple[int, int]) -> None:
    actor = policy(grid)
    assert logits(actor, np.zeros((3, 84, 84), np.uint8)).shape == (2 * grid[0] * grid[1] + 3,)


def test_at_first_every_place_is_as_likely() -> None:
    first = logits(policy((21, 16), verbs=1, others=0), np.random.default_rng(0).integers(256, size=(3, 84, 84)))
    assert torch.allclose(first, first[0].expand_as(first), atol=1e-5)


def test_what_moves_on_the_screen_moves_in_the_logits() -> None:
    actor = policy((21, 21), verbs=1, others=0)
    torch.nn.init.normal_(actor.action_net.out.weight)
    maps = []
    for left in (20, 40):
        screen = np.zeros((3, 84, 84), np.uint8)
        screen[:, 40:48, left : left + 8] = 255
        maps.append(logits(actor, screen).view(21, 21))
    strongest = [int((one - one.median()).abs().argmax()) % 21 for one in maps]
    assert strongest[1] - strongest[0] == 5


def test_the_instruction_matters() -> None:
    actor = policy((21, 16), verbs=1, others=0)
    torch.nn.init.normal_(actor.action_net.out.weight)
    screen = np.random.default_rng(0).integers(256, size=(3, 84, 84)).astype(np.uint8)
    assert not torch.allclose(logits(actor, screen, 1), logits(actor, screen, 2))
