"""OSWorld's names of applications, on a real desktop."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from agentgym.actions import Hotkey, Press, RightClick
from agentgym.backends.x11.applications import (
    APPLICATIONS,
    application_of,
    command_line,
    installed,
    known_titles,
    scripts,
)
from agentgym.backends.x11.backend import X11Backend

PATIENCE_S = 60.0


@pytest.fixture(scope="module")
def machine() -> Iterator[X11Backend]:
    backend = X11Backend()
    yield backend
    backend.close()


@pytest.fixture
def desktop(machine: X11Backend) -> X11Backend:
    machine.reset(seed=0)
    return machine


def wait_for(condition: Callable[[], bool], desktop: X11Backend) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, [window.title for window in desktop.windows()]
        desktop.settle(0.05)


def said(desktop: X11Backend, *command: str, stdin: bytes = b"") -> str:
    done = desktop.run(command, stdin=stdin, timeout_s=PATIENCE_S)
    return (done.stdout + done.stderr).decode().strip()


def titles(desktop: X11Backend) -> list[str]:
    return [window.title for window in desktop.windows()]


def test_every_name_is_in_the_table_once() -> None:
    names = [name for application in APPLICATIONS for name in application.names]
    assert len(names) == len(set(names))
    assert application_of("/usr/bin/thunderbird") == application_of("thunderbird")
    assert application_of("nothing-of-osworld") is None


def test_application_that_is_not_installed_has_no_command() -> None:
    commands = dict(scripts())
    for application in APPLICATIONS:
        if installed(application) is None:
            assert not set(application.names) & set(commands)
    if shutil.which("code") is None:
        assert "code" not in commands


def test_scripts_have_every_place_filled() -> None:
    assert {
        name for name, text in scripts() if "@PROGRAM@" in text or "@FLAGS@" in text or "@RENAMED@" in text
    } == set()


def test_window_has_the_name_of_what_it_stands_for() -> None:
    assert known_titles("New Tab - Chromium") == ["New Tab - Chromium", "New Tab - Google Chrome"]
    assert "google-chrome.Google-chrome" in known_titles("chromium (/home/user/x).Chromium", of_class=True)
    assert "Mail.thunderbird" in known_titles("Mail.thunderbird-default", of_class=True)
    assert known_titles("Mail.thunderbird", of_class=True) == ["Mail.thunderbird"]
    assert known_titles("a.docx - LibreOffice Writer") == ["a.docx - LibreOffice Writer"]


@pytest.mark.desktop
def test_python_of_the_desktop_types_by_pyautogui(desktop: X11Backend) -> None:
    desktop.launch(["gedit"])
    wait_for(lambda: bool(desktop.windows()), desktop)
    desktop.settle(20.0)
    typing = "import pyautogui; import time; pyautogui.write('by python'); pyautogui.hotkey('ctrl', 'a', 'c')"
    assert said(desktop, "python", "-c", typing) == ""
    wait_for(lambda: said(desktop, "xclip", "-selection", "clipboard", "-o") == "by python", desktop)


@pytest.mark.desktop
def test_python_of_the_desktop_has_packages_and_not_ours(desktop: X11Backend) -> None:
    assert said(desktop, "python3", "-c", "import PIL, numpy, lxml.etree, Xlib; print('all')") == "all"
    assert "No module named 'agentgym'" in said(desktop, "python3", "-c", "import agentgym")


@pytest.mark.desktop
def test_commands_cannot_be_changed(desktop: X11Backend) -> None:
    assert "Read-only" in said(desktop, "sh", "-c", 'touch "$(command -v google-chrome)"')
    assert "Read-only" in said(desktop, "sh", "-c", 'ln -sf /bin/true "$(command -v python)"')


@pytest.mark.desktop
def test_user_is_that_of_osworld(desktop: X11Backend) -> None:
    assert said(desktop, "sh", "-c", 'whoami; id -un; echo "$USER $HOME"').split() == ["user"] * 3 + ["/home/user"]


@pytest.mark.desktop
def test_sudo_takes_the_password_of_osworld(desktop: X11Backend) -> None:
    assert "\nuser" in "\n" + said(desktop, "sh", "-c", "echo password | sudo -S id -un 2>/dev/null")
    assert "Sorry" in said(desktop, "sh", "-c", "echo wrong | sudo -S id -un")
    assert "password is required" in said(desktop, "sudo", "-n", "id")


@pytest.mark.desktop
def test_browser_is_found_and_ended_by_the_names_of_osworld(desktop: X11Backend) -> None:
    desktop.launch(["google-chrome", "--remote-debugging-port=1337"])
    wait_for(lambda: desktop.activate_window("New Tab - Google Chrome", strict=True), desktop)
    assert desktop.activate_window("google chrome")
    wait_for(lambda: "Chrome/" in said(desktop, "curl", "-s", "http://localhost:1337/json/version"), desktop)
    # Ended before it has started, it saves nothing.
    desktop.settle(10.0)
    desktop.run(["pkill", "chrome"])
    wait_for(lambda: not desktop.windows(), desktop)
    wait_for(lambda: "Preferences" in said(desktop, "ls", "/home/user/.config/google-chrome/Default"), desktop)


@pytest.mark.desktop
def test_terminal_keeps_what_was_typed(desktop: X11Backend) -> None:
    desktop.run(["sh", "-c", "gnome-terminal --maximize --working-directory=/home/user/Desktop"])
    wait_for(lambda: desktop.activate_window("Terminal"), desktop)
    wait_for(lambda: "$" in desktop.observe(["terminal"])["terminal"], desktop)
    said(desktop, "python", "-c", "import pyautogui; pyautogui.write('pwd\\n')")
    wait_for(lambda: "/home/user/Desktop" in desktop.observe(["terminal"])["terminal"], desktop)
    desktop.run(["killall", "gnome-terminal-server"])
    wait_for(lambda: said(desktop, "cat", "/home/user/.bash_history") == "pwd", desktop)


def test_path_of_what_is_not_there_is_the_name_of_what_stands_in() -> None:
    if shutil.which("/usr/bin/google-chrome") is None:
        assert command_line(["/usr/bin/google-chrome", "--x"]) == ["google-chrome", "--x"]
    assert command_line(["/usr/bin/env", "sh"]) == ["/usr/bin/env", "sh"]
    assert command_line(["/usr/bin/nothing-of-osworld"]) == ["/usr/bin/nothing-of-osworld"]


@pytest.mark.desktop
def test_sudo_installs_what_is_there(desktop: X11Backend) -> None:
    install = "echo password | sudo -S apt-get update && echo password | sudo -S apt-get install -y tar"
    assert desktop.run(["sh", "-c", install]).returncode == 0
    assert desktop.run(["sh", "-c", f"{install} no-such-package"]).returncode == 100


@pytest.mark.desktop
def test_folder_opens_under_the_name_of_nautilus(desktop: X11Backend) -> None:
    desktop.write("/home/user/Music/song.txt", b"la")
    desktop.launch(["nautilus", "--new-window", "/home/user/Music"])
    wait_for(lambda: "Music" in titles(desktop), desktop)


@pytest.mark.desktop
def test_gimp_starts_in_one_window_that_fills_the_screen(desktop: X11Backend) -> None:
    desktop.launch(["gimp"])
    wait_for(lambda: desktop.activate_window("GNU Image Manipulation Program", strict=True), desktop)
    desktop.settle(20.0)
    (window,) = desktop.windows()
    assert (window.x, window.width) == (0, desktop.screen[0])


def test_every_name_is_in_the_page() -> None:
    page = (Path(__file__).parents[3] / "docs/osworld.md").read_text(encoding="utf-8")
    assert {name for application in APPLICATIONS for name in application.names if f"`{name}`" not in page} == set()


@pytest.mark.desktop
def test_settings_of_the_shell_last(desktop: X11Backend) -> None:
    # As tasks write it, with the bus where Ubuntu has it.
    bus = "export DBUS_SESSION_BUS_ADDRESS='unix:path=/run/user/1000/bus'\n"
    favourites = "['thunderbird.desktop', 'vim.desktop']"
    said(desktop, "sh", "-c", f'{bus}gsettings set org.gnome.shell favorite-apps "{favourites}"')
    assert said(desktop, "sh", "-c", f"{bus}gsettings get org.gnome.shell favorite-apps") == favourites
    desktop.reset(seed=0)
    assert "vim" not in said(desktop, "gsettings", "get", "org.gnome.shell", "favorite-apps")


@pytest.mark.desktop
def test_files_of_a_fresh_home_have_one_time(desktop: X11Backend) -> None:
    assert said(desktop, "find", "/home/user", "-mindepth", "1", "-newermt", "2024-01-02") == ""


@pytest.mark.desktop
@pytest.mark.skipif(not Path("/usr/lib/libreoffice/presets").is_dir(), reason="libreoffice-common is not installed")
def test_office_has_a_gallery_of_the_users_own(desktop: X11Backend) -> None:
    assert "sg30.thm" in said(desktop, "ls", "/home/user/.config/libreoffice/4/user/gallery")


@pytest.mark.desktop
def test_bare_desktop_starts_applications(desktop: X11Backend) -> None:
    desktop.perform(Hotkey(keys=("ctrl", "alt", "t")))
    wait_for(lambda: desktop.activate_window("Terminal"), desktop)
    desktop.run(["killall", "gnome-terminal"])
    wait_for(lambda: not desktop.windows(), desktop)
    for action in (RightClick(x=300, y=300), Press(key="down", presses=3), Press(key="enter")):
        assert desktop.settle(20.0)
        desktop.perform(action)
    wait_for(lambda: any("Mousepad" in title for title in titles(desktop)), desktop)


@pytest.mark.desktop
@pytest.mark.skipif(shutil.which("gio") is None, reason="what opens links, as mail programs do, is not installed")
def test_link_of_any_application_opens_in_the_browser_that_tasks_start(desktop: X11Backend) -> None:
    desktop.launch(["gio", "open", "https://example.org/"])
    wait_for(lambda: bool(said(desktop, "pgrep", "-f", "user-data-dir=/home/user/.config/google-chrome")), desktop)
    wait_for(lambda: any("example.org" in title for title in titles(desktop)), desktop)


@pytest.mark.desktop
def test_thunderbird_is_told_to_be_quiet_where_every_profile_hears_it(desktop: X11Backend) -> None:
    assert b'pref("mail.rights.version", 1)' in desktop.read("/etc/thunderbird/defaults/pref/agentgym.js")


_NEWER = "[Compatibility]\nLastVersion=999.0_29991231000000/29991231000000\nLastOSABI=Linux_x86_64-gcc3\n"


@pytest.mark.desktop
@pytest.mark.skipif(shutil.which("thunderbird") is None, reason="Thunderbird is not installed")
def test_thunderbird_opens_a_profile_of_a_newer_version(desktop: X11Backend) -> None:
    profiles = "/home/user/.thunderbird"
    desktop.write(f"{profiles}/profiles.ini", b"[Profile0]\nName=a\nIsRelative=1\nPath=a\nDefault=1\n")
    desktop.write(f"{profiles}/a/compatibility.ini", _NEWER.encode())
    desktop.launch(["/usr/bin/thunderbird"])
    wait_for(lambda: titles(desktop) == ["Home - Mozilla Thunderbird"], desktop)
    assert '<application name="Thunderbird"' in desktop.observe(["accessibility_tree"])["accessibility_tree"]
    assert desktop.close_window("Mail.thunderbird", strict=True, by_class=True)
    wait_for(lambda: not desktop.windows(), desktop)
