"""The browser's profile is found where it lies."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from agentgym.backends.sandbox.backend import SandboxBackend
from agentgym.setup.browser.profile import profile_folder


@pytest.fixture
def machine() -> Iterator[SandboxBackend]:
    made = SandboxBackend()
    made.reset(seed=0)
    yield made
    made.close()


def test_profile_is_the_first_that_is_there(machine: SandboxBackend) -> None:
    # Where tasks lay files for a browser that has not been started yet.
    assert profile_folder(machine) == "/home/user/.config/google-chrome"
    for folder in ("snap/chromium/common/chromium", ".config/chromium", ".config/google-chrome"):
        machine.write(f"~/{folder}/Local State", b"{}")
        assert profile_folder(machine) == f"/home/user/{folder}"
