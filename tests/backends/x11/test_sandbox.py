"""What applications and agents' code can reach from inside a desktop: nothing of the machine."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import pytest

from agentgym.backends.x11.backend import X11Backend
from agentgym.errors import BackendError, MissingDependencyError, SandboxUnavailableError, UsageError

pytestmark = pytest.mark.desktop


@pytest.fixture(scope="module")
def backend() -> Iterator[X11Backend]:
    backend = X11Backend(memory_mb=400, disk_mb=64, processes=60)
    backend.reset(seed=0)
    yield backend
    backend.close()


def _shell(backend: X11Backend, script: str) -> tuple[int, str]:
    done = backend.run(["bash", "-c", script], timeout_s=20)
    return done.returncode, (done.stdout + done.stderr).decode()


@pytest.mark.parametrize(
    "path", ["/usr/bin/mark", "/etc/mark", "/mark", "/opt/mark", "/dev/mark", "/run/mark", "/var/mark"]
)
def test_system_cannot_be_written(backend: X11Backend, path: str) -> None:
    status, said = _shell(backend, f"touch {path}")
    assert status != 0
    assert "Read-only file system" in said
    assert not Path(path).exists()


def test_what_can_be_written_is_empty_after_a_reset(backend: X11Backend) -> None:
    backend.reset(seed=0)
    _, said = _shell(
        backend, "find / -xdev -writable; find $(findmnt -rno TARGET) -maxdepth 0 -writable -type d 2>/dev/null"
    )
    folders = [folder for folder in said.split() if folder.startswith("/") and not folder.startswith("/proc")]
    assert "/home/user" in folders
    _shell(backend, f"for folder in {' '.join(folders)}; do touch $folder/mark-of-an-episode; done")
    backend.reset(seed=0)
    assert _shell(backend, "find / -name mark-of-an-episode -not -path '/proc/*' 2>/dev/null")[1] == ""


@pytest.mark.parametrize("path", ["/run/agentgym/bus", "/tmp/.X11-unix/X0", "/run/agentgym/framebuffer/Xvfb_screen0"])
def test_desktop_that_lost_what_its_servers_need_is_replaced(backend: X11Backend, path: str) -> None:
    backend.reset(seed=0)
    _shell(backend, f"rm {path}")
    backend.reset(seed=0)
    assert _shell(backend, f"ls {path}")[0] == 0


def test_x_resources_do_not_outlive_an_episode(backend: X11Backend) -> None:
    backend.reset(seed=0)
    _shell(backend, "xprop -root -f RESOURCE_MANAGER 8s -set RESOURCE_MANAGER '*background: red'")
    assert "red" in _shell(backend, "xprop -root RESOURCE_MANAGER")[1]
    backend.reset(seed=0)
    assert "red" not in _shell(backend, "xprop -root RESOURCE_MANAGER")[1]
    assert backend.settle(20.0)


@pytest.mark.parametrize("path", ["/etc/shadow", "/etc/ssl/private", "/root/.ssh", "/var/log", "/sys/fs/cgroup"])
def test_secrets_of_the_machine_are_not_there(backend: X11Backend, path: str) -> None:
    assert _shell(backend, f"ls {path}")[0] != 0


def test_homes_of_the_machine_are_not_there(backend: X11Backend) -> None:
    assert _shell(backend, "ls /home")[1].split() == ["user"]
    assert str(Path.cwd()) not in _shell(backend, f"ls -d {Path.cwd()}/tests")[1].splitlines()


def test_processes_of_the_machine_are_not_seen(backend: X11Backend) -> None:
    seen = _shell(backend, "cat /proc/[0-9]*/comm")[1].split()
    assert "Xvfb" in seen
    assert len(seen) < 15
    assert f"{os.getpid()}" not in _shell(backend, "ls /proc")[1].split() or os.getpid() < 100


def test_loopback_of_the_machine_is_out_of_reach(backend: X11Backend) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        status, said = _shell(backend, f"echo hello > /dev/tcp/127.0.0.1/{port}")
    assert status != 0
    assert "refused" in said


def test_network_is_there_when_it_is_asked_for() -> None:
    backend = X11Backend(network=True, accessibility=False)
    try:
        backend.reset(seed=0)
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
            assert _shell(backend, f"echo hello > /dev/tcp/127.0.0.1/{port}")[0] == 0
    finally:
        backend.close()


def test_desktops_that_share_the_network_do_not_share_their_screens() -> None:
    before = _abstract_x_sockets()
    backend = X11Backend(network=True, accessibility=False)
    try:
        backend.reset(seed=0)
        assert _abstract_x_sockets() == before
        # The low numbers are those of the machine's own screens.
        assert (
            _shell(backend, "echo $DISPLAY; xdpyinfo -display $DISPLAY >/dev/null && echo open")[1].split()[-1]
            == "open"
        )
        assert int(_shell(backend, "echo $DISPLAY")[1].strip().removeprefix(":")) >= 1000
    finally:
        backend.close()


def _abstract_x_sockets() -> set[str]:
    return {line.split()[-1] for line in Path("/proc/net/unix").read_text().splitlines() if "@/tmp/.X11-unix" in line}


def test_full_disk_is_the_applications_error(backend: X11Backend) -> None:
    backend.reset(seed=0)
    status, said = _shell(backend, "head -c 200M /dev/zero > ~/big")
    assert status != 0
    assert "No space left" in said
    backend.reset(seed=0)


def test_what_takes_too_much_memory_is_killed_by_name(backend: X11Backend) -> None:
    backend.reset(seed=0)
    hog = "import time\nblocks = [bytes(bytearray(b'x') * (150 << 20)) for _ in range(1)]\ntime.sleep(60)"
    for _ in range(3):
        backend.launch(["python3", "-c", hog])

    def settle_until_told() -> NoReturn:
        # At rest before they have grown, it has nothing to tell.
        while True:
            backend.settle(20.0)
            time.sleep(0.1)

    with pytest.raises(BackendError, match=r"python3.* was killed: all together took more than 400 MB of memory"):
        settle_until_told()
    backend.reset(seed=0)
    assert backend.settle(20.0)


def test_single_allocation_beyond_the_limit_fails(backend: X11Backend) -> None:
    backend.reset(seed=0)
    assert "MemoryError" in _shell(backend, "python3 -c 'bytearray(1 << 30)'")[1]


def test_fork_bomb_ends_with_its_desktop_and_reset_recovers(backend: X11Backend) -> None:
    backend.reset(seed=0)
    with pytest.raises(BackendError, match="more than 60 processes"):
        backend.run(["bash", "-c", "bomb() { bomb | bomb & }; bomb; sleep 10"], timeout_s=15)
    backend.reset(seed=0)
    assert backend.run(["echo", "fine"]).stdout == b"fine\n"


def test_without_bubblewrap_the_error_says_what_to_type(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(SandboxUnavailableError, match="sudo apt-get install bubblewrap"):
        X11Backend().reset(seed=0)


def test_without_an_x_server_the_error_says_what_to_type(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "tar").symlink_to("/bin/tar")
    monkeypatch.setattr("agentgym.backends.sandbox.bubblewrap._path", lambda: str(tmp_path))
    with pytest.raises(MissingDependencyError, match=r"no program 'Xvfb': sudo apt-get install xvfb"):
        X11Backend(sandbox="none").reset(seed=0)


def test_without_a_free_display_the_error_says_what_the_x_server_said(tmp_path: Path) -> None:
    code = "from agentgym.backends.x11.backend import X11Backend; X11Backend(sandbox='none').reset(seed=0)"
    # A machine on which no display can be opened: the folder of their sockets is read-only.
    hidden = ["bwrap", "--dev-bind", "/", "/", "--ro-bind", str(tmp_path), "/tmp/.X11-unix"]
    Path("/tmp/.X11-unix").mkdir(mode=0o1777, exist_ok=True)
    said = subprocess.run([*hidden, sys.executable, "-c", code], capture_output=True, text=True, timeout=60).stderr
    assert "BackendError: the X server did not start: " in said
    assert "Cannot establish any listening sockets" in said


def test_unknown_sandbox_is_refused() -> None:
    with pytest.raises(UsageError, match="'bwrap' or 'none'"):
        X11Backend(sandbox="docker")  # type: ignore[arg-type]  # the point of the test
