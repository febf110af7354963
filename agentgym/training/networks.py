"""A network whose actions are pixels of what it saw: its logits are a map over the screen.

One number for each place, as `DiscreteGrid` has them, is much for a dense layer: what it learns of one place says
nothing of the next. Here the same filter scores every place, so a button is found wherever it is drawn (as in "Spatial
Action Maps", Wu et al. 2020). The instruction scales and shifts the filters' channels (FiLM, Perez et al. 2018).
"""

from __future__ import annotations

import math
from typing import Any

import torch
import torch.nn.functional as functional
from gymnasium import spaces
from stable_baselines3.common.policies import ActorCriticPolicy
from stable_baselines3.common.torch_layers import BaseFeaturesExtractor
from torch import Tensor, nn

__all__ = ["GridPolicy", "ScreenFeatures"]

_WHOLE = 128
"""Length of what is known of the screen and the instruction as a whole."""

_WORD = 32
_CONTRAST = 4


class ScreenFeatures(BaseFeaturesExtractor):
    """A map of the screen, and a summary of it and the instruction behind it: float32 (batch, map + 128).

    Args:
        observation_space: an image, or a Dict of ``screenshot`` and perhaps ``instruction``; images have their
            channels first.
        width: channels of the map.
    """

    def __init__(self, observation_space: Any, width: int = 24) -> None:
        keyed = isinstance(observation_space, spaces.Dict)
        image: Any = observation_space["screenshot"] if keyed else observation_space
        reads = keyed and "instruction" in observation_space.spaces
        stem = nn.Conv2d(image.shape[0], width, 8, 4, 2)
        squeeze = nn.Conv2d(width, 16, 3, 2, 1)
        with torch.no_grad():
            seen = stem(torch.zeros(1, *image.shape))
            summary = squeeze(seen).numel()
        super().__init__(observation_space, seen.numel() + _WHOLE)
        self.map_shape = tuple(seen.shape[1:])
        self.stem, self.squeeze = stem, squeeze
        self.mix = nn.Conv2d(width, width, 3, 1, 1)
        self.reader = _Reader(observation_space["instruction"]) if reads else None
        self.whole = nn.Linear(summary + (_WORD if reads else 0), _WHOLE)
        self.scale = nn.Linear(_WHOLE, 2 * width)

    def forward(self, observations: Any) -> Tensor:
        keyed = isinstance(observations, dict)
        pixels = observations["screenshot"] if keyed else observations
        # Windows are light: what is drawn on them is what counts, and the ground is 0.
        seen = functional.relu(self.stem(_CONTRAST * (1 - pixels)))
        summary = functional.relu(self.squeeze(seen)).flatten(1)
        if self.reader is not None:
            summary = torch.cat([summary, self.reader(observations["instruction"])], 1)
        whole = functional.relu(self.whole(summary))
        seen = functional.relu(seen + _modulated(self.mix(seen), self.scale(whole)))
        return torch.cat([seen.flatten(1), whole], 1)


class _Reader(nn.Module):
    """The instruction's words, each by its token and its place, added up: float32 (batch, 32)."""

    def __init__(self, space: spaces.MultiDiscrete) -> None:
        super().__init__()
        self.shape = len(space.nvec), int(space.nvec[0])
        self.words = nn.Linear(self.shape[1], _WORD, bias=False)
        self.places = nn.Parameter(torch.zeros(self.shape[0], _WORD))
        self.out = nn.Linear(_WORD, _WORD)

    def forward(self, one_hot: Tensor) -> Tensor:
        tokens = one_hot.view(-1, *self.shape)
        there = 1 - tokens[..., :1]  # token 0 is none
        words = functional.relu(self.words(tokens) + self.places) * there
        return functional.relu(self.out(words.sum(1)))


class _Places(nn.Module):
    """Logits of `DiscreteGrid`: a map for each verb, then what is done at no place."""

    def __init__(self, map_shape: tuple[int, ...], grid: tuple[int, int], verbs: int, others: int) -> None:
        super().__init__()
        self.map_shape, self.grid = map_shape, tuple(grid)
        channels, height, width = map_shape
        # As many places for each pixel of the map as the grid has, or a few more.
        self.finer = max(1, math.ceil(max(grid[0] / height, grid[1] / width) - 0.25))
        self.hidden = nn.Conv2d(channels, channels, 1)
        self.scale = nn.Linear(_WHOLE, 2 * channels)
        self.out = nn.Conv2d(channels, verbs * self.finer**2, 1)
        self.verb = nn.Linear(_WHOLE, verbs)
        self.others = nn.Linear(_WHOLE, others) if others else None
        # At first all places are as likely, and what is done at no place together as likely as one verb at any.
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.out.bias)
        if self.others is not None:
            nn.init.constant_(self.others.bias, math.log(grid[0] * grid[1] / others))

    def forward(self, features: Tensor) -> Tensor:
        seen, whole = features[:, :-_WHOLE].view(-1, *self.map_shape), features[:, -_WHOLE:]
        seen = functional.relu(_modulated(self.hidden(seen), self.scale(whole)))
        places = functional.pixel_shuffle(self.out(seen), self.finer)
        if tuple(places.shape[2:]) != self.grid:
            places = functional.interpolate(places, size=self.grid, mode="bilinear", align_corners=False)
        logits = (places + self.verb(whole)[..., None, None]).flatten(1)
        return logits if self.others is None else torch.cat([logits, self.others(whole)], 1)


class _Value(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(_WHOLE, 64), nn.ReLU(), nn.Linear(64, 1))

    def forward(self, features: Tensor) -> Tensor:
        value: Tensor = self.layers(features[:, -_WHOLE:])
        return value


class _Shared(nn.Module):
    """Hands on the features to actor and critic; in place of Stable-Baselines3's dense layers."""

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
        return features, features

    def forward_actor(self, features: Tensor) -> Tensor:
        return features

    def forward_critic(self, features: Tensor) -> Tensor:
        return features


class GridPolicy(ActorCriticPolicy):
    """Actor and critic for the actions of `DiscreteGrid`, for PPO, A2C and TRPO.

    Args:
        grid: (rows, columns) that can be pointed at.
        verbs: how many things can be done at a place.
        others: how many actions have no place.
    """

    def __init__(self, *args: Any, grid: tuple[int, int], verbs: int, others: int, **kwargs: Any) -> None:
        self._layout: tuple[tuple[int, int], int, int] = ((grid[0], grid[1]), verbs, others)
        super().__init__(*args, net_arch=[], features_extractor_class=ScreenFeatures, **kwargs)

    def _get_constructor_parameters(self) -> dict[str, Any]:
        grid, verbs, others = self._layout
        parameters: dict[str, Any] = super()._get_constructor_parameters()
        for name in ("net_arch", "features_extractor_class"):
            parameters.pop(name)
        return {**parameters, "grid": grid, "verbs": verbs, "others": others}

    def _build(self, lr_schedule: Any) -> None:
        # Not the dense layers of the class above, some of which would be large.
        self.mlp_extractor = _Shared()
        self.action_net = _Places(self.features_extractor.map_shape, *self._layout)
        self.value_net = _Value()
        self.optimizer = self.optimizer_class(self.parameters(), lr=lr_schedule(1), **self.optimizer_kwargs)


def _modulated(values: Tensor, scale_and_shift: Tensor) -> Tensor:
    scale, shift = scale_and_shift[..., None, None].chunk(2, 1)
    return values * (1 + scale) + shift
