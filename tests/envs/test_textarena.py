"""Games of textarena: seeded, begun anew at every reset, played against opponents."""

from __future__ import annotations

import random
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

from agentgym.envs.ownrandom import OwnRandom
from agentgym.envs.textarena import TextArenaEnv
from agentgym.errors import BackendError, MissingDependencyError, UsageError

pytestmark = pytest.mark.episodes

# Two for one player, the second of which draws from numpy; two for two, one for three, one for six; a bare one last.
GAMES = (
    "FrozenLake-v0-random",
    "Sokoban-v0",
    "TicTacToe-v0",
    "KuhnPoker-v0-train",
    "ThreePlayerIPD-v0",
    "SecretMafia-v0",
    "ConnectFour-v0-raw",
)


def transcript(env: Any, seed: int, said: tuple[str, ...] = ("[4]", "[up]", "[3]", "[0]")) -> list[Any]:
    observation, info = env.reset(seed=seed)
    seen: list[Any] = [observation, info]
    for one in said:
        step = env.step(one)
        seen.append(step)
        if step[2] or step[3]:
            break
    return seen


def first_free(seen: str, rng: np.random.Generator) -> str:
    """An opponent of ours: the first move that is shown as free."""
    return seen.rpartition("Available Moves:")[2].partition(",")[0].strip(" '")


def breaking(seen: str, rng: np.random.Generator) -> str:
    raise ZeroDivisionError("thought too hard")


@pytest.mark.parametrize("game", GAMES)
def test_gymnasium_finds_no_fault(game: str) -> None:
    check_env(gym.make("agentgym/TextArena-v0", game=game, render_mode="ansi").unwrapped)


@pytest.mark.parametrize("game", GAMES)
def test_the_same_seed_gives_the_same_game_whatever_was_played_before(game: str) -> None:
    env = TextArenaEnv(game)
    first = transcript(env, 5)
    transcript(env, 6)
    assert transcript(env, 5) == first
    assert transcript(TextArenaEnv(game), 5) == first


def test_the_original_shows_the_game_before_after_a_second_reset_and_ours_does_not() -> None:
    import textarena

    theirs = textarena.make("TicTacToe-v0")
    theirs.reset(num_players=2, seed=1)
    first = theirs.get_observation()[1]
    theirs.step("[4]")
    theirs.reset(num_players=2, seed=1)
    assert theirs.get_observation()[1] == first + first, "textarena keeps what was shown: if not, ours can be simpler"

    ours = TextArenaEnv("TicTacToe-v0")
    opening, _ = ours.reset(seed=1)
    ours.step("[4]")
    again, _ = ours.reset(seed=1)
    assert again == opening == first


@pytest.mark.parametrize("game", ["TicTacToe-v0", "Sokoban-v0"])
def test_a_game_draws_from_a_generator_of_its_own(game: str) -> None:
    env = TextArenaEnv(game)
    for seed, draw in ((random.seed, random.random), (np.random.seed, np.random.standard_normal)):
        seed(3)
        expected = [draw(), draw()]
        seed(3)
        env.reset(seed=0)
        before = draw()
        env.step("[4]")
        assert [before, draw()] == expected


def test_what_is_drawn_inside_goes_on_where_it_stopped() -> None:
    own, whole = OwnRandom(7, numpy=True), OwnRandom(7, numpy=True)
    parts = []
    for _ in range(3):
        with own.drawing():
            parts.append((random.random(), np.random.random_sample()))
    with whole.drawing():
        assert [(random.random(), np.random.random_sample()) for _ in range(3)] == parts
    assert len(set(parts)) == 3


def play_out(env: TextArenaEnv, seed: int) -> dict[str, Any]:
    """Plays the first free cell until the game is over."""
    observation, info = env.reset(seed=seed)
    over = False
    while not over:
        observation, reward, over, _, info = env.step(first_free(observation, np.random.default_rng(0)))
        assert reward == info.get("score", 0.0)
    return info


