"""Metrics: numbers from 0 to 1 that compare what getters fetched, by OSWorld's names and with its options."""

from importlib import import_module

from agentgym.evaluators.metrics.registry import (
    Metric,
    OptionCheck,
    OptionRemarks,
    metrics,
    option_checks,
    option_remarks,
    takes_strict,
)

__all__ = ["Metric", "OptionCheck", "OptionRemarks", "metrics", "option_checks", "option_remarks", "takes_strict"]

_MODULES = (
    "answers",
    "apps",
    "archives",
    "browsers",
    "cities",
    "counts",
    "documentformats",
    "documents",
    "editors",
    "htmls",
    "images",
    "mail",
    "oneimage",
    "pdfs",
    "pictexts",
    "player",
    "presentations",
    "reasoning",
    "records",
    "reports",
    "slidecomparison",
    "sound",
    "structures",
    "systems",
    "tables",
    "testsuites",
    "texts",
    "values",
    "videos",
    "zips",
)
"""Each has a table ``METRICS``; ``OPTION_CHECKS`` and ``OPTION_REMARKS`` where its options need a closer look."""

for _module in (import_module(f"{__name__}.{_name}") for _name in _MODULES):
    for _name, _metric in _module.METRICS.items():
        metrics.register(_name, _metric)
    for _name, _check in getattr(_module, "OPTION_CHECKS", {}).items():
        option_checks.register(_name, _check)
    for _name, _remarks in getattr(_module, "OPTION_REMARKS", {}).items():
        option_remarks.register(_name, _remarks)

# Of suites that play other people's tasks.
metrics.register_lazily("bfcl_turns", "agentgym.suites.bfcl.checker:bfcl_turns")
metrics.register_lazily("tau2_database", "agentgym.suites.tau2.checker:tau2_database")
metrics.register_lazily("tau2_told", "agentgym.suites.tau2.checker:tau2_told")
