"""What every test leaves as it was, and which modules a selection of tests need not import."""

from __future__ import annotations

import gc
import re
import sys
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

_ONLY_WITHOUT = re.compile(r"not \w+( and not \w+)*")
_MARKS_OF_MODULE = re.compile(r"^pytestmark = (\[.*?^\]|[^\n]*)", re.MULTILINE | re.DOTALL)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leaves out modules of which no test is selected: what they import costs a third of the quality gate.

    Only for selections like ``not desktop and not slow``, where one mark of the module decides about all its tests.
    """
    selection: str = config.option.markexpr
    if collection_path.suffix != ".py" or not _ONLY_WITHOUT.fullmatch(selection):
        return None
    marks = _MARKS_OF_MODULE.search(collection_path.read_text())
    named = re.findall(r"pytest\.mark\.(\w+)", marks[1]) if marks else []
    return True if set(named) & set(re.findall(r"not (\w+)", selection)) else None


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """What modules make when they are imported lives to the end: looking for garbage in it finds none."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()


@pytest.fixture(scope="module", autouse=True)
def no_driver_is_left_behind() -> Iterator[None]:
    """Playwright's driver is kept a while for its next use: other tests count threads and processes."""
    yield
    module = sys.modules.get("agentgym.setup.browser.threads")
    if module is not None:
        module.end_idle_drivers()
