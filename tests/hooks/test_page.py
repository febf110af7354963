"""What docs/hooks.md shows is done."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from agentgym.cli import main
from agentgym.events import POINTS
from agentgym.hooks import hooks

PAGE = (Path(__file__).parents[2] / "docs" / "hooks.md").read_text()
EXAMPLES = re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("example", EXAMPLES)
def test_the_examples_work(example: str, capsys: pytest.CaptureFixture[str]) -> None:
    seen: dict[str, Any] = {"__name__": "example"}
    exec(compile(example, "docs/hooks.md", "exec"), seen)  # noqa: S102 - our own page
    said = capsys.readouterr().out
    assert bool(said) == ("print(" in example and "not asked for" not in example)


def test_the_examples_that_score_solve_their_task(capsys: pytest.CaptureFixture[str]) -> None:
    scoring = [example for example in EXAMPLES if ".score)" in example]
    assert len(scoring) == 2
    for example in scoring:
        exec(compile(example, "docs/hooks.md", "exec"), {"__name__": "example"})  # noqa: S102 - our own page
        assert capsys.readouterr().out == "1.0\n"


@pytest.mark.episodes
def test_the_commands_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (commands,) = re.findall(r"^```bash\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    for line in commands.splitlines():
        program, *arguments = shlex.split(line)
        assert program == "agentgym"
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        assert ended.value.code in (None, 0)


def test_the_page_names_every_point_and_every_hook() -> None:
    assert [name for name in (*POINTS, *hooks) if f"| `{name}` |" not in PAGE] == []
