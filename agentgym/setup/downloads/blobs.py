"""Files by their address, each kept once, under the hash of what is in it."""

from __future__ import annotations

import hashlib
from pathlib import Path

import msgspec

from agentgym.kept import cache_folder, put_whole

__all__ = ["Entry", "blob", "forming", "has", "keep"]


class Entry(msgspec.Struct, frozen=True):
    """What an address led to."""

    url: str
    sha256: str
    size: int


def has(url: str) -> bool:
    """Whether a file of this address is kept, as far as its size tells."""
    entry = _entry(url)
    if entry is None:
        return False
    try:
        return _place(entry.sha256).stat().st_size == entry.size
    except FileNotFoundError:
        return False


def blob(url: str) -> bytes | None:
    """The content that is kept of an address; None if there is none, or it is no longer what it was."""
    entry = _entry(url)
    if entry is None:
        return None
    try:
        content = _place(entry.sha256).read_bytes()
    except FileNotFoundError:
        return None
    return content if hashlib.sha256(content).hexdigest() == entry.sha256 else None


def forming(url: str) -> Path:
    """Where the file of an address lies while it is fetched."""
    return _folder() / "partial" / _key(url)


def keep(url: str, file: Path) -> bytes:
    """Takes a whole file out of its place into what is kept of an address; gives its content."""
    content = file.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    put_whole(_place(digest), content)
    # After the content: whoever finds this finds that. And the file itself at last: as long as it lies there, whoever
    # wants the same waits for who has it.
    put_whole(_index(url), msgspec.json.encode(Entry(url, digest, len(content))))
    file.unlink()
    return content


def _entry(url: str) -> Entry | None:
    try:
        return msgspec.json.decode(_index(url).read_bytes(), type=Entry)
    except (FileNotFoundError, msgspec.DecodeError):
        # One that is damaged is as good as none.
        return None


def _folder() -> Path:
    return cache_folder() / "files"


def _key(url: str) -> str:
    return hashlib.sha256(url.encode()).hexdigest()


def _index(url: str) -> Path:
    return _folder() / "urls" / f"{_key(url)}.json"


def _place(digest: str) -> Path:
    return _folder() / "blobs" / digest[:2] / digest
