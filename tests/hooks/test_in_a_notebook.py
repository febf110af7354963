"""Questions in a real kernel, as a notebook has it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager

_PATIENCE_S = 60


@pytest.fixture(scope="module")
def kernel() -> Iterator[BlockingKernelClient]:
    manager = KernelManager(kernel_name="python3")
    manager.start_kernel()
    client = manager.client()
    try:
        client.start_channels()
        client.wait_for_ready(timeout=_PATIENCE_S)
        yield client
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def ran(kernel: BlockingKernelClient, code: str, answer: str | None = None) -> tuple[str, list[str]]:
    """What the cell wrote, and what it asked; the answer is given to each question, or none is."""
    wrote: list[str] = []
    asked: list[str] = []

    def written(message: dict[str, Any]) -> None:
        content = message["content"]
        wrote.append(content.get("text", "") + content.get("evalue", ""))

    def question(message: dict[str, Any]) -> None:
        asked.append(message["content"]["prompt"])
        if answer is not None:
            kernel.input(answer)

    kernel.execute_interactive(
        code, allow_stdin=True, output_hook=written, stdin_hook=question, timeout=_PATIENCE_S, store_history=False
    )
    return "".join(wrote), asked


ASK = """
from agentgym.hooks.asking import ask
try:
    print(ask("who? ", {patience_s}))
except TimeoutError as error:
    print(error)
"""


@pytest.mark.episodes
def test_a_person_answers_below_the_cell(kernel: BlockingKernelClient) -> None:
    assert ran(kernel, ASK.format(patience_s=30), "me") == ("me\n", ["who? "])
    assert ran(kernel, ASK.format(patience_s=None), "me") == ("me\n", ["who? "])


@pytest.mark.episodes
def test_a_cell_goes_on_when_the_time_is_up(kernel: BlockingKernelClient) -> None:
    assert ran(kernel, ASK.format(patience_s=2)) == ("no answer came within 2 s\n", ["who? "])
    assert ran(kernel, "print(1 + 1)") == ("2\n", [])
