"""Steps that OSWorld has and none of its tasks uses, and those that are refused with a reason."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from agentgym.backends.base import Completed
from agentgym.backends.memory import MemoryBackend
from agentgym.backends.x11.backend import X11Backend
from agentgym.errors import TaskError
from agentgym.evaluators import getters
from agentgym.setup import check_step, run_steps
from agentgym.tasks import SetupStep


def _do(backend: Any, kind: str, **parameters: Any) -> None:
    run_steps([SetupStep(kind, parameters)], backend)


@pytest.fixture
def machine() -> MemoryBackend:
    """One whose shell command succeeds from the third time on."""
    runs = iter(range(100))

    def shell(_backend: MemoryBackend, argv: Sequence[str]) -> Completed:
        if argv[2] == "hangs":
            raise TimeoutError
        return Completed(0 if next(runs) >= 2 else 1)

    backend = MemoryBackend(commands={"sh": shell})
    backend.reset(seed=0)
    return backend


def test_what_a_command_brings_about_is_waited_for(machine: MemoryBackend) -> None:
    machine.launch(["editor"])
    title = machine.windows()[-1].title
    wanted = {"window_exists": title.upper(), "command_success": "test -e x"}
    _do(machine, "execute_with_verification", command=["echo"], verification=wanted, check_interval=0.001)
    _do(machine, "execute_with_verification", command="echo a")


@pytest.mark.parametrize("wanted", [{"window_exists": "none"}, {"command_success": "hangs"}])
def test_what_does_not_come_about_is_an_error(machine: MemoryBackend, wanted: dict[str, str]) -> None:
    told = {"verification": wanted, "max_wait_time": 0.05, "check_interval": 0.01}
    with pytest.raises(TaskError, match=r"\['echo'\] did not bring about .* within 0\.05 s - at \$\.config\[0\]"):
        _do(machine, "execute_with_verification", command=["echo"], **told)


@pytest.mark.parametrize(
    ("kind", "reason"),
    [("proxy", "list of proxies"), ("act", "in name"), ("replay", "in name"), ("tidy_desktop", "in name")],
)
def test_step_that_is_not_done_says_why(kind: str, reason: str) -> None:
    with pytest.raises(TaskError, match=rf"step '{kind}' is not done here: .*{reason}.* - at \$\.config\[0\]\.type"):
        check_step(SetupStep(kind, {}), "$.config[0]")


@pytest.fixture(scope="module")
def desktop() -> Iterator[X11Backend]:
    backend = X11Backend(accessibility=False)
    backend.reset(seed=0)
    yield backend
    backend.close()


@pytest.mark.desktop
@pytest.mark.parametrize("name", ["a.png", "it's 100% ü.png"])
def test_background_is_found_by_its_getter(desktop: X11Backend, name: str) -> None:
    desktop.write(f"~/{name}", name.encode())
    _do(desktop, "change_wallpaper", path=f"~/{name}")
    found = getters["vm_wallpaper"](desktop, {"dest": "w.png"})
    assert found.content == name.encode()


@pytest.mark.desktop
def test_background_that_is_not_there_is_told(desktop: X11Backend) -> None:
    with pytest.raises(TaskError, match=r"there is no picture '~/none\.png'"):
        _do(desktop, "change_wallpaper", path="~/none.png")
