"""Metrics: numbers from 0 to 1 that compare what getters fetched, by OSWorld's names and with its options."""

from agentgym.evaluators.metrics import documents, structures, tables, texts
from agentgym.evaluators.metrics.registry import Metric, metrics

__all__ = ["Metric", "metrics"]

for _name, _metric in {**texts.METRICS, **structures.METRICS, **tables.METRICS, **documents.METRICS}.items():
    metrics.register(_name, _metric)
