"""What a sink is, the table of those that can be named, and the text that names one."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol, TypeVar, runtime_checkable
from urllib.parse import parse_qsl

import msgspec

from agentgym.display import Picture
from agentgym.errors import UsageError
from agentgym.events import Record
from agentgym.registry import Registry, suggestion
from agentgym.trajectory.redaction import Redact, make_redact

__all__ = ["CatchesUp", "LooksAtScreen", "Sink", "SinkOrder", "SinkWarning", "make_sink", "read_order", "sinks"]

Options = TypeVar("Options", bound=msgspec.Struct)


class SinkWarning(UserWarning):
    """What a sink did not get, and why. The recording has it."""


class Sink(Protocol):
    """Takes the records of any number of runs, each run's in order.

    ``bus.subscribe(sink)`` hands it every record. What it raises ends it where it was attached by
    `agentgym.sinks.attached`, and nothing else; ``close`` ends what it has open.
    """

    def __call__(self, record: Record, /) -> object: ...

    def close(self) -> None: ...


@runtime_checkable
class CatchesUp(Protocol):
    """A sink that knows what it has of a run."""

    def catch_up(self, run_id: str) -> int:
        """Takes the rest from the recording, now; returns how many records that were."""
        ...


@runtime_checkable
class LooksAtScreen(Protocol):
    """A sink that keeps pictures, also of who acts without seeing one."""

    def look_through(self, look: Callable[[], Picture | None]) -> None:
        """Is told how to look, from the thread that publishes; None where there is no screen."""
        ...


@dataclass(frozen=True)
class SinkOrder:
    """A sink that was asked for: ``NAME:PLACE?OPTION=VALUE&…``.

    Attributes:
        text: the whole, as it was given.
        place: what stands between the name and the options.
        options: as texts.
        recording: the folder of the dataset that the same run is recorded into; None if it is not.
        live: whether records come from an episode that must not wait.
        secrets: takes out of texts what only the caller knows to be secret.
    """

    text: str
    place: str = ""
    options: Mapping[str, str] = field(default_factory=dict)
    recording: Path | None = None
    live: bool = True
    secrets: Redact | None = None

    @property
    def name(self) -> str:
        return self.text.partition("?")[0].partition(":")[0]

    @property
    def shown(self) -> str:
        """The text without its secrets."""
        return self.redact(self.text)

    @property
    def redact(self) -> Redact:
        """Takes secrets out of texts: the caller's, and those that are known by what they look like."""
        known, more = make_redact(os.environ), self.secrets
        return known if more is None else lambda text: more(known(text))

    def read(self, form: type[Options]) -> Options:
        """The options, of the types that they are to have.

        Raises:
            UsageError: for one that is unknown or of another type.
        """
        names = [one.encode_name for one in msgspec.structs.fields(form)]
        for name in self.options:
            if name not in names:
                raise UsageError(f"the sink {self.shown!r} has no option {name!r}; {suggestion(name, names)}")
        try:
            return msgspec.convert(dict(self.options), form, strict=False)
        except msgspec.ValidationError as error:
            raise UsageError(f"the sink {self.shown!r}: {error}") from error


sinks: Registry[Callable[[SinkOrder], Sink]] = Registry("sink")
"""By name: what makes a sink as it is ordered. It opens nothing before the first record."""

sinks.register_lazily("console", "agentgym.sinks.console:console_sink")
sinks.register_lazily("jsonl", "agentgym.sinks.jsonl:jsonl_sink")
sinks.register_lazily("osworld", "agentgym.sinks.osworld:osworld_sink")
sinks.register_lazily("otlp", "agentgym.sinks.otlp:otlp_sink")
sinks.register_lazily("redis", "agentgym.sinks.redis:redis_sink")
sinks.register_lazily("rediss", "agentgym.sinks.redis:redis_sink")
sinks.register_lazily("tensorboard", "agentgym.sinks.tensorboard:tensorboard_sink")


def read_order(text: str, *, recording: str | os.PathLike[str] | None = None) -> SinkOrder:
    """What a text asks for."""
    named, _, asked = text.partition("?")
    _, _, place = named.partition(":")
    options = dict(parse_qsl(asked, keep_blank_values=True))
    return SinkOrder(text, place, options, None if recording is None else Path(recording).absolute())


def make_sink(
    text: str,
    *,
    recording: str | os.PathLike[str] | None = None,
    live: bool = True,
    secrets: Redact | None = None,
) -> Sink:
    """The sink that a text names: ``"console"``, ``"jsonl:events.jsonl?fsync=true"``.

    Args:
        text: ``NAME:PLACE?OPTION=VALUE&…``; what a sink takes stands in docs/sinks.md.
        recording: the folder that the run is recorded into, for a sink that reads what it sends from there.
        live: False for one that may be waited for, and then drops nothing.
        secrets: takes out of texts what only the caller knows to be secret.

    Raises:
        UsageError: if there is no such sink, or it cannot be one as it is ordered.
        MissingDependencyError: says what to install.
    """
    order = replace(read_order(text, recording=recording), live=live, secrets=secrets)
    return sinks[order.name](order)
