"""The error tree is what its picture says, each of it crosses processes, and each is raised somewhere."""

from __future__ import annotations

import ast
import inspect
import pickle
import re
from pathlib import Path

import pytest

from agentgym import errors
from agentgym.errors import AgentGymError, BackendError, MissingDependencyError, UnknownNameError

_ROOT = Path(__file__).parents[1]
_CLASSES: list[type[AgentGymError]] = [
    thing
    for _, thing in inspect.getmembers(errors, inspect.isclass)
    if issubclass(thing, AgentGymError) and thing.__module__ == errors.__name__
]


def _drawn() -> dict[str, str]:
    """Each class of the picture with the one that it hangs from."""
    assert errors.__doc__ is not None
    parents: dict[str, str] = {}
    above = {0: "AgentGymError"}
    for bars, name in re.findall(r"^ {4}([│ ]*[├└]── )(\w+)", errors.__doc__, re.MULTILINE):
        depth = len(bars) // 4
        parents[name] = above[depth - 1]
        above[depth] = name
    return parents


def test_picture_is_the_tree() -> None:
    tree = {kind.__name__: kind.__bases__[0].__name__ for kind in _CLASSES if kind is not AgentGymError}
    assert _drawn() == tree


def test_picture_says_which_errors_of_python_they_are_too() -> None:
    assert errors.__doc__ is not None
    said = dict(re.findall(r"── (\w+) .*\(also a (\w+)\)", errors.__doc__))
    for name, also in said.items():
        assert also in [base.__name__ for base in getattr(errors, name).__mro__]


def test_face_of_the_module_is_the_tree() -> None:
    assert errors.__all__ == sorted(kind.__name__ for kind in _CLASSES)


@pytest.mark.parametrize("kind", _CLASSES, ids=lambda kind: kind.__name__)
def test_error_survives_the_way_from_another_process(kind: type[AgentGymError]) -> None:
    error = pickle.loads(pickle.dumps(kind("what, where, why")))
    assert type(error) is kind
    assert str(error) == "what, where, why"
    assert kind.__doc__


def test_kind_of_a_machine_fault_survives_it_too() -> None:
    error = pickle.loads(pickle.dumps(BackendError("gone", kind="display")))
    assert (str(error), error.kind) == ("gone", "display")


def test_sentence_of_a_name_that_nothing_has_is_not_quoted() -> None:
    assert str(UnknownNameError("no metric named 'x'")) == "no metric named 'x'"


def _raised(path: Path) -> set[str]:
    """What a module raises by calling its name, or hands to whoever raises it."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    calls = [node.func for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return {
        name.id if isinstance(name, ast.Name) else name.attr
        for name in calls
        if isinstance(name, ast.Name | ast.Attribute)
    }


def test_each_is_raised_somewhere() -> None:
    sources = [path for folder in ("agentgym", "wrappers") for path in (_ROOT / folder).rglob("*.py")]
    unused = {kind.__name__ for kind in _CLASSES}
    for path in sources:
        # To read the tree of every module would take seconds.
        if any(f"{name}(" in path.read_text(encoding="utf-8") for name in unused):
            unused -= _raised(path)
    assert unused == {"AgentGymError"}, "the base is not raised itself; what else nobody raises is not needed"


# A library that lacks one of its own parts says itself which; who runs a program, how it is installed.
_INSTALLS = re.compile(r"pip install|sudo apt-get install|python -m nltk.downloader|\{error\}'|\{missing\}'")


def _messages(path: Path) -> list[tuple[str, str]]:
    """What stands in each `MissingDependencyError` that a module makes, as far as it is written there."""
    if MissingDependencyError.__name__ not in path.read_text(encoding="utf-8"):
        return []
    tree = ast.parse(path.read_text(encoding="utf-8"))
    made = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith(MissingDependencyError.__name__)
    ]
    return [(f"{path.relative_to(_ROOT)}:{node.lineno}", ast.unparse(node)) for node in made]


def test_missing_thing_says_what_to_type() -> None:
    sources = [path for folder in ("agentgym", "wrappers") for path in sorted((_ROOT / folder).rglob("*.py"))]
    made = [message for path in sources for message in _messages(path)]
    silent = [place for place, message in made if not _INSTALLS.search(message)]
    assert made
    assert silent == []
