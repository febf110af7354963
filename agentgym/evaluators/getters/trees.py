"""Getters of what lies in a folder of the machine. Nothing that lies there is opened on the way but plain files."""

from __future__ import annotations

import hashlib
import io
import tarfile
from pathlib import PurePosixPath
from typing import Any

import msgspec

from agentgym.backends.base import Backend
from agentgym.evaluators.getters.forms import getter_forms
from agentgym.evaluators.getters.registry import getters

__all__ = ["MOST_BYTES", "fetch_tree"]

MOST_BYTES = 32 << 20
"""What a tree may hold; more is none that a task asked for."""

_PATIENCE_S = 20.0

# `~` is the machine's home. A link in the place of the folder is not followed: an agent may have laid it.
_PACK = """
path=$1; shift
case $path in "~" | "~/"*) path=$HOME${path#"~"} ;; esac
test -L "$path" && exit 9
test -e "$path" || exit 9
if test -d "$path"; then
    cd -- "$path" || exit 9
    set -- "$@" .
else
    cd -- "$(dirname -- "$path")" || exit 9
    set -- "$@" -- "./$(basename -- "$path")"
fi
{ tar --create --format=gnu "$@" 2>/dev/null || echo $? >&2; } | head --bytes=$LIMIT
"""
_CHANGED_MEANWHILE = b"1"
"""What tar says when all could be read."""


class TreeForm(msgspec.Struct):
    """A folder or a file.

    Args:
        path: where it is; ``~`` is the home.
        modes: whether each entry becomes a list of its mode, as ``"755"``, and what it holds.
        skip: names that are left out wherever they are, with all below; a ``*`` stands for anything.
    """

    path: str
    modes: bool = False
    skip: list[str] = []


class TextForm(msgspec.Struct):
    """A file.

    Args:
        path: where it is; ``~`` is the home.
    """

    path: str


@getters.register("file_tree")
def file_tree(backend: Backend, config: dict[str, Any]) -> dict[str, Any]:
    """All that lies in a folder, by path in it: a file's text (``sha256:…`` of what is no UTF-8 text), marked as ``ls -F`` does.

    A folder is ``name/`` and holds nothing, a link ``name@`` and holds where it points to, anything else ``name|``.

    Raises:
        FileNotFoundError: if there is no such folder, one that cannot be read in all its parts, or more in it than 32 MB.
    """  # noqa: E501 - the first sentence stands in a table
    form = msgspec.convert({name: config[name] for name in config if name != "type"}, TreeForm)
    return fetch_tree(backend, form.path, modes=form.modes, skip=form.skip)


@getters.register("file_text")
def file_text(backend: Backend, config: dict[str, Any]) -> str:
    """The text of a file, which is no link and nothing else that only looks like a file.

    Raises:
        FileNotFoundError: if there is no such file, or it holds no UTF-8 text, or more than 32 MB.
    """
    path = config["path"]
    found = fetch_tree(backend, path).get(PurePosixPath(path).name)
    if not isinstance(found, str) or found.startswith("sha256:"):
        raise FileNotFoundError(f"no text at {path!r}")
    return found


def fetch_tree(backend: Backend, path: str, *, modes: bool = False, skip: list[str] | None = None) -> dict[str, Any]:
    """What `file_tree` gives."""
    excluded = [f"--exclude={name}" for name in skip or ()]
    try:
        done = backend.run(
            ["sh", "-c", _PACK, "sh", path, *excluded], timeout_s=_PATIENCE_S, env={"LIMIT": str(MOST_BYTES)}
        )
    except TimeoutError as error:
        raise FileNotFoundError(f"{path!r} could not be read within {_PATIENCE_S:g} s") from error
    if done.returncode:
        raise FileNotFoundError(f"there is no folder and no file {path!r} that can be read")
    if len(done.stdout) >= MOST_BYTES:
        raise FileNotFoundError(f"there is more than {MOST_BYTES >> 20} MB at {path!r}")
    # What tar passes over would be as good as deleted.
    if done.stderr.strip() not in (b"", _CHANGED_MEANWHILE):
        raise FileNotFoundError(f"not all that lies at {path!r} can be read")
    try:
        return _unpacked(done.stdout, modes)
    except tarfile.TarError as error:
        raise FileNotFoundError(f"what lies at {path!r} cannot be packed: {error}") from error


def _unpacked(archive: bytes, modes: bool) -> dict[str, Any]:
    entries: dict[str, Any] = {}
    with tarfile.open(fileobj=io.BytesIO(archive), mode="r:") as packed:
        for member in packed:
            name = member.name.removeprefix("./")
            if name != ".":
                mark, content = _entry(packed, member)
                entries[f"{name}{mark}"] = [f"{member.mode & 0o7777:o}", content] if modes else content
    return dict(sorted(entries.items()))


def _entry(packed: tarfile.TarFile, member: tarfile.TarInfo) -> tuple[str, str]:
    if member.isdir():
        return "/", ""
    if member.issym():
        return "@", member.linkname
    file = packed.extractfile(member)
    if file is None:
        return "|", ""
    content = file.read()
    try:
        return "", content.decode()
    except UnicodeDecodeError:
        return "", f"sha256:{hashlib.sha256(content).hexdigest()}"


getter_forms.register("file_tree", TreeForm)
getter_forms.register("file_text", TextForm)
