"""Getters that run what an agent wrote on inputs that it has not seen. What comes out is judged in our process."""

from __future__ import annotations

import io
import json
import tarfile
from typing import Any

import msgspec

from agentgym.backends.base import Backend, Completed
from agentgym.evaluators.getters.forms import getter_forms
from agentgym.evaluators.getters.registry import getters

__all__: list[str] = []

_MOST_BYTES = 1 << 20
_PATIENCE_S = 10.0

# Bytecode is neither read nor written: of a file that was changed twice in a second it may be the older one's.
_PYTHON = ("python3", "-I", "-S", "-B", "-X", "pycache_prefix=/proc/none", "-c")

# Isolated, without site and thus without what a home may hold for it; what is called prints into nothing.
_CALL = """
import importlib, json, os, sys
answers = os.dup(1)
nothing = os.open(os.devnull, os.O_RDWR)
order = json.load(sys.stdin)
for descriptor in (0, 1, 2):
    os.dup2(nothing, descriptor)
os.chdir(order["path"])
sys.path.insert(0, order["path"])
dumps, write, results = json.dumps, os.write, []
for call in order["calls"]:
    try:
        module, _, name = call["function"].partition(":")
        value = importlib.import_module(module)
        for part in name.split("."):
            value = getattr(value, part)
        value = value(*call.get("arguments", ()))
        if "then" in call:
            value = [getattr(value, method)(*arguments) for method, arguments in call["then"]]
        results.append({"value": json.loads(dumps(value))})
    except BaseException as error:
        results.append({"error": type(error).__name__})
data = dumps(results).encode()
while data:
    data = data[write(answers, data):]
os._exit(0)
"""

# Each case in a folder of its own, which is gone afterwards. A background process would keep the pipe open: it is told
# nothing of it.
_RUN = """
folder=$(mktemp -d) && cd "$folder" && tar -xf - || exit 8
timeout --kill-after=1 "$LIMIT_S" "$@" </dev/null 2>/dev/null | head --bytes="$LIMIT"
cd / && rm -rf "$folder"
"""


class CallsForm(msgspec.Struct):
    """Calls of an agent's Python code.

    Args:
        path: the folder that modules are imported from.
        calls: each ``{"function": "package.module:name", "arguments": […]}``, and ``then``, if what comes out is an
            object whose methods are to be called, as ``["method", […]]``, in this order.
    """

    path: str
    calls: list[dict[str, Any]]


class OutputsForm(msgspec.Struct):
    """Runs of an agent's program.

    Args:
        command: the program and its arguments, the same for each case; ``~`` at the beginning of one is the home.
        cases: each the text of files by name, laid into a fresh folder in which the program is run.
    """

    command: list[str]
    cases: list[dict[str, str]]


@getters.register("python_calls")
def python_calls(backend: Backend, config: dict[str, Any]) -> list[dict[str, Any]]:
    """What calls of an agent's code return: ``{"value": …}`` of each, as JSON has it, or ``{"error": "TypeError"}``.

    They are made in a fresh, isolated process in the machine, in their order; what they should return is not there.

    Raises:
        FileNotFoundError: if the process did not get to its end in 10 s, or said something else.
    """
    path = _in_home(backend, config["path"])
    order = json.dumps({"path": path, "calls": config["calls"]}).encode()
    done = _run(backend, [*_PYTHON, _CALL], stdin=order)
    try:
        results: list[dict[str, Any]] = msgspec.json.decode(done.stdout, type=list[dict[str, Any]])
    except (msgspec.DecodeError, ValueError) as error:
        raise FileNotFoundError("the calls ended their process without an answer") from error
    return results


@getters.register("program_outputs")
def program_outputs(backend: Backend, config: dict[str, Any]) -> list[str]:
    """What a program of the agent writes to its standard output, for each case, up to 1 MB.

    Raises:
        FileNotFoundError: if it is not to be had.
    """
    command = [_in_home(backend, word) for word in config["command"]]
    return [_output(backend, command, files) for files in config["cases"]]


def _output(backend: Backend, command: list[str], files: dict[str, str]) -> str:
    env = {"LIMIT": str(_MOST_BYTES), "LIMIT_S": "5"}
    done = _run(backend, ["sh", "-c", _RUN, "sh", *command], stdin=_packed(files), env=env)
    return done.stdout.decode("utf-8", "replace")


def _packed(files: dict[str, str]) -> bytes:

    memory = io.BytesIO()
    with tarfile.open(fileobj=memory, mode="w") as packed:
        for name, text in files.items():
            content = text.encode()
            member = tarfile.TarInfo(name)
            member.size = len(content)
            packed.addfile(member, io.BytesIO(content))
    return memory.getvalue()


def _run(backend: Backend, argv: list[str], *, stdin: bytes, env: dict[str, str] | None = None) -> Completed:
    try:
        return backend.run(argv, timeout_s=_PATIENCE_S, stdin=stdin, env=env)
    except TimeoutError as error:
        raise FileNotFoundError(f"it did not end within {_PATIENCE_S:g} s") from error


def _in_home(backend: Backend, word: str) -> str:
    if not word.startswith("~"):
        return word
    return word.replace("~", backend.run(["sh", "-c", 'printf %s "$HOME"']).stdout.decode(), 1)


getter_forms.register("python_calls", CallsForm)
getter_forms.register("program_outputs", OutputsForm)
