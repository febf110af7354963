"""What is fetched is kept by its content, gone on with where it was cut, and taken from a mirror if that has it."""

from __future__ import annotations

import multiprocessing
import re
import threading
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from agentgym.errors import BackendError, UsageError
from agentgym.setup import downloads
from agentgym.setup.downloads import fetch, have, transfers
from agentgym.setup.downloads.mirrors import own_place
from tests.setup.downloads.fileserver import FileServer, Served, serving

pytestmark = pytest.mark.episodes

_LONG = bytes(range(256)) * 2000
_PATH = "/datasets/owner/files/resolve/main/os/0a1b/a%20b.txt"


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("AGENTGYM_MIRROR", "AGENTGYM_OFFLINE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AGENTGYM_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(transfers, "_PAUSE_S", 0.001)
    return tmp_path / "cache" / "files"


@pytest.fixture
def server() -> Iterator[FileServer]:
    with serving() as running:
        yield running


@pytest.fixture
def mirror(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "a [mirror]"
    folder.mkdir()
    monkeypatch.setenv("AGENTGYM_MIRROR", str(folder))
    return folder


def _blobs(cache: Path) -> list[Path]:
    return [path for path in (cache / "blobs").rglob("*") if path.is_file()]


def _put(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


@pytest.mark.parametrize(("tagged", "dated"), [(True, False), (False, True), (True, True)])
def test_cut_download_goes_on_where_it_was_cut(server: FileServer, tagged: bool, dated: bool) -> None:
    server.files["/a"] = Served(_LONG, cuts=[100_000, 300_000, 1], tagged=tagged, dated=dated)
    assert fetch(f"{server.address}/a") == _LONG
    assert server.spans == [None, "bytes=100000-", "bytes=400000-", "bytes=400001-"]


def test_download_that_was_given_up_goes_on_the_next_time(server: FileServer, cache: Path) -> None:
    url = f"{server.address}/a"
    server.files["/a"] = Served(_LONG, cuts=[100_000, 0, 0, 0, 0])
    with pytest.raises(BackendError, match=f"cannot download {url}: the connection was cut after 100000 bytes, 412000"):
        fetch(url)
    assert not have(url)
    assert fetch(url) == _LONG
    assert server.spans[-1] == "bytes=100000-"
    assert not list((cache / "partial").iterdir())


def test_download_of_a_process_that_was_killed_goes_on_in_another(server: FileServer, cache: Path) -> None:
    # It pauses half a second after each cut, in which it is killed.
    server.files["/a"] = Served(_LONG, cuts=[100_000, 0, 0, 0, 0, 0, 0])
    process = multiprocessing.get_context("spawn").Process(target=fetch, args=(f"{server.address}/a",))
    process.start()
    while not any(path.stat().st_size == 100_000 for path in (cache / "partial").glob("[0-9a-f]" * 64)):
        assert process.is_alive()
    process.kill()
    process.join()
    server.files["/a"].cuts.clear()
    assert fetch(f"{server.address}/a") == _LONG
    assert server.spans[-1] == "bytes=100000-"


def test_what_brings_something_each_time_is_not_given_up(server: FileServer) -> None:
    server.files["/a"] = Served(_LONG, cuts=[10_000] * 40)
    assert fetch(f"{server.address}/a") == _LONG


@pytest.mark.parametrize(
    "served",
    [
        Served(_LONG, cuts=[100_000], ranges=False),
        Served(_LONG, cuts=[100_000], tagged=False),
        Served(b"other " * 99_999, cuts=[100_000], changes=_LONG),
        Served(b"longer " * 999_999, cuts=[600_000], changes=_LONG),
        Served(_LONG, cuts=[100_000], weak=True),
    ],
    ids=["no ranges", "known by nothing", "changed meanwhile", "shorter meanwhile", "known by little"],
)
def test_what_cannot_go_on_starts_over(server: FileServer, served: Served) -> None:
    server.files["/a"] = served
    assert fetch(f"{server.address}/a") == _LONG
    assert server.asked["/a"] == 2
    assert not served.weak or server.spans == [None, None]


@pytest.mark.parametrize(
    "served",
    [
        Served(b"other " * 99_999, cuts=[100_000], changes=_LONG, sloppy=True),
        Served(_LONG, cuts=[100_000], begin=99_999),
        Served(_LONG, cuts=[100_000], begin=100_001),
    ],
    ids=["of another file", "too early", "too late"],
)
def test_part_that_does_not_fit_is_thrown_away(server: FileServer, served: Served) -> None:
    server.files["/a"] = served
    assert fetch(f"{server.address}/a") == _LONG
    assert server.spans == [None, "bytes=100000-", None]


def test_server_says_when_to_come_again(server: FileServer) -> None:
    server.files["/a"] = Served(_LONG, refusals=[429], retry_after="1")
    begun = time.monotonic()
    assert fetch(f"{server.address}/a") == _LONG
    assert time.monotonic() - begun >= 1


def test_part_of_a_file_that_is_gone_is_not_kept(server: FileServer, cache: Path) -> None:
    server.files["/a"] = Served(_LONG, cuts=[100_000, 0, 0, 0, 0])
    with pytest.raises(BackendError):
        fetch(f"{server.address}/a")
    del server.files["/a"]
    with pytest.raises(OSError, match="the server answered 404 Not Found"):
        fetch(f"{server.address}/a")


@pytest.mark.parametrize("status", [500, 502, 503, 504, 429, 408])
def test_passing_refusal_is_tried_again(server: FileServer, status: int) -> None:
    server.files["/a"] = Served(_LONG, refusals=[status, status])
    assert fetch(f"{server.address}/a") == _LONG
    assert server.asked["/a"] == 3


@pytest.mark.parametrize("status", [401, 403, 410, 451])
def test_refusal_for_good_is_not_tried_again(server: FileServer, status: int) -> None:
    server.files["/a"] = Served(_LONG, refusals=[status])
    with pytest.raises(OSError, match=f"the server answered {status}"):
        fetch(f"{server.address}/a")
    assert server.asked["/a"] == 1


def test_answer_that_is_shorter_than_announced_is_never_kept(server: FileServer, cache: Path) -> None:
    server.files["/a"] = Served(b"short", announced="9999")
    with pytest.raises(BackendError, match="cut after 5 bytes, 9994 short"):
        fetch(f"{server.address}/a")
    assert not have(f"{server.address}/a")
    assert not _blobs(cache)


def test_files_of_the_same_content_are_kept_once(server: FileServer, cache: Path) -> None:
    server.files.update({"/a": Served(_LONG), "/b": Served(_LONG), "/c": Served(b"other")})
    assert [fetch(server.address + path) for path in server.files] == [_LONG, _LONG, b"other"]
    assert sorted(path.read_bytes() for path in _blobs(cache)) == [_LONG, b"other"]


@pytest.mark.parametrize("damage", [_LONG[:-1], _LONG[:-1] + b"!", b""])
def test_what_was_damaged_on_the_disk_is_fetched_again(server: FileServer, cache: Path, damage: bytes) -> None:
    server.files["/a"] = Served(_LONG)
    fetch(f"{server.address}/a")
    _blobs(cache)[0].write_bytes(damage)
    assert have(f"{server.address}/a") == (len(damage) == len(_LONG))
    assert fetch(f"{server.address}/a") == _LONG
    assert fetch(f"{server.address}/a") == _LONG
    assert server.asked["/a"] == 2


def test_index_that_was_torn_is_written_again(server: FileServer, cache: Path) -> None:
    server.files["/a"] = Served(_LONG)
    fetch(f"{server.address}/a")
    next((cache / "urls").iterdir()).write_bytes(b'{"url": "htt')
    assert not have(f"{server.address}/a")
    assert fetch(f"{server.address}/a") == _LONG
    assert have(f"{server.address}/a")


def test_threads_that_want_the_same_ask_once(server: FileServer, cache: Path) -> None:
    server.files["/a"] = Served(_LONG, cuts=[100_000])
    barrier = threading.Barrier(8)

    def wanting(_number: int) -> bytes:
        barrier.wait()
        return fetch(f"{server.address}/a")

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(wanting, range(8))) == {_LONG}
    assert server.asked["/a"] == 2
    assert not list((cache / "partial").iterdir())


def test_nothing_is_asked_for_offline(server: FileServer, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server.files.update({"/a": Served(_LONG), "/b": Served(_LONG)})
    fetch(f"{server.address}/a")
    monkeypatch.setenv("AGENTGYM_OFFLINE", "1")
    assert fetch(f"{server.address}/a") == _LONG
    with pytest.raises(OSError, match=re.escape(f"cannot fetch {server.address}/b while AGENTGYM_OFFLINE")) as caught:
        fetch(f"{server.address}/b")
    assert "AGENTGYM_MIRROR names no mirror" in str(caught.value)
    assert str(cache.parent) in str(caught.value)
    assert server.asked.keys() == {"/a"}


@pytest.mark.parametrize(
    "place",
    [
        "example.org/datasets/owner/files/resolve/main/os/0a1b/a b.txt",
        "datasets/owner/files/resolve/main/os/0a1b/a b.txt",
        "os/0a1b/a b.txt",
        f"0a1b/{uuid.uuid5(uuid.NAMESPACE_URL, 'http://example.org' + _PATH)}_b.txt",
        f"{uuid.uuid5(uuid.NAMESPACE_URL, 'http://example.org' + _PATH)}_b.txt",
    ],
)
def test_mirror_may_be_laid_out_in_many_ways(mirror: Path, place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    url = f"http://example.org{_PATH}"
    monkeypatch.setenv("AGENTGYM_OFFLINE", "1")
    assert not have(url)
    with pytest.raises(OSError, match=re.escape(f"in the mirror, {mirror};")):
        fetch(url)
    _put(mirror / place, b"from the mirror")
    assert have(url)
    assert fetch(url) == b"from the mirror"


def test_longer_path_of_a_mirror_goes_before_a_shorter(mirror: Path) -> None:
    url = f"http://example.org{_PATH}"
    _put(mirror / "os/0a1b/a b.txt", b"some dataset's")
    _put(mirror / str(own_place(url)), b"this one's")
    assert fetch(url) == b"this one's"


@pytest.mark.parametrize("path", ["/x/../../secret", "/%2e%2e/secret", "/a/..%2f..%2fsecret"])
def test_nothing_beside_a_mirror_is_read(mirror: Path, path: str) -> None:
    _put(mirror.parent / "secret", b"secret")
    _put(mirror.parent / "x" / "secret", b"secret")
    (mirror / "a").mkdir()
    assert not have(f"http://example.org{path}")


def test_query_is_a_part_of_the_name_in_a_mirror(mirror: Path) -> None:
    _put(mirror / "d/e/a.txt", b"of none")
    _put(mirror / "d/e/a.txt?id=1", b"of 1")
    assert fetch("http://example.org/d/e/a.txt?id=1") == b"of 1"
    assert not have("http://example.org/d/e/a.txt?id=2")
    assert fetch("http://example.org/d/e/a.txt?download=true") == b"of none"


def test_mirror_goes_before_what_is_kept(server: FileServer, mirror: Path) -> None:
    server.files["/a"] = Served(b"of the network")
    assert fetch(f"{server.address}/a") == b"of the network"
    _put(mirror / "a", b"of the mirror")
    assert fetch(f"{server.address}/a") == b"of the mirror"
    (mirror / "a").unlink()
    assert fetch(f"{server.address}/a") == b"of the network"
    assert server.asked["/a"] == 1


def test_mirror_that_is_not_there_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AGENTGYM_MIRROR", "/no/such/folder")
    for ask in (fetch, have):
        with pytest.raises(UsageError, match="AGENTGYM_MIRROR is '/no/such/folder': there is no such folder"):
            ask("http://example.org/a")


def test_mirror_may_be_an_address(server: FileServer, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving() as other:
        other.files["/m/os/0a1b/a b.txt"] = Served(b"of the mirror", cuts=[5])
        server.files["/rest"] = Served(b"of the network")
        monkeypatch.setenv("AGENTGYM_MIRROR", f"{other.address}/m/")
        for _ in range(2):
            assert fetch(server.address + _PATH) == b"of the mirror"
            assert fetch(f"{server.address}/rest") == b"of the network"
        assert other.asked["/m/os/0a1b/a b.txt"] == 2
        assert server.asked == {"/rest": 1}
        asked = other.asked.total()
        monkeypatch.setenv("AGENTGYM_OFFLINE", "1")
        assert have(server.address + _PATH)
        assert fetch(server.address + _PATH) == b"of the mirror"
    assert other.asked.total() == asked


def test_file_of_this_machine_is_at_hand_or_not(tmp_path: Path) -> None:
    (tmp_path / "a b").write_bytes(b"here")
    assert have((tmp_path / "a b").as_uri())
    assert not have((tmp_path / "none").as_uri())
    with pytest.raises(ValueError, match="is no http, https or file address"):
        have("ftp://example.org/a")


def test_cache_that_cannot_be_written_is_told(
    server: FileServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.files["/a"] = Served(_LONG)
    (tmp_path / "file").touch()
    monkeypatch.setenv("AGENTGYM_CACHE", str(tmp_path / "file"))
    with pytest.raises(NotADirectoryError, match="file/files"):
        downloads.fetch(f"{server.address}/a")
