"""What docs/tools.md shows is done."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from agentgym.cli import main

PAGE = (Path(__file__).parents[2] / "docs" / "tools.md").read_text()


def test_the_example_works_as_it_says() -> None:
    code = re.search(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    assert code is not None
    seen: dict[str, Any] = {"__name__": "example"}
    exec(compile(code[1], "docs/tools.md", "exec"), seen)  # noqa: S102 - our own page
    env = seen["env"]
    env.reset(seed=0)
    shown = env.step({"name": "stock", "arguments": {"item": "pen"}})[0]
    assert f"```\n{shown}\n```" in PAGE
    env.close()


def test_the_commands_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    code = re.search(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    commands = re.search(r"^```bash\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    assert code is not None
    assert commands is not None
    (tmp_path / "my_tools.py").write_text(code[1])
    monkeypatch.chdir(tmp_path)
    said = []
    for line in commands[1].splitlines():
        program, *arguments = shlex.split(line)
        assert program == "agentgym"
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        assert ended.value.code in (None, 0)
        said.append(capsys.readouterr().out)
    assert "bash" in said[0]
    assert '"name": "refund"' in said[1]
    assert said[2] == "3\n"
