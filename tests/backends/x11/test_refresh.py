from __future__ import annotations

from pathlib import Path

import pytest
import xcffib
import xcffib.randr

from agentgym.backends.x11.backend import X11Backend
from agentgym.backends.x11.refresh import set_refresh
from agentgym.errors import BackendError

pytestmark = pytest.mark.desktop


def test_the_screen_says_the_rate_and_keeps_its_size(tmp_path: Path) -> None:
    (tmp_path / "told.txt").write_text("here")
    desktop = X11Backend(screen=(320, 200), accessibility=False, refresh_hz=240, shown={str(tmp_path): "/run/told"})
    desktop.reset(seed=0)
    assert desktop.observe(["screenshot"])["screenshot"].shape == (200, 320, 3)
    connection = xcffib.Connection(fd=desktop._open.machine.connect("x11").detach())
    randr, root = connection(xcffib.randr.key), connection.get_setup().roots[0].root
    resources = randr.GetScreenResources(root).reply()
    now = randr.GetCrtcInfo(resources.crtcs[0], resources.config_timestamp).reply().mode
    (mode,) = [mode for mode in resources.modes if mode.id == now]
    assert (mode.width, mode.height, mode.dot_clock / (mode.htotal * mode.vtotal)) == (320, 200, 240)
    # A second mode of that name is refused by the server.
    with pytest.raises(BackendError, match="takes no mode of 240 Hz"):
        set_refresh(connection, screen=(320, 200), hz=240)
    connection.disconnect()
    # What is shown can be read, and not written.
    assert desktop.read("/run/told/told.txt") == b"here"
    assert desktop.run(["touch", "/run/told/more.txt"]).returncode
    desktop.close()
