"""Repositories: to commit a part, to bring a file back, to merge with a conflict."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from agentgym.families import TaskFamily
from agentgym.suites.toolmaking import (
    HOME,
    Calls,
    bash,
    draw,
    draw_level,
    draw_some,
    edit,
    execute,
    lay_all,
    make_task,
    repository_is,
    tree_is,
    write,
)
from agentgym.tasks import SetupStep, Task

__all__ = ["FAMILIES"]

TOOLS = ("bash", "read", "write", "edit", "list", "grep")

_REPOSITORIES = ("atlas", "beacon", "compass", "harbor", "lantern", "meadow", "orchard", "pebble")
_FILES = ("app.py", "docs/guide.md", "docs/index.md", "lib/parse.py", "lib/store.py", "notes.txt", "settings.ini")
_SUBJECTS = ("Add tests", "Describe the format", "Explain errors", "Handle empty input", "Rename options", "Tidy up")
_BRANCHES = ("cleanup", "feature", "fix-typos", "next", "review", "trial")
_KEYS = ("color", "depth", "limit", "margin", "retries", "speed", "timeout", "width")
_AUTHOR = "Dana Example <dana@example.org>"
_SKIP = (".git",)


class _Commit(NamedTuple):
    """A commit to be made beforehand: what it changes (None removes a file), and on which branch."""

    branch: str
    message: str
    changes: Mapping[str, str | None]


def _repository(name: str, commits: Sequence[_Commit], *, tags: Mapping[str, int] | None = None) -> SetupStep:
    """Makes a repository at one go and checks ``main`` out."""
    stream, made = [], dict[str, int]()
    for mark, commit in enumerate(commits, 1):
        date = f"{_AUTHOR} {1_700_000_000 + 60 * mark} +0000"
        stream.append(f"commit refs/heads/{commit.branch}\nmark :{mark}\nauthor {date}\ncommitter {date}\n")
        stream.append(_data(commit.message))
        start = made.get(commit.branch, made.get("main"))
        stream.append(f"from :{start}\n" if start else "")
        for path, text in commit.changes.items():
            stream.append(f"D {path}\n" if text is None else f"M 100644 inline {path}\n{_data(text)}")
        made[commit.branch] = mark
    stream += [f"reset refs/tags/{tag}\nfrom :{mark}\n" for tag, mark in (tags or {}).items()]
    user, address = _AUTHOR.removesuffix(">").split(" <")
    return execute(
        f"git init -q -b main {HOME}/{name} && cd {HOME}/{name}\n"
        # As `git config` would, without a process for each line.
        f"printf '[user]\\n\\tname = {user}\\n\\temail = {address}\\n' >> .git/config\n"
        f"git fast-import --quiet <<'END OF STREAM'\n{''.join(stream)}END OF STREAM\n"
        "git checkout -q main"
    )


def _data(text: str) -> str:
    return f"data {len(text.encode())}\n{text}\n"


def _branch(commits: Iterable[_Commit], files: Mapping[str, str], *, parents: int = 1) -> dict[str, Any]:
    """What `git_repository` says of a branch that has these commits, the oldest first."""
    messages = [commit.message for commit in commits][::-1]
    return {
        "files": dict(sorted(files.items())),
        "messages": messages,
        "parents": parents if len(messages) > 1 else 0,
    }


def _state(branches: Mapping[str, Any], *, head: str, tags: Mapping[str, Any] | None = None) -> dict[str, Any]:
    return {"head": head, "branches": dict(branches), "tags": dict(tags or {}), "staged": branches[head]["files"]}


def _text(rng: np.random.Generator, path: str) -> str:
    return f"{path}\n" + "".join(f"{draw(rng, _KEYS)} {rng.integers(100, 1000)}\n" for _ in range(6))


def _make_commit(rng: np.random.Generator) -> Task:
    level = draw_level(rng)
    name, branch, subject = draw(rng, _REPOSITORIES), draw(rng, _BRANCHES), draw(rng, _SUBJECTS)
    chosen = draw_some(rng, _FILES, 3 + level)
    first = {path: _text(rng, path) for path in chosen}
    history = [_Commit("main", "Begin", first), _Commit("main", "Go on", {chosen[0]: first[chosen[0]] + "more\n"})]
    committed = {**first, chosen[0]: first[chosen[0]] + "more\n"}
    changed = {path: committed[path] + f"changed {rng.integers(1000)}\n" for path in chosen}
    new = {"new.txt": f"new {rng.integers(1000)}\n", "scratch.tmp": "for me alone\n"}
    wanted = [*draw_some(rng, chosen, level), "new.txt"]
    working = {**changed, **new}
    after = {**committed, **{path: working[path] for path in wanted}}
    on = branch if level >= 2 else "main"
    branches = {"main": _branch(history, committed)}
    branches[on] = _branch([*history, _Commit(on, subject, {})], after)
    where = f"on a new branch named {branch}, which you start from main" if level >= 2 else "on the branch main"
    return make_task(
        "shell/git-commit",
        f"In the git repository ~/{name}, several files are changed and two are new. Make exactly one commit {where}, "
        f'with the message "{subject}" and exactly these files as they are now: {", ".join(sorted(wanted))}. Leave '
        "the other files changed, or new, as they are, neither staged nor committed, and stay on the branch of your "
        "commit.",
        setup=[_repository(name, history), *lay_all(f"{HOME}/{name}", working)],
        checks=[
            repository_is(f"{HOME}/{name}", _state(branches, head=on)),
            tree_is(f"{HOME}/{name}", working, skip=_SKIP),
        ],
        tools=TOOLS,
        drawn={"level": level, "name": name, "on": on, "subject": subject, "wanted": sorted(wanted)},
    )


def _commit(task: Task) -> Calls:
    drawn = task.seed_params
    yield bash(f"cd ~/{drawn['name']} && git status --short")
    if drawn["on"] != "main":
        yield bash(f"cd ~/{drawn['name']} && git switch -q -c {drawn['on']}")
    yield bash(f"cd ~/{drawn['name']} && git add {' '.join(drawn['wanted'])}")
    yield bash(f"cd ~/{drawn['name']} && git commit -q -m '{drawn['subject']}'")


def _commit_all(task: Task) -> Calls:
    drawn = task.seed_params
    switch = "" if drawn["on"] == "main" else f"git switch -q -c {drawn['on']} && "
    yield bash(f"cd ~/{drawn['name']} && {switch}git add . && git commit -q -m '{drawn['subject']}'")


def _commit_and_clean(task: Task) -> Calls:
    yield from _commit(task)
    yield bash(f"cd ~/{task.seed_params['name']} && git checkout -q . && git clean -qfd")


def _make_restore(rng: np.random.Generator) -> Task:
    level = draw_level(rng)
    name, subject = draw(rng, _REPOSITORIES), "Bring back what was lost"
    first, lost, *others = draw_some(rng, _FILES, 4)
    subjects = draw_some(rng, _SUBJECTS, 2 + level)
    files: dict[str, str] = {path: _text(rng, path) for path in (first, lost, *others)}
    history = [_Commit("main", "Begin", dict(files))]
    versions = [files[lost]]
    for words in subjects:
        path = draw(rng, (lost, lost, first))
        files[path] += f"{words.lower()} {rng.integers(1000)}\n"
        versions.append(files[lost])
        history.append(_Commit("main", words, {path: files[path]}))
    place = int(rng.integers(len(subjects)))
    old = versions[place + 1]
    del files[lost]
    history.append(_Commit("main", "Remove what nobody reads", {lost: None}))
    after = {**files, lost: old}
    tags = {"v1": place + 2} if level == 1 else {}
    named = "it was at the tag v1" if tags else f'the commit "{subjects[place]}" left it'
    tag = {"v1": _tagged(history[: place + 2])} if tags else {}
    main = _branch([*history, _Commit("main", subject, {})], after)
    return make_task(
        "shell/git-restore",
        f"In the git repository ~/{name}, the file {lost} was removed by the last commit of main. Bring it back as "
        f'{named}, and commit this and nothing else on main, on top of what is there, with the message "{subject}".',
        setup=[_repository(name, history, tags=tags)],
        checks=[
            repository_is(f"{HOME}/{name}", _state({"main": main}, head="main", tags=tag)),
            tree_is(f"{HOME}/{name}", after, skip=_SKIP),
        ],
        tools=TOOLS,
        drawn={"level": level, "name": name, "lost": lost, "back": len(history) - place - 2, "subject": subject},
    )


def _tagged(history: Sequence[_Commit]) -> dict[str, Any]:
    files: dict[str, str | None] = {}
    for commit in history:
        files |= commit.changes
    return _branch(history, {path: text for path, text in files.items() if text is not None})


def _restore(task: Task, *, back: int | None = None) -> Calls:
    drawn = task.seed_params
    yield bash(f"cd ~/{drawn['name']} && git log --format=%s -- {drawn['lost']}")
    yield bash(
        f"cd ~/{drawn['name']} && git checkout -q HEAD~{drawn['back'] if back is None else back} -- {drawn['lost']}"
    )
    yield bash(f"cd ~/{drawn['name']} && git commit -q -m '{drawn['subject']}'")


def _forget_to_commit(task: Task) -> Calls:
    drawn = task.seed_params
    yield bash(f"cd ~/{drawn['name']} && git checkout -q HEAD~{drawn['back']} -- {drawn['lost']}")


def _go_back(task: Task) -> Calls:
    drawn = task.seed_params
    yield bash(f"cd ~/{drawn['name']} && git reset -q --hard HEAD~{drawn['back']}")


def _make_merge(rng: np.random.Generator) -> Task:
    level = draw_level(rng)
    name, branch = draw(rng, _REPOSITORIES), draw(rng, _BRANCHES)
    keys = draw_some(rng, _KEYS, 3 + level)
    values = {key: int(rng.integers(10, 100)) for key in keys}
    # Each side changes some, and `level` of them are changed by both.
    both, rest = keys[:level], keys[level:]
    ours = {**values, **{key: values[key] + int(rng.integers(1, 9)) for key in [*both, rest[0]]}}
    theirs = {**values, **{key: values[key] - int(rng.integers(1, 9)) for key in [*both, rest[-1]]}}
    take = draw(rng, ("larger", "smaller", "theirs"))
    merged = {key: _resolved(values[key], ours[key], theirs[key], take) for key in keys}
    history = [_Commit("main", "Begin", {"limits.ini": _ini(values), "notes.txt": "notes\n"})]
    side = _Commit(branch, f"Lower limits on {branch}", {"limits.ini": _ini(theirs), "extra.txt": f"{branch}\n"})
    top = _Commit("main", "Raise limits", {"limits.ini": _ini(ours)})
    files = {"limits.ini": _ini(merged), "notes.txt": "notes\n", "extra.txt": f"{branch}\n"}
    message = f"Merge {branch}"
    state = {
        "main": {**_branch([*history, top, side, _Commit("main", message, {})], files, parents=2)},
        branch: _branch([*history, side], {**files, "limits.ini": _ini(theirs)}),
    }
    rule_words = {
        "larger": "keep the larger of the two values",
        "smaller": "keep the smaller of the two values",
        "theirs": f"keep the value of {branch}",
    }[take]
    return make_task(
        "shell/git-merge",
        f"In the git repository ~/{name}, merge the branch {branch} into main, with one merge commit whose message is "
        f'"{message}". Where both sides changed the value of the same key in limits.ini, {rule_words}; what only one '
        "side changed stays as that side has it. Keep the order of the lines. Do not change the branch "
        f"{branch} itself, and end on main with nothing left to commit.",
        setup=[_repository(name, [*history, side, top])],
        checks=[
            repository_is(f"{HOME}/{name}", _state(state, head="main")),
            tree_is(f"{HOME}/{name}", files, skip=_SKIP),
        ],
        tools=TOOLS,
        drawn={"level": level, "name": name, "branch": branch, "merged": _ini(merged), "message": message},
    )


def _resolved(before: int, ours: int, theirs: int, take: str) -> int:
    if before in (ours, theirs):
        return theirs if ours == before else ours
    return {"larger": max(ours, theirs), "smaller": min(ours, theirs), "theirs": theirs}[take]


def _ini(values: Mapping[str, int]) -> str:
    return "[limits]\n" + "".join(f"{key} = {value}\n\n" for key, value in values.items())


def _merge(task: Task) -> Calls:
    drawn = task.seed_params
    yield bash(f"cd ~/{drawn['name']} && git merge -q {drawn['branch']} -m '{drawn['message']}'; git diff | cat")
    yield write(f"{HOME}/{drawn['name']}/limits.ini", drawn["merged"])
    yield bash(f"cd ~/{drawn['name']} && git add limits.ini && git commit -q -m '{drawn['message']}'")


def _take_ours(task: Task) -> Calls:
    drawn = task.seed_params
    yield bash(f"cd ~/{drawn['name']} && git merge -q -s ours {drawn['branch']} -m '{drawn['message']}'")


def _without_merge(task: Task) -> Calls:
    drawn = task.seed_params
    yield bash(f"cd ~/{drawn['name']} && git checkout -q {drawn['branch']} -- extra.txt")
    yield write(f"{HOME}/{drawn['name']}/limits.ini", drawn["merged"])
    yield bash(f"cd ~/{drawn['name']} && git add . && git commit -q -m '{drawn['message']}'")


def _leave_marks(task: Task) -> Calls:
    drawn = task.seed_params
    yield bash(f"cd ~/{drawn['name']} && git merge -q {drawn['branch']} -m '{drawn['message']}'")
    yield edit(f"{HOME}/{drawn['name']}/limits.ini", "=======\n", "")
    yield bash(f"cd ~/{drawn['name']} && git commit -q -a -m '{drawn['message']}'")


FAMILIES = (
    TaskFamily(
        "git-commit",
        _make_commit,
        _commit,
        {"all files": _commit_all, "the rest thrown away": _commit_and_clean},
        tags=("shell", "git"),
    ),
    TaskFamily(
        "git-restore",
        _make_restore,
        _restore,
        {"not committed": _forget_to_commit, "history cut off": _go_back},
        tags=("shell", "git"),
    ),
    TaskFamily(
        "git-merge",
        _make_merge,
        _merge,
        {"ours alone": _take_ours, "no merge": _without_merge, "marks left": _leave_marks},
        tags=("shell", "git"),
    ),
)
