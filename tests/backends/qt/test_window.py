"""Applications as windows on a display, as a person opens them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import agentgym

if TYPE_CHECKING:
    from tests.backends.conftest import Display

_COMMAND = (sys.executable, "-c", "from agentgym.cli import main; main()", "apps", "run", "click-button")


@pytest.mark.desktop
def test_a_click_on_the_button_ends_it_with_its_score(
    desktop: Display, wait_until: Callable[[Callable[[], bool]], None]
) -> None:
    import numpy as np

    from agentgym.backends.qt.apps import app_family, play
    from agentgym.backends.x11.input import InputDriver

    (click,) = play(app_family("click-button").make(np.random.default_rng(3)))
    package = {"PYTHONPATH": str(Path(agentgym.__file__).parents[1])}
    process = desktop.start([*_COMMAND, "--seed", "3", "--scale", "1"], env=package)
    log = desktop.home / "applications.log"
    wait_until(lambda: log.exists() and b"Click the button" in log.read_bytes())
    desktop.rest(quiet_s=0.5)
    connection = desktop.connect()
    InputDriver(connection, screen=(1280, 720), drain=desktop.rest).perform(click)
    assert process.wait(30) == 0, log.read_text()
    connection.disconnect()
    assert "score 1" in log.read_text()


@pytest.mark.episodes
@pytest.mark.parametrize(("display", "said"), [("", "DISPLAY is not set"), (":9876", "no X server answers")])
def test_without_a_display_the_error_says_so(display: str, said: str) -> None:
    ended = subprocess.run(_COMMAND, env={"DISPLAY": display}, capture_output=True, text=True, timeout=60)
    assert ended.returncode == 2
    assert said in ended.stderr
    assert "Traceback" not in ended.stderr
