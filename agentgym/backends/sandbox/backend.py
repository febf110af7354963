"""A private Linux machine without a screen, for tools: a home, a read-only system, nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from agentgym.actions import Action
from agentgym.backends.base import BackendOptions, Completed, Observed, Window
from agentgym.backends.sandbox.bubblewrap import package_folders
from agentgym.backends.sandbox.machine import Machine, MachineSettings, SandboxName
from agentgym.backends.sandbox.toolside import ToolMethods, ToolSide
from agentgym.errors import ActionError, BackendError, UsageError

__all__ = ["SandboxBackend", "make_sandbox"]

ENVIRONMENT: Mapping[str, str] = {
    # The same language, formats and time zone everywhere.
    "LANG": "C.UTF-8",
    "LC_ALL": "C.UTF-8",
    "TZ": "UTC",
    # Nothing pages, asks, colours or remembers.
    "PAGER": "cat",
    "GIT_PAGER": "cat",
    "GIT_TERMINAL_PROMPT": "0",
    "TERM": "dumb",
    "HISTFILE": "",
    "PYTHONDONTWRITEBYTECODE": "1",
    # The order of sets of text, which would differ from one run to the next.
    "PYTHONHASHSEED": "0",
    # Who commits, where a repository does not say so.
    "GIT_AUTHOR_NAME": "User",
    "GIT_AUTHOR_EMAIL": "user@agentgym",
    "GIT_COMMITTER_NAME": "User",
    "GIT_COMMITTER_EMAIL": "user@agentgym",
    # A commit is called by a hash of when it was made, too.
    "GIT_AUTHOR_DATE": "2026-01-01T00:00:00Z",
    "GIT_COMMITTER_DATE": "2026-01-01T00:00:00Z",
    "GIT_CONFIG_COUNT": "2",
    "GIT_CONFIG_KEY_0": "init.defaultBranch",
    "GIT_CONFIG_VALUE_0": "main",
    "GIT_CONFIG_KEY_1": "advice.detachedHead",
    "GIT_CONFIG_VALUE_1": "false",
}


class SandboxBackend(ToolMethods):
    """A machine of its own for one agent's tools, with ``/home/user``, without a screen and without a network.

    It ends with this object, or with the process that holds it, and leaves nothing behind. `reset` ends whatever runs
    in it and empties what can be written. It is a `agentgym.tools.Workspace`, too: its shell and its interpreter last
    until the next `reset`.

    Args:
        sandbox: ``"bwrap"``, or ``"none"`` for what is run with the rights of this process, in a home elsewhere.
        network: whether the machine's network is seen; without it there is a loopback of its own.
        memory_mb: what all processes may take together.
        disk_mb: what the home and ``/tmp`` hold, each; they live in memory.
        processes: how many there may be at once.
        shown: folders of this machine that can be read, and where.
        packages: whether the Python packages of this environment can be read where they lie; ``PYTHONPATH`` is the
            business of whoever wants them.

    Raises:
        UsageError: if an argument cannot work.
    """

    def __init__(
        self,
        *,
        sandbox: SandboxName = "bwrap",
        network: bool = False,
        memory_mb: int = 1024,
        disk_mb: int = 256,
        processes: int = 128,
        shown: Mapping[str, str] | None = None,
        packages: bool = False,
    ) -> None:
        if sandbox not in ("bwrap", "none"):
            raise UsageError(f"sandbox is {sandbox!r}; it can be 'bwrap' or 'none'")
        self._settings = MachineSettings(
            screen=None,
            sandbox=sandbox,
            accessibility=False,
            network=network,
            memory_mb=memory_mb,
            disk_mb=disk_mb,
            processes=processes,
            shown=tuple({**(package_folders() if packages else {}), **(shown or {})}.items()),
        )
        self._machine: Machine | None = None
        self._tools: ToolSide | None = None

    @property
    def screen(self) -> tuple[int, int]:
        """There is none; what environments take for one that is not looked at."""
        return BackendOptions().screen

    @property
    def sandbox(self) -> SandboxName:
        """What programs are held in; without one there is no ``/home/user``."""
        return self._settings.sandbox

    def reset(self, *, seed: int) -> None:
        """Gives a fresh machine; ``seed`` is that of ``$RANDOM`` and of Python's ``random`` in it."""
        if self._machine is not None:
            try:
                self._machine.renew(b"")
            except (BackendError, OSError):
                # Whatever the old machine is suffering from, a new one does not.
                self.close()
        if self._machine is None:
            self._machine = Machine(self._settings, home=b"", environment=ENVIRONMENT)
        self._tools = ToolSide(self._machine, seed=seed, background=False)

    def check(self, action: Action) -> None:
        """Refuses every action of a screen."""
        raise ActionError(f"no {type(action).__name__} here: this machine has tools, and no screen, mouse or keyboard")

    def perform(self, action: Action) -> None:
        """Refuses every action of a screen."""
        self.check(action)

    def settle(self, timeout_s: float) -> bool:
        """True: what a tool has started has ended when the tool returns."""
        return True

    def observe(self, kinds: Sequence[str]) -> Observed:
        """Nothing.

        Raises:
            UsageError: if something is asked for.
        """
        if kinds:
            raise UsageError(f"no observation {kinds[0]!r}; the sandbox has no screen")
        return {}

    def run(
        self,
        argv: Sequence[str],
        *,
        timeout_s: float = 120.0,
        env: Mapping[str, str] | None = None,
        cwd: str | None = None,
        stdin: bytes = b"",
    ) -> Completed:
        """Runs a command of its own to its end."""
        return self._open.run(argv, timeout_s=timeout_s, env=env, cwd=cwd, stdin=stdin)

    def launch(self, argv: Sequence[str], *, env: Mapping[str, str] | None = None, cwd: str | None = None) -> None:
        """Starts a command and leaves it running; no call of a tool ends it."""
        self._open.launch(argv, env=env, cwd=cwd)

    def read(self, path: str) -> bytes:
        """The content of a file."""
        return self._open.read(path)

    def write(self, path: str, content: bytes) -> None:
        """Puts a file there."""
        self._open.write(path, content)

    def windows(self) -> Sequence[Window]:
        """None."""
        return ()

    def activate_window(self, name: str, *, strict: bool = False, by_class: bool = False) -> bool:
        """False: there is none."""
        return False

    def close_window(self, name: str, *, strict: bool = False, by_class: bool = False) -> bool:
        """False: there is none."""
        return False

    def snapshot(self) -> object:
        """Files, shell and interpreter; its ``lost`` says which variables could not be saved, and why."""
        return self._side.save()

    def restore(self, token: object) -> None:
        """Brings back what `snapshot` gave, here or in another such machine."""
        self._side.restore(token)

    def processes(self) -> list[int]:
        """Process ids as the machine sees them itself."""
        return self._open.processes()

    def close(self) -> None:
        """Ends the machine and everything in it."""
        self._tools = None
        if self._machine is not None:
            self._machine.close()
            self._machine = None

    @property
    def _open(self) -> Machine:
        if self._machine is None:
            raise BackendError("the sandbox is not running: call reset", kind="sandbox")
        return self._machine

    @property
    def _side(self) -> ToolSide:
        if self._tools is None:
            raise BackendError("the sandbox is not running: call reset", kind="sandbox")
        return self._tools


def make_sandbox(options: BackendOptions) -> SandboxBackend:
    """The sandbox as environments make it."""
    return SandboxBackend(sandbox=options.sandbox, network=options.network, packages=options.packages)
