"""What every test leaves as it was."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest


@pytest.fixture(scope="module", autouse=True)
def no_driver_is_left_behind() -> Iterator[None]:
    """Playwright's driver is kept a while for its next use: other tests count threads and processes."""
    yield
    module = sys.modules.get("agentgym.setup.browser.threads")
    if module is not None:
        module.end_idle_drivers()
