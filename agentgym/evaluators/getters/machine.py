"""Getters of what a machine says and shows: what its commands write, its windows, its application."""

from __future__ import annotations

from typing import Any

import msgspec

from agentgym.backends.base import Backend, Completed
from agentgym.backends.qt.apps import STATE_FILE
from agentgym.evaluators.getters.forms import Nothing, getter_forms
from agentgym.evaluators.getters.registry import getter_needs, getters
from agentgym.setup.commandlines import argv_in

__all__: list[str] = []


class Command(msgspec.Struct):
    """A command.

    Args:
        command: the program and its arguments; a text is taken apart as a shell would.
        shell: whether a shell runs it.
    """

    command: str | list[str]
    shell: bool | str = False


class Application(msgspec.Struct):
    """A window.

    Args:
        app_class_name: a part of its class, in any case; ``xprop WM_CLASS`` shows it.
    """

    app_class_name: str


@getters.register("app_state")
def app_state(backend: Backend, _config: dict[str, Any]) -> dict[str, Any]:
    """What the application of a small task says of itself: ``progress`` and ``score`` in [0, 1], and ``over``."""
    return msgspec.json.decode(backend.read(STATE_FILE), type=dict[str, Any])


@getters.register("vm_command_line")
def vm_command_line(backend: Backend, config: dict[str, Any]) -> str:
    """What ``command`` writes to its standard output.

    Raises:
        FileNotFoundError: if there is no such program, or it does not end, which OSWorld's metrics are given None for.
    """
    return _said(_run(backend, config).stdout)


@getters.register("vm_command_error")
def vm_command_error(backend: Backend, config: dict[str, Any]) -> str:
    """What ``command`` writes to its standard error.

    Raises:
        FileNotFoundError: if there is no such program, or it does not end.
    """
    return _said(_run(backend, config).stderr)


@getters.register("accessibility_tree")
def accessibility_tree(backend: Backend, _config: dict[str, Any]) -> str | None:
    """The accessibility tree of the whole desktop, as XML in OSWorld's form; None without one."""
    return _text(backend, "accessibility_tree")


@getters.register("vm_terminal_output")
def vm_terminal_output(backend: Backend, _config: dict[str, Any]) -> str | None:
    """The text of the focused terminal; None if there is none."""
    return _text(backend, "terminal")


@getters.register("vm_screen_size")
def vm_screen_size(backend: Backend, _config: dict[str, Any]) -> dict[str, int]:
    """The size of the screen, ``{"width", "height"}`` in pixels."""
    width, height = backend.screen
    return {"width": width, "height": height}


@getters.register("vm_window_size")
def vm_window_size(backend: Backend, config: dict[str, Any]) -> dict[str, int] | None:
    """The size of the uppermost window of a class, ``{"width", "height"}`` in pixels; None if there is none."""
    name = config["app_class_name"].lower()
    for window in reversed(backend.windows()):
        if name in window.app_class.lower():
            return {"width": window.width, "height": window.height}
    return None


@getters.register("vm_window_titles")
def vm_window_titles(backend: Backend, _config: dict[str, Any]) -> list[str]:
    """The titles of all windows, the lowest first; ours."""
    return [window.title for window in backend.windows()]


def _text(backend: Backend, kind: str) -> str | None:
    text = backend.observe([kind])[kind]
    return None if text is None else str(text)


def _run(backend: Backend, config: dict[str, Any]) -> Completed:
    command = config["command"]
    try:
        return backend.run(argv_in(backend, command, config.get("shell", False)))
    except TimeoutError as error:
        # What hangs in a machine is what the agent made of it: the episode must not get out of its score.
        raise FileNotFoundError(f"{command!r} says nothing: {error}") from error


def _said(output: bytes) -> str:
    """Text with the ends of lines that OSWorld's server gives it."""
    return output.decode("utf-8", "replace").replace("\r\n", "\n").replace("\r", "\n")


getter_needs.register("accessibility_tree", ("accessibility_tree",))
getter_needs.register("vm_terminal_output", ("terminal",))
getter_forms.register("accessibility_tree", Nothing)
getter_forms.register("app_state", Nothing)
getter_forms.register("vm_command_error", Command)
getter_forms.register("vm_command_line", Command)
getter_forms.register("vm_screen_size", Nothing)
getter_forms.register("vm_terminal_output", Nothing)
getter_forms.register("vm_window_size", Application)
getter_forms.register("vm_window_titles", Nothing)
