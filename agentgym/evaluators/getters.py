"""Getters: what is fetched from a machine, by OSWorld's names."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence
from pathlib import PurePosixPath
from typing import Any, TypeAlias

import msgspec

from agentgym.backends.base import Backend, Completed
from agentgym.registry import Registry
from agentgym.setup.downloads import fetch

__all__ = ["Fetched", "Getter", "getters"]


class Fetched(msgspec.Struct, frozen=True):
    """A file that a getter fetched. Metrics find it on disk, under its name, while they run."""

    name: str
    content: bytes


Getter: TypeAlias = Callable[[Backend, dict[str, Any]], Any]
"""Fetches one thing. ``FileNotFoundError`` says that it is not there, which scores 0."""

getters: Registry[Getter] = Registry("getter")


@getters.register("rule")
def rule(_backend: Backend, config: dict[str, Any]) -> Any:
    """The ``rules`` that stand in the task itself."""
    return config["rules"]


@getters.register("vm_file")
def vm_file(backend: Backend, config: dict[str, Any]) -> Fetched | list[Fetched | None]:
    """The file at ``path``; with ``multi``, the files of the list ``path`` that ``gives`` picks by place."""
    if not _true(config.get("multi")):
        return Fetched(config.get("dest") or PurePosixPath(config["path"]).name, backend.read(config["path"]))
    paths: Sequence[str] = config["path"]
    names: Sequence[str] = config.get("dest") or [PurePosixPath(path).name for path in paths]
    picked = config.get("gives", [0])
    files = [Fetched(names[index], backend.read(paths[index])) for index in picked]
    return files[0] if len(files) == 1 else list(files)


@getters.register("cloud_file")
def cloud_file(_backend: Backend, config: dict[str, Any]) -> Fetched | list[Fetched]:
    """The file at the address ``path``, or several, as `vm_file`."""
    if not _true(config.get("multi")):
        return Fetched(config.get("dest") or PurePosixPath(config["path"]).name, fetch(config["path"]))
    picked = config.get("gives", [0])
    files = [Fetched(config["dest"][index], fetch(config["path"][index])) for index in picked]
    return files[0] if len(files) == 1 else files


@getters.register("vm_command_line")
def vm_command_line(backend: Backend, config: dict[str, Any]) -> str:
    """What ``command`` writes to its standard output."""
    return _run(backend, config).stdout.decode("utf-8", "replace")


@getters.register("vm_command_error")
def vm_command_error(backend: Backend, config: dict[str, Any]) -> str:
    """What ``command`` writes to its standard error."""
    return _run(backend, config).stderr.decode("utf-8", "replace")


@getters.register("accessibility_tree")
def accessibility_tree(backend: Backend, _config: dict[str, Any]) -> str:
    """The tree as XML."""
    return str(backend.observe(["accessibility_tree"])["accessibility_tree"])


@getters.register("vm_terminal_output")
def vm_terminal_output(backend: Backend, _config: dict[str, Any]) -> str:
    """The text of the focused terminal."""
    return str(backend.observe(["terminal"])["terminal"])


@getters.register("vm_screen_size")
def vm_screen_size(backend: Backend, _config: dict[str, Any]) -> dict[str, int]:
    width, height = backend.screen
    return {"width": width, "height": height}


@getters.register("vm_window_titles")
def vm_window_titles(backend: Backend, _config: dict[str, Any]) -> list[str]:
    """The titles of all windows, the lowest first; ours."""
    return [window.title for window in backend.windows()]


@getters.register("list_directory")
def list_directory(backend: Backend, config: dict[str, Any]) -> dict[str, Any]:
    """The tree of a folder: ``{"type", "name", "children"}``, sorted by name.

    Raises:
        FileNotFoundError: if there is no such folder.
    """
    done = backend.run(["find", config["path"], "-mindepth", "1", "-printf", "%y %P\\0"])
    if done.returncode:
        raise FileNotFoundError(config["path"])
    root: dict[str, Any] = {"type": "directory", "name": PurePosixPath(config["path"]).name, "children": []}
    folders = {PurePosixPath("."): root}
    for entry in sorted(done.stdout.decode("utf-8", "replace").split("\0")):
        kind, _, name = entry.partition(" ")
        if name:
            folders[PurePosixPath(name)] = {
                "type": "directory" if kind == "d" else "file",
                "name": name.rpartition("/")[2],
            }
    for path, node in sorted(folders.items()):
        if node["type"] == "directory":
            node.setdefault("children", [])
        if node is not root:
            folders[path.parent].setdefault("children", []).append(node)
    return root


def _run(backend: Backend, config: dict[str, Any]) -> Completed:
    command = config["command"]
    if _true(config.get("shell")):
        return backend.run(["sh", "-c", command if isinstance(command, str) else shlex.join(command)])
    return backend.run(shlex.split(command) if isinstance(command, str) else command)


def _true(value: object) -> bool:
    # Task files of OSWorld have the string "true", too.
    return str(value).lower() == "true"
