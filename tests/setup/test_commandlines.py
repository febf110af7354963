from __future__ import annotations

import pytest

from agentgym.setup.commandlines import Called, called_by, live_addresses

_CHROME = ["google-chrome", "--remote-debugging-port=1337"]


@pytest.mark.parametrize(
    ("command", "programs"),
    [
        (_CHROME, ("google-chrome",)),
        ("socat tcp-listen:9222,fork tcp:localhost:1337", ("socat",)),
        (["/bin/bash", "-c", "cd ~/a && zip -qr a.zip a/ > log.txt"], ("/bin/bash", "zip")),
        (["python", "-c", "import pyautogui; pyautogui.hotkey('ctrl', 's')"], ("python",)),
        (["code", "--list-extensions", "|", "grep", "x"], ("code",)),
        ("no 'end", ()),
        ([], ()),
    ],
)
def test_programs_of_a_command_without_a_shell(command: str | list[str], programs: tuple[str, ...]) -> None:
    assert called_by(command, in_shell=False).programs == programs


@pytest.mark.parametrize(
    ("command", "programs"),
    [
        ("VLC_VERBOSE=-1 vlc --no-audio", ("vlc",)),
        ("ls -R a/ > log.txt; pkill chrome || killall gedit", ("ls", "pkill", "killall")),
        ("if [ -f a ]; then jq . a; else echo no; fi", ("jq",)),
        ("export A='b c'\ngnome-terminal --maximize", ("gnome-terminal",)),
        ("X=$(timeout 10 gsettings get a b 2>/dev/null | grep -c true)", ("gsettings", "grep")),
        ("echo {CLIENT_PASSWORD} | sudo -S su - charles", ("su",)),
        ("chmod +x setup.sh && ./setup.sh", ("chmod",)),
        ("echo 'never closed", ()),
    ],
)
def test_programs_of_what_a_shell_runs(command: str, programs: tuple[str, ...]) -> None:
    assert called_by(command, in_shell=True).programs == programs


def test_a_list_that_a_shell_runs_is_one_command() -> None:
    assert called_by(["a", "b; c"], in_shell=True) == Called(("a",))
    assert called_by(["a b; c"], in_shell=True) == Called(("a", "c"))


def test_packages_are_what_the_installer_is_told() -> None:
    command = "echo p | sudo -S apt update -y && echo p | sudo -S apt-get install jq unzip -y"
    assert called_by(command, in_shell=True) == Called(("apt", "apt-get"), ("jq", "unzip"))


@pytest.mark.parametrize(
    "command",
    [
        ["google-chrome", "https://a.org/b"],
        ["wget", "--input=https://a.org/b"],
        ["python3", "-c", "import requests; requests.get('https://a.org/b')"],
        ["bash", "-c", "cd x && git clone https://a.org/b"],
    ],
)
def test_an_address_that_a_program_is_told_is_of_the_web(command: list[str]) -> None:
    assert called_by(command, in_shell=False).addresses == ("https://a.org/b",)


@pytest.mark.parametrize(
    "command",
    [
        """jq '. + {"startup_urls":["http://funbrain.com/"]}' Preferences > temp""",
        "google-chrome http://localhost:8000/page file:///home/user/a.html",
        "echo nothing",
    ],
)
def test_an_address_in_data_or_of_the_machine_itself_is_not(command: str) -> None:
    assert called_by(command, in_shell=True).addresses == ()


def test_live_addresses_leave_out_the_loopback_alone() -> None:
    text = "see https://localhost.org, http://127.0.0.1:80/, and https://b.c/d(e"
    assert live_addresses(text) == ["https://localhost.org,", "https://b.c/d(e"]
