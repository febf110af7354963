"""Frames are whole, in the right colours, and carry the pointer."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import numpy as np
import pytest
import xcffib
import xcffib.xproto

from agentgym.actions import MoveTo
from agentgym.backends.sandbox.machine import Machine, MachineSettings
from agentgym.backends.x11.backend import X11Backend
from agentgym.backends.x11.framebuffer import Framebuffer
from agentgym.backends.x11.homes import home_archive

pytestmark = pytest.mark.desktop

_SETTINGS = MachineSettings(
    screen=(640, 480), sandbox="bwrap", accessibility=False, network=False, memory_mb=1024, disk_mb=64, processes=64
)


@pytest.fixture(scope="module")
def machine() -> Iterator[Machine]:
    machine = Machine(_SETTINGS, home=home_archive(_SETTINGS), environment={})
    yield machine
    machine.close()


def _connect(machine: Machine) -> xcffib.Connection:
    return xcffib.Connection(fd=machine.connect("x11").detach())


def _fill(connection: xcffib.Connection, colour: int) -> None:
    root = connection.get_setup().roots[0].root
    context = connection.generate_id()
    connection.core.CreateGC(context, root, xcffib.xproto.GC.Foreground, [colour])
    connection.core.PolyFillRectangle(root, context, 1, [xcffib.xproto.RECTANGLE.synthetic(0, 0, 640, 480)])
    connection.core.FreeGC(context)
    connection.core.GetInputFocus().reply()


@pytest.mark.parametrize(("colour", "rgb"), [(0xFF0000, (255, 0, 0)), (0x00FF00, (0, 255, 0)), (0x0000FF, (0, 0, 255))])
def test_colours_are_red_green_blue(machine: Machine, colour: int, rgb: tuple[int, int, int]) -> None:
    connection = _connect(machine)
    framebuffer = Framebuffer(machine.framebuffer(), connection)
    _fill(connection, colour)
    frame = framebuffer.capture()
    assert frame.shape == (480, 640, 3)
    assert frame.dtype == np.uint8
    assert tuple(frame[10, 10]) == rgb
    framebuffer.close()
    connection.disconnect()


def test_no_frame_of_a_thousand_is_torn_under_motion(machine: Machine) -> None:
    painter, watcher = _connect(machine), _connect(machine)
    framebuffer = Framebuffer(machine.framebuffer(), watcher)
    done = threading.Event()

    def paint() -> None:
        shade = 0
        while not done.is_set():
            shade = (shade + 1) % 256
            _fill(painter, shade * 0x010101)

    thread = threading.Thread(target=paint)
    thread.start()
    try:
        frames = [framebuffer.capture()[:, ::7] for _ in range(1000)]
    finally:
        done.set()
        thread.join()
    shades = {int(frame[0, 0, 0]) for frame in frames}
    assert len(shades) > 20, "nothing moved"
    # The pointer is in the middle: look at the columns beside it.
    torn = [frame for frame in frames if np.ptp(frame[:, :20, 0]) or np.ptp(frame[:, -20:, 0])]
    assert not torn
    framebuffer.close()
    painter.disconnect()
    watcher.disconnect()


def test_frames_are_the_callers_own(machine: Machine) -> None:
    connection = _connect(machine)
    framebuffer = Framebuffer(machine.framebuffer(), connection)
    _fill(connection, 0x111111)
    first = framebuffer.capture()
    kept = first.copy()
    _fill(connection, 0x222222)
    assert not np.array_equal(framebuffer.capture(), first)
    assert np.array_equal(first, kept)
    framebuffer.close()
    connection.disconnect()


def test_pointer_is_in_the_screenshot() -> None:
    backend = X11Backend()
    try:
        backend.reset(seed=0)
        backend.perform(MoveTo(100, 100))
        backend.settle(10.0)
        here = backend.observe(["screenshot"])["screenshot"]
        backend.perform(MoveTo(300, 300))
        backend.settle(10.0)
        there = backend.observe(["screenshot"])["screenshot"]
        rows, columns = np.where((here != there).any(axis=2))
        assert {(int(row) // 200, int(column) // 200) for row, column in zip(rows, columns, strict=True)} >= {
            (0, 0),
            (1, 1),
        }
    finally:
        backend.close()
