"""What starts and stops the machine that a guest's server runs in: a hook with the methods of OSWorld's providers."""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol, TypeAlias

import msgspec

from agentgym.errors import BackendError, MissingDependencyError, UsageError
from agentgym.registry import Registry

__all__ = ["Address", "CommandProvider", "Provider", "ProviderFactory", "providers", "run_program"]

_SERVER_PORT = 5000
_CHROMIUM_PORT = 9222
_VNC_PORT = 8006
_VLC_PORT = 8080
_COMMAND_PATIENCE_S = 600.0
_LONGEST_SAID = 500


class Provider(Protocol):
    """What starts and stops a machine. OSWorld's own providers have these methods, so that each of them is one."""

    def start_emulator(self, path_to_vm: str, headless: bool, os_type: str) -> object:
        """Starts the machine, or returns if it runs."""

    def get_ip_address(self, path_to_vm: str) -> str:
        """Where it is: ``host``, or ``host:server:chromium:vnc:vlc`` with its four ports."""

    def revert_to_snapshot(self, path_to_vm: str, snapshot_name: str) -> str | None:
        """Brings the machine to its first state, stopped or running; the new path, if it has another now."""

    def stop_emulator(self, path_to_vm: str) -> object:
        """Ends the machine. May be called twice."""


ProviderFactory: TypeAlias = Callable[[], Provider]

providers: Registry[ProviderFactory] = Registry("guest provider")
"""By OSWorld's ``provider_name``."""
providers.register_lazily("docker", "agentgym.backends.guest.docker:DockerProvider")
providers.register_lazily("vmware", "agentgym.backends.guest.vmware:VMwareProvider")


class Address(msgspec.Struct, frozen=True):
    """Where a guest is reached: its server, its browser's remote debugging, its screen, its media player."""

    host: str
    server_port: int = _SERVER_PORT
    chromium_port: int = _CHROMIUM_PORT
    vnc_port: int = _VNC_PORT
    vlc_port: int = _VLC_PORT

    @classmethod
    def read(cls, text: str) -> Address:
        """The address that a provider told: ``host``, ``host:server`` or ``host:server:chromium:vnc:vlc``.

        Raises:
            BackendError: if it is none.
        """
        host, *ports = text.strip().split(":")
        if not host or len(ports) not in (0, 1, 4) or not all(port.isdigit() for port in ports):
            raise BackendError(f"the provider says that the guest is at {text!r}; it must be host or host:port…")
        return cls(host, *map(int, ports))

    @property
    def url(self) -> str:
        """Of the server."""
        return f"http://{self.host}:{self.server_port}"


class CommandProvider:
    """A machine that commands of the user's start, bring back and stop.

    Each is run by ``sh`` to its end, with OSWorld's words in its environment: ``PATH_TO_VM``, ``SNAPSHOT_NAME``,
    ``HEADLESS`` (``true`` or ``false``) and ``OS_TYPE``. The last line that ``start`` prints is the machine's address,
    as `Address.read` takes it, unless ``address`` is given.

    Args:
        start: returns when the machine has been started; its server may come later.
        revert: brings it to its first state; without it a machine that is used goes on as it is.
        stop: ends it.
        address: ``host`` or ``host:port``.
    """

    def __init__(self, *, start: str = "", revert: str = "", stop: str = "", address: str = "") -> None:
        if not (start or address):
            raise UsageError("a guest needs its address, or a command that starts it and prints the address")
        self._start, self._revert, self._stop = start, revert, stop
        self._address = address

    def start_emulator(self, path_to_vm: str, headless: bool, os_type: str) -> None:
        """Runs ``start``."""
        if not self._start:
            return
        words = {"PATH_TO_VM": path_to_vm, "HEADLESS": str(headless).lower(), "OS_TYPE": os_type}
        lines = _shell(self._start, words).split("\n")
        self._address = self._address or lines[-1]

    def get_ip_address(self, path_to_vm: str) -> str:
        """What was given, or what ``start`` printed."""
        return self._address

    def revert_to_snapshot(self, path_to_vm: str, snapshot_name: str) -> None:
        """Runs ``revert``."""
        if self._revert:
            _shell(self._revert, {"PATH_TO_VM": path_to_vm, "SNAPSHOT_NAME": snapshot_name})

    def stop_emulator(self, path_to_vm: str) -> None:
        """Runs ``stop``."""
        if self._stop:
            _shell(self._stop, {"PATH_TO_VM": path_to_vm})


def run_program(
    argv: Sequence[str], *, missing: str, timeout_s: float, environment: Mapping[str, str] | None = None
) -> str:
    """What a program that drives machines prints, without the white space around it.

    Args:
        missing: what to do if there is no such program.

    Raises:
        BackendError: if it failed or did not end in time.
        MissingDependencyError: if there is no such program.
    """
    try:
        done = subprocess.run(
            argv,
            env={**os.environ, **(environment or {})},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=timeout_s,
        )
    except FileNotFoundError as error:
        raise MissingDependencyError(f"{argv[0]} is not installed: {missing}") from error
    except subprocess.TimeoutExpired as error:
        raise BackendError(f"{shlex.join(argv)} did not end within {timeout_s:g} s") from error
    if done.returncode:
        said = (done.stderr + done.stdout).decode("utf-8", "replace").strip()[-_LONGEST_SAID:]
        raise BackendError(f"{shlex.join(argv)} ended with {done.returncode}: {said}")
    return done.stdout.decode("utf-8", "replace").strip()


def _shell(command: str, words: Mapping[str, str]) -> str:
    return run_program(
        ["sh", "-c", command], missing="commands need it", timeout_s=_COMMAND_PATIENCE_S, environment=words
    )
