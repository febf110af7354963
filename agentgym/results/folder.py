"""The folder of a run at rest: what it was told, a line for each attempt, a line for each task and seed.

::

    data/
      args.json                what was told, secrets left out; and of which session
      results.jsonl            an `Attempt` a line, appended as it ends: the truth
      results_summary.jsonl    of each task and seed the one that stands; made again from the other when it is opened
      .results.lock            held by the process that writes
"""

from __future__ import annotations

import fcntl
import os
import socket
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from agentgym.errors import DatasetError, UsageError
from agentgym.results.attempts import Attempt, Place, standing
from agentgym.trajectory.layout import write_atomically

__all__ = ["Results", "RunFolder", "move_aside", "read_args", "read_attempts"]

_decode = msgspec.json.Decoder(Attempt).decode
_encode = msgspec.json.Encoder().encode

Besides = Callable[[Attempt], Mapping[str, Any]]


def _nothing(_: Attempt) -> Mapping[str, Any]:
    return {}


class Results:
    """Attempts by task and seed, in memory: of a run that nothing is kept of."""

    def __init__(self, attempts: Sequence[Attempt] = ()) -> None:
        self._attempts: dict[Place, int] = {}
        self._run_ids: set[str] = set()
        for attempt in attempts:
            self._count(attempt)
        self.standing = standing(attempts)

    def attempts_at(self, place: Place) -> int:
        """How often it was tried so far."""
        return self._attempts.get(place, 0)

    def add(self, attempt: Attempt) -> None:
        """Takes in one more."""
        self._count(attempt)
        before = self.standing.get(attempt.place)
        self.standing |= standing([*([] if before is None else [before]), attempt])

    @property
    def run_ids(self) -> Set[str]:
        """Of the recordings that attempts name."""
        return self._run_ids

    def _count(self, attempt: Attempt) -> None:
        if attempt.run_id is not None:
            self._run_ids.add(attempt.run_id)
        self._attempts[attempt.place] = max(attempt.attempt, self._attempts.get(attempt.place, 0))


class RunFolder(Results):
    """The results of a run, for the one process that adds to them; made by `open`."""

    def __init__(self, path: Path, besides: Besides) -> None:
        super().__init__(read_attempts(path))
        self._besides = besides
        self.path = path
        self._results = path / "results.jsonl"
        self._summary = path / "results_summary.jsonl"
        self._lines = {place: self._line(attempt) for place, attempt in self.standing.items()}

    @classmethod
    @contextmanager
    def open(cls, path: Path, *, besides: Besides = _nothing) -> Iterator[RunFolder]:
        """Makes the folder, holds it for the block, and mends what an earlier process could not end.

        Args:
            besides: what a line of the summary has that no attempt has.

        Raises:
            UsageError: if another process holds it, or it has results of another program.
            DatasetError: if what is in it cannot be read, or it cannot be written.
        """
        with _told(path):
            path.mkdir(parents=True, exist_ok=True)
        with _locked(path):
            _check_is_ours(path)
            folder = cls(path, besides)
            with _told(path):
                folder._mend()
            yield folder

    def add(self, attempt: Attempt) -> None:
        """Appends the attempt; when this returns, it is in both files.

        Raises:
            DatasetError: if the disk refuses; what was added before is kept.
        """
        before = self.standing.get(attempt.place)
        with _told(self.path):
            _append(self._results, _encode(attempt))
            super().add(attempt)
            if self.standing[attempt.place] is not before:
                self._sum_up(attempt.place, is_new=before is None)

    def _line(self, attempt: Attempt) -> bytes:
        return _encode({**msgspec.to_builtins(attempt), **self._besides(attempt)})

    def _sum_up(self, place: Place, *, is_new: bool) -> None:
        self._lines[place] = self._line(self.standing[place])
        if is_new:
            _append(self._summary, self._lines[place])
        else:
            write_atomically(self._summary, _joined(self._lines))

    def write_args(self, args: Mapping[str, Any]) -> None:
        with _told(self.path):
            write_atomically(self.path / "args.json", msgspec.json.format(msgspec.json.encode(args)) + b"\n")

    def _mend(self) -> None:
        """Takes off a line that is torn, and has the summary say what the attempts say."""
        if self._results.exists():
            with self._results.open("rb+") as file:
                file.truncate(_whole(file.read()))
        summary = _joined(self._lines)
        if (self._summary.read_bytes() if self._summary.exists() else b"") != summary:
            write_atomically(self._summary, summary)


