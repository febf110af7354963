"""OSWorld's machine in a container: QEMU in the image ``happysixd/osworld-docker``, by the program ``docker``."""

from __future__ import annotations

import os
from pathlib import Path

from agentgym.backends.guest.providers import run_program
from agentgym.errors import BackendError, UsageError

__all__ = ["IMAGE", "LABEL", "DockerProvider"]

IMAGE = "happysixd/osworld-docker"
LABEL = "agentgym.guest"
"""Containers of ours have it, with the process that started them: ``docker ps --filter label=agentgym.guest``."""

# Server, Chromium's remote debugging, VNC, VLC, in the order of an address.
_PORTS = (5000, 9222, 8006, 8080)
_RESOURCES = ("DISK_SIZE=32G", "RAM_SIZE=4G", "CPU_CORES=4")
_KVM = Path("/dev/kvm")
_PATIENCE_S = 60.0
# The first start fetches the image.
_START_PATIENCE_S = 1800.0


class DockerProvider:
    """A container for each start, removed when it is stopped. The disk is read only: every start is a first state.

    OSWorld's provider looks for free ports, under a lock, and opens them to everybody. Here Docker picks them, on this
    machine's loopback alone: the server runs whatever anyone tells it. A container is killed, not asked to end, which
    spares 10 s.

    Args:
        image: what runs the machine.
        kvm: whether there is hardware acceleration; None to look.
    """

    def __init__(self, *, image: str = IMAGE, kvm: bool | None = None) -> None:
        self._image = image
        self._kvm = _KVM.exists() if kvm is None else kvm
        self._container: str | None = None

    def start_emulator(self, path_to_vm: str, headless: bool, os_type: str) -> None:
        """Starts a container on the disk image at ``path_to_vm``; it has no window, headless or not."""
        if self._container is not None:
            return
        if not path_to_vm:
            raise UsageError("path_to_vm is empty; it must be the disk image of the machine, such as Ubuntu.qcow2")
        resources = [*_RESOURCES, *(() if self._kvm else ("KVM=N",))]
        argv = [
            *("docker", "run", "--detach", "--label", f"{LABEL}={os.getpid()}", "--cap-add", "NET_ADMIN"),
            *(("--device", "/dev/kvm") if self._kvm else ()),
            *(word for resource in resources for word in ("--env", resource)),
            *("--volume", f"{Path(path_to_vm).expanduser().resolve()}:/System.qcow2:ro"),
            *(word for port in _PORTS for word in ("--publish", f"127.0.0.1::{port}")),
            self._image,
        ]
        self._container = _docker(argv, _START_PATIENCE_S).split("\n")[-1]

    def get_ip_address(self, path_to_vm: str) -> str:
        """The loopback and the ports that Docker picked."""
        if self._container is None:
            raise BackendError("no container runs: start_emulator comes first")
        container = self._container
        return ":".join(["127.0.0.1", *(_published(container, port) for port in _PORTS)])

    def revert_to_snapshot(self, path_to_vm: str, snapshot_name: str) -> None:
        """Removes the container; the next start is a first state."""
        self.stop_emulator(path_to_vm)

    def stop_emulator(self, path_to_vm: str) -> None:
        """Removes the container and what was changed in it."""
        if self._container is not None:
            _docker(["docker", "rm", "--force", "--volumes", self._container], _PATIENCE_S)
            self._container = None


def _published(container: str, port: int) -> str:
    # One line for each address that it listens at: "127.0.0.1:49153".
    return _docker(["docker", "port", container, f"{port}/tcp"], _PATIENCE_S).split("\n")[0].rpartition(":")[2]


def _docker(argv: list[str], timeout_s: float) -> str:
    return run_program(argv, missing="sudo apt-get install docker.io", timeout_s=timeout_s)
