"""Metrics: numbers from 0 to 1 that compare what getters fetched, by OSWorld's names and with its options."""

from agentgym.evaluators.metrics import (
    answers,
    apps,
    archives,
    browsers,
    cities,
    counts,
    documentformats,
    documents,
    editors,
    htmls,
    images,
    mail,
    oneimage,
    pdfs,
    pictexts,
    player,
    presentations,
    reasoning,
    records,
    reports,
    slidecomparison,
    sound,
    structures,
    systems,
    tables,
    testsuites,
    texts,
    values,
    videos,
    zips,
)
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
    answers,
    apps,
    archives,
    browsers,
    cities,
    counts,
    documentformats,
    documents,
    editors,
    htmls,
    images,
    mail,
    oneimage,
    pdfs,
    pictexts,
    player,
    presentations,
    reasoning,
    records,
    reports,
    slidecomparison,
    sound,
    structures,
    systems,
    tables,
    testsuites,
    texts,
    values,
    videos,
    zips,
)

for _module in _MODULES:
    for _name, _metric in _module.METRICS.items():
        metrics.register(_name, _metric)

# Of suites that play other people's tasks.
metrics.register_lazily("bfcl_turns", "agentgym.suites.bfcl.checker:bfcl_turns")
metrics.register_lazily("tau2_database", "agentgym.suites.tau2.checker:tau2_database")
metrics.register_lazily("tau2_told", "agentgym.suites.tau2.checker:tau2_told")

for _name, _check in (*pictexts.OPTION_CHECKS.items(), *tables.OPTION_CHECKS.items()):
    option_checks.register(_name, _check)

for _name, _remarks in tables.OPTION_REMARKS.items():
    option_remarks.register(_name, _remarks)