def test_a_won_game_scores_1_a_lost_one_0_and_a_drawn_one_half() -> None:
    env = TextArenaEnv("TicTacToe-v0")
    seen = {}
    for seed in range(40):
        info = play_out(env, seed)
        seen[info["raw_reward"]] = info["score"]
        assert env.evaluate().value == info["score"]
    assert seen[1.0] == 1.0
    assert seen[-1.0] == 0.0
    assert set(seen) <= {1.0, 0.0, -1.0}
    assert seen.get(0.0, 0.5) == 0.5


def test_the_random_opponent_makes_legal_moves() -> None:
    for seed in range(10):
        env = TextArenaEnv("TicTacToe-v0")
        play_out(env, seed)
        assert "Player 1 attempted an invalid move" not in str(env._conversation._game.state.logs)  # type: ignore[union-attr]  # a game of theirs


def test_an_opponent_can_be_a_function_by_name() -> None:
    env = gym.make("agentgym/TextArena-v0", game="TicTacToe-v0", opponent=f"{__name__}:first_free")
    env.reset(seed=0)
    observation, *_ = env.step("[4]")
    assert "[Player 1] [0]" in observation


def test_an_opponent_that_breaks_is_no_score() -> None:
    env = TextArenaEnv("TicTacToe-v0", opponent=f"{__name__}:breaking")
    env.reset(seed=0)
    with pytest.raises(BackendError, match=r"another player's turn.*thought too hard"):
        env.step("[4]")


def test_ours_can_be_the_second_player() -> None:
    env = TextArenaEnv("TicTacToe-v0", player=1)
    observation, _ = env.reset(seed=0)
    assert "As Player 1" in observation
    assert "[Player 0] [" in observation


def test_a_game_cut_short_scores_0() -> None:
    env = TextArenaEnv("TicTacToe-v0", max_steps=1)
    env.reset(seed=0)
    _, reward, terminated, truncated, info = env.step("[4]")
    assert (reward, terminated, truncated, info["score"]) == (0.0, False, True, 0.0)


def test_what_is_no_text_is_a_step_in_which_nothing_happens() -> None:
    env: Any = TextArenaEnv("TicTacToe-v0")
    before, _ = env.reset(seed=0)
    observation, _, _, _, info = env.step(4)
    assert observation == before
    assert "not 4" in info["action_error"]


def test_a_message_that_breaks_the_game_is_a_step_in_which_nothing_happens() -> None:
    env = TextArenaEnv("CharacterConclave-v0", max_steps=2)
    before, _ = env.reset(seed=0)
    for truncated in (False, True):
        observation, reward, _, over, info = env.step("Hello.")
        assert (observation, reward, over) == (before, 0.0, truncated)
        assert "cannot take 'Hello.': TypeError" in info["action_error"]


def test_a_restored_game_goes_on_as_it_did() -> None:
    env = TextArenaEnv("TicTacToe-v0")
    env.reset(seed=3)
    env.step("[4]")
    token = env.snapshot()
    onward = env.step("[0]")
    env.reset(seed=9)
    env.restore(token)
    assert env.step("[0]") == onward


@pytest.mark.parametrize(
    ("arguments", "error", "says"),
    [
        ({"game": "TicTacTo-v0"}, UsageError, "did you mean 'TicTacToe-v0'"),
        ({"game": "TicTacToe-v0", "player": 2}, UsageError, "players 0 to 1"),
        ({"game": "TicTacToe-v0", "opponent": 3}, UsageError, "'random', 'module:function'"),
        ({"game": "TicTacToe-v0", "render_mode": "human"}, UsageError, "'ansi' or None"),
        ({"game": "TwentyQuestions-v0"}, UsageError, "cannot be made here: OpenRouter API key"),
    ],
)
def test_what_cannot_work_is_said_when_it_is_made(
    arguments: dict[str, Any], error: type[Exception], says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENROUTER_API_KEY", raising=False)
    with pytest.raises(error, match=says):
        TextArenaEnv(**arguments)


def test_a_game_that_needs_words_says_how_to_get_them(monkeypatch: pytest.MonkeyPatch) -> None:
    import nltk

    monkeypatch.setattr(nltk.data, "path", [])
    with pytest.raises(MissingDependencyError, match=r"python -m nltk\.downloader words"):
        TextArenaEnv("Wordle-v0")
