"""A file of the cache is whole or is not there."""

from __future__ import annotations

from pathlib import Path

import pytest

from agentgym.backends.kept import kept


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
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
