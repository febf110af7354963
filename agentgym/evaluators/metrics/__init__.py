"""Metrics: numbers from 0 to 1 that compare what getters fetched, by OSWorld's names and with its options."""

from agentgym.evaluators.metrics import apps, counts, documents, structures, tables, texts
from agentgym.evaluators.metrics.registry import (
    Metric,
    OptionCheck,
    OptionRemarks,
    metrics,
    option_checks,
    option_remarks,
)

__all__ = ["Metric", "OptionCheck", "OptionRemarks", "metrics", "option_checks", "option_remarks"]

for _module in (texts, structures, tables, documents, apps, counts):
    for _name, _metric in _module.METRICS.items():
        metrics.register(_name, _metric)

for _name, _check in tables.OPTION_CHECKS.items():
    option_checks.register(_name, _check)

for _name, _remarks in tables.OPTION_REMARKS.items():
    option_remarks.register(_name, _remarks)
