"""The step and the getter of Google Drive, against a Drive of our own; Google's was not to be had."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agentgym.backends.memory import MemoryBackend
from agentgym.errors import BackendError, TaskError, UsageError
from agentgym.evaluators import Fetched, getters
from agentgym.setup import run_steps
from agentgym.setup.drive import client
from agentgym.setup.drive.account import DriveAccount
from agentgym.tasks import SetupStep
from tests.setup.drive.driveserver import FOLDER, DriveServer, Kept, serving_drive

pytestmark = pytest.mark.episodes

_SETTINGS = "settings/settings.yml"


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[DriveServer]:
    """A Drive, and in the working directory the settings that OSWorld's guide has one make."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AGENTGYM_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(client, "_PAUSE_S", 0.001)
    with serving_drive() as running:
        monkeypatch.setenv("AGENTGYM_GDRIVE_URL", f"{running.address}/")
        folder = tmp_path / "settings"
        folder.mkdir()
        (folder / "settings.yml").write_text(
            "client_config_backend: file\nclient_config_file: settings/client_secrets.json\nsave_credentials: True\n"
            "save_credentials_backend: file\nsave_credentials_file: settings/credentials.json\n"
        )
        _credentials(running)
        yield running


def _credentials(server: DriveServer, **other: Any) -> None:
    told = {"client_id": "c", "client_secret": "s", "refresh_token": "r", "token_uri": f"{server.address}/token"}
    saved = {**told, "access_token": "old", "token_expiry": "2024-01-01T00:00:00Z", "invalid": False, **other}
    Path("settings/credentials.json").write_text(json.dumps(saved))


def _step(*operations: tuple[str, dict[str, Any]]) -> None:
    names, args = zip(*operations, strict=True)
    told = {"settings_file": _SETTINGS, "operation": list(names), "args": list(args)}
    run_steps([SetupStep("googledrive", told)], MemoryBackend())


def _get(**config: Any) -> Any:
    return getters["googledrive_file"](MemoryBackend(), {"settings_file": _SETTINGS, **config})


def test_found_files_are_deleted_whatever_page_they_stand_on(server: DriveServer) -> None:
    for title in ("a", "b", "it's", "a", "a", "b", "a"):
        server.put(Kept(title))
    server.put(Kept("within", parent=server.put(Kept("a", kind=FOLDER))))
    _step(("delete", {"query": "title = 'a' or title = 'b'", "trash": False}))
    assert server.titles() == ["it's"]
    assert server.tokens == 1


def test_trash_keeps_what_is_found(server: DriveServer) -> None:
    name = server.put(Kept("a"))
    _step(("delete", {"query": "title = 'a' and 'root' in parents and trashed = false", "trash": True}))
    assert server.files[name].trashed


@pytest.mark.parametrize("query", ["", "  "])
def test_nothing_is_deleted_without_a_query(server: DriveServer, query: str) -> None:
    server.put(Kept("a"))
    with pytest.raises(TaskError, match=r"step 'googledrive': there is no query - at \$\.config\[0\]"):
        _step(("delete", {"query": query}))
    assert server.titles() == ["a"]


