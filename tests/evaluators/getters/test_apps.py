"""What applications and the desktop were set to, and say of themselves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from agentgym.actions import Action, Hotkey, Press, TypeText
from agentgym.backends.base import Completed
from agentgym.backends.memory import MemoryBackend
from agentgym.backends.x11.backend import X11Backend
from agentgym.errors import MissingDependencyError
from agentgym.evaluators import Fetched, getters
from agentgym.evaluators.getters import apps

_VLC = """
import http.server
class Answering(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        known = self.headers["Authorization"] == "Basic OnBhc3N3b3Jk" and self.path == "/requests/status.xml"
        self.send_response(200 if known else 401)
        self.end_headers()
        self.wfile.write(b"<root><state>playing</state></root>")
http.server.HTTPServer(("127.0.0.1", 8080), Answering).serve_forever()
"""


def _get(backend: Any, kind: str, **config: Any) -> Any:
    return getters[kind](backend, {"type": kind, **config})


@pytest.fixture
def memory() -> MemoryBackend:
    machine = MemoryBackend()
    machine.reset(seed=0)
    return machine


def test_settings_are_fetched_from_where_applications_keep_them(memory: MemoryBackend) -> None:
    memory.write("~/.config/vlc/vlcrc", b"[qt]")
    memory.write("~/.config/GIMP/2.10/gimprc", b"(theme)")
    memory.write("~/.config/GIMP/2.10/empty", b"")
    assert _get(memory, "vlc_config", dest="rc") == Fetched("rc", b"[qt]")
    assert _get(memory, "gimp_config_file", file_name="gimprc", dest="g") == Fetched("g", b"(theme)")
    for name in ("empty", "none"):
        with pytest.raises(FileNotFoundError):
            _get(memory, "gimp_config_file", file_name=name, dest="g")
    memory.reset(seed=0)
    with pytest.raises(FileNotFoundError):
        _get(memory, "vlc_config", dest="rc")


class _Editor(MemoryBackend):
    """An editor whose extension writes a file when its command is chosen."""

    def perform(self, action: Action) -> None:
        super().perform(action)
        if self.performed[-3:] == (Hotkey(("ctrl", "shift", "p")), TypeText("Tell"), Press("enter")):
            self.write("~/told.txt", b"now")


def _stat(backend: MemoryBackend, argv: Sequence[str]) -> Completed:
    try:
        return Completed(0, backend.read(argv[-1]))
    except FileNotFoundError:
        return Completed(1)


def test_extension_is_asked_through_the_palette() -> None:
    editor = _Editor(commands={"stat": _stat})
    editor.reset(seed=0)
    editor.write("~/told.txt", b"before")
    asked = {"path": "~/told.txt", "dest": "t"}
    assert _get(editor, "vscode_config", vscode_extension_command="Tell", **asked) == Fetched("t", b"now")


def test_extension_that_writes_nothing_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apps, "_EXTENSION_PATIENCE_S", 0.1)
    editor = _Editor(commands={"stat": _stat})
    editor.reset(seed=0)
    with pytest.raises(FileNotFoundError):
        _get(editor, "vscode_config", vscode_extension_command="Other", path="~/told.txt", dest="t")


def test_machine_without_python_cannot_be_asked_what_vlc_plays(memory: MemoryBackend) -> None:
    with pytest.raises(MissingDependencyError, match="the machine has no python3"):
        _get(memory, "vlc_playing_info", dest="s")


def test_player_of_most_kinds_is_the_default(memory: MemoryBackend) -> None:
    def asked(players: dict[str, str]) -> str:
        def shell(_backend: MemoryBackend, argv: Sequence[str]) -> Completed:
            kinds = argv[4:]
            assert len(kinds) == len(set(kinds)) == 43
            return Completed(0, "".join(f"{kind} {players.get(kind, '')}\n" for kind in kinds).encode())

        return str(_get(MemoryBackend(commands={"sh": shell}), "default_video_player"))

    assert asked({}) == "unknown"
    assert asked({"mp4": "totem.desktop", "webm": "vlc.desktop", "ogg": "vlc.desktop"}) == "vlc.desktop\n"
    assert asked({"mp4": "totem.desktop", "webm": "vlc.desktop"}) == "totem.desktop\n"
    # It is asked for once there, the others twice.
    assert asked({"x-ogm+ogg": "totem.desktop", "x-theora": "vlc.desktop"}) == "vlc.desktop\n"


@pytest.fixture(scope="module")
def desktop() -> Iterator[X11Backend]:
    machine = X11Backend()
    machine.reset(seed=0)
    yield machine
    machine.close()


@pytest.mark.desktop
def test_wallpaper_is_the_picture_that_the_settings_name(desktop: X11Backend) -> None:
    desktop.write("~/a b.png", b"picture")
    home = desktop.run(["sh", "-c", "printf %s $HOME"]).stdout.decode()
    for place in (f"file://{home}/a b.png", f"file://{home}/a%20b.png"):
        desktop.run(["gsettings", "set", "org.gnome.desktop.background", "picture-uri", place])
        assert _get(desktop, "vm_wallpaper", dest="w.png") == Fetched("w.png", b"picture")
    for place in ("", "file:///no/such.png"):
        desktop.run(["gsettings", "set", "org.gnome.desktop.background", "picture-uri", place])
        with pytest.raises(FileNotFoundError):
            _get(desktop, "vm_wallpaper", dest="w.png")


@pytest.mark.desktop
def test_default_player_is_asked_of_the_desktop(desktop: X11Backend) -> None:
    # What tasks that ask for another find, as on OSWorld's machines; VLC would be it by itself where it is installed.
    if desktop.run(["sh", "-c", "command -v totem"]).returncode == 0:
        assert _get(desktop, "default_video_player") == "org.gnome.Totem.desktop\n"
    desktop.write("~/.local/share/applications/mine.desktop", b"[Desktop Entry]\nType=Application\nName=M\nExec=true\n")
    # As `xdg-mime default mine.desktop video/…` writes it.
    kinds = "".join(f"video/{kind}=mine.desktop\n" for kind in apps.VIDEOS.split())
    desktop.write("~/.config/mimeapps.list", f"[Default Applications]\n{kinds}".encode())
    assert _get(desktop, "default_video_player") == "mine.desktop\n"


@pytest.mark.desktop
def test_vlc_is_asked_with_its_password(desktop: X11Backend) -> None:
    with pytest.raises(FileNotFoundError, match=r"no VLC tells what it plays: .*refused"):
        _get(desktop, "vlc_playing_info", dest="s.xml")
    desktop.launch(["python3", "-c", _VLC])
    # 8080 in hexadecimal: waits until it is listened to.
    desktop.run(["sh", "-c", "until grep -q ':1F90 ' /proc/net/tcp; do :; done"], timeout_s=30)
    told = Fetched("s.xml", b"<root><state>playing</state></root>")
    assert _get(desktop, "vlc_playing_info", dest="s.xml") == told
