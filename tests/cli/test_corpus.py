from __future__ import annotations

from pathlib import Path

import pytest

from agentgym.tools.search import corpus_at
from tests.cli.conftest import Run


def test_a_folder_becomes_a_corpus_that_tasks_can_name(run: Run, tmp_path: Path) -> None:
    (tmp_path / "pages").mkdir()
    (tmp_path / "pages/tea.md").write_text("# Tea\nfrom [the hills](hills.md)")
    (tmp_path / "pages/hills.md").write_text("# Hills")
    out = tmp_path / "tea.corpus"
    assert run("tools", "corpus", str(tmp_path / "pages"), "--out", str(out)) == (0, f"2 pages in {out}\n", "")
    assert corpus_at(out).search("tea", 5)[0].address == "/tea.md"
    # A second time, with another page.
    (tmp_path / "pages/cups.txt").write_text("Cups")
    assert run("tools", "corpus", str(tmp_path / "pages"), "--out", str(out))[1] == f"3 pages in {out}\n"


def test_the_shipped_country_can_be_written(run: Run, tmp_path: Path) -> None:
    assert run("tools", "corpus", "world:7", "--out", str(tmp_path / "c"))[0] == 0
    assert len(corpus_at(tmp_path / "c")) == len(corpus_at("world:7"))


@pytest.mark.parametrize(
    ("source", "out", "message"),
    [
        ("nowhere", "c", "no folder at"),
        (".", "c", "no page in"),
        ("world", "precious.txt", "is there already and would be lost"),
        ("world", "missing/c", "cannot write"),
        ("world", "precious.txt/c", "cannot write"),
        ("world", ".", "is there already"),
    ],
)
def test_what_cannot_be_made_is_told_and_nothing_is_lost(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str, out: str, message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    (tmp_path / "precious.txt").write_bytes(b"precious" * 99)
    code, _, said = run("tools", "corpus", "empty" if source == "." else source, "--out", out)
    assert (code, message in said) == (2, True), said
    assert (tmp_path / "precious.txt").read_bytes() == b"precious" * 99
