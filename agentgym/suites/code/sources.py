"""Source texts: of the modules that tasks are made of, broken, loaded, and taken apart."""

from __future__ import annotations

import ast
import importlib
import importlib.abc
import importlib.util
import inspect
import json
from collections.abc import Iterable, Iterator
from functools import cache
from types import ModuleType
from typing import Any

from agentgym.suites.code.subjects import Fault

__all__ = ["broken", "changes", "class_source", "loaded", "module_source", "outcome", "stubbed"]

_PACKAGES = "agentgym.suites.code.packages"

Call = dict[str, Any]
"""As `agentgym.evaluators.getters.programs` takes it, with the function's name alone as ``function``."""


@cache
def module_source(name: str) -> str:
    return inspect.getsource(importlib.import_module(f"{_PACKAGES}.{name}"))


@cache
def class_source(module: str, name: str) -> str:
    """A module that has one class of another alone."""
    found = importlib.import_module(f"{_PACKAGES}.{module}")
    return f'"""{inspect.getdoc(getattr(found, name))}"""\n\n\n{inspect.getsource(getattr(found, name))}'


def broken(source: str, faults: Iterable[Fault]) -> str:
    for fault in faults:
        source = source.replace(fault.right, fault.wrong)
    return source


def stubbed(source: str, names: Iterable[str]) -> str:
    """The source with functions of which only the first line and the docstring are left."""
    lines = source.splitlines(keepends=True)
    wanted = set(names)
    for node in reversed(ast.parse(source).body):
        if isinstance(node, ast.FunctionDef) and node.name in wanted:
            end = node.end_lineno or node.lineno
            lines[node.body[1].lineno - 1 : end] = ["    raise NotImplementedError\n"]
    return "".join(lines)


def changes(before: str, after: str) -> list[tuple[str, str]]:
    """The smallest parts with a name of their own (functions, methods, values) that differ, as they were and are."""
    return [(old, new) for old, new in zip(_parts(before), _parts(after), strict=True) if old != new]


def _parts(source: str) -> Iterator[str]:
    lines = source.splitlines(keepends=True)
    for node in ast.parse(source).body:
        for part in node.body if isinstance(node, ast.ClassDef) else [node]:
            yield "".join(lines[part.lineno - 1 : part.end_lineno])


@cache
def loaded(source: str) -> ModuleType:
    """The module that a source of ours makes."""
    loader = _InMemory(source)
    spec = importlib.util.spec_from_loader("agentgym_lesson", loader)
    if spec is None:
        raise ImportError("a loader without a module")
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


def outcome(module: ModuleType, call: Call) -> dict[str, Any]:
    """What `python_calls` would say of a call."""
    arguments = json.loads(json.dumps(call["arguments"]))
    try:
        value = getattr(module, call["function"])(*arguments)
        if "then" in call:
            value = [getattr(value, method)(*inner) for method, inner in json.loads(json.dumps(call["then"]))]
    except Exception as error:  # noqa: BLE001 - a boundary to modules that are broken on purpose
        return {"error": type(error).__name__}
    return {"value": json.loads(json.dumps(value))}


class _InMemory(importlib.abc.SourceLoader):
    def __init__(self, source: str) -> None:
        self._source = source

    def get_data(self, path: str | bytes) -> bytes:
        return self._source.encode()

    def get_filename(self, fullname: str) -> str:
        return f"<{fullname}>"
