"""How tables are cut to a number of tokens."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentgym.accessibility import estimated, token_counter, trimmed
from agentgym.accessibility.tokens import _encoding
from agentgym.errors import UsageError

_ROWS = ["tag\tname", 'label\t"a', 'b"', "menu\tFile"]


def test_a_table_that_fits_stays_as_it_is() -> None:
    assert trimmed(_ROWS, sum(len(row) + 1 for row in _ROWS) - 1, len) == "\n".join(_ROWS)


@pytest.mark.parametrize("most", range(1, 30))
def test_whole_rows_stay_and_a_mark_says_that_there_were_more(most: int) -> None:
    text = trimmed(_ROWS, most, len)
    kept = text.removesuffix("[...]\n")
    assert text != kept
    assert len(kept) <= most
    rows = kept.splitlines()
    assert rows == _ROWS[: len(rows)]
    assert len(kept) + len(_ROWS[len(rows)]) + 1 > most


@given(st.text(), st.text())
def test_the_estimate_of_a_whole_is_about_that_of_its_parts(one: str, other: str) -> None:
    assert (estimated(one) > 0) == bool(one)
    assert estimated(f"{one}\n{other}") <= estimated(one) + estimated(other) + 3


@pytest.mark.parametrize(
    ("text", "tokens"),
    # What tiktoken 0.14 makes of it by cl100k_base, GPT-4's.
    [
        ('push-button\tSave\t""\t\t\t(92, 46)\t(44, 35)', 21),
        ("The accessibility tree as XML, in the form that OSWorld's server gives.", 16),
        ("aGVsbG8gd29ybGQhIQ==", 13),
        ("設定画面を開いて、言語を日本語に変更してください。", 25),
    ],
)
def test_the_estimate_is_rather_too_high(text: str, tokens: int) -> None:
    assert tokens <= estimated(text) <= 2 * tokens


def test_who_counts_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    assert token_counter("estimate") == ("estimate", estimated)
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", "")
    _encoding.cache_clear()
    try:
        assert token_counter() == ("estimate", estimated)
        with pytest.raises(UsageError, match="TIKTOKEN_CACHE_DIR"):
            token_counter("tiktoken")
    finally:
        _encoding.cache_clear()
    with pytest.raises(UsageError, match="did you mean 'tiktoken'"):
        token_counter("tiktokn")  # type: ignore[arg-type]  # which is the test
