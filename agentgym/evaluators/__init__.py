"""What judges a machine's state: getters fetch, metrics compare, `evaluate` puts them together as OSWorld does."""

from agentgym.evaluators.beforehand import check_spec
from agentgym.evaluators.evaluation import Score, evaluate
from agentgym.evaluators.getters import Fetched, Getter, getters
from agentgym.evaluators.metrics import Metric, metrics

__all__ = ["Fetched", "Getter", "Metric", "Score", "check_spec", "evaluate", "getters", "metrics"]
