"""Players for the other seats of a game: one that makes legal moves at random, or somebody's function."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

import numpy as np

from agentgym.actions.quoting import short
from agentgym.errors import UsageError
from agentgym.registry import resolve

__all__ = ["Opponent", "opponent_named", "quiet_legal_moves", "random_player"]

Legal: TypeAlias = Callable[[str], bool]
"""Whether a game would take a move."""

Opponent: TypeAlias = Callable[[str, np.random.Generator, Legal], str]
"""A player: what it sees, a generator to draw from, and a test of moves; gives its move."""

_TRIES = 60
_BRACKETED = re.compile(r"\[[^\[\]\n]{1,40}\]")
_SPEAKER = re.compile(r"\[(GAME|Player \d+)\]")
_NUMBERS = 12
_RECENT = 80


def opponent_named(opponent: str | Opponent) -> Opponent:
    """The player that a word names: ``"random"``, or ``"module:function"``, called with what it sees and a generator.

    Raises:
        UsageError: if there is no such player.
    """
    if opponent == "random":
        return random_player
    if not isinstance(opponent, str):
        if not callable(opponent):
            raise UsageError(f"opponent is {short(opponent)}; it must be 'random', 'module:function' or a function")
        return opponent
    function = resolve(opponent, "opponent")
    return lambda seen, rng, _: str(function(seen, rng))


def random_player(seen: str, rng: np.random.Generator, legal: Legal) -> str:
    """A move that the game takes, made of what it shows in brackets; the last that was tried, if it takes none."""
    move = ""
    for move in _candidates(seen, rng):
        if legal(move):
            break
    return move


def quiet_legal_moves(game: Any) -> Legal:
    """A test of moves on copies of a game of textarena."""

    def legal(move: str) -> bool:
        trial = copy.deepcopy(game)
        mover = trial.state.current_player_id
        try:
            trial.step(move)
        # What a game cannot take is no move.
        except Exception:  # noqa: BLE001  # a boundary to games that others wrote
            return False
        refused = trial.state.game_info[mover].get("invalid_move", False)
        return not refused and getattr(trial.state, "error_count", 0) == 0

    return legal


def _candidates(seen: str, rng: np.random.Generator) -> Iterator[str]:
    # What was shown last is nearest to what can be done now.
    found = dict.fromkeys(reversed(_BRACKETED.findall(seen)))
    shown = [text for text in found if not _SPEAKER.fullmatch(text)][:_RECENT] or ["[0]"]
    for _ in range(_TRIES):
        text = shown[int(rng.integers(len(shown)))]
        yield text if rng.integers(2) else _varied(text, rng)


def _varied(text: str, rng: np.random.Generator) -> str:
    """The same form with other numbers, and other letters where one stands alone or with a number."""
    numbered = re.sub(r"\d+", lambda _: str(rng.integers(_NUMBERS)), text)
    return re.sub(r"\b([a-hA-H])(?=\d|\b)", lambda found: _letter(found[1], rng), numbered)


def _letter(like: str, rng: np.random.Generator) -> str:
    first = ord("a") if like.islower() else ord("A")
    return chr(first + int(rng.integers(8)))
