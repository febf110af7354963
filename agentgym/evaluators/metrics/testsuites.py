"""Metrics that run a test suite on an agent's code, in a sandbox."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from agentgym.backends.base import Backend
from agentgym.errors import BackendError, EvaluationError
from agentgym.evaluators.metrics.registry import Metric

__all__ = ["METRICS"]

_PATIENCE_S = 60.0
_FOLDER = "/home/user/suite"

# The suite prints into nothing, and what it leaves running is not waited for.
_SUITE = """
import importlib.util, json, os, sys
answers = os.dup(1)
nothing = os.open(os.devnull, os.O_RDWR)
for descriptor in (0, 1, 2):
    os.dup2(nothing, descriptor)
file, name = sys.argv[1:]
os.chdir(os.path.dirname(file))
sys.path.insert(0, os.path.dirname(file))
dumps, write = json.dumps, os.write
try:
    spec = importlib.util.spec_from_file_location("suite_under_test", file)
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    result = getattr(module, name)()
    score = max(0.0, min(1.0, float(result))) if isinstance(result, (int, float)) else float(bool(result))
except BaseException:
    score = 0.0
write(answers, dumps(score).encode())
os._exit(0)
"""


def check_python_file_by_test_suite(
    result: str | Sequence[str | None] | None, expected: str | None, *, test_function_name: str = "test"
) -> float:
    """What a function of a test file returns: a truth, or a number, which is brought into [0, 1].

    The test runs in a sandbox without a network, in a folder with all files that lie beside it or beside the result,
    so that it imports what the agent wrote by its name; with the Python packages of this environment. A test that
    cannot be imported, raises, or takes more than 60 s scores 0.

    Raises:
        EvaluationError: if the sandbox broke before the suite ran.
        SandboxUnavailableError: if there can be none here.
    """
    from agentgym.backends.sandbox.backend import SandboxBackend
    from agentgym.backends.sandbox.bubblewrap import package_folders, visible_python

    if not expected or not Path(expected).is_file():
        return 0.0
    found = [result] if isinstance(result, str) else list(result or ())
    folders = dict.fromkeys(Path(path).parent for path in (*found, expected) if path)
    suite = [f"{_FOLDER}/{Path(expected).name}", test_function_name]
    machine = SandboxBackend(packages=True)
    try:
        _fill(machine, folders)
        run = [visible_python(), "-B", "-c", _SUITE, *suite]
        done = machine.run(run, timeout_s=_PATIENCE_S, env={"PYTHONPATH": ":".join(package_folders())})
        return float(json.loads(done.stdout))
    except (BackendError, TimeoutError, ValueError):
        # That it broke while the suite ran is the suite's doing.
        return 0.0
    finally:
        machine.close()


def _fill(machine: Backend, folders: Mapping[Path, None]) -> None:
    try:
        machine.reset(seed=0)
        machine.run(["sh", "-c", f"mkdir -p {_FOLDER} && tar -xf - -C {_FOLDER}"], stdin=_packed(folders))
    except BackendError as error:
        raise EvaluationError(f"a test suite runs in a sandbox, and it did not start: {error}") from error


def _packed(folders: Mapping[Path, None]) -> bytes:
    """The files of the folders as a tar archive; of two of one name the last counts."""
    memory = io.BytesIO()
    with tarfile.open(fileobj=memory, mode="w") as packed:
        for folder in folders:
            for path in sorted(folder.iterdir()):
                if path.is_file():
                    member = tarfile.TarInfo(path.name)
                    content = path.read_bytes()
                    member.size = len(content)
                    packed.addfile(member, io.BytesIO(content))
    return memory.getvalue()


METRICS: Mapping[str, Metric] = {"check_python_file_by_test_suite": check_python_file_by_test_suite}
