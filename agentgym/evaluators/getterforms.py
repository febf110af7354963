"""What each getter must be told: the keys beside ``type`` in a task's ``result`` or ``expected``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from agentgym.registry import Registry

__all__ = ["Files", "Nothing", "getter_forms"]

getter_forms: Registry[type[msgspec.Struct]] = Registry("getter form")
"""By the getter's name. What does not fit is told before the episode; a getter without a form takes anything."""


class Nothing(msgspec.Struct):
    """Nothing."""


class Rule(msgspec.Struct):
    """What the metric is given as it stands.

    Args:
        rules: what the metric wants: see there.
    """

    rules: Any


class Files(msgspec.Struct):
    """One file, or several.

    Args:
        path: where it is; with ``multi``, a list.
        dest: the name, or with ``multi`` the names, under which the metric sees it; as it is called there otherwise.
        multi: whether these are several.
        gives: with ``multi``, the places of those that go to the metric; the others only lie beside them.
    """

    path: str | list[str]
    dest: str | list[str] | None = None
    multi: bool | str = False
    gives: tuple[int, ...] = (0,)


class MachineFiles(Files):
    """One file, or several.

    Args:
        path: where it is; with ``multi``, a list.
        dest: the name, or with ``multi`` the names, under which the metric sees it; as it is called there otherwise.
        multi: whether these are several.
        gives: with ``multi``, the places of those that go to the metric; the others only lie beside them.
        time_suffix: of one file, whether the time stands in the name, after ``_``.
        time_format: how, in the words of ``strftime``.
    """

    time_suffix: bool | str = False
    time_format: str = "%Y%m%d_%H%M%S"


class Command(msgspec.Struct):
    """A command.

    Args:
        command: the program and its arguments; a text is taken apart as a shell would.
        shell: whether a shell runs it.
    """

    command: str | list[str]
    shell: bool | str = False


class Kept(msgspec.Struct):
    """A file that a step kept.

    Args:
        path: the name that the step was told, as ``stdout`` or ``stderr``.
    """

    path: str


class Folder(msgspec.Struct):
    """A folder.

    Args:
        path: where it is.
    """

    path: str


class Content(msgspec.Struct):
    """A part of a file's content.

    Args:
        path: where the file is.
        file_type: the only kind of file there is.
        file_content: the only part there is.
    """

    path: str
    file_type: Literal["xlsx"]
    file_content: Literal["last_row"]


class Application(msgspec.Struct):
    """A window.

    Args:
        app_class_name: a part of its class, in any case; ``xprop WM_CLASS`` shows it.
    """

    app_class_name: str


class Left(msgspec.Struct):
    """What was left.

    Args:
        name: under which a tool or a service leaves it.
    """

    name: str


class Query(msgspec.Struct):
    """A question to a database.

    Args:
        path: where its file is.
        query: in SQL; nothing can be changed by it.
    """

    path: str
    query: str


_FORMS: Mapping[str, type[msgspec.Struct]] = {
    "accessibility_tree": Nothing,
    "answer": Nothing,
    "app_state": Nothing,
    "cache_file": Kept,
    "cloud_file": Files,
    "content_from_vm_file": Content,
    "evidence": Left,
    "findings": Nothing,
    "list_directory": Folder,
    "rule": Rule,
    "sqlite_rows": Query,
    "tool_calls": Nothing,
    "vm_command_error": Command,
    "vm_command_line": Command,
    "vm_file": MachineFiles,
    "vm_screen_size": Nothing,
    "vm_terminal_output": Nothing,
    "vm_window_size": Application,
    "vm_window_titles": Nothing,
}

for _name, _form in _FORMS.items():
    getter_forms.register(_name, _form)
