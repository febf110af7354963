"""OSWorld's machine in VMware Workstation or Fusion, by the program ``vmrun``."""

from __future__ import annotations

import os
import platform

from agentgym.backends.guest.providers import run_program
from agentgym.errors import UsageError

__all__ = ["VMwareProvider"]

_PATIENCE_S = 120.0
# `vmrun getGuestIPAddress -wait` waits for the machine to boot.
_BOOT_PATIENCE_S = 600.0


class VMwareProvider:
    """A virtual machine that goes back to a snapshot.

    ``vmrun`` ends when what it was asked for is done; OSWorld starts it, does not look, and sleeps 3 s after each.
    """

    def start_emulator(self, path_to_vm: str, headless: bool, os_type: str) -> None:
        """Starts the machine of the ``.vmx`` file ``path_to_vm``, with a window or without; returns if it runs."""
        path = _checked(path_to_vm)
        if not self._runs(path):
            _vmrun("start", path, "nogui" if headless else "gui")

    def get_ip_address(self, path_to_vm: str) -> str:
        """Waits until the machine has one."""
        return _vmrun("getGuestIPAddress", _checked(path_to_vm), "-wait", timeout_s=_BOOT_PATIENCE_S)

    def revert_to_snapshot(self, path_to_vm: str, snapshot_name: str) -> None:
        """Brings the machine to the snapshot, which stops it."""
        _vmrun("revertToSnapshot", _checked(path_to_vm), snapshot_name)

    def stop_emulator(self, path_to_vm: str) -> None:
        """Stops the machine, if it runs; what it was doing does not matter."""
        path = _checked(path_to_vm)
        if self._runs(path):
            _vmrun("stop", path, "hard")

    def _runs(self, path: str) -> bool:
        return path in map(_full, _vmrun("list").splitlines())


def _checked(path_to_vm: str) -> str:
    if not path_to_vm.endswith(".vmx"):
        raise UsageError(f"path_to_vm is {path_to_vm!r}; it must be the .vmx file of the machine")
    return _full(path_to_vm)


def _full(path: str) -> str:
    return os.path.abspath(os.path.expandvars(os.path.expanduser(path)))


def _vmrun(command: str, *arguments: str, timeout_s: float = _PATIENCE_S) -> str:
    kind = "fusion" if platform.system() == "Darwin" else "ws"
    argv = ["vmrun", "-T", kind, command, *arguments]
    return run_program(argv, missing="it comes with VMware Workstation and Fusion", timeout_s=timeout_s)
