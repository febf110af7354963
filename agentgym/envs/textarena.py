"""A game of textarena as an environment."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

import numpy as np

from agentgym.actions.quoting import short
from agentgym.envs.arenaplay import Opponent, opponent_named, quiet_legal_moves
from agentgym.envs.dialogue import Conversation, DialogueEnv, Turn
from agentgym.envs.ownrandom import OwnRandom
from agentgym.errors import ActionError, BackendError, MissingDependencyError, UsageError
from agentgym.evaluators import Score
from agentgym.extras import needed
from agentgym.registry import suggestion

__all__ = ["TextArenaEnv"]

# How often others may move before it is our turn again: a game that goes on without us is given up.
_MOST_MOVES = 1_000

# Their folders in textarena 0.7.4; each loads lists of words through nltk when it is imported.
_WORDS = frozenset(
    "Codenames DontSayIt Hangman LetterAuction SpellingBee WordChains WordLadder WordSearch Wordle".split()  # noqa: SIM905
)

# The others draw from Python's generator alone.
_DRAW_FROM_NUMPY = frozenset({"IteratedStagHunt", "Sokoban", "SpellingBee"})

# Where the number is neither 1 nor found by trying: these take fewer players than they are played by.
_PLAYERS = {"QuantumTicTacToe": 2, "SpiteAndMalice": 2, "PublicGoodsGame": 2, "MarketEntryGame": 2}
_MOST_PLAYERS = 15

# What textarena pays for a wrong move too many.
_WRONG_MOVE = -1.0


class TextArenaEnv(DialogueEnv):
    """A game of textarena, against seeded opponents where it has more than one player.

    The observation is what textarena shows the player; with the ending ``-train`` or ``-raw`` of a game's name it is
    what that form of the game shows. The game is made anew at every reset, because textarena's wrappers keep what was
    said in the game before.

    The score of a game for one is its reward, at least 0; of a game for more it is 1 if won, 0.5 if drawn, 0 if lost.
    A game that is not over scores 0.

    Args:
        game: its name in textarena: ``"TicTacToe-v0"``.
        player: which player is ours, from 0, which mostly moves first.
        players: how many there are; None for the fewest.
        opponent: ``"random"`` makes legal moves, found by trying them on a copy of the game; or ``"module:function"``,
            called with what its player sees and a generator.
        max_steps: truncates the episode; None for as long as the game goes on.
        render_mode: ``"ansi"`` or None.

    Raises:
        UsageError: if there is no such game, or it cannot be played here.
        MissingDependencyError: if textarena, or the words that the game needs, are not installed.
    """

    def __init__(
        self,
        game: str = "TicTacToe-v0",
        *,
        player: int = 0,
        players: int | None = None,
        opponent: str | Opponent = "random",
        max_steps: int | None = None,
        render_mode: str | None = None,
    ) -> None:
        super().__init__(max_steps=max_steps, render_mode=render_mode)
        self._game = game
        self._opponent = opponent_named(opponent)
        self._players = _fewest_players(game) if players is None else players
        if not 0 <= player < self._players:
            raise UsageError(f"player is {short(player)}; {game!r} has players 0 to {self._players - 1}")
        self._player = player

    def _begin(self, seed: int, options: Mapping[str, Any]) -> Conversation:
        if options:
            raise UsageError(
                f"a game takes no reset options, got {short(dict(options))}; name the game when it is made"
            )
        return _Match(self._game, seed, self._player, self._players, self._opponent)


class _Match:
    """One game, from our player's side."""

    def __init__(self, game: str, seed: int, player: int, players: int, opponent: Opponent) -> None:
        self.name = f"textarena/{game}"
        self._own = OwnRandom(seed, numpy=_folder_of(game) in _DRAW_FROM_NUMPY)
        self._rng = np.random.default_rng(seed)
        self._player, self._players, self._opponent = player, players, opponent
        self._seen = ""
        self._over = False
        with self._own.drawing():
            self._game = _made(game)
            try:
                self._game.reset(num_players=players, seed=seed)
                self._play_others()
            except Exception as error:  # a boundary to games that others wrote
                raise BackendError(f"{self.name} could not begin: {error!r}", kind="application") from error

    def opening(self) -> str:
        return self._seen

    def answer(self, said: str) -> Turn:
        with self._own.drawing():
            try:
                self._over = bool(self._game.step(said)[0])
            except Exception as error:  # a boundary to games that others wrote
                raise ActionError(f"{self.name} cannot take {short(said)}: {error!r}") from error
            try:
                self._play_others()
            except Exception as error:  # a boundary to games that others wrote
                raise BackendError(
                    f"{self.name} broke in another player's turn: {error!r}", kind="application"
                ) from error
        return Turn(self._seen, self._reward(), self._over)

    def score(self) -> Score:
        if not self._over or self._game.state.rewards is None:
            return Score(0.0)
        value = self._reward() if self._players == 1 else (1 + self._reward()) / 2
        return Score(min(1.0, max(0.0, value)))

    def close(self) -> None:
        """Nothing is held."""

    def _reward(self) -> float:
        rewards = self._game.state.rewards if self._over else None
        reward = (rewards or {}).get(self._player, 0.0)
        # Countdown and three others of textarena 0.7.4 give the reason of a wrong move where its reward belongs.
        return _WRONG_MOVE if isinstance(reward, str) else float(reward)

    def _play_others(self) -> None:
        for _ in range(_MOST_MOVES):
            mover, seen = (self._player, None) if self._over else self._game.get_observation()
            if mover == self._player:
                self._seen = _last_words(self._game, self._player) if seen is None else _text_of(seen)
                return
            move = self._opponent(_text_of(seen), self._rng, quiet_legal_moves(self._game))
            self._over = bool(self._game.step(move)[0])
        raise RuntimeError(f"{_MOST_MOVES} moves of other players without one of ours")


