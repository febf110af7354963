from __future__ import annotations

import os
import signal

import pytest
import typer

from agentgym.cli.interrupting import interruptible


def interrupted_twice(number: int) -> None:
    with interruptible() as interruption:
        with interruption.noted():
            os.kill(os.getpid(), number)
        assert interruption.status == 128 + number
        # While what came of the rest is written.
        os.kill(os.getpid(), number)


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupt_after_the_one_that_was_noted_exits_with_its_status(number: int, status: int) -> None:
    with pytest.raises(typer.Exit) as ended:
        interrupted_twice(number)
    assert ended.value.exit_code == status
