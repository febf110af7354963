"""Qt and processes: forks are refused, spawn and forkserver work, every machine draws the same."""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import subprocess
import sys

import pytest

from agentgym.actions import Click, TypeText
from tests.backends.qt.conftest import Desk

AFTER_FORK = """
import os
from agentgym.backends.qt.backend import QtBackend
from agentgym.errors import BackendError
backend = QtBackend()
backend.reset(seed=0)
pid = os.fork()
if pid == 0:
    for use in (QtBackend, lambda: backend.reset(seed=0), lambda: backend.settle(0)):
        try:
            use()
        except BackendError as error:
            assert "spawn" in str(error), error
        else:
            os._exit(1)
    os._exit(0)
assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
backend.settle(0)
"""

BEFORE_ANY_QT = """
import os
from agentgym.backends.qt.backend import QtBackend
pid = os.fork()
backend = QtBackend()
backend.reset(seed=0)
backend.settle(0)
assert pid == 0 or os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
"""

WITH_AN_APPLICATION_OF_ONES_OWN = """
from PySide6.QtWidgets import QApplication
application = QApplication(["x", "-platform", "offscreen"])
from agentgym.backends.qt.backend import QtBackend
from agentgym.errors import UsageError
try:
    QtBackend()
except UsageError as error:
    assert "QApplication" in str(error)
else:
    raise SystemExit("no error")
"""

FROM_ANOTHER_THREAD = """
import threading
from agentgym.backends.qt.backend import QtBackend
from agentgym.errors import UsageError
QtBackend().reset(seed=0)
found = []
def use():
    try:
        QtBackend()
    except UsageError as error:
        found.append(str(error))
thread = threading.Thread(target=use)
thread.start()
thread.join()
assert "thread" in found[0]
"""

FORKED_BY_GYMNASIUM = """
import gymnasium as gym
import numpy as np
import agentgym
make = {"id": "agentgym/EnterText-v0", "num_envs": 2}
theirs = gym.make_vec(**make, vectorization_mode="async", vector_kwargs={"context": "fork"})
ours = gym.make_vec(**make)
frames = [(theirs.reset(seed=1)[0], ours.reset(seed=1)[0])]
actions = np.array([[1, 0, 0, 0], [0, 5, 5, 0]])
frames += [(theirs.step(actions)[0], ours.step(actions)[0]) for _ in range(2)]
assert all((one == other).all() for one, other in frames)
assert frames[0][0].shape == (2, 84, 84, 3)
theirs.close()
ours.close()
"""

INTERRUPTED = """
import os
import random
import signal
import gymnasium as gym
import agentgym
envs = gym.make_vec("agentgym/EnterText-v0", num_envs=2)
envs.action_space.seed(0)
envs.reset(seed=0)
random.seed(0)
signal.signal(signal.SIGPROF, lambda *_: os.kill(os.getpid(), signal.SIGINT))
for _ in range(40):
    try:
        signal.setitimer(signal.ITIMER_PROF, random.uniform(0.005, 0.05))
        while True:
            envs.step(envs.action_space.sample())
    except KeyboardInterrupt:
        envs.reset(seed=0)
assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
envs.close()
"""

HANGING = """
import os
import signal
from PySide6.QtWidgets import QPushButton
from agentgym.actions import Click
from tests.backends.qt.conftest import Desk
desk = Desk("gallery")
button = QPushButton(desk.app)
button.setGeometry(0, 0, 320, 300)
def hang():
    while True:
        os.kill(os.getpid(), signal.SIGINT)
button.clicked.connect(hang)
button.show()
try:
    desk.do(Click(160, 150))
except KeyboardInterrupt:
    desk.backend.close()
else:
    raise SystemExit("not interrupted")
"""

LEFT_OPEN = """
from tests.backends.qt.conftest import Desk
from agentgym.actions import Click
desks = [Desk("gallery") for _ in range(3)]
desks[0].do(Click(20, 8))
desks[1].page(2)
desks[1].click(desks[1].app.opener)
"""

# Each begins with Qt.
pytestmark = pytest.mark.slow


def fingerprint(_: int = 0) -> str:
    """Of some screens of an application."""
    desk = Desk("gallery")
    shots = [desk.click(desk.app.line), desk.do(TypeText("Some text, ä")), desk.do(Click(20, 8))]
    desk.backend.close()
    return hashlib.sha256(b"".join(shot.tobytes() for shot in shots)).hexdigest()


@pytest.mark.parametrize(
    "code",
    [
        *(AFTER_FORK, BEFORE_ANY_QT, FORKED_BY_GYMNASIUM, WITH_AN_APPLICATION_OF_ONES_OWN, FROM_ANOTHER_THREAD),
        *(INTERRUPTED, HANGING, LEFT_OPEN),
    ],
)
def test_a_program_ends_well(code: str) -> None:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("method", ["spawn", "forkserver"])
def test_processes_of_their_own_draw_the_same(method: str) -> None:
    with multiprocessing.get_context(method).Pool(2) as pool:
        assert set(pool.map(fingerprint, range(2))) == {fingerprint()}


def test_what_the_machine_prefers_changes_nothing() -> None:
    preferences = {
        "QT_SCALE_FACTOR": "2",
        "QT_FONT_DPI": "144",
        "QT_STYLE_OVERRIDE": "windows",
        "QT_QPA_PLATFORM": "minimal",
        "LANG": "de_DE.UTF-8",
        "LC_ALL": "C",
        "HOME": "/nonexistent",
    }
    code = "from tests.backends.qt.test_processes import fingerprint; print(fingerprint())"
    done = subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, **preferences}, capture_output=True, text=True, timeout=60
    )
    assert done.stdout.strip() == fingerprint(), done.stderr
