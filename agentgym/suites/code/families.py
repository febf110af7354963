"""Packages whose tests fail, or of which functions are missing; they are called with what the tests do not show."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np

from agentgym.families import TaskFamily
from agentgym.suites.code.lessons import Lesson, broken_class, broken_module, tests_of, unwritten_module
from agentgym.suites.code.sources import changes
from agentgym.suites.code.subjects import SUBJECTS
from agentgym.suites.toolmaking import (
    HOME,
    Calls,
    bash,
    draw,
    draw_level,
    draw_some,
    edit,
    getter,
    lay_all,
    make_task,
    read,
    rule,
    tree_is,
    write,
)
from agentgym.tasks import Check, Task

__all__ = ["FAMILIES"]

TOOLS = ("bash", "python", "read", "write", "edit", "list", "grep")

_PACKAGES = ("basics", "handy", "kit", "parts", "shed", "toolbox")
_FOLDERS = ("project", "repo", "src", "work")
_UNCHANGED = "Do not change the tests, and leave no other file in their folder."

Lessons = Callable[[np.random.Generator, int], Sequence[Lesson]]


def _make(rng: np.random.Generator, *, name: str, told: str, lessons: Lessons) -> Task:
    level = draw_level(rng)
    package, folder = draw(rng, _PACKAGES), f"{HOME}/{draw(rng, _FOLDERS)}"
    drawn = lessons(rng, level)
    sources = {f"{package}/{one.name}.py": one.source for one in drawn}
    tests = {"__init__.py": "", **{f"test_{one.name}.py": tests_of(package, one) for one in drawn}}
    modules = " and ".join(f"{package}/{one.name}.py" for one in drawn) if len(drawn) == 1 else f"the package {package}"
    return make_task(
        f"code/{name}",
        f"{told.format(folder=folder.replace(HOME, '~'), modules=modules)} Afterwards everything does what its "
        f"docstrings say, for all that they allow, not only for what the tests try. {_UNCHANGED}",
        setup=lay_all(
            folder,
            {f"{package}/__init__.py": "", **sources, **{f"tests/{name}": text for name, text in tests.items()}},
        ),
        checks=[
            *(_calls_return(folder, package, one) for one in drawn),
            tree_is(f"{folder}/tests", tests, skip=["__pycache__"]),
        ],
        tools=TOOLS,
        drawn={
            "level": level,
            "folder": folder,
            "changes": [
                [f"{folder}/{package}/{one.name}.py", old, new]
                for one in drawn
                for old, new in changes(one.source, one.right)
            ],
            "copied": {
                f"{folder}/{package}/{one.name}.py": one.source + _copies(one)
                for one in drawn
                if one.source != one.right
            },
        },
        max_steps=40,
    )


def _calls_return(folder: str, package: str, lesson: Lesson) -> Check:
    calls = [{**call, "function": f"{package}.{lesson.name}:{call['function']}"} for call in lesson.hidden]
    result = getter("python_calls", path=folder, calls=calls)
    return Check("exact_match", result, rule([lesson.expected(call) for call in lesson.hidden]))


_COPIED = """

_known = {known!r}


def _copied(name, function):
    def call(*arguments):
        for known, given, value in _known:
            if known == name and given == list(arguments):
                return value
        return function(*arguments)

    return call


for _name in {{one[0] for one in _known}}:
    globals()[_name] = _copied(_name, globals()[_name])
"""


def _copies(lesson: Lesson) -> str:
    """What makes the tests that are shown pass, and nothing else."""
    known = [
        [call["function"], call["arguments"], lesson.expected(call).get("value")]
        for call in lesson.shown
        if "then" not in call
    ]
    return _COPIED.format(known=known) if known else "\n"


def _solve(task: Task) -> Calls:
    drawn = task.seed_params
    yield bash(f"cd {drawn['folder']} && python3 -B -m unittest 2>&1 | grep -E '^(FAIL|ERROR)' | sort")
    for path in dict.fromkeys(path for path, _, _ in drawn["changes"]):
        yield read(path)
    for path, old, new in drawn["changes"]:
        yield edit(path, old, new)
    yield bash(f"cd {drawn['folder']} && python3 -B -m unittest 2>&1 | tail -n 1")


def _copy_answers(task: Task) -> Calls:
    for path, text in task.seed_params["copied"].items():
        yield write(path, text)


def _change_tests(task: Task) -> Calls:
    yield bash(f"cd {task.seed_params['folder']}/tests && rm test_*.py && echo > test_all.py")


def _leave_one(task: Task) -> Calls:
    for path, old, new in task.seed_params["changes"][1:]:
        yield edit(path, old, new)


def _mend_and_change_tests(task: Task) -> Calls:
    yield from _solve(task)
    yield bash(f"cd {task.seed_params['folder']}/tests && sed -i 's/assertEqual/assertTrue/' test_*.py")


_NEAR_MISSES = {
    "answers copied": _copy_answers,
    "tests removed": _change_tests,
    "one left": _leave_one,
    "mended, tests changed": _mend_and_change_tests,
}


def _one_module(rng: np.random.Generator, level: int) -> Sequence[Lesson]:
    return [broken_module(rng, draw(rng, SUBJECTS), level)]


def _three_modules(rng: np.random.Generator, level: int) -> Sequence[Lesson]:
    subjects = draw_some(rng, SUBJECTS, 3)
    return [broken_module(rng, subject, int(place < level)) for place, subject in enumerate(subjects)]


def _one_class(rng: np.random.Generator, level: int) -> Sequence[Lesson]:
    return [broken_class(rng, level)]


def _unwritten(rng: np.random.Generator, level: int) -> Sequence[Lesson]:
    return [unwritten_module(rng, draw(rng, SUBJECTS), level)]


def _family(name: str, told: str, lessons: Lessons) -> TaskFamily:
    make = partial(_make, name=name, told=told, lessons=lessons)
    return TaskFamily(name, make, _solve, _NEAR_MISSES, tags=("code",))


_FAILING = "In {folder}, tests fail: `python3 -B -m unittest` shows which. Mend {modules}."
FAMILIES = (
    _family("fix-function", _FAILING, _one_module),
    _family("fix-package", _FAILING, _three_modules),
    _family("fix-class", _FAILING, _one_class),
    _family(
        "write-function",
        "In {folder}, some functions of {modules} are not written yet: they raise NotImplementedError. Write them; "
        "`python3 -B -m unittest` tries some of what they should do.",
        _unwritten,
    ),
)