def read_attempts(path: Path) -> list[Attempt]:
    """The attempts of a run's folder in the order in which they ended; none if there is no file. Needs no lock.

    Raises:
        DatasetError: if a line, other than a last one that is torn, cannot be read.
    """
    file = path / "results.jsonl"
    try:
        content = file.read_bytes()
    except FileNotFoundError:
        return []
    except OSError as error:
        raise DatasetError(f"{file} cannot be read: {error.strerror}") from error
    attempts = []
    for number, line in enumerate(content[: _whole(content)].splitlines(), 1):
        try:
            attempts.append(_decode(line))
        except msgspec.MsgspecError as error:
            raise DatasetError(f"{file}:{number}: {error}") from error
    return attempts


def read_args(path: Path) -> dict[str, Any] | None:
    """What ``args.json`` says; None if there is none.

    Raises:
        DatasetError: if it cannot be read.
    """
    file = path / "args.json"
    try:
        return msgspec.json.decode(file.read_bytes(), type=dict[str, Any])
    except FileNotFoundError:
        return None
    except (OSError, msgspec.MsgspecError) as error:
        raise DatasetError(f"{file} cannot be read: {error}") from error


def move_aside(path: Path, now: datetime) -> Path:
    """Renames the folder, which nobody may be writing to, and says what it is called now.

    Raises:
        UsageError: if a process holds it, it is the working directory or around it, or it cannot be renamed.
    """
    if Path.cwd().is_relative_to(path.resolve()):
        raise UsageError(
            f"{path} cannot be moved aside: it is the working directory, or around it; give another folder"
        )
    aside = path.with_name(f"{path.name}.before-{now:%Y%m%dT%H%M%S}")
    with _locked(path):
        if aside.exists():
            raise UsageError(f"{path} cannot be moved aside: there is {aside} already")
        try:
            path.rename(aside)
        except OSError as error:
            raise UsageError(f"{path} cannot be moved aside to {aside}: {error.strerror}") from error
    return aside


def _check_is_ours(path: Path) -> None:
    """OSWorld's results, for one, lie in files of the same names, which are not to be written over."""
    args = read_args(path)
    has_summary = (path / "results_summary.jsonl").exists() and not (path / "results.jsonl").exists()
    if has_summary and args is not None and "session_id" in args:
        raise UsageError(
            f"{path / 'results.jsonl'} is gone, of which results_summary.jsonl has what stands of each task and seed: "
            "put it back, or copy the one to the name of the other and go on with that, or give --fresh"
        )
    if has_summary or (args is not None and "session_id" not in args):
        name = "results_summary.jsonl" if has_summary else "args.json"
        raise UsageError(f"{path / name} was not written by agentgym run: give another folder")


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """Says of the file system's refusal where it was."""
    try:
        yield
    except OSError as error:
        raise DatasetError(f"results cannot be written to {path}: {error.strerror or error}") from error


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    # The lock goes with the process, however it ends; it is not inherited by programs that are started.
    with ExitStack() as stack:
        with _told(path):
            file = stack.enter_context((path / ".results.lock").open("a+"))
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.seek(0)
            raise UsageError(
                f"{path} is being written by {file.read() or 'another process'}; wait for it, or give another folder"
            ) from error
        file.truncate(0)
        file.write(f"process {os.getpid()} on {socket.gethostname()}")
        file.flush()
        yield


def _append(path: Path, line: bytes) -> None:
    """At once and in one piece: a process that is killed leaves a whole line, or one that has no end."""
    with path.open("ab", buffering=0) as file:
        rest = memoryview(line + b"\n")
        while rest:
            rest = rest[file.write(rest) :]


def _joined(lines: Mapping[Place, bytes]) -> bytes:
    return b"".join(line + b"\n" for line in lines.values())


def _whole(content: bytes) -> int:
    """How many bytes of it are lines that have an end."""
    return content.rfind(b"\n") + 1
