"""What the task's evaluator says of each state, as a reward."""

from __future__ import annotations

from agentgym.errors import RewardHookError
from agentgym.rewards.shaping import quantity
from agentgym.rewards.transition import RewardHook, Transition

__all__ = ["EVALUATOR_SCORE", "evaluator_progress"]

EVALUATOR_SCORE = "evaluator_score"


def evaluator_progress() -> RewardHook:
    """A hook that pays by how much the evaluator's score has grown, for environments in `EvaluatorScore`.

    Over an episode it adds up to the score of its last state less that of the first. It pays 0 for a last step that
    could not be judged.
    """

    def progress(transition: Transition) -> float:
        if EVALUATOR_SCORE not in transition.info:
            raise RewardHookError(f"info has no {EVALUATOR_SCORE!r}: put agentgym.wrappers.EvaluatorScore further in")
        if transition.info[EVALUATOR_SCORE] is None:
            return 0.0
        return quantity(transition.info, EVALUATOR_SCORE) - quantity(transition.before_info, EVALUATOR_SCORE)

    return progress
