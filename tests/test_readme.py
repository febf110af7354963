from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from _pytest.mark import ParameterSet

ROOT = Path(__file__).parents[1]
BLOCK = re.compile(
    r"^(?P<skip><!-- not run: [^\n]+ -->\n)?```(?P<language>bash|python)\n(?P<code>.*?)^```$", re.MULTILINE | re.DOTALL
)


def blocks() -> list[ParameterSet]:
    text = (ROOT / "README.md").read_text()
    return [
        pytest.param(found["language"], found["code"], id=f"line-{text.count(chr(10), 0, found.start()) + 1}")
        for found in BLOCK.finditer(text)
        if not found["skip"]
    ]


@pytest.mark.desktop
@pytest.mark.parametrize(("language", "code"), blocks())
def test_the_readmes_commands_work(language: str, code: str, tmp_path: Path) -> None:
    interpreter = ["bash", "-e"] if language == "bash" else [sys.executable]
    script = tmp_path / f"block.{language}"
    script.write_text(code)
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    result = subprocess.run(
        [*interpreter, str(script)], cwd=tmp_path, env={**os.environ, "PATH": path}, capture_output=True, text=True
    )
    assert result.returncode == 0, result.stderr


def test_every_page_is_linked_from_the_index() -> None:
    index = (ROOT / "docs" / "index.md").read_text()
    pages = {path.name for path in (ROOT / "docs").glob("*.md")} - {"index.md"}
    assert {page for page in pages if f"({page})" not in index} == set()


def test_every_link_of_the_documentation_leads_to_a_file() -> None:
    for page in (ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md")):
        text = re.sub(r"^```.*?^```$", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
        for target in re.findall(r"\]\(([^)#]+)\)", text):
            if not target.startswith("https://"):
                assert (page.parent / target).exists(), f"{page.name} links to {target}"
