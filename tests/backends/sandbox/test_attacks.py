"""What an agent may try by its tools: each ends as a tool error, harms nobody, and is gone with the next reset."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from agentgym.actions import ToolCall
from agentgym.backends.sandbox.backend import SandboxBackend
from agentgym.tasks import Task
from agentgym.tools import ToolContext, ToolResult, call_tool, resolve_tools

pytestmark = pytest.mark.episodes

_TOOLS = resolve_tools(["bash", "python", "read", "write", "edit", "list", "grep", "sql"])
_FRESH = "ls -la --time-style=+ ~ /tmp /var/tmp /dev/shm; env | sort; pwd; ulimit -a"


@pytest.fixture(scope="module")
def machine() -> Iterator[SandboxBackend]:
    backend = SandboxBackend(memory_mb=512, disk_mb=64)
    try:
        yield backend
    finally:
        backend.close()


@pytest.fixture
def fresh(machine: SandboxBackend) -> Iterator[str]:
    """What a fresh machine looks like; afterwards the next reset must look so, too."""
    machine.reset(seed=1)
    before = called(machine, "bash", command=_FRESH).content
    pid = machine.processes()
    machine.reset(seed=1)
    yield before
    machine.reset(seed=1)
    assert called(machine, "bash", command=_FRESH).content == before
    assert len(machine.processes()) == len(pid)
    assert called(machine, "python", code="6 * 7").content == "42\n"


def called(machine: SandboxBackend, name: str, **arguments: object) -> ToolResult:
    context = ToolContext(Task("t", "x"), workspace=lambda: machine)
    return call_tool(_TOOLS, ToolCall(name, dict(arguments)), context, call_id="1")


def refused(machine: SandboxBackend, name: str, **arguments: object) -> str:
    result = called(machine, name, **arguments)
    assert not result.ok, result.content
    return result.content


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("bash", {"command": ":(){ :|:& };:"}),
        ("bash", {"command": "f(){ f|f; }; f", "timeout_s": 5}),
        ("python", {"code": "import os\nwhile True: os.fork()", "timeout_s": 5}),
    ],
)
def test_fork_bomb(machine: SandboxBackend, fresh: str, name: str, arguments: dict[str, object]) -> None:
    refused(machine, name, **arguments)
    assert called(machine, "bash", command="echo back").content == "back\n"


def test_removing_everything(machine: SandboxBackend, fresh: str) -> None:
    mine = Path(__file__).stat().st_size
    said = refused(machine, "bash", command="rm -rf --no-preserve-root / 2>&1 | tail -n 1; exit ${PIPESTATUS[0]}")
    assert "the shell has ended" in said
    assert Path(__file__).stat().st_size == mine
    assert called(machine, "bash", command="ls /usr/bin/env").ok


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("bash", {"command": "head -c 10G /dev/zero > big"}),
        ("bash", {"command": "head -c 10G /dev/zero > /dev/shm/big"}),
        ("bash", {"command": "fallocate -l 10G big"}),
        ("python", {"code": "with open('big', 'wb') as file:\n    for _ in range(10240): file.write(bytes(1 << 20))"}),
    ],
)
def test_writing_ten_gigabytes(machine: SandboxBackend, fresh: str, name: str, arguments: dict[str, object]) -> None:
    assert "No space left on device" in refused(machine, name, **arguments)


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("bash", {"command": "while :; do :; done", "timeout_s": 0.5}),
        ("bash", {"command": "trap '' INT TERM; while :; do sleep 1; done", "timeout_s": 0.5}),
        ("bash", {"command": "yes", "timeout_s": 0.5}),
        ("bash", {"command": "cat /dev/zero | tr '\\0' x", "timeout_s": 0.5}),
        ("python", {"code": "while True: pass", "timeout_s": 0.5}),
        (
            "python",
            {
                "code": "while True:\n    try:\n        while True: print('x' * 999)\n    except BaseException: pass",
                "timeout_s": 0.5,
            },
        ),
        ("python", {"code": "9 ** 9 ** 9 ** 9", "timeout_s": 0.5}),
    ],
)
def test_endless_loop(machine: SandboxBackend, fresh: str, name: str, arguments: dict[str, object]) -> None:
    assert "did not end within 0.5 s" in refused(machine, name, **arguments)


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("bash", {"command": "sleep 1000 &"}),
        ("bash", {"command": "setsid nohup sleep 1000 >/dev/null 2>&1 & disown"}),
        ("bash", {"command": "(setsid sh -c 'sleep 1000 & sleep 1000' &) >/dev/null 2>&1"}),
        ("python", {"code": "import subprocess\nsubprocess.Popen(['sleep', '1000'], start_new_session=True)"}),
        ("python", {"code": "import os, time\nif not os.fork():\n    os.setsid()\n    time.sleep(1000)"}),
    ],
)
def test_daemon(machine: SandboxBackend, fresh: str, name: str, arguments: dict[str, object]) -> None:
    assert "left processes running" in refused(machine, name, **arguments)
    assert "sleep" not in called(machine, "bash", command="ps -e -o stat=,comm= | grep -v ^Z").content


@pytest.mark.parametrize("target", ["/etc/passwd", "/", "/proc/1/environ", "../../etc/passwd"])
def test_link_out_of_the_home(machine: SandboxBackend, fresh: str, target: str) -> None:
    called(machine, "bash", command=f"ln -s {target} link; mkdir d; ln -s {target} d/link")
    for path in ("link", "d/link", "link/etc/passwd"):
        assert "is outside of /home/user and /tmp" in refused(machine, "read", path=path)
        assert "is outside of /home/user and /tmp" in refused(machine, "write", path=path, content="x")
        assert "is outside of /home/user and /tmp" in refused(machine, "sql", database=path, statement="select 1")


def test_too_much_memory(machine: SandboxBackend, fresh: str) -> None:
    assert "MemoryError" in refused(machine, "python", code="x = bytearray(10 << 30)")
    hog = (
        "import os, time\nfor _ in range(8):\n    if not os.fork():\n"
        "        x = bytearray(os.urandom(1 << 20)) * 100\n        time.sleep(20)\ntime.sleep(15)"
    )
    assert "took more than" in refused(machine, "python", code=hog, timeout_s=20)
    shared = (
        "import mmap, time\nm = mmap.mmap(-1, 800 << 20)\n"
        "for at in range(0, 800 << 20, 4096): m[at] = 1\ntime.sleep(15)"
    )
    assert "took more than" in refused(machine, "python", code=shared, timeout_s=20)
    unnamed = (
        "import os, time\nfd = [os.memfd_create('x') for _ in range(4)]\n"
        "for one in fd: os.posix_fallocate(one, 0, 200 << 20)\ntime.sleep(15)"
    )
    assert "took more than" in refused(machine, "python", code=unnamed, timeout_s=20)


@pytest.mark.parametrize(
    "code",
    [
        "import os, signal\nos.kill(1, signal.SIGKILL)\nos.kill(1, signal.SIGTERM)\nraise SystemExit(1)",
        "open('/proc/1/mem', 'r+b')",
        "import ctypes\nassert ctypes.CDLL(None).ptrace(16, 1, 0, 0) == 0",
        "import os\nos.readlink('/proc/1/fd/0')",
        "open('/etc/shadow')",
        "open('/usr/bin/env', 'r+b')",
        "import socket\nsocket.create_connection(('192.0.2.1', 80), timeout=1)",
        "import os\nos.mknod('/tmp/sda', 0o60666, os.makedev(8, 0))",
        "import time\ntime.clock_settime(time.CLOCK_REALTIME, 0)",
    ],
)
def test_reaching_out_of_the_sandbox(machine: SandboxBackend, fresh: str, code: str) -> None:
    refused(machine, "python", code=code)


def test_shell_made_useless(machine: SandboxBackend, fresh: str) -> None:
    called(
        machine,
        "bash",
        command="eval() { :; }; printf() { :; }; read() { :; }; exec 1>&- 2>&-; set -eu; PATH=",
        timeout_s=1,
    )
    called(machine, "bash", command='exec 3>&- 4>&- 5>&-; for fd in {3..40}; do eval "exec $fd>&-"; done', timeout_s=1)


def test_sessions_killed_from_within(machine: SandboxBackend, fresh: str) -> None:
    called(machine, "python", code="1")
    called(machine, "read", path="nothing")
    called(machine, "bash", command="kill -9 -1", timeout_s=5)
    assert called(machine, "bash", command="echo back").content == "back\n"
    called(machine, "python", code="1")
    assert called(machine, "python", code="2").content == "2\n"
    assert "there is no" in refused(machine, "read", path="nothing")


@pytest.mark.parametrize(
    "written", ["b'\\xff' * 12", "b'x' * 12", "bytes(12) + b'[]'", "b'\\0\\0\\0\\2' + bytes(8) + b'[]'"]
)
def test_answers_that_make_no_sense(machine: SandboxBackend, fresh: str, written: str) -> None:
    code = f"import os, time\nos.write(3, {written})\ntime.sleep(9)"
    assert "the interpreter has ended" in refused(machine, "python", code=code, timeout_s=1)


def test_shell_that_was_stopped(machine: SandboxBackend, fresh: str) -> None:
    called(machine, "bash", command="(sleep .02; kill -STOP $$)& true")
    refused(machine, "bash", command=":" + "x" * 200_000, timeout_s=1)
    assert called(machine, "bash", command="echo back").content == "back\n"


def test_threads_of_the_interpreter_stand_still_between_calls(machine: SandboxBackend, fresh: str) -> None:
    called(
        machine,
        "python",
        code="import threading, time\nn = 0\ndef run():\n    global n\n    while True:\n        n += 1\n"
        "        open('n', 'w').write(str(n))\n        time.sleep(0.001)\n"
        "threading.Thread(target=run, daemon=True).start()",
    )
    first = called(machine, "bash", command="cat n").content
    assert called(machine, "bash", command="sleep 0.1; cat n").content == first
    called(machine, "python", code="import time; time.sleep(0.1)")
    assert called(machine, "bash", command="cat n").content != first


def test_daemon_of_what_judges(machine: SandboxBackend, fresh: str) -> None:
    machine.run(["sh", "-c", "setsid sleep 444 >/dev/null 2>&1 &"])
    assert "sleep" not in called(machine, "bash", command="ps -e -o stat=,comm= | grep -v ^Z").content


def test_home_that_is_locked_is_judged_all_the_same(machine: SandboxBackend, fresh: str) -> None:
    called(machine, "bash", command="echo 1 > f; chmod 000 ~ /run/agentgym")
    assert machine.run(["cat", "f"]).stdout == b"1\n"


def test_nothing_of_it_runs_here() -> None:
    """Whatever these attacks start, this machine has none of it."""
    backend = SandboxBackend()
    backend.reset(seed=1)
    called(backend, "bash", command="exec -a agentgym-attack-marker sleep 300", timeout_s=0.3)
    backend.launch(["bash", "-c", "exec -a agentgym-attack-marker sleep 300"])
    backend.close()
    lines = [Path(f"/proc/{pid}/cmdline") for pid in os.listdir("/proc") if pid.isdigit()]
    assert not [line for line in lines if line.exists() and b"agentgym-attack-marker" in line.read_bytes()]
