"""A file of the cache is whole or is not there."""

from __future__ import annotations

from pathlib import Path

import pytest

from agentgym.kept import cache_folder, kept


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.delenv("AGENTGYM_CACHE", raising=False)
    return tmp_path


def test_file_is_made_once() -> None:
    assert kept("folder/name", lambda: b"first") == b"first"
    assert kept("folder/name", lambda: b"second") == b"first"


def test_what_could_not_be_made_leaves_nothing(cache: Path) -> None:
    def fails() -> bytes:
        raise RuntimeError("no")

    with pytest.raises(RuntimeError, match="no"):
        kept("name", fails)
    assert not any(path.is_file() for path in cache.rglob("*"))
    assert kept("name", lambda: b"later") == b"later"


def test_what_could_not_be_put_leaves_nothing(cache: Path) -> None:
    (cache / "agentgym" / "name").mkdir(parents=True)
    with pytest.raises(IsADirectoryError):
        kept("name", lambda: b"content")
    assert not any(path.is_file() for path in cache.rglob("*"))


def test_folder_is_the_one_that_is_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert cache_folder() == tmp_path / "agentgym"
    monkeypatch.setenv("AGENTGYM_CACHE", str(tmp_path / "mine"))
    assert cache_folder() == tmp_path / "mine"
    kept("name", lambda: b"content")
    assert (tmp_path / "mine" / "name").read_bytes() == b"content"
