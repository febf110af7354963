"""A `RunConfig` from a file, from environment variables and from what was given, each winning over those before it."""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, get_args, get_origin

from dotenv import dotenv_values
from dotenv.parser import parse_stream
from pydantic import ValidationError

from agentgym.errors import UsageError
from agentgym.extras import needed
from agentgym.registry import suggestion
from agentgym.results.config import RunConfig

__all__ = ["dotenv", "read_config"]

_PREFIX = "AGENTGYM_"
_NO_SETTINGS = ("AGENTGYM_CACHE", "AGENTGYM_MIRROR", "AGENTGYM_OFFLINE")
"""Variables of the prefix that are read elsewhere: where files come from, whatever is run."""
_ALIASES = {"TRACE_TRAJECTORY": "trace", "TRACE_DIR": "trace_dir"}
_FIELDS = RunConfig.model_fields


@dataclass(frozen=True)
class _Layer:
    """Settings that came from one place.

    Attributes:
        places: by which each setting is named in an error: ``"run.toml: workers"``.
    """

    values: Mapping[str, Any]
    places: Mapping[str, str]


def read_config(
    given: Mapping[str, Any], *, file: str | os.PathLike[str] | None = None, environ: Mapping[str, str] | None = None
) -> RunConfig:
    """The settings of a file, over them those of environment variables, over them those that are given.

    A variable is ``AGENTGYM_`` and the name of a setting; ``TRACE_TRAJECTORY`` and ``TRACE_DIR`` stand for ``trace``
    and ``trace_dir``. Options of agent, environment and engine are taken together, key by key.

    Args:
        given: settings by name.
        file: TOML, or YAML by its ending.
        environ: instead of this process's.

    Raises:
        UsageError: if a setting is not known or not of its type; it names the place.
        MissingDependencyError: for YAML, if PyYAML is not installed.
    """
    layers = [
        *([] if file is None else [_of_file(Path(file))]),
        _of_environment(os.environ if environ is None else environ),
        _Layer(given, {name: f"--{name.replace('_', '-')}" for name in given}),
    ]
    places = {name: place for layer in layers for name, place in layer.places.items()}
    try:
        return RunConfig(**_merged(layers))
    except ValidationError as error:
        raise UsageError(_told(error, places)) from error


@contextmanager
def dotenv(folder: Path) -> Iterator[None]:
    """Has the variables of the file ``.env`` in the environment, those that are not set; the file is only read.

    Raises:
        UsageError: if it cannot be read; it names the line, and shows nothing of it.
    """
    file = folder / ".env"
    if file.is_file():
        _check_dotenv(file)
    read = dotenv_values(file) if file.is_file() else {}
    added = {name: value for name, value in read.items() if value is not None and name not in os.environ}
    os.environ.update(added)
    try:
        yield
    finally:
        for name in added:
            os.environ.pop(name, None)


def _check_dotenv(file: Path) -> None:
    try:
        with file.open(encoding="utf-8") as stream:
            wrong = next((binding.original.line for binding in parse_stream(stream) if binding.error), None)
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{file} cannot be read: {error}") from error
    if wrong is not None:
        raise UsageError(f"{file}:{wrong}: expected NAME=VALUE, or a comment")


def _merged(layers: Sequence[_Layer]) -> dict[str, Any]:
    merged: dict[str, Any] = {}
    for layer in layers:
        for name, value in layer.values.items():
            below = merged.get(name)
            both = isinstance(below, Mapping) and isinstance(value, Mapping)
            merged[name] = {**below, **value} if both else value  # type: ignore[dict-item]  # both are mappings
    return merged


def _of_file(path: Path) -> _Layer:
    values = _read(path)
    for name in values:
        if name not in _FIELDS:
            raise UsageError(f"{path}: no setting {name!r}; {suggestion(str(name), _FIELDS)}")
    return _Layer(values, {name: f"{path}: {name}" for name in values})


def _read(path: Path) -> Mapping[str, Any]:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} cannot be read: {error}") from error
    if path.suffix in (".yaml", ".yml"):
        values = _yaml(path, text)
    elif path.suffix == ".toml":
        try:
            values = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise UsageError(f"{path}: {error}") from error
    else:
        raise UsageError(f"{path}: settings are read from .toml, .yaml or .yml")
    if not isinstance(values, Mapping):
        raise UsageError(f"{path}: expected settings by name, got {type(values).__name__}")
    return values


def _yaml(path: Path, text: str) -> Any:
    yaml = needed("yaml", extra="yaml")
    try:
        return yaml.safe_load(text) or {}
    except yaml.YAMLError as error:
        raise UsageError(f"{path}: {error}") from error


def _of_environment(environ: Mapping[str, str]) -> _Layer:
    named = {variable: name for variable, name in _ALIASES.items() if environ.get(variable)}
    for variable in environ:
        name = variable.removeprefix(_PREFIX).lower()
        if not variable.startswith(_PREFIX) or variable in _NO_SETTINGS:
            continue
        if name in _FIELDS:
            named[variable] = name
        elif get_close_matches(name, _FIELDS, n=1):
            # Others may have variables of this prefix; one that is nearly a setting is a slip.
            raise UsageError(f"{variable}: no setting {name!r}; {suggestion(name, _FIELDS)}")
    values = {name: _from_text(name, environ[variable], variable) for variable, name in named.items()}
    return _Layer(values, {name: variable for variable, name in named.items()})


def _from_text(name: str, text: str, variable: str) -> Any:
    """A list is JSON, or the one thing in it; options are JSON. The model reads numbers and switches from text."""
    kind = get_origin(_FIELDS[name].annotation)
    if kind is tuple and not text.lstrip().startswith("["):
        return (text,) if text else ()
    if kind in (tuple, dict):
        try:
            return json.loads(text)
        except ValueError as error:
            # The text is not shown: options may be secrets.
            raise UsageError(f"{variable}: expected JSON: {error}") from error
    if not text and type(None) in get_args(_FIELDS[name].annotation):
        return None
    return text


def _told(error: ValidationError, places: Mapping[str, str]) -> str:
    """The first fault, by the place it came from. The value is shown of what is no option, which may be a secret."""
    first = error.errors(include_url=False)[0]
    said = first["msg"].removeprefix("Value error, ").replace("Input should be", "expected")
    path = [str(part) for part in first["loc"]]
    if not path:
        return said
    value = first["input"]
    is_plain = isinstance(value, str | int | float) and "options" not in path[0]
    shown = f", got {value!r}" if is_plain and repr(value) not in said else ""
    name = path[0]
    inner = "".join(f".{part}" for part in path[1:] if part in (str(key) for key in range(100)))
    return f"{places.get(name, name)}{inner}: {said}{shown}"
