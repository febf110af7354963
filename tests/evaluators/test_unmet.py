from __future__ import annotations

from pathlib import Path
from typing import Any

import gymnasium as gym
import pytest

from agentgym.backends.memory import MemoryBackend
from agentgym.errors import BackendError, MissingDependencyError, TaskError, UsageError
from agentgym.evaluators import check_needs, fetch_ahead, lacks_of_desktop, needs_of_task
from agentgym.setup.downloads import transfers
from agentgym.tasks import Task, parse_task
from tests.setup.downloads.fileserver import Served, serving

_TABS = {"type": "chrome_open_tabs", "parameters": {"urls_to_open": ["https://a.org/"]}}
_SLIDES = {"func": "compare_pptx_files", "result": {"type": "vm_file", "path": "a"}, "expected": {"type": "rule"}}


def task(*config: dict[str, Any], **more: Any) -> Task:
    return parse_task({"id": "a", "instruction": "Do it.", "config": list(config), **more})


def without(monkeypatch: pytest.MonkeyPatch, *libraries: str) -> None:
    monkeypatch.setattr("agentgym.evaluators.libraries.find_spec", lambda name: None if name in libraries else object())


def test_a_live_site_without_a_network_is_refused_with_what_to_say() -> None:
    with pytest.raises(UsageError, match=r"'a' cannot be played here: it opens https://a\.org/, .*: network=True"):
        check_needs(task(_TABS), network=False)


def test_a_live_site_with_a_network_is_none_of_our_business() -> None:
    check_needs(task(_TABS), network=True)


@pytest.mark.parametrize("flag", [{"proxy": True}, {"fixed_ip": True}, {"possibility_of_env_change": "high"}])
def test_a_flag_alone_refuses_no_task(flag: dict[str, Any]) -> None:
    check_needs(task(**flag), network=False)


def test_a_missing_library_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    without(monkeypatch, "pptx")
    says = r"pptx is not installed: pip install 'agentgym-envs\[office\]'"
    with pytest.raises(MissingDependencyError, match=says):
        check_needs(task(evaluator=_SLIDES), network=False)


def test_all_that_lacks_is_said_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    without(monkeypatch, "pptx")
    with pytest.raises(UsageError, match=r"pptx is not installed.*; it opens https"):
        check_needs(task(_TABS, evaluator=_SLIDES), network=False)


def test_an_account_whose_settings_are_not_there_is_named(tmp_path: Path) -> None:
    settings = tmp_path / "settings.yml"
    login = {"type": "login", "parameters": {"settings_file": str(settings), "platform": "googledrive"}}
    with pytest.raises(UsageError, match=r"signs in to Google Drive, and there are no settings .* at .*settings\.yml"):
        check_needs(task(login), network=True)
    settings.write_text("save_credentials_file: credentials.json")
    with pytest.raises(UsageError, match=r"no credentials for Google Drive at credentials\.json"):
        check_needs(task(login), network=True)
    (tmp_path / "credentials.json").write_text('{"client_id": "", "client_secret": "", "refresh_token": ""}')
    check_needs(task(login), network=True)


def judged_with(address: str) -> Task:
    evaluator = {
        "func": "compare_text_file",
        "result": {"type": "vm_file", "path": "~/a"},
        "expected": {"type": "cloud_file", "path": address, "dest": "b"},
    }
    return task(evaluator=evaluator)


def test_a_file_that_may_not_be_fetched_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("AGENTGYM_OFFLINE", "1")
    monkeypatch.setenv("AGENTGYM_CACHE", str(tmp_path))
    with pytest.raises(
        UsageError, match=r"fetches https://a\.org/gone while AGENTGYM_OFFLINE .*: agentgym fetch TASKS"
    ):
        check_needs(judged_with("https://a.org/gone"), network=True)


