"""Getters of folders, repositories and programs, on a real machine."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest

from agentgym.backends.sandbox.backend import SandboxBackend
from agentgym.evaluators import evaluate, getters
from agentgym.tasks import Check, EvaluatorSpec, GetterSpec

pytestmark = pytest.mark.episodes

HOME = "/home/user"


@pytest.fixture(scope="module")
def kept() -> Iterator[SandboxBackend]:
    backend = SandboxBackend()
    yield backend
    backend.close()


@pytest.fixture
def machine(kept: SandboxBackend) -> SandboxBackend:
    kept.reset(seed=0)
    return kept


def sh(machine: SandboxBackend, script: str) -> None:
    done = machine.run(["sh", "-ec", f"cd\n{script}"])
    assert done.returncode == 0, done.stderr


def get(machine: SandboxBackend, kind: str, **config: Any) -> Any:
    return getters[kind](machine, {"type": kind, **config})


def test_a_tree_is_what_lies_in_a_folder(machine: SandboxBackend) -> None:
    sh(machine, "mkdir -p a/b/empty; echo ü > a/b/one; printf '\\377' > a/two; ln -s b/one a/three; mkfifo a/four")
    assert get(machine, "file_tree", path="~/a") == {
        "b/": "",
        "b/empty/": "",
        "b/one": "ü\n",
        "four|": "",
        "three@": "b/one",
        "two": "sha256:a8100ae6aa1940d0b663bb31cd466142ebbdbd5187131b92d93818987832eb89",
    }


def test_a_tree_tells_modes_and_leaves_out_names(machine: SandboxBackend) -> None:
    sh(machine, "mkdir -p a/.git; echo 1 > a/x; echo 2 > a/y.tmp; chmod 640 a/x; echo 3 > a/.git/config")
    assert get(machine, "file_tree", path=f"{HOME}/a", modes=True, skip=[".git", "*.tmp"]) == {"x": ["640", "1\n"]}


@pytest.mark.parametrize(
    "lay",
    ["mkdir a; chmod 000 a", "echo 1 > a; chmod 000 a", "mkdir -p a/b; chmod 000 a/b", "mkdir a; >a/b; chmod 0 a/b"],
)
def test_what_may_not_be_read_is_no_folder_and_no_text(machine: SandboxBackend, lay: str) -> None:
    sh(machine, lay)
    for kind in ("file_tree", "file_text"):
        with pytest.raises(FileNotFoundError):
            get(machine, kind, path="~/a")


@pytest.mark.parametrize("lay", ["true", "ln -s . a", "mkdir b; ln -s b a"])
def test_a_link_in_the_place_of_a_folder_is_no_folder(machine: SandboxBackend, lay: str) -> None:
    sh(machine, lay)
    with pytest.raises(FileNotFoundError):
        get(machine, "file_tree", path="~/a")


def test_a_tree_of_too_much_is_none(machine: SandboxBackend) -> None:
    sh(machine, "mkdir a; truncate -s 1G a/sparse")
    with pytest.raises(FileNotFoundError, match="more than 32 MB"):
        get(machine, "file_tree", path="~/a")


@pytest.mark.parametrize(
    "lay", ["true", "ln -s /etc/passwd a", "mkfifo a", "ln -s /dev/zero a", "mkdir a", "printf '\\377' > a"]
)
def test_only_a_file_has_a_text(machine: SandboxBackend, lay: str) -> None:
    sh(machine, lay)
    with pytest.raises(FileNotFoundError):
        get(machine, "file_text", path="~/a")


def test_the_text_of_a_file_is_read_to_the_letter(machine: SandboxBackend) -> None:
    sh(machine, "printf ' a\\n\\n' > 'a name'")
    assert get(machine, "file_text", path="~/a name") == " a\n\n"


def test_a_link_to_itself_is_no_file(machine: SandboxBackend) -> None:
    sh(machine, "ln -s a a; ln -s b-wal b-wal; : > b")
    with pytest.raises(FileNotFoundError, match="no file that can be read"):
        get(machine, "vm_file", path=f"{HOME}/a", dest="a")
    with pytest.raises(FileNotFoundError, match="no file that can be read"):
        get(machine, "sqlite_rows", path=f"{HOME}/a", query="SELECT 1")
    assert get(machine, "sqlite_rows", path=f"{HOME}/b", query="SELECT 1") == [[1]], "as if there was no log"


def repository(machine: SandboxBackend, more: str = "true") -> Any:
    sh(
        machine,
        "git init -q r; cd r; echo 1 > a; git add a; git commit -qm one; git tag v1; git switch -qc side\n"
        f"echo 2 > a; git commit -qam 'two\n\nbody'; git switch -q main; echo 3 > b; git add b\n{more}",
    )
    return get(machine, "git_repository", path="~/r")


def test_a_repository_tells_branches_tags_and_what_is_staged(machine: SandboxBackend) -> None:
    first = {"files": {"a": "1\n"}, "messages": ["one"], "parents": 0}
    assert repository(machine) == {
        "head": "main",
        "branches": {
            "main": first,
            "side": {"files": {"a": "2\n"}, "messages": ["two\n\nbody", "one"], "parents": 1},
        },
        "tags": {"v1": first},
        "staged": {"a": "1\n", "b": "3\n"},
    }


def test_a_detached_head_is_on_no_branch(machine: SandboxBackend) -> None:
    assert repository(machine, "git checkout -q v1")["head"] == ""


def test_nothing_that_a_repository_is_set_to_is_run(machine: SandboxBackend) -> None:
    tricks = "\n".join(
        f"git config {key} 'touch {HOME}/ran; echo 1'"
        for key in ("core.fsmonitor", "core.pager", "diff.external", "core.sshCommand", "gpg.program")
    )
    hooks = f"printf '#!/bin/sh\\ntouch {HOME}/ran\\n' > .git/hooks/post-index-change; chmod +x .git/hooks/*"
    repository(machine, f"{tricks}\n{hooks}\ngit config alias.rev-list '!touch {HOME}/ran'")
    assert "ran" not in get(machine, "file_tree", path="~", skip=["r"])


@pytest.mark.parametrize(
    "remote",
    [
        "git config remote.o.url ~/r; git config remote.o.uploadpack 'touch ~/ran; git-upload-pack'",
        "git config remote.o.url \"ext::sh -c 'touch ~/ran'\"; git config protocol.ext.allow always",
        "git config remote.o.url x:y; git config core.sshCommand 'touch ~/ran; false'",
        "printf '[remote \"o\"]\nurl = ~/r\nuploadpack = touch ~/ran; false' > .git/more; git config include.path more",
    ],
)
def test_what_is_missing_is_not_fetched(machine: SandboxBackend, remote: str) -> None:
    promised = "git config core.repositoryFormatVersion 1; git config extensions.partialClone o"
    missing = "name=$(git rev-parse main:a); rm -f .git/objects/$(echo $name | sed 's/^../&\\//')"
    with pytest.raises(FileNotFoundError):
        repository(machine, f"{promised}; git config remote.o.promisor true\n{remote}\n{missing}; rm -f ~/ran")
    assert "ran" not in get(machine, "file_tree", path="~", skip=["r"])


def test_the_parents_of_a_commit_are_those_that_it_names(machine: SandboxBackend) -> None:
    state = repository(machine, "git rev-parse side > .git/shallow; git rev-parse side main > .git/info/grafts")
    assert state["branches"]["side"]["messages"] == ["two\n\nbody", "one"]


@pytest.mark.parametrize(
    "more",
    [
        "git tag t $(git hash-object -w a)",
        "git tag t HEAD^{tree}",
        "git tag -am x t HEAD^{tree}",
        "head -c 70000000 /dev/zero > b; git add b",
    ],
)
def test_what_cannot_be_told_of_a_repository_is_missing(machine: SandboxBackend, more: str) -> None:
    with pytest.raises(FileNotFoundError):
        repository(machine, more)


def test_a_replaced_commit_is_not_taken_for_the_real_one(machine: SandboxBackend) -> None:
    state = repository(machine, "git replace main side")
    assert state["branches"]["main"]["files"] == {"a": "1\n"}


@pytest.mark.parametrize(
    "damage", ["rm -rf .git", "rm -rf .git/objects", "echo x > .git/HEAD", "rm .git/config; echo [ > .git/config"]
)
def test_a_broken_repository_is_none(machine: SandboxBackend, damage: str) -> None:
    with pytest.raises(FileNotFoundError):
        repository(machine, damage)


MODULE = """
import os
class Count:
    def __init__(self, start): self.start = start
    def add(self, more): self.start += more; return self.start
