"""Files from elsewhere: from a mirror, from what was fetched before, or over the network."""

from __future__ import annotations

import os
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, TypedDict
from urllib.parse import urlsplit

import msgspec

from agentgym.backends.base import Backend
from agentgym.kept import cache_folder
from agentgym.setup.downloads import blobs
from agentgym.setup.downloads.mirrors import mirror_addresses, mirror_file, mirror_setting
from agentgym.setup.downloads.transfers import NotThere, held, transfer

__all__ = ["download", "fetch", "have", "offline"]


class _Download(TypedDict):
    url: Annotated[str, msgspec.Meta(pattern="^(https?|file)://")]
    path: str


def download(backend: Backend, files: Sequence[_Download]) -> None:
    """Puts files from addresses into the desktop; what was fetched once is kept for the next episode.

    Args:
        files: from where to where; an address is http, https or file.

    Raises:
        OSError: if there is no such file to be had.
        BackendError: if the network or the server failed.
    """
    for entry in files:
        backend.write(entry["path"], fetch(entry["url"]))


def fetch(url: str) -> bytes:
    """The content behind an address, ``file://`` among them.

    It comes from the first that has it: the mirror's folder, the cache, the mirror's address, the address itself. The
    last two are asked only if ``AGENTGYM_OFFLINE`` is not set, and what they give is put into the cache.

    Raises:
        OSError: if there is no such file, or none without a network.
        ValueError: if it is no address.
        BackendError: of kind ``"network"``, if the network or the server failed; trying again may help.
    """
    if _scheme(url) == "file":
        return _read(url)
    found = _at_hand(url)
    if found is not None:
        return found
    if offline():
        raise OSError(_nowhere(url))
    for place in mirror_addresses(url):
        try:
            return _transferred(place)
        except NotThere:
            continue
    return _transferred(url)


def have(url: str) -> bool:
    """Whether `fetch` would need no network, as far as can be told without reading the file.

    Raises:
        ValueError: if it is no address.
    """
    if _scheme(url) == "file":
        return _path(url).is_file()
    return mirror_file(url) is not None or any(map(blobs.has, [*mirror_addresses(url), url]))


def offline() -> bool:
    """Whether files may not be fetched over the network."""
    return os.environ.get("AGENTGYM_OFFLINE", "").strip().lower() not in ("", "0", "false", "no")


def _at_hand(url: str) -> bytes | None:
    copy = mirror_file(url)
    if copy is not None:
        return copy.read_bytes()
    kept = map(blobs.blob, [*mirror_addresses(url), url])
    return next((content for content in kept if content is not None), None)


def _transferred(url: str) -> bytes:
    path = blobs.forming(url)
    with held(path) as file:
        # Whoever had it before may have been fetching the same.
        found = blobs.blob(url)
        if found is None:
            transfer(url, path, file)
            return blobs.keep(url, path)
        path.unlink()
        return found


def _nowhere(url: str) -> str:
    mirror = mirror_setting()
    place = "AGENTGYM_MIRROR names no mirror" if not mirror else f"not in the mirror, {mirror}"
    return (
        f"cannot fetch {url} while AGENTGYM_OFFLINE is set: it is not in the cache, {cache_folder()}, and {place}; "
        "without AGENTGYM_OFFLINE, `agentgym fetch TASKS` fills the cache"
    )


def _scheme(url: str) -> str:
    try:
        address = urlsplit(url)
        # A port that is none is told when it is asked for.
        place = address.port, address.hostname
    except ValueError as error:
        raise ValueError(f"{url!r} is no address: {error}") from error
    if address.scheme != "file" and (address.scheme not in ("http", "https") or not place[1]):
        raise ValueError(f"{url!r} is no http, https or file address")
    return address.scheme


def _read(url: str) -> bytes:
    try:
        return _path(url).read_bytes()
    except FileNotFoundError as error:
        # Whoever judges takes FileNotFoundError for a fact about the machine; this is a fault of the task.
        raise OSError(f"cannot read {url}: there is no such file") from error


def _path(url: str) -> Path:
    return Path(urllib.request.url2pathname(urlsplit(url).path))
