"""The connection of this process to a Ray cluster, of which it can have but one."""

from __future__ import annotations

import logging
import os
import secrets
import shutil
import signal
import tempfile
import threading
import weakref
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from agentgym.errors import UsageError
from agentgym.extras import needed

__all__ = ["RayCluster", "connect", "load"]

_OBJECT_STORE_BYTES = 100 * 1024 * 1024
_LOOPBACK = "127.0.0.2"
"""Ray takes the first such address for one that other machines are to reach, and looks for another."""

_QUIET = {
    # Nothing is told to its makers.
    "RAY_USAGE_STATS_ENABLED": "0",
    # Printed to stdout for each worker that is lost, which here is an outcome; read when Ray is imported.
    "RAY_DEDUP_LOGS_SKIP_REGEX": "^A worker died or was killed while executing a task",
}


class RayCluster:
    """A cluster that this process is connected to.

    One that was started or joined here is left again, and one that was started ended, when nobody holds this object any
    more, at the latest when the process ends. Where the process is killed the kernel ends what it started; two idle
    processes of Ray's, its agents, look for the others for a minute before they end.

    Attributes:
        own: whether it was started here.
        laid: what was sent to its workers when this process connected.
    """

    def __init__(
        self, *, own: bool, laid: Mapping[str, Any] | None = None, leave: Callable[[], None] | None = None
    ) -> None:
        self.own = own
        self.laid = dict(laid or {})
        self._leave = None if leave is None else weakref.finalize(self, leave)

    def forget(self) -> None:
        """Leaves it as it is."""
        if self._leave is not None:
            self._leave.detach()

    def resources(self) -> dict[str, float]:
        """What all its machines have, by name."""
        found: dict[str, float] = load().cluster_resources()
        return found


def load() -> Any:
    """The package.

    Raises:
        MissingDependencyError: if it is not installed.
    """
    with _quietly():
        return needed("ray", extra="ray")


def connect(address: str | None, *, cpus: int, laid: Mapping[str, Any]) -> RayCluster:
    """The cluster that this process is connected to already, else that of the address, else a new one.

    Args:
        address: None for that of the environment variable RAY_ADDRESS, if it is set, else a new one; ``"auto"`` for one
            that runs on this machine, ``"local"`` for a new one, else what ``ray.init`` takes.
        cpus: of a new one.
        laid: folders of this machine, as Ray's ``runtime_env`` has them, which it sends when a process connects.

    Raises:
        UsageError: if there is no cluster there, it wants a token that this process has not, or this process is
            connected and has sent other folders.
        MissingDependencyError: if Ray is not installed.
    """
    ray = load()
    held = _held.get("cluster")
    if ray.is_initialized():
        cluster = held or RayCluster(own=False)
        if laid and laid != cluster.laid:
            raise UsageError(f"Ray sends {dict(laid)} when a process connects, and this one is: give it to ray.init")
        return cluster
    if held is not None:
        # Somebody else has ended it; what its end would do now must not befall the next.
        held.forget()
    address = address or os.environ.get("RAY_ADDRESS") or "local"
    cluster = _start(ray, cpus, laid) if address == "local" else _join(ray, address, laid)
    _held["cluster"] = cluster
    return cluster


# So that two engines of one process share the cluster that the first of them started.
_held: weakref.WeakValueDictionary[str, RayCluster] = weakref.WeakValueDictionary()


def _start(ray: Any, cpus: int, laid: Mapping[str, Any]) -> RayCluster:
    # Of its own, so that it can be removed. Where Ray would lay it: the paths of sockets must not be long.
    folder = tempfile.mkdtemp(prefix="agentgym-ray-", dir=os.environ.get("RAY_TMPDIR") or "/tmp")
    _take_token(ray)
    over = threading.Event()
    with ExitStack() as failed, _quietly(), _usual_sigterm():
        failed.callback(shutil.rmtree, folder, ignore_errors=True)
        _outlasting(over, partial(_init, ray, cpus, laid, folder))
        failed.pop_all()
    return RayCluster(own=True, laid=laid, leave=partial(_leave, ray, folder, over))


def _init(ray: Any, cpus: int, laid: Mapping[str, Any], folder: str) -> None:
    ray.init(
        address="local",
        num_cpus=cpus,
        object_store_memory=_OBJECT_STORE_BYTES,
        include_dashboard=False,
        log_to_driver=False,
        logging_level=logging.ERROR,
        runtime_env=dict(laid) or None,
        _node_ip_address=_LOOPBACK,
        _temp_dir=folder,
    )


def _outlasting(over: threading.Event, start: Callable[[], None]) -> None:
    """Calls it where it lasts: what Ray starts the kernel ends with the thread, not the process, that started it."""
    if threading.current_thread() is threading.main_thread():
        start()
        return
    started: Future[None] = Future()

    def last() -> None:
        try:
            start()
            started.set_result(None)
        except Exception as error:  # noqa: BLE001  # Ray's, of any class; raised where it was asked for
            started.set_exception(error)
        over.wait()

    threading.Thread(target=last, name="agentgym-ray", daemon=True).start()
    try:
        started.result()
    except BaseException:
        over.set()
        raise


def _join(ray: Any, address: str, laid: Mapping[str, Any]) -> RayCluster:
    with _usual_sigterm():
        try:
            ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR, runtime_env=dict(laid) or None)
        except (ConnectionError, ValueError, RuntimeError) as error:
            reason = str(error.__cause__ or error).partition("\n")[0]
            raise UsageError(f"Ray does not connect to a cluster at {address!r}: {reason}") from error
    return RayCluster(own=False, laid=laid, leave=ray.shutdown)


def _leave(ray: Any, folder: str, over: threading.Event) -> None:
    ray.shutdown()
    over.set()
    shutil.rmtree(folder, ignore_errors=True)


def _take_token(ray: Any) -> None:
    """A secret without which nobody else of this machine can use the cluster.

    Ray would write one into the user's home. It stays in the environment, as the mode does that Ray sets there itself:
    a second cluster of this process is not believed with another.
    """
    if os.environ.get("RAY_AUTH_MODE", "token") != "token":
        return
    known = {"RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH"} & os.environ.keys()
    if not known and not Path.home().joinpath(".ray", "auth_token").exists():
        os.environ["RAY_AUTH_TOKEN"] = secrets.token_hex(32)
    # What it read before, from a variable or a file that are others now, is not that of the next cluster; Ray 2.60.
    ray._raylet.AuthenticationTokenLoader.instance().reset_cache()


@contextmanager
def _quietly() -> Iterator[None]:
    """With Ray's variables as they are to be where nobody says otherwise."""
    added = {name: value for name, value in _QUIET.items() if name not in os.environ}
    os.environ.update(added)
    try:
        yield
    finally:
        for name in added:
            del os.environ[name]


@contextmanager
def _usual_sigterm() -> Iterator[None]:
    """``ray.init`` replaces whatever handler there is."""
    before = signal.getsignal(signal.SIGTERM)
    yield
    if before is not signal.SIG_DFL and threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, before)
