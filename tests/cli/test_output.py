from __future__ import annotations

import pytest
from rich.console import Console

from agentgym.cli.output import progress_bar, write_table

_ADDRESS = "https://huggingface.co/datasets/xlangai/ubuntu_osworld_file_cache/resolve/main/os/5c433d22/notebook.xlsx"


@pytest.fixture(autouse=True)
def no_width(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)


def unfolded(out: str) -> str:
    """What stands in the cells of a table, without what draws it."""
    return "".join(character for character in out if character not in " │\n")


@pytest.mark.parametrize(
    "said", ["closing [/INST] of nothing", "/home/user/a[/b].xlsx", "'agentgym-envs[pdf]'", "\\[x]"]
)
def test_brackets_of_what_others_said_are_shown_as_they_are(
    said: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    write_table(("a", said), [("1", said)], title=said)
    assert capsys.readouterr().out.count(said) == 3


def test_a_long_word_is_folded_and_not_cut(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    write_table(("task", "remark"), [("a", f"skipped: it fetches {_ADDRESS}")])
    out = capsys.readouterr().out
    assert _ADDRESS in unfolded(out)
    assert max(map(len, out.splitlines())) <= 60


def test_a_table_in_a_pipe_is_as_wide_as_columns_says(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    widths = []
    for columns in ("70", "250", None):
        if columns is None:
            monkeypatch.delenv("COLUMNS")
        else:
            monkeypatch.setenv("COLUMNS", columns)
        write_table(("words",), [("word " * 99,)])
        widths.append(max(map(len, capsys.readouterr().out.splitlines())))
    assert 60 < widths[0] <= 70
    assert 240 < widths[1] <= 250
    assert 150 < widths[2] <= 160


def test_a_task_with_brackets_is_shown_in_the_bar() -> None:
    bar = progress_bar()
    bar.add_task("a[/b]", total=1)
    console = Console(width=80)
    with console.capture() as captured:
        console.print(bar.get_renderable())
    assert "a[/b]" in captured.get()
