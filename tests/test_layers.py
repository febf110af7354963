"""The architecture is a test: imports, the public tree, what is imported when."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

# Each is imported inside the one module that needs it, so that `import agentgym` stays quick.
HEAVY = {"PIL", "PySide6", "cv2", "dbus_fast", "lxml", "openai", "openpyxl", "pandas", "pyautogui", "ray", "redis"}
HEAVY |= {"rich", "sb3_contrib", "stable_baselines3", "tensorboard", "torch", "typer", "xcffib"}
HEAVY |= {"d3rlpy", "datasets", "matplotlib", "minari", "pyarrow", "tensordict", "torchrl"}


SOURCES = sorted({path.resolve() for folder in ("agentgym", "wrappers") for path in (ROOT / folder).rglob("*.py")})


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_imports_go_only_downwards() -> None:
    check = subprocess.run([Path(sys.executable).with_name("lint-imports")], cwd=ROOT, capture_output=True, text=True)
    assert check.returncode == 0, check.stdout


def test_importing_the_package_loads_nothing_heavy() -> None:
    code = "import sys, agentgym; print(*{name.partition('.')[0] for name in sys.modules})"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not HEAVY & set(loaded)


def test_importing_the_package_opens_no_socket_and_starts_no_process() -> None:
    code = """
import sys
forbidden = ("socket.", "subprocess.", "os.exec", "os.fork", "os.posix_spawn", "os.system")
events = []
sys.addaudithook(lambda event, arguments: events.append(event))
import agentgym
# numpy looks for the processor's features and ctypes for libc, in this process.
print(*{event for event in events if event.startswith(forbidden) and event != "socket.__new__"})
"""
    seen = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert seen == []


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_every_module_begins_with_a_sentence_that_says_its_idea(path: Path) -> None:
    tree = ast.parse(path.read_text())
    if not tree.body:
        return
    assert ast.get_docstring(tree)


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_no_module_has_outgrown_one_idea(path: Path) -> None:
    lines = [line for line in path.read_text().splitlines() if line.strip() and not line.strip().startswith("#")]
    assert len(lines) <= 450


def test_wrappers_is_a_link_for_type_checkers() -> None:
    link = ROOT / "agentgym" / "wrappers"
    if link.is_symlink():  # a checkout without links has a file with the target's name
        assert link.readlink() == Path("../wrappers")
    else:
        assert link.read_text() == "../wrappers"


def test_the_wrappers_folder_is_not_a_package_of_its_own() -> None:
    result = subprocess.run([sys.executable, "-c", "import wrappers"], cwd=ROOT, capture_output=True, text=True)
    assert "import agentgym.wrappers, not wrappers" in result.stderr
