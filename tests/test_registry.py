"""Named things are found, faults in names are explained."""

from __future__ import annotations

import pytest

from agentgym.errors import UnknownNameError, UsageError
from agentgym.registry import Registry


def test_registered_thing_is_found_listed_and_counted() -> None:
    registry: Registry[int] = Registry("number", plugins=False)
    registry.register("two", 2)
    registry.register("one", 1)
    assert registry["one"] == 1
    assert list(registry) == ["one", "two"]
    assert len(registry) == 2
    assert "two" in registry
    assert "three" not in registry


def test_decorator_registers_and_gives_back() -> None:
    registry: Registry[object] = Registry("function", plugins=False)

    @registry.register("f")
    def function() -> None: ...

    assert registry["f"] is function


def test_name_can_be_taken_once() -> None:
    registry: Registry[int] = Registry("number", plugins=False)
    registry.register("one", 1)
    with pytest.raises(UsageError, match="'one' is registered already"):
        registry.register("one", 2)


def test_unknown_name_suggests_or_lists() -> None:
    registry: Registry[int] = Registry("metric", plugins=False)
    registry.register("exact_match", 1)
    with pytest.raises(UnknownNameError, match="no metric named 'exact_mach'; did you mean 'exact_match'\\?"):
        registry["exact_mach"]
    with pytest.raises(UnknownNameError, match="known are: exact_match"):
        registry["zzz"]


def test_lazy_thing_is_imported_when_asked_for() -> None:
    registry: Registry[object] = Registry("thing", plugins=False)
    registry.register_lazily("registry", "agentgym.registry:Registry")
    registry.register_lazily("broken", "agentgym.no_such_module:thing")
    assert list(registry) == ["broken", "registry"]
    assert registry["registry"] is Registry
    with pytest.raises(ModuleNotFoundError):
        registry["broken"]


def test_mapping_methods_work_for_missing_names() -> None:
    registry: Registry[int] = Registry("number", plugins=False)
    assert registry.get("one") is None
