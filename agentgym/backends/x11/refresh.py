"""How often a private X server says that its screen is drawn anew."""

from __future__ import annotations

import xcffib
import xcffib.randr

from agentgym.errors import BackendError

__all__ = ["set_refresh"]

_NAME = b"agentgym"


def set_refresh(connection: xcffib.Connection, *, screen: tuple[int, int], hz: int) -> None:
    """Gives the screen a mode of that rate.

    Nothing is drawn by it: a framebuffer in memory has no rate. But programs that paint in frames, as Chromium does,
    begin as many of them a second as the mode says.

    Raises:
        BackendError: if the server refuses.
    """
    randr, root = connection(xcffib.randr.key), connection.get_setup().roots[0].root
    width, height = screen
    # Without borders, a frame is as many ticks of the dot clock as there are pixels.
    shape = (width, height, width * height * hz, width, width, width, 0, height, height, height)
    try:
        resources = randr.GetScreenResources(root).reply()
        crtc, output = resources.crtcs[0], resources.outputs[0]
        wanted = xcffib.randr.ModeInfo.synthetic(0, *shape, len(_NAME), 0)
        mode = randr.CreateMode(root, wanted, len(_NAME), _NAME).reply().mode
        randr.AddOutputMode(output, mode, is_checked=True).check()
        upright = xcffib.randr.Rotation.Rotate_0
        done = randr.SetCrtcConfig(crtc, 0, resources.config_timestamp, 0, 0, mode, upright, 1, [output]).reply()
    except (xcffib.XcffibException, xcffib.ConnectionException, IndexError) as error:
        raise BackendError(f"the X server takes no mode of {hz} Hz: {error!r}", kind="display") from error
    if done.status != xcffib.randr.SetConfig.Success:
        raise BackendError(f"the X server takes no mode of {hz} Hz: status {done.status}", kind="display")