def _last_words(game: Any, player: int) -> str:
    """What our player sees of a game that is over, whoever moved last."""
    game.state.current_player_id = player
    return _text_of(game.get_observation()[1])


def _text_of(seen: object) -> str:
    """What textarena shows: text, or messages of (sender, text, kind) where a game has no wrapper."""
    if isinstance(seen, str):
        return seen
    if not isinstance(seen, list):
        raise TypeError(f"textarena showed {short(seen)}, neither text nor messages")
    return "\n".join(str(message) for _, message, _ in seen)


def _made(name: str) -> Any:
    if _folder_of(name) in _WORDS and not _has_words():
        raise MissingDependencyError(
            f"{name} needs lists of words: python -m nltk.downloader words averaged_perceptron_tagger_eng"
        )
    try:
        return needed("textarena", extra="textarena").make(name)
    # A game may want a model's address, a file that is not in the package, or a newer Python to be read by.
    except Exception as error:  # a boundary to games that others wrote
        raise UsageError(f"textarena's {name!r} cannot be made here: {error}") from error


def _folder_of(name: str) -> str:
    """The folder of textarena that a game is in."""
    known = needed("textarena", extra="textarena").envs.registration.ENV_REGISTRY
    if name not in known:
        raise UsageError(f"textarena has no game {name!r}; {suggestion(str(name), known)}")
    return str(known[name].entry_point).partition(":")[0].split(".")[2]


def _has_words() -> bool:
    nltk = needed("nltk", extra="textarena")
    try:
        nltk.data.find("corpora/words")
        nltk.data.find("taggers/averaged_perceptron_tagger_eng")
    except LookupError:
        return False
    return True


@functools.cache
def _fewest_players(name: str) -> int:
    with OwnRandom(0).drawing():
        game = _made(name)
        least = _PLAYERS.get(_folder_of(name), 1)
        said: Exception | None = None
        for players in range(least, _MOST_PLAYERS + 1):
            said = _refusal(game, players)
            if said is None:
                return players
    raise UsageError(f"textarena's {name!r} begins with none of {least} to {_MOST_PLAYERS} players: {said!r}")


def _refusal(game: Any, players: int) -> Exception | None:
    """What a game says to a number of players; each has its own way to want more."""
    try:
        game.reset(num_players=players, seed=0)
    except Exception as error:  # noqa: BLE001  # a boundary to games that others wrote
        return error
    return None
