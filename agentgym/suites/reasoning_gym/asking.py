"""A generator's questions as tasks, with what is known to answer them."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any

import numpy as np

from agentgym.actions import ToolCall
from agentgym.evaluators.metrics.reasoning import entry_of
from agentgym.families import Observation, Script, TaskFamily
from agentgym.suites.reasoning_gym.solving import SOLVERS
from agentgym.tasks import Check, EvaluatorSpec, GetterSpec, Task

__all__ = ["GENERATORS", "question_family"]

_NAMES = """
ab acre advanced_geometry aiw arc_1d arc_agi base_conversion basic_arithmetic bf binary_alternation
binary_matrix bitwise_arithmetic boxnet caesar_cipher calendar_arithmetic chain_sum circuit_logic codeio
coin_flip color_cube_rotation complex_arithmetic composite count_bits count_primes countdown course_schedule
cryptarithm decimal_arithmetic decimal_chain_sum dice emoji_mystery family_relationships figlet_font
fraction_simplification futoshiki game_of_life game_of_life_halting gcd graph_color group_anagrams gsm_symbolic
intermediate_integration isomorphic_strings jugs kakurasu knight_swap knights_knaves largest_island lcm
leg_counting letter_counting letter_jumble list_functions mahjong_puzzle manipulate_matrix maze mini_sudoku
modulo_grid n_queens needle_haystack number_filtering number_format number_sequence number_sorting
palindrome_generation palindrome_partitioning path_star polynomial_equations polynomial_multiplication
pool_matrix power_function prime_factorization products propositional_logic puzzle24 quantum_lock ransom_note
rearc rectangle_count rotate_matrix rotten_oranges rubiks_cube rush_hour self_reference sentence_reordering
shortest_path simple_equations simple_geometry simple_integration sokoban spell_backward spiral_matrix
string_insertion string_manipulation string_splitting string_synthesis sudoku survo syllogism time_intervals
tower_of_hanoi tsumego word_ladder word_sequence_reversal word_sorting zebra_puzzles
"""

GENERATORS = tuple(_NAMES.split())
"""Those of reasoning-gym 0.1.25, written down so that they can be listed without it."""

_ASK = "Submit the answer, and nothing else, with the tool submit."


def question_family(generator: str) -> TaskFamily:
    """The questions of one generator, each drawn by a seed of its own."""

    def make(rng: np.random.Generator) -> Task:
        seed = int(rng.integers(2**31))
        check = Check("reasoning_gym", result=GetterSpec("answer", {}), options={"generator": generator, "seed": seed})
        return Task(
            id=f"reasoning-gym/{generator}",
            instruction=f"{entry_of(generator, seed)['question'].strip()}\n\n{_ASK}",
            evaluator=EvaluatorSpec((check,)),
            tools=("submit",),
            max_steps=3,
            seed_params={"generator": generator, "seed": seed},
        )

    return TaskFamily(
        generator,
        make,
        oracle=_saying(_right),
        near_misses={"says a question mark": _saying(lambda _: "?")},
        tags=("reasoning", "text"),
    )


def _saying(answer: Callable[[dict[str, Any]], str]) -> Script:
    def script(task: Task) -> Generator[Any, Observation, None]:
        generator, seed = task.seed_params["generator"], task.seed_params["seed"]
        said = answer({**entry_of(generator, seed), "generator": generator})
        yield ToolCall("submit", {"answer": said})

    return script


def _right(entry: dict[str, Any]) -> str:
    """The entry's answer; some entries have none, because many are right."""
    if entry["answer"] is not None:
        return str(entry["answer"])
    return SOLVERS[entry["generator"]](entry["metadata"])
