from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from agentgym.engines import engines

PAGE = (Path(__file__).parents[2] / "docs" / "engines.md").read_text()
# Those of clusters go on from another, with more workers than there are here: test_ray.py and test_spark.py try that.
BLOCKS = re.findall(r"^```python\n(from .*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("place", range(len(BLOCKS)))
def test_what_the_page_shows_is_done(place: int, tmp_path: Path) -> None:
    lines = "".join(f"    {line}\n" for line in BLOCKS[place].splitlines())
    (tmp_path / "shown.py").write_text(f"if __name__ == '__main__':\n{lines}")
    done = subprocess.run([sys.executable, "shown.py"], cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_page_names_every_engine() -> None:
    assert [name for name in engines if f"`{name}`" not in PAGE] == []