def test_file_is_uploaded_into_folders_that_are_made_once(server: DriveServer, tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(b"%PDF \r\n--x\r\n")
    url = (tmp_path / "a.pdf").as_uri()
    _step(
        ("mkdirs", {"path": ["it's", "deep"]}),
        ("upload", {"url": url, "path": ["it's", "deep", "b.pdf"]}),
        ("upload", {"url": url, "path": ["c.pdf"]}),
    )
    assert server.titles() == ["b.pdf", "c.pdf", "deep", "it's"]
    assert _get(path=["it's", "deep", "b.pdf"], dest="d.pdf") == Fetched("d.pdf", b"%PDF \r\n--x\r\n")
    assert _get(query=["title = 'c.pdf'"], dest="c.pdf").content == b"%PDF \r\n--x\r\n"


def test_files_are_looked_for_one_folder_after_the_other(server: DriveServer) -> None:
    outer = server.put(Kept("outer", kind=FOLDER))
    server.put(Kept("a", b"elsewhere"))
    server.put(Kept("a", b"right", parent=outer))
    server.put(Kept("b", b"gone", parent=outer, trashed=True))
    several = {"path_list": [["outer", "a"], ["outer", "b"], ["a"]], "dest": ["1", "2", "3"]}
    assert _get(**several) == [Fetched("1", b"right"), None, Fetched("3", b"elsewhere")]
    by_query = {"query_list": [["title = 'outer'", "title = 'b'"], ["title = 'none'"]], "dest": ["1", "2"]}
    assert _get(**by_query) == [Fetched("1", b"gone"), None]
    with pytest.raises(FileNotFoundError, match="there is no '2' in the Drive"):
        _get(path=["outer", "b"], dest="2")


@pytest.mark.parametrize(
    ("dest", "kind"),
    [("a.docx", "application/vnd.openxmlformats-officedocument.wordprocessingml"), ("a", "application/pdf")],
)
def test_document_of_googles_own_is_fetched_as_its_name_asks(server: DriveServer, dest: str, kind: str) -> None:
    server.put(Kept("a", b"words", kind="application/vnd.google-apps.document"))
    content = _get(path=["a"], dest=dest).content
    assert content.startswith(kind.encode())
    assert content.endswith(b":words")


@pytest.mark.parametrize("refusal", [(503, "backendError"), (500, "x"), (429, "x"), (403, "userRateLimitExceeded")])
def test_drive_that_fails_is_asked_again(server: DriveServer, refusal: tuple[int, str]) -> None:
    server.put(Kept("a", b"a"))
    server.refusals = [refusal] * 3
    assert _get(path=["a"], dest="a").content == b"a"
    server.refusals = [refusal] * 4
    with pytest.raises(BackendError, match=f"Google Drive failed at GET /drive/v2/files: {refusal[0]}") as caught:
        _get(path=["a"], dest="a")
    assert caught.value.kind == "network"


def test_what_makes_something_is_not_done_twice(server: DriveServer) -> None:
    account = client.Drive(DriveAccount("c", "s", "r", f"{server.address}/token"))
    account.find("title = 'a'")
    server.refusals = [(503, "backendError")]
    with pytest.raises(BackendError, match="POST /upload/drive/v2/files: 503"):
        account.upload(["a"], b"")
    assert not server.files


def test_token_that_has_run_out_is_renewed(server: DriveServer) -> None:
    account = client.Drive(DriveAccount("c", "s", "r", f"{server.address}/token"))
    assert account.find("title = 'a'") == []
    server.tokens += 1
    assert account.find("title = 'a'") == []
    assert server.asked.count("POST /token") == 2


def test_drive_that_takes_no_token_is_asked_twice(server: DriveServer) -> None:
    server.refusals = [(401, "authError")] * 9
    account = client.Drive(DriveAccount("c", "s", "r", f"{server.address}/token"))
    with pytest.raises(ValueError, match="401 it is authError"):
        account.find("title = 'a'")
    assert server.asked.count("GET /drive/v2/files") == 1
    with pytest.raises(ValueError, match="401 it is authError"):
        account.find("title = 'a'")
    assert server.asked.count("GET /drive/v2/files") == 3


def test_refusal_is_told_and_final(server: DriveServer) -> None:
    server.refusals = [(403, "insufficientPermissions")]
    with pytest.raises(ValueError, match=r"refuses GET /drive/v2/files: 403 it is insufficientPermissions"):
        _get(path=["a"], dest="a")
    _credentials(server, refresh_token="other")
    with pytest.raises(
        UsageError, match=r"the credentials for Google Drive are refused: 400 .*invalid_grant"
    ) as caught:
        _get(path=["a"], dest="a")
    assert "other" not in str(caught.value)


def test_what_is_missing_of_an_account_is_told(server: DriveServer) -> None:
    _credentials(server, refresh_token=None)
    with pytest.raises(UsageError, match=r"credentials\.json holds no credentials with a refresh token"):
        _get(path=["a"], dest="a")
    Path("settings/credentials.json").unlink()
    with pytest.raises(UsageError, match=r"no credentials for Google Drive at settings/credentials\.json, which"):
        _get(path=["a"], dest="a")
    Path(_SETTINGS).write_text("client_config_backend: service\n")
    with pytest.raises(UsageError, match="names no save_credentials_file"):
        _get(path=["a"], dest="a")
    Path(_SETTINGS).write_text("a: [")
    with pytest.raises(UsageError, match=_SETTINGS):
        _get(path=["a"], dest="a")
    Path(_SETTINGS).unlink()
    with pytest.raises(TaskError, match=f"there are no settings for Google Drive at {_SETTINGS}"):
        _step(("mkdirs", {"path": ["a"]}))
    assert not server.asked


def test_secrets_are_in_no_representation() -> None:
    assert "secret" not in repr(DriveAccount("client", "secret", "secret"))


@pytest.mark.parametrize(
    ("told", "says"),
    [
        ({"operation": ["delete"], "args": []}, "there are 1 operations and 0 args"),
        ({"operation": ["copy"], "args": [{}]}, r"copy.* - at \$\.config\[0\]\.parameters\.operation\[0\]"),
        ({"operation": ["mkdirs"], "args": [{"path": []}]}, r"path is \[\]; it is a list of names"),
        ({"operation": ["upload"], "args": [{"path": ["a"]}]}, "there is no url"),
    ],
)
def test_malformed_step_is_refused(server: DriveServer, told: dict[str, Any], says: str) -> None:
    with pytest.raises(TaskError, match=says):
        run_steps([SetupStep("googledrive", {"settings_file": _SETTINGS, **told})], MemoryBackend())
    assert not server.files
