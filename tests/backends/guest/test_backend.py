"""A guest is a backend like any other."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import gymnasium
import numpy as np
import pytest
from PIL import Image

from agentgym.actions import Action, Batch, Click, Hotkey, KeyDown, KeyUp, MouseDown, MoveTo, Press, Scroll, TypeText
from agentgym.backends.base import BackendOptions, Window, backends
from agentgym.backends.guest.backend import GuestBackend
from agentgym.backends.guest.code import pyautogui_code
from agentgym.errors import ActionError, BackendError, TaskError, UsageError
from agentgym.setup import run_steps
from agentgym.tasks import SetupStep
from agentgym.testing.backends import check_backend
from agentgym.wrappers import ObservationType
from tests.backends.guest.server import GuestServer
from tests.wrappers.marked_desktop import MARKS, ButtonsBackend

pytestmark = pytest.mark.episodes

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.backends.conftest import Display, EventLog

SCREEN = (1280, 720)
_TASK = {
    "id": "note",
    "instruction": "Write hello into note.txt in your home.",
    "config": [{"type": "execute", "parameters": {"command": ["touch", "~/begun"]}}],
    "evaluator": {
        "func": "exact_match",
        "result": {"type": "vm_command_line", "command": ["cat", "~/note.txt"]},
        "expected": {"type": "rule", "rules": {"expected": "hello"}},
    },
}


def _opened(guest: GuestServer, **options: Any) -> GuestBackend:
    backend = GuestBackend(guest.url, screen_size=SCREEN, **options)
    backend.reset(seed=0)
    return backend


@pytest.mark.desktop
def test_a_guest_keeps_what_is_asked_of_every_backend(real_guest: GuestServer) -> None:
    check_backend(lambda: GuestBackend(real_guest.url, screen_size=SCREEN))


@pytest.mark.desktop
def test_what_is_typed_arrives_less_than_too(
    display: Display, open_log: Callable[[Display], EventLog], real_guest: GuestServer
) -> None:
    backend, log = _opened(real_guest), open_log(display)
    text = "a<b>c << \"d\" 'e' \\ {x}\n"
    backend.perform(Batch((TypeText(text), Press("<", 2))))
    assert log.text() == text + "<<"


@pytest.mark.desktop
def test_the_pointer_and_the_wheel_are_the_guests(
    display: Display, open_log: Callable[[Display], EventLog], real_guest: GuestServer
) -> None:
    backend, log = _opened(real_guest), open_log(display)
    backend.perform(Click(300, 200, "right", 2))
    backend.perform(Scroll(0, -2, 40, 50))
    assert log.pressed() == [(3, 300, 200)] * 2 + [(5, 40, 50)] * 2


@pytest.mark.desktop
def test_what_is_held_is_released_by_the_next_reset(
    display: Display, open_log: Callable[[Display], EventLog], real_guest: GuestServer
) -> None:
    backend, log = _opened(real_guest), open_log(display)
    backend.perform(Batch((MoveTo(9, 9), MouseDown(), KeyDown("shift"))))
    backend.reset(seed=0)
    assert log.pressed("button_release") == [(1, 9, 9)]
    assert [event.kind for event in log.events if event.kind.startswith("key")] == ["key_press", "key_release"]


@pytest.mark.desktop
def test_windows_are_found_activated_and_closed(
    desktop: Display, real_guest: GuestServer, wait_until: Callable[[Callable[[], bool]], None]
) -> None:
    backend = _opened(real_guest)
    for title in ("First", "Second"):
        backend.launch(["xmessage", "-title", title, "-geometry", "300x100+50+60", "words"])
        wait_until(lambda title=title: title in [window.title for window in backend.windows()])  # type: ignore[misc]
    assert backend.activate_window("first")
    wait_until(lambda: [window.title for window in backend.windows() if window.active] == ["First"])
    top = backend.windows()[-1]
    assert (top.title, top.app_class, top.width, top.height) == ("First", "xmessage.Xmessage", 300, 100)
    assert not backend.activate_window("first", strict=True)
    assert backend.close_window("xmessage.Xmessage", strict=True, by_class=True)
    wait_until(lambda: len(backend.windows()) == 1)


@pytest.mark.parametrize(
    ("action", "code"),
    [
        (TypeText("<"), "pyautogui.hotkey('shift', ',')"),
        (KeyDown("<"), "pyautogui.keyDown('shift'); pyautogui.keyDown(',')"),
        (KeyUp("<"), "pyautogui.keyUp(','); pyautogui.keyUp('shift')"),
        (Hotkey(("ctrl", "<")), "pyautogui.hotkey('ctrl', 'shift', ',')"),
        (Click(), "pyautogui.click(None, None, clicks=1, button='left')"),
        (Scroll(), "pass"),
        (TypeText(""), "pass"),
    ],
)
def test_code(action: Action, code: str) -> None:
    assert pyautogui_code(action) == code


def test_the_server_is_sent_what_osworld_sends(guest: GuestServer) -> None:
    backend = _opened(guest)
    with pytest.raises(BackendError, match=r"execute.* failed"):
        # Without a display pyautogui fails, of which OSWorld would not hear.
        backend.perform(Press("enter"))
    assert guest.commands[0][:2] == ["python", "-c"]
    assert guest.commands[0][2].startswith("import pyautogui; import time; pyautogui.FAILSAFE = False; ")


def test_a_character_without_a_key_is_refused(guest: GuestServer) -> None:
    backend = _opened(guest)
    with pytest.raises(ActionError, match="no key for 'ü'"):
        backend.perform(TypeText("ü"))
    assert guest.commands == []


def test_settle_waits_until_the_screen_rests(guest: GuestServer) -> None:
    backend = _opened(guest)
    guest.frames = [Image.new("RGB", SCREEN, (shade, 0, 0)) for shade in range(5)]
    assert backend.settle(30)
    assert len(guest.frames) == 1
    guest.frames = [Image.new("RGB", SCREEN, (shade, 0, 0)) for shade in range(200)]
    assert not backend.settle(0.5)


def test_what_is_observed(guest: GuestServer) -> None:
    guest.frames = [Image.new("RGB", SCREEN, (1, 2, 3))]
    guest.tree, guest.terminal = "<desktop-frame name='ü'/>", "$ ls\n"
    backend = _opened(guest, require_terminal=True)
    seen = backend.observe(["screenshot", "accessibility_tree", "terminal"])
    assert np.array_equal(seen["screenshot"], np.full((720, 1280, 3), (1, 2, 3), np.uint8))
    assert (seen["accessibility_tree"], seen["terminal"]) == (guest.tree, "$ ls\n")
    guest.terminal = None
    assert backend.observe(["terminal"]) == {"terminal": ""}


def test_what_is_not_required_is_not_observed(guest: GuestServer) -> None:
    backend = _opened(guest, require_a11y_tree=False)
    for kind in ("accessibility_tree", "terminal"):
        with pytest.raises(UsageError, match="made with screenshot"):
            backend.observe([kind])


def test_commands_have_folder_environment_input_and_raw_output(guest: GuestServer, tmp_path: Path) -> None:
    backend = _opened(guest)
    (tmp_path / "below").mkdir()
    script = "pwd; echo $WORD; cat; printf '\\377' >&2; exit 3"
    big = b"x" * 300_000
    done = backend.run(["sh", "-c", script], env={"WORD": "ü"}, cwd="~/below", stdin=big)
    assert (done.returncode, done.stderr) == (3, b"\xff")
    assert done.stdout == f"{tmp_path}/below\nü\n".encode() + big
    assert not list(Path("/tmp").glob("agentgym-*.json"))
    assert backend.run(["ls", "~/below"]).returncode == 0


def test_what_is_launched_goes_on(
    guest: GuestServer, tmp_path: Path, wait_until: Callable[[Callable[[], bool]], None]
) -> None:
    backend = _opened(guest)
    with pytest.raises(FileNotFoundError):
        backend.launch(["agentgym-no-such-program"])
    with pytest.raises(FileNotFoundError):
        backend.launch(["agentgym-no-such-program"], env={"A": "b"})
    backend.launch(["sh", "-c", "echo 1 > one"])
    backend.launch(["sh", "-c", "echo $WORD > two"], env={"WORD": "2"}, cwd="~")
    wait_until(lambda: all((tmp_path / name).is_file() for name in ("one", "two")))
    wait_until(lambda: (tmp_path / "two").read_text() == "2\n")


def test_a_missing_file_is_known_at_once_and_a_folder_is_no_file(guest: GuestServer, tmp_path: Path) -> None:
    backend = _opened(guest)
    started = time.monotonic()
    with pytest.raises(FileNotFoundError):
        backend.read("~/none")
    assert (guest.count("/file"), time.monotonic() - started < 5) == (1, True)
    with pytest.raises(IsADirectoryError):
        backend.read(str(tmp_path))


def test_the_older_server_is_told_to_make_folders(guest: GuestServer, tmp_path: Path) -> None:
    guest.old = True
    backend = _opened(guest)
    backend.write("~/a b/ü/file", b"content")
    assert (tmp_path / "a b" / "ü" / "file").read_bytes() == b"content"


def test_the_guest_itself_decides_what_opens_a_file(guest: GuestServer, tmp_path: Path) -> None:
    backend = _opened(guest)
    (tmp_path / "a b.pdf").write_bytes(b"%PDF")
    run_steps([SetupStep("open", {"path": "~/a b.pdf"})], backend)
    assert (guest.opened, guest.commands) == (["~/a b.pdf"], [])
    with pytest.raises(TaskError, match=r"step 'open': .*No such file or directory: '~/none.pdf'"):
        run_steps([SetupStep("open", {"path": "~/none.pdf"})], backend)


def test_for_the_older_server_the_window_is_waited_for(
    guest: GuestServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    guest.old = True
    backend, asked = _opened(guest), list[str]()
    (tmp_path / "a.pdf").write_bytes(b"%PDF")

    def activate(name: str, **_: bool) -> bool:
        asked.append(name)
        return True

    monkeypatch.setattr(backend, "windows", lambda: [Window("a.pdf - Viewer", "viewer", 0, 0, 9, 9, active=False)])
    monkeypatch.setattr(backend, "activate_window", activate)
    run_steps([SetupStep("open", {"path": "~/a.pdf"})], backend)
    assert (guest.opened, asked) == (["~/a.pdf"], ["a.pdf"])


def test_a_film_that_nobody_ended_is_given_up(guest: GuestServer) -> None:
    backend = _opened(guest)
    guest.recording = True
    backend.start_recording()
    assert [each for each in guest.asked if "recording" in each] == [
        *("POST /start_recording", "POST /end_recording", "POST /start_recording")
    ]
    assert backend.end_recording()[4:8] == b"ftyp"


def test_the_screen_is_filmed(guest: GuestServer) -> None:
    backend = _opened(guest)
    backend.start_recording()
    assert backend.end_recording()[4:8] == b"ftyp"
    with pytest.raises(BackendError, match=r"end_recording: 400: .*in progress"):
        backend.end_recording()


def test_another_screen_is_refused(guest: GuestServer) -> None:
    says = r"screen is \(1280, 720\), and \(1920, 1080\) .*screen=\(1280, 720\), .*--env-option 'screen=\[1280,720\]'"
    with pytest.raises(UsageError, match=says):
        GuestBackend(guest.url).reset(seed=0)


def test_an_episode(guest: GuestServer, tmp_path: Path) -> None:
    backend = GuestBackend(guest.url, screen_size=SCREEN)
    env = gymnasium.make("agentgym/Desktop-v0", task=_TASK, backend=backend, screen=SCREEN, allow_code=True)
    env.reset(seed=0)
    assert (tmp_path / "begun").exists()
    _, reward, terminated, _, info = env.step("DONE")
    assert (reward, terminated, info["score"]) == (0.0, True, 0.0)
    env.reset(seed=0)
    code = "import os; open(os.path.expanduser('~/note.txt'), 'w').write('hello')"
    observation, _, _, _, info = env.step(f"agentgym.python({code!r})")
    assert (observation["screenshot"].shape, info["action_error"]) == ((720, 1280, 3), None)
    assert env.step("DONE")[1] == 1.0
    env.close()


@pytest.mark.desktop
def test_an_episode_by_name(
    display: Display,
    open_log: Callable[[Display], EventLog],
    real_guest: GuestServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AGENTGYM_GUEST_URL", real_guest.url)
    env = gymnasium.make("agentgym/Desktop-v0", task=_TASK, backend="guest", screen=SCREEN)
    env.reset(seed=0)
    log = open_log(display)
    _, _, _, _, info = env.step("pyautogui.write('hi <there>')")
    assert (info["action_error"], info["settled"], log.text()) == (None, True, "hi <there>")
    assert env.step("FAIL")[1] == 0.0
    env.close()


def test_port_that_is_let_out_is_told_where_it_is() -> None:
    backend = GuestBackend("http://192.168.7.8:5000")
    assert backend.address_of(9222) == ("192.168.7.8", 9222)
    with pytest.raises(ConnectionRefusedError, match=r"port 1337 .*it has \[5000, 8006, 8080, 9222\]"):
        backend.address_of(1337)


def test_the_name_stands_for_what_the_environment_says(guest: GuestServer, monkeypatch: pytest.MonkeyPatch) -> None:
    options = BackendOptions(screen=SCREEN)
    with pytest.raises(UsageError, match="which guest"):
        backends["guest"](options)
    monkeypatch.setenv("AGENTGYM_GUEST_START", f"echo {guest.url.removeprefix('http://')}")
    backend = cast("GuestBackend", backends["guest"](options))
    backend.reset(seed=0)
    assert backend.address.url == guest.url
    backend.close()
    monkeypatch.setenv("AGENTGYM_GUEST_PROVIDER", "docker")
    with pytest.raises(UsageError, match="exclude one another"):
        backends["guest"](options)


def test_a_guest_is_shown_with_marks_that_actions_name(guest: GuestServer) -> None:
    machine = ButtonsBackend()
    machine.reset(seed=0)
    guest.tree = machine.observe(["accessibility_tree"])["accessibility_tree"]
    guest.frames = [Image.effect_noise(SCREEN, 60).convert("RGB")]
    backend = GuestBackend(guest.url, screen_size=SCREEN)
    kinds = ("screenshot", "accessibility_tree")
    env = ObservationType(
        gymnasium.make("agentgym/Desktop-v0", task=_TASK, backend=backend, screen=SCREEN, observation=kinds), "som"
    )
    _, info = env.reset(seed=0)
    assert info["marks"] == MARKS
    # This guest has no display for pyautogui.
    with pytest.raises(BackendError, match=r"click\(40, 75, .* failed"):
        env.step("pyautogui.click(tag_3)")
    env.close()