def test_a_file_of_the_mirror_is_not_lacking(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "mirror" / "a.org").mkdir(parents=True)
    (tmp_path / "mirror" / "a.org" / "there").write_text("x")
    monkeypatch.setenv("AGENTGYM_OFFLINE", "1")
    monkeypatch.setenv("AGENTGYM_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("AGENTGYM_MIRROR", str(tmp_path / "mirror"))
    check_needs(judged_with("https://a.org/there"), network=False)
    fetch_ahead(judged_with("https://a.org/there"))


def test_what_it_is_judged_with_is_fetched_before_the_episode(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("AGENTGYM_CACHE", str(tmp_path))
    monkeypatch.setattr(transfers, "_PAUSE_S", 0.001)
    with serving() as server:
        server.files["/there"] = Served(b"x")
        fetch_ahead(judged_with(f"{server.address}/there"))
        with pytest.raises(TaskError, match=r"'a' is judged with a file that is not to be had: .*/gone.* 404"):
            fetch_ahead(judged_with(f"{server.address}/gone"))
    fetch_ahead(judged_with(f"{server.address}/there"))
    with pytest.raises(BackendError) as broken:
        fetch_ahead(judged_with(f"{server.address}/other"))
    assert broken.value.kind == "network"


@pytest.mark.parametrize("address", ["a/b", "ftp://a.org/b", "http://"])
def test_what_is_no_address_is_said_before_the_episode(address: str) -> None:
    with pytest.raises(TaskError, match=r"is no http, https or file address"):
        fetch_ahead(judged_with(address))


def test_a_file_of_this_machine_may_come_later(tmp_path: Path) -> None:
    fetch_ahead(judged_with((tmp_path / "later").as_uri()))


def test_a_file_to_upload_that_is_not_there_is_named(tmp_path: Path) -> None:
    there = tmp_path / "there"
    there.write_text("")
    files = [{"local_path": str(there), "path": "b"}, {"local_path": str(tmp_path / "gone"), "path": "c"}]
    upload = {"type": "upload_file", "parameters": {"files": files}}
    with pytest.raises(UsageError, match=r"uploads \S*/gone, which"):
        check_needs(task(upload), network=False)


def test_an_environment_without_a_network_refuses_a_live_site_before_anything_is_started() -> None:
    with (
        gym.make("agentgym/Desktop-v0", task=task(_TABS), backend="memory") as env,
        pytest.raises(UsageError, match="this environment has no network"),
    ):
        env.reset(seed=0)


def test_a_machine_of_ones_own_may_have_a_network() -> None:
    machine = MemoryBackend(screen=(64, 48))
    launch = {"type": "launch", "parameters": {"command": ["google-chrome", "https://a.org/"]}}
    with gym.make("agentgym/Desktop-v0", task=task(launch), backend=machine, screen=(64, 48)) as env:
        env.reset(seed=0)
        assert [window.title for window in machine.windows()] == ["google-chrome"]


def test_what_a_desktop_would_not_find_is_named_with_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    there = {"gimp": "/usr/bin/gimp", "/usr/bin/gimp": "/usr/bin/gimp", "/usr/bin/xclip": "/usr/bin/xclip"}
    monkeypatch.setattr("shutil.which", there.get)
    monkeypatch.setattr(Path, "exists", lambda path: str(path) in there)
    monkeypatch.setattr("agentgym.backends.programs._is_snap", lambda _path: False)
    commands = ["vlc", "gimp", "code", "pactl", "python3", "xsel -b", "./setup.sh", "/home/user/run"]
    commands += ["sudo apt install no-such-thing xsel"]
    steps = [{"type": "launch", "parameters": {"command": command}} for command in commands]
    lacks = list(lacks_of_desktop(needs_of_task(task(*steps, related_apps=["gimp", "word of mine"]))))
    assert {lack.name: lack.package for lack in lacks} == {
        "vlc": "vlc",
        "vs-code": "",
        "pactl": "pulseaudio-utils",
        "apt": "apt",
        "no-such-thing": "no-such-thing",
    }
    assert str(lacks[0]) == "vlc is not installed: sudo apt-get install vlc"


def test_no_package_is_made_up_for_a_program_that_nobody_knows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda _name: None)
    steps = [{"type": "execute", "parameters": {"command": [name]}} for name in ("nosuchprogram", "jq", "/opt/git")]
    lacks = {lack.name: str(lack) for lack in lacks_of_desktop(needs_of_task(task(*steps)))}
    assert lacks == {
        "nosuchprogram": "nosuchprogram is not installed",
        "jq": "jq is not installed: sudo apt-get install jq",
        "git": "git is not installed: sudo apt-get install git",
    }
