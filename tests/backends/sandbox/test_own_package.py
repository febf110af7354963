"""Nothing in the machine tells how tasks are solved and judged."""

from __future__ import annotations

from pathlib import Path

import pytest

import agentgym
from agentgym.backends.sandbox.backend import SandboxBackend

PACKAGE = Path(agentgym.__file__).parent


def listed(machine: SandboxBackend, command: str) -> str:
    return machine.run(["sh", "-c", command]).stdout.decode()


@pytest.mark.episodes
def test_no_module_of_ours_is_anywhere(machine: SandboxBackend) -> None:
    machine.reset(seed=0)
    names = " -o ".join(f"-name {name}" for name in ("toolmaking.py", "evaluation.py", "scripted.py", "families.py"))
    assert listed(machine, f"find / -path /proc -prune -o \\( {names} \\) -path '*agentgym*' -print 2>/dev/null") == ""


def test_where_our_package_would_show_there_is_nothing() -> None:
    machine = SandboxBackend(shown={str(PACKAGE.parent): "/opt-shown"})
    try:
        machine.reset(seed=0)
        assert listed(machine, f"ls -A /opt-shown/{PACKAGE.name}") == ""
        assert "tests" in listed(machine, "ls /opt-shown")
    finally:
        machine.close()
