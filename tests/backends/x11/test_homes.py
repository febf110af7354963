"""What applications write at their first start is made once, and laid in each home."""

from __future__ import annotations

import io
import shutil
import tarfile
from pathlib import Path

import pytest

from agentgym.backends.sandbox.machine import MachineSettings
from agentgym.backends.x11 import homes

_SETTINGS = MachineSettings(
    screen=None, sandbox="bwrap", accessibility=False, network=False, memory_mb=2048, disk_mb=128, processes=64
)


def _written(start: str) -> homes._Profile:
    return homes._Profile("sh", ("sh", "-c", start), False, ".config/known")


def _laid(profile: homes._Profile, monkeypatch: pytest.MonkeyPatch, cache: Path) -> dict[str, bytes]:
    """The files of a home in which one application has written something, by name."""
    monkeypatch.setenv("AGENTGYM_CACHE", str(cache))
    monkeypatch.setattr(homes, "_PROFILES", (profile,))
    with tarfile.open(fileobj=io.BytesIO(homes.home_archive.__wrapped__(_SETTINGS))) as archive:
        files = [(entry.name, archive.extractfile(entry)) for entry in archive if entry.isfile()]
        return {name: file.read() for name, file in files if file is not None}


pytestmark = pytest.mark.desktop


def test_what_an_application_writes_is_made_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    start = _written("mkdir -p ~/.config/known && echo $$ >~/.config/known/first")
    first = _laid(start, monkeypatch, tmp_path)
    assert first[".config/known/first"].strip().isdigit()
    assert ".bashrc" in first
    assert _laid(start, monkeypatch, tmp_path) == first
    assert len(list(tmp_path.iterdir())) == 1


def test_application_is_started_again_when_its_start_changes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for said in ("one", "two"):
        start = _written(f"mkdir -p ~/.config/known && echo {said} >~/.config/known/first")
        laid = _laid(start, monkeypatch, tmp_path)
        assert laid[".config/known/first"] == f"{said}\n".encode()


@pytest.mark.parametrize("start", ["echo not as root >&2; exit 1", "sleep 60"])
def test_application_that_does_not_start_is_passed_over(
    start: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(homes, "_PATIENCE_S", 1.0)
    laid = _laid(_written(start), monkeypatch, tmp_path)
    assert ".config/known/first" not in laid
    assert ".bashrc" in laid
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(shutil.which("vlc") is None, reason="vlc is not installed: make test-osworld does that")
def test_vlc_asks_nothing_and_has_all_its_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (profile,) = (one for one in homes._PROFILES if one.program == "vlc")
    lines = _laid(profile, monkeypatch, tmp_path)[".config/vlc/vlcrc"].decode().splitlines()
    assert {"extraintf=http", "http-password=password", "qt-privacy-ask=0", "#qt-max-volume=125"} <= set(lines)
