"""The architecture is a test: imports, the public tree, what is imported when."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]

# Each is imported inside the one module that needs it, so that `import agentgym` stays quick.
HEAVY = {"PIL", "PySide6", "cv2", "dbus_fast", "lxml", "openai", "openpyxl", "pandas", "pyautogui", "ray", "redis"}
HEAVY |= {"rich", "sb3_contrib", "stable_baselines3", "tensorboard", "torch", "typer", "xcffib"}
HEAVY |= {"d3rlpy", "datasets", "matplotlib", "minari", "pyarrow", "tensordict", "torchrl"}


SOURCES = sorted({path.resolve() for folder in ("agentgym", "wrappers") for path in (ROOT / folder).rglob("*.py")})


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def lines_of(path: Path) -> list[str]:
    """Those that say something to Python."""
    lines = map(str.strip, path.read_text().splitlines())
    return [line for line in lines if line and not line.startswith("#")]


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


# One test for all modules: a test for each would be a fifth of the suite, and cost more than what it looks at.
def test_every_module_begins_with_a_sentence_that_says_its_idea() -> None:
    begins = {name(path): "".join(lines_of(path)[:1]) for path in SOURCES}
    sentence = re.compile(r'"""[^\s"]')
    assert [module for module, line in begins.items() if line and not sentence.match(line)] == []


def test_no_module_has_outgrown_one_idea() -> None:
    outgrown = {name(path): count for path in SOURCES if (count := len(lines_of(path))) > 450}
    assert outgrown == {}


def test_wrappers_is_a_link_for_type_checkers() -> None:
    link = ROOT / "agentgym" / "wrappers"
    if link.is_symlink():  # a checkout without links has a file with the target's name
        assert link.readlink() == Path("../wrappers")
    else:
        assert link.read_text() == "../wrappers"


def test_the_wrappers_folder_is_not_a_package_of_its_own() -> None:
    result = subprocess.run([sys.executable, "-c", "import wrappers"], cwd=ROOT, capture_output=True, text=True)
    assert "import agentgym.wrappers, not wrappers" in result.stderr