def double(x):
    print("[]")
    os.write(1, b"[{}]")
    return {"twice": (x, x)}
def fail(): raise KeyError("no")
def leave(): os._exit(0)
def stop(): raise SystemExit(3)
def strange(): return {1, 2}
def forever():
    while True: pass
"""


def test_what_calls_say_in_place_of_an_answer_scores_zero(machine: SandboxBackend) -> None:
    said = "'[{\"a\":' + '[' * 500_000"
    sh(
        machine,
        f"""mkdir code; cat > code/mod.py <<'END'
import os
def deep():
    for one in range(3, 20):
        try: os.write(one, ({said}).encode())
        except OSError: pass
    os._exit(0)
def large(): return 10**400
END""",
    )
    rule = GetterSpec("rule", {"type": "rule", "rules": {"expected": [{"value": 1}]}})
    for name in ("deep", "large"):
        calls = {"type": "python_calls", "path": "~/code", "calls": [{"function": f"mod:{name}"}]}
        spec = EvaluatorSpec((Check("matches", GetterSpec("python_calls", calls), rule),))
        assert evaluate(spec, machine, None).value == 0.0


def called(machine: SandboxBackend, *calls: dict[str, Any]) -> Any:
    machine.write(f"{HOME}/p/inner/module.py", MODULE.encode())
    full = [{**call, "function": f"inner.module:{call['function']}"} for call in calls]
    return get(machine, "python_calls", path="~/p", calls=full)


def test_calls_tell_values_and_errors(machine: SandboxBackend) -> None:
    assert called(
        machine,
        {"function": "double", "arguments": [[2]]},
        {"function": "fail"},
        {"function": "stop"},
        {"function": "strange"},
        {"function": "none"},
        {"function": "Count", "arguments": [1], "then": [["add", [2]], ["add", [3]]]},
    ) == [
        {"value": {"twice": [[2], [2]]}},
        {"error": "KeyError"},
        {"error": "SystemExit"},
        {"error": "TypeError"},
        {"error": "AttributeError"},
        {"value": [3, 6]},
    ]


def test_what_ends_the_process_gives_nothing(machine: SandboxBackend) -> None:
    with pytest.raises(FileNotFoundError, match="ended their process"):
        called(machine, {"function": "double", "arguments": [1]}, {"function": "leave"})


@pytest.mark.slow
def test_a_call_without_an_end_gives_nothing(machine: SandboxBackend) -> None:
    with pytest.raises(FileNotFoundError, match="did not end"):
        called(machine, {"function": "forever"})


def test_older_bytecode_is_not_run(machine: SandboxBackend) -> None:
    sh(machine, "mkdir -p p; echo 'def f(): return 1' > p/m.py; touch -d @9 p/m.py; cd p; python3 -c 'import m'")
    sh(
        machine,
        "unset PYTHONDONTWRITEBYTECODE; cd p; python3 -c 'import m'; echo 'def f(): return 2' > m.py; touch -d @9 m.py",
    )
    assert get(machine, "python_calls", path="~/p", calls=[{"function": "m:f"}]) == [{"value": 2}]


@pytest.mark.parametrize("name", ["sitecustomize", "usercustomize", "json", "os"])
def test_nothing_of_the_home_is_run_before_the_calls(machine: SandboxBackend, name: str) -> None:
    for folder in ("p", ".local/lib/python3.11/site-packages", "."):
        machine.write(f"{HOME}/{folder}/{name}.py", b"import sys; sys.exit(9)")
    assert called(machine, {"function": "double", "arguments": [1]}) == [{"value": {"twice": [1, 1]}}]


def test_a_program_is_run_on_each_case_in_a_folder_of_its_own(machine: SandboxBackend) -> None:
    machine.write(f"{HOME}/s.sh", b'sort "$1"; ls; echo more > left; exit 3')
    outputs = get(machine, "program_outputs", command=["bash", "~/s.sh", "in"], cases=[{"in": "b\na\n"}, {"in": "c\n"}])
    assert outputs == ["a\nb\nin\n", "c\nin\n"]


def test_a_program_that_says_too_much_is_cut_off(machine: SandboxBackend) -> None:
    machine.write(f"{HOME}/s.sh", b"yes")
    (output,) = get(machine, "program_outputs", command=["bash", "~/s.sh"], cases=[{}])
    assert len(output) == 1 << 20


@pytest.mark.slow
def test_a_program_without_an_end_says_what_it_said_by_then(machine: SandboxBackend) -> None:
    machine.write(f"{HOME}/s.sh", b"echo 1; sleep 60")
    begun = time.monotonic()
    assert get(machine, "program_outputs", command=["bash", "~/s.sh"], cases=[{}]) == ["1\n"]
    assert time.monotonic() - begun < 20
