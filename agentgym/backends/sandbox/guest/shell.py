"""A bash that lives from one call to the next."""

from __future__ import annotations

import os
import selectors
import time
from collections.abc import Mapping
from typing import NamedTuple

from .output import Output, Patience
from .processes import Processes, alive

# Two texts a call: what to seed $RANDOM with, and the command, each ended by a zero byte. What the command starts does
# not get the descriptors that the loop speaks over.
_LOOP = (
    "shopt -s expand_aliases; __agentgym_status=0; __agentgym_again() {{ return $1; }}; "
    "while IFS= builtin read -r -d '' -u {asked} __agentgym_seed"
    " && IFS= builtin read -r -d '' -u {asked} __agentgym_call; do "
    # What has become of jobs is told here, where nobody hears it.
    "builtin jobs >/dev/null; RANDOM=$__agentgym_seed; __agentgym_again $__agentgym_status; "
    'eval "$__agentgym_call" </dev/null >&{output} 2>&{output} {asked}<&- {told}>&- {output}>&-; '
    "__agentgym_status=$?; builtin printf '%d\\0' $__agentgym_status >&{told}; done"
)
"""One line, so that those of a command are counted from 1."""

# Writes a script that brings a new bash to where this one is. Options come last: with some of them every fault ends it.
_SAVE = """{
builtin mapfile -t __agentgym_names < <(compgen -v)
for __agentgym_name in "${__agentgym_names[@]}"; do
  case $__agentgym_name in
    __agentgym_*|_|BASH*|COMP_*|DIRSTACK|EPOCH*|EUID|FUNCNAME|GROUPS|HISTCMD|LINENO|PIPESTATUS|PPID) ;;
    RANDOM|SECONDS|SHELLOPTS|SRANDOM|UID) ;;
    *) declare -p -- "$__agentgym_name" ;;
  esac
done
declare -f; declare -F; alias -p; umask -p; builtin printf 'cd -- %q\\n' "$PWD"; trap -p; shopt -p; set +o
builtin printf '__agentgym_again %d\\n' "$__agentgym_status"
} 2>/dev/null || :
__agentgym_again $__agentgym_status
"""

_STOP_PATIENCE_S = 2.0
_MOST_STATE = 64 << 20
_LOOK_EVERY_S = 0.001


class Ran(NamedTuple):
    """What a call came to. ``status`` is None if the shell did not live to tell it."""

    status: int | None
    output: Output
    timed_out: bool


class Shell:
    """One bash.

    Args:
        home: where it begins.
        state: what `save` gave of another shell.
    """

    def __init__(self, processes: Processes, environment: Mapping[str, str], home: str, state: bytes = b"") -> None:
        self._processes = processes
        asked, self._asking = os.pipe()
        self._telling, told = os.pipe()
        self._reading, output = os.pipe()
        os.set_blocking(self._reading, False)
        os.set_blocking(self._asking, False)
        script = _LOOP.format(asked=asked, told=told, output=output)
        try:
            self.pid = processes.start(
                ["bash", "--noprofile", "--norc", "-c", script],
                env=environment,
                # Whoever has locked himself out of the home can unlock it.
                cwd=home if os.access(home, os.X_OK) else "/",
                pass_fds=(asked, told, output),
            )
        finally:
            for descriptor in (asked, told, output):
                os.close(descriptor)
        self._told = b""
        self._state = state

    def call(self, command: bytes, *, seed: int, most: int, patience: Patience) -> Ran:
        """Runs a command; what it writes to either output is one text.

        Args:
            seed: of ``$RANDOM``.
            most: bytes of output that are kept.
        """
        if self._state:
            state, self._state = self._state, b""
            self._exchange(b"{ " + state + b"\n} 2>/dev/null", seed, Output(most), patience)
        output = Output(most)
        status = self._exchange(command, seed, output, patience)
        if status is not None or not patience.is_over():
            return Ran(status, output, timed_out=False)
        return Ran(self._interrupted(output), output, timed_out=True)

    def save(self, *, patience: Patience) -> bytes:
        """Variables, functions, options, aliases, traps and folder, as a script that brings them back.

        Raises:
            OSError: if it does not say, or so much that it cannot be kept.
        """
        if self._state:
            return self._state
        output = Output(_MOST_STATE)
        if self._exchange(_SAVE.encode(), 0, output, patience) is None:
            raise OSError("the shell does not say what is to be saved of it")
        if output.written > _MOST_STATE:
            raise OSError(f"the shell's variables have {output.written} bytes; at most {_MOST_STATE} are saved")
        return output.content

    def drain(self, output: Output) -> None:
        """Takes what has been written since."""
        output.drain(self._reading)

    def how_it_ended(self) -> str:
        """With what exit status, of one that has closed its pipes."""
        deadline = time.monotonic() + _STOP_PATIENCE_S
        while alive(self.pid) and time.monotonic() < deadline:
            time.sleep(_LOOK_EVERY_S)
        status = self._processes.exit_code(self.pid)
        return "" if status is None else f" with status {status}"

    def close(self) -> None:
        for descriptor in (self._asking, self._telling, self._reading):
            os.close(descriptor)
        self._processes.kill_tree(self.pid)
        self._processes.reap()
        self._processes.forget(self.pid)

    def _exchange(self, command: bytes, seed: int, output: Output, patience: Patience) -> int | None:
        """Has a command run; its status, or None if the shell ended or the time did."""
        return self._await(output, patience, memoryview(b"%d\0%s\0" % (seed, command)))

    def _await(self, output: Output, patience: Patience, message: memoryview) -> int | None:
        with selectors.DefaultSelector() as ready:
            ready.register(self._telling, selectors.EVENT_READ)
            ready.register(self._reading, selectors.EVENT_READ)
            if message:
                # A pipe holds 64 KB, and a shell that was stopped reads nothing.
                ready.register(self._asking, selectors.EVENT_WRITE)
            while patience.lasts():
                for key, _ in ready.select(patience.nap()):
                    if key.fd == self._asking:
                        message = self._written(message)
                        if not message:
                            ready.unregister(self._asking)
                    elif key.fd == self._reading:
                        output.take(self._reading)
                    elif (status := self._status()) is not None:
                        output.drain(self._reading)
                        return status
                    elif not self._told:
                        return None
        return None

    def _written(self, message: memoryview) -> memoryview:
        """What is left of a message when as much was written as there is room for."""
        try:
            return message[os.write(self._asking, message) :]
        except BlockingIOError:
            return message
        except BrokenPipeError:
            # It has died since; that is told by its status.
            return memoryview(b"")

    def _status(self) -> int | None:
        """The exit status that the loop told; None if it is not all there, with nothing told if the shell is gone."""
        chunk = os.read(self._telling, 64)
        self._told = self._told + chunk if chunk else b""
        if not self._told.endswith(b"\0"):
            return None
        status, self._told = int(self._told.rstrip(b"\0")), b""
        return status

    def _interrupted(self, output: Output) -> int | None:
        """Ends what the shell is waiting for; its exit status if that was enough."""
        self._processes.kill_below(self.pid)
        return self._await(output, Patience(_STOP_PATIENCE_S, _nothing), memoryview(b""))


def _nothing() -> None:
    pass
