"""A getter of what a git repository holds. Only plumbing is run, with nothing that its own settings could start."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from agentgym.backends.base import Backend
from agentgym.evaluators.getters.forms import getter_forms
from agentgym.evaluators.getters.registry import getters

__all__ = ["fetch_repository"]

_PATIENCE_S = 20.0
_MOST_COMMITS = 500
_MOST_BYTES = 32 << 20
_QUIET = (
    "core.fsmonitor=false",
    "core.hooksPath=/dev/null",
    "core.alternateRefsCommand=true",
    "core.commitGraph=false",
    "safe.directory=*",
    "log.showSignature=false",
)
_ENVIRONMENT = {
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    # What is missing is not fetched, as the program that it would be fetched by may be the agent's.
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_ALLOW_PROTOCOL": "",
    # What a commit says of its parents holds, and nothing else.
    "GIT_GRAFT_FILE": "/dev/null",
    "GIT_SHALLOW_FILE": "",
}


class RepositoryForm(msgspec.Struct):
    """A repository.

    Args:
        path: its working folder, with ``.git`` in it; ``~`` is the home.
    """

    path: str


@getters.register("git_repository")
def git_repository(backend: Backend, config: dict[str, Any]) -> dict[str, Any]:
    """What a repository holds: ``head`` (the branch, or ``""``), ``branches``, ``tags`` and ``staged``.

    Of each branch and tag: ``files`` (text by path), ``messages`` of its commits, the newest first, and ``parents``,
    how many the newest has. ``staged`` is the text of all files in the index.

    Raises:
        FileNotFoundError: if there is no repository, one that git cannot read, one with a tag on what is no commit, or
            one with more than 32 MB in a commit.
    """
    return fetch_repository(backend, config["path"])


def fetch_repository(backend: Backend, path: str) -> dict[str, Any]:
    """What `git_repository` gives."""
    git = _Git(backend, path)
    refs = dict(_refs(git.lines("for-each-ref", "--format=%(refname) %(objectname)", "refs/heads", "refs/tags")))
    head = git.lines("symbolic-ref", "--quiet", "HEAD", may_fail=True)
    return {
        "head": head[0].removeprefix("refs/heads/") if head else "",
        "branches": _named(git, refs, "refs/heads/"),
        "tags": _named(git, refs, "refs/tags/"),
        "staged": _texts(git, _staged(git.raw("ls-files", "--stage", "-z"))),
    }


class _Git:
    def __init__(self, backend: Backend, path: str) -> None:
        self._backend = backend
        home = backend.run(["sh", "-c", 'printf %s "$HOME"'], timeout_s=_PATIENCE_S).stdout.decode()
        place = path.replace("~", home, 1) if path.startswith("~") else path
        self._argv = ["git", f"--git-dir={place}/.git", *(word for one in _QUIET for word in ("-c", one))]

    def raw(self, *arguments: str, stdin: bytes = b"", may_fail: bool = False) -> bytes:
        argv = [*self._argv, *arguments]
        try:
            done = self._backend.run(argv, timeout_s=_PATIENCE_S, env=_ENVIRONMENT, stdin=stdin)
        except TimeoutError as error:
            raise FileNotFoundError(f"git {arguments[0]} did not end within {_PATIENCE_S:g} s") from error
        if done.returncode and not may_fail:
            raise FileNotFoundError(f"git {arguments[0]}: {done.stderr.decode('utf-8', 'replace').strip()}")
        if len(done.stdout) > _MOST_BYTES:
            raise FileNotFoundError(f"git {arguments[0]} gives more than {_MOST_BYTES >> 20} MB")
        return b"" if done.returncode else done.stdout

    def lines(self, *arguments: str, may_fail: bool = False) -> list[str]:
        return self.raw(*arguments, may_fail=may_fail).decode("utf-8", "replace").splitlines()

    def objects(self, names: Sequence[str]) -> dict[str, bytes]:
        """The content of objects by their names."""
        output = self.raw("cat-file", "--batch", stdin="".join(f"{name}\n" for name in names).encode())
        return dict(_batch(output))


def _refs(lines: Sequence[str]) -> Iterator[tuple[str, str]]:
    for line in lines:
        name, _, target = line.rpartition(" ")
        yield name, target


def _named(git: _Git, refs: Mapping[str, str], prefix: str) -> dict[str, Any]:
    return {
        name.removeprefix(prefix): _described(git, target) for name, target in refs.items() if name.startswith(prefix)
    }


def _described(git: _Git, target: str) -> dict[str, Any]:
    history = git.lines("rev-list", "--topo-order", f"--max-count={_MOST_COMMITS}", target)
    if not history:
        raise FileNotFoundError(f"the object {target} is no commit")
    commits = git.objects(history)
    newest = commits[history[0]].decode("utf-8", "replace")
    return {
        "files": _texts(git, _listed(git.raw("ls-tree", "-r", "-z", target))),
        "messages": [_message(commits[name]) for name in history],
        "parents": sum(line.startswith("parent ") for line in newest.partition("\n\n")[0].splitlines()),
    }


def _message(commit: bytes) -> str:
    return commit.decode("utf-8", "replace").partition("\n\n")[2].strip()


def _listed(output: bytes) -> dict[str, str]:
    """Names of blobs by path, of ``mode type name<TAB>path``."""
    entries = (entry.partition("\t") for entry in output.decode("utf-8", "replace").split("\0") if entry)
    return {path: words.split()[2] for words, _, path in entries if words.split()[1] == "blob"}


def _staged(output: bytes) -> dict[str, str]:
    """Names of blobs by path, of ``mode name stage<TAB>path``; what is in conflict is marked with its stage."""
    entries = (entry.partition("\t") for entry in output.decode("utf-8", "replace").split("\0") if entry)
    staged = ((words.split(), path) for words, _, path in entries)
    return {path if words[2] == "0" else f"{path}:{words[2]}": words[1] for words, path in staged}


def _texts(git: _Git, blobs: Mapping[str, str]) -> dict[str, str]:
    contents = git.objects(list(dict.fromkeys(blobs.values()))) if blobs else {}
    return {path: contents.get(name, b"").decode("utf-8", "replace") for path, name in sorted(blobs.items())}


def _batch(output: bytes) -> Iterator[tuple[str, bytes]]:
    """Takes apart ``name type size\\ncontent\\n``, repeated."""
    at = 0
    while at < len(output):
        end = output.index(b"\n", at)
        words = output[at:end].decode().split()
        if words[1] == "missing":
            raise FileNotFoundError(f"git has no object {words[0]}")
        size = int(words[2])
        yield words[0], output[end + 1 : end + 1 + size]
        at = end + size + 2


getter_forms.register("git_repository", RepositoryForm)
