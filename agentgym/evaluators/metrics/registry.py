"""The table of metrics."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias

from agentgym.registry import Registry

__all__ = ["Metric", "OptionCheck", "OptionRemarks", "metrics", "option_checks", "option_remarks", "takes_strict"]

Metric: TypeAlias = Callable[..., float]
"""Called with what the result getter fetched, what the expected getter fetched if there is one, and the options.

Files come as paths. What is damaged or of the wrong kind scores 0; a metric raises only for a faulty task.

A metric whose second parameter is ``rules``, annotated with a TypedDict or a list of such, is never called with a
task's rules that do not fit it: they are told before the episode.

One that would reward what was not done, because OSWorld's does, is right if its keyword-only ``strict: bool = False``
is set, by the task or for a whole run.
"""

metrics: Registry[Metric] = Registry("metric")

OptionCheck: TypeAlias = Callable[[Mapping[str, Any]], Iterable[str]]
"""Says, before the episode, what of its options a metric cannot do, each with the place: ``"… - at $.rules[0]"``."""

option_checks: Registry[OptionCheck] = Registry("metric option check")
"""By the metric's name, for metrics whose options are more than their signature says."""

OptionRemarks: TypeAlias = Callable[[Mapping[str, Any]], Iterable[str]]
"""Says what of good options nothing reads, in OSWorld neither, each with the place in the same way."""

option_remarks: Registry[OptionRemarks] = Registry("metric option remark")
"""By the metric's name."""


def takes_strict(metric: Metric) -> bool:
    """Whether a metric can judge otherwise than OSWorld's."""
    try:
        strict = inspect.signature(metric).parameters.get("strict")
    except ValueError:
        # What is written in C may have no signature.
        return False
    # That of `compare_csv` is OSWorld's own option, and on.
    return strict is not None and strict.kind is strict.KEYWORD_ONLY and not strict.default
