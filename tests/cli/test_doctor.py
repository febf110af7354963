from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from agentgym.cli.doctor import advice
from agentgym.cli.requirements import APPLICATIONS, DESKTOP, Finding, Program, inspect_machine, what_is_lacking

ROOT = Path(__file__).parents[2]


def absent(program: str, package: str) -> Finding:
    return Finding(program, False, True, "not installed", f"sudo apt-get install --yes {package}", package)


def test_all_missing_packages_are_installed_by_one_command() -> None:
    namespaces = Finding("user namespaces", False, True, "refused", "sudo sysctl -w user.max_user_namespaces=10000")
    findings = [
        absent("X server", "xvfb"),
        Finding("openbox", True, True, "here"),
        absent("sandbox", "bubblewrap"),
        namespaces,
    ]
    assert advice(findings) == [
        "type: sudo apt-get update && sudo apt-get install --yes xvfb bubblewrap",
        "type: sudo sysctl -w user.max_user_namespaces=10000",
    ]


def test_a_machine_with_everything_gets_no_advice() -> None:
    assert advice([Finding("X server", True, True, "/usr/bin/Xvfb")]) == []


def test_a_snap_is_no_program(tmp_path: Path) -> None:
    stub = tmp_path / "chromium"
    stub.write_text('#!/bin/sh\nexec /snap/bin/chromium "$@"\n')
    stub.chmod(0o755)
    assert Program("chromium", (str(stub),), "chromium").found() is None


def test_a_script_is_a_program(tmp_path: Path) -> None:
    script = tmp_path / "editor"
    script.write_text("#!/bin/sh\n")
    script.chmod(0o755)
    assert Program("editor", (str(script),), "editor").found() == str(script)


def test_every_package_that_doctor_names_is_installed_by_setup() -> None:
    listed = (ROOT / "apt-packages.txt").read_text().split()
    assert {program.package for program in (*DESKTOP, *APPLICATIONS)} <= set(listed)


def test_all_lacking_applications_are_named_with_one_command(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert what_is_lacking(("xterm", "os", "mousepad")) == (
        "mousepad, xterm are not installed: sudo apt-get install mousepad xterm"
    )
    assert what_is_lacking(("xterm",)) == "xterm is not installed: sudo apt-get install xterm"
    assert what_is_lacking(("os", "spreadsheet of tomorrow")) is None


@pytest.mark.parametrize(
    ("words", "packages"),
    [
        (("libreoffice_calc", "libreoffice calc", "calc"), "libreoffice-calc"),
        (("libreoffice_writer", "Writer", "writer"), "libreoffice-writer"),
        (("libreoffice_impress",), "libreoffice-impress"),
        (("chrome", "Chrome", "browser"), "chromium"),
        (("gimp", "vlc", "thunderbird"), "gimp vlc thunderbird"),
        (("terminal", "os", "OS"), "xfce4-terminal"),
    ],
)
def test_osworlds_words_for_an_application_are_known(
    words: tuple[str, ...], packages: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Program, "found", lambda _program: None)
    said = what_is_lacking(words)
    assert said is not None
    assert said.endswith(f"not installed: sudo apt-get install {packages}")


@pytest.mark.parametrize("word", ["vs_code", "vscode"])
def test_what_debian_does_not_have_is_named_without_a_command(word: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Program, "found", lambda _program: None)
    assert what_is_lacking((word,)) == "vs-code is not installed"


def test_what_is_here_is_not_lacking(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "xterm").write_text("#!/bin/sh\n")
    (tmp_path / "xterm").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert what_is_lacking(("xterm",)) is None


def test_without_programs_no_desktop_is_tried(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    findings = {finding.name: finding for finding in inspect_machine()}
    assert not findings["X server"].ok
    assert "a desktop starts" not in findings


def test_who_has_spark_is_told_of_java(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pytest.importorskip("pyspark")
    monkeypatch.setenv("PATH", str(tmp_path))
    findings = {finding.name: finding for finding in inspect_machine()}
    assert findings["Java, for Spark"].package == "default-jre-headless"
    assert not findings["Java, for Spark"].required


def doctor(*arguments: str, path: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "agentgym", "doctor", *arguments]
    return subprocess.run(command, env={**os.environ, "PATH": path}, capture_output=True, text=True)


@pytest.mark.desktop
def test_this_machine_can_start_desktops() -> None:
    result = doctor("--json", path=os.environ["PATH"])
    assert result.returncode == 0, result.stdout
    report = json.loads(result.stdout)
    assert report["ready"]
    assert report["findings"][-1]["name"] == "a desktop starts"


@pytest.mark.desktop
def test_a_machine_without_an_x_server_exits_with_1_and_says_what_to_type(tmp_path: Path) -> None:
    result = doctor(path=str(tmp_path))
    assert result.returncode == 1
    assert "sudo apt-get install --yes xvfb" in result.stdout
    assert "no desktop can start yet" in result.stdout
