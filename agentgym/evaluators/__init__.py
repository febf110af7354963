"""What judges a machine's state: getters fetch, metrics compare, `evaluate` puts them together as OSWorld does."""

from agentgym.evaluators.beforehand import check_spec, faults_of_spec, remarks_on_spec
from agentgym.evaluators.evaluation import Score, evaluate
from agentgym.evaluators.getters import Fetched, Getter, getter_forms, getter_needs, getters, needs_of
from agentgym.evaluators.metrics import Metric, metrics
from agentgym.evaluators.needs import Needs, Network, needs_of_task
from agentgym.evaluators.unmet import Lack, check_needs, fetch_ahead, lacks_at_judging, lacks_of_desktop

__all__ = [
    "Fetched",
    "Getter",
    "Lack",
    "Metric",
    "Needs",
    "Network",
    "Score",
    "check_needs",
    "check_spec",
    "evaluate",
    "faults_of_spec",
    "fetch_ahead",
    "getter_forms",
    "getter_needs",
    "getters",
    "lacks_at_judging",
    "lacks_of_desktop",
    "metrics",
    "needs_of",
    "needs_of_task",
    "remarks_on_spec",
]
