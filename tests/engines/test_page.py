from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from agentgym.engines import engines

pytestmark = pytest.mark.episodes

PAGE = (Path(__file__).parents[2] / "docs" / "engines.md").read_text()
# Those of clusters go on from another, with more workers than there are here: test_ray.py and test_spark.py try that.
BLOCKS = re.findall(r"^```python\n(from .*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("place", range(len(BLOCKS)))
def test_what_the_page_shows_is_done(place: int, tmp_path: Path) -> None:
    (tmp_path / "shown.py").write_text(BLOCKS[place])
    done = subprocess.run([sys.executable, "shown.py"], cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stderr) == (0, "")
    assert "Error" not in done.stdout


def test_a_script_without_the_guard_is_told_that_it_needs_one(tmp_path: Path) -> None:
    (tmp_path / "bare.py").write_text(
        "from agentgym.engines import make_engine\n"
        "for outcome in make_engine('processes', workers=1).map(str, [1]):\n"
        "    print(outcome.error)\n"
    )
    done = subprocess.run([sys.executable, "bare.py"], cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.stdout.startswith("the process of item 0 ended with exit status 1 while it was starting")
    assert 'needs `if __name__ == "__main__":`' in done.stdout


def test_the_page_names_every_engine() -> None:
    assert [name for name in engines if f"`{name}`" not in PAGE] == []
