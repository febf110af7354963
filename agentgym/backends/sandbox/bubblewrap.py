"""What a desktop may see of the machine it runs on: the command line of its bubblewrap sandbox."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from agentgym.backends.sandbox.application import application_folders
from agentgym.backends.sandbox.commands import command_environment, command_folder
from agentgym.errors import SandboxUnavailableError

__all__ = ["HOME", "RUN", "Sandbox", "check_sandbox", "package_folders", "visible_python", "visible_python_home"]

HOME = "/home/user"
"""The home of OSWorld's machines, which its tasks have written into them."""

RUN = "/run/agentgym"
_GUEST = "/run/agentgym-guest"
_SESSION_BUS = "/run/user/1000/bus"
"""Where tasks of OSWorld look for it."""

_SYSTEM = ("/usr", "/opt")
_LINKS = ("/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")

# /etc holds secrets (shadow, keys, certificates of the machine); only what applications need to start is let in.
_ETC = (
    "X11", "alternatives", "at-spi2", "bash.bashrc", "ca-certificates", "chromium", "chromium.d", "dbus-1", "dconf",
    "default/locale", "fonts", "gimp", "gtk-2.0", "gtk-3.0", "gtk-4.0", "inputrc", "ld.so.cache", "ld.so.conf",
    "ld.so.conf.d", "libreoffice", "libpaper.d", "locale.alias", "localtime", "magic", "mailcap", "mime.types",
    "openbox", "papersize", "profile", "profile.d", "python3", "python3.11", "python3.12", "python3.13", "services",
    "ssl/certs", "terminfo", "thunderbird/pref", "timezone", "vim", "xdg",
)  # fmt: skip
_VAR = ("/var/cache/fontconfig", "/var/lib/libreoffice", "/var/lib/dbus")
_NETWORK_ETC = ("resolv.conf",)

_PROBE_PATIENCE_S = 10
_UBUNTU_HINT = (
    "sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0"
    if Path("/proc/sys/kernel/apparmor_restrict_unprivileged_userns").exists()
    else "sudo sysctl -w kernel.unprivileged_userns_clone=1 user.max_user_namespaces=10000"
)


@dataclass(frozen=True)
class Sandbox:
    """A read-only system, a private home and ``/tmp``, no network, no other process.

    Args:
        network: whether the machine's network is shared.
        disk_mb: how much the home and ``/tmp`` hold, each, in MB; they live in memory.
        shown: folders of this machine that can be read, and where.
        applications: whether the small applications of our own can be started.
        commands: scripts by name that are found before the system's programs, with a ``python`` that has packages.
        files: texts by path, in folders that the machine's own system does not show.
    """

    network: bool
    disk_mb: int
    shown: Sequence[tuple[str, str]] = ()
    applications: bool = True
    commands: Sequence[tuple[str, str]] = ()
    files: Sequence[tuple[str, str]] = ()

    def spawn(self, descriptor: int, *, guest: Path) -> subprocess.Popen[bytes]:
        """Starts the guest's first process with an inherited socket.

        Raises:
            SandboxUnavailableError: if bubblewrap is not installed.
        """
        with ExitStack() as stack:
            argv, descriptors = self._command(guest, stack)
            argv += [*_guest_command(_GUEST), str(descriptor)]
            return subprocess.Popen(
                argv,
                pass_fds=[descriptor, *descriptors],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                # A Ctrl-C in the terminal is for the training process alone.
                start_new_session=True,
                env={"PATH": _path()},
            )

    def _command(self, guest: Path, stack: ExitStack) -> tuple[list[str], list[int]]:
        files = {
            "/etc/passwd": f"root:x:0:0:root:/root:/bin/sh\nuser:x:1000:1000:User:{HOME}:/bin/bash\n",
            "/etc/group": "root:x:0:\nuser:x:1000:\n",
            "/etc/hosts": "127.0.0.1 localhost agentgym\n::1 localhost\n",
            "/etc/hostname": "agentgym\n",
            "/etc/machine-id": f"{'a9e7' * 8}\n",
            "/etc/nsswitch.conf": "passwd: files\ngroup: files\nhosts: files dns\n",
            **dict(self.files),
        }
        data: list[int] = []

        def descriptor_of(content: str) -> int:
            data.append(stack.enter_context(_InMemory(content)).fileno())
            return data[-1]

        argv = [_bubblewrap(), "--unshare-user", "--unshare-pid", "--unshare-ipc", "--unshare-uts", "--as-pid-1"]
        argv += ["--unshare-cgroup-try", "--uid", "1000", "--gid", "1000", "--hostname", "agentgym"]
        argv += ["--cap-drop", "ALL"]
        argv += [] if self.network else ["--unshare-net"]
        argv += self._folders(guest)
        for path, content in files.items():
            argv += ["--ro-bind-data", str(descriptor_of(content)), path]
        if self.commands:
            argv += ["--symlink", f"{RUN}/bus", _SESSION_BUS]
            argv += command_folder(self.commands, python=visible_python(), descriptor_of=descriptor_of)
        # What bubblewrap made to hold all this would remember what is written there from one episode to the next.
        for path in ("/", "/dev"):
            argv += ["--remount-ro", path]
        argv += ["--chdir", "/", "--clearenv", "--setenv", "PATH", _path(), "--"]
        return argv, data

    def _folders(self, guest: Path) -> list[str]:
        size = str(self.disk_mb << 20)
        argv = [*_bound(_SYSTEM), *_linked(_LINKS), *_bound(f"/etc/{name}" for name in _ETC), *_bound(_VAR)]
        if self.network:
            argv += _bound(f"/etc/{name}" for name in _NETWORK_ETC)
        argv += ["--proc", "/proc", "--dev", "/dev", "--size", size, "--tmpfs", "/dev/shm"]
        for folder in (HOME, "/tmp", RUN, "/var/tmp"):
            argv += ["--size", size, "--tmpfs", folder]
        argv += ["--perms", "1777", "--dir", "/tmp/.X11-unix"]
        if not _python_home().is_relative_to("/usr"):
            argv += ["--ro-bind", str(_python_home()), str(_python_home())]
        argv += [word for source, target in self.shown for word in ("--ro-bind", source, target)]
        argv += ["--ro-bind", str(_pickler()), f"{_GUEST}/cloudpickle"]
        argv += [word for place in self._own_package() for word in ("--tmpfs", place, "--remount-ro", place)]
        argv += application_folders() if self.applications else []
        return [*argv, "--ro-bind", str(guest), f"{_GUEST}/guest"]

    def _own_package(self) -> list[str]:
        """Where our package would show, which holds how tasks are solved and judged."""
        package = Path(__file__).resolve().parents[2]
        home = str(_python_home())
        shown = [*((path, path) for path in (*_SYSTEM, home)), *self.shown]
        known = [(Path(source).resolve(), target) for source, target in shown]
        return [f"{target}/{package.relative_to(source)}" for source, target in known if package.is_relative_to(source)]


class _InMemory:
    """A file that exists only as a descriptor."""

    def __init__(self, content: str) -> None:
        self._descriptor = os.memfd_create("agentgym")
        os.write(self._descriptor, content.encode())
        os.lseek(self._descriptor, 0, os.SEEK_SET)

    def fileno(self) -> int:
        return self._descriptor

    def __enter__(self) -> _InMemory:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._descriptor)


def spawn_bare(descriptor: int, *, guest: Path) -> subprocess.Popen[bytes]:
    """Starts the guest's first process on the machine itself, without any sandbox."""
    return subprocess.Popen(
        [*_guest_command(str(guest.parent), str(_pickler().parent)), str(descriptor)],
        pass_fds=[descriptor],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )


def check_sandbox() -> None:
    """Tries an empty sandbox.

    Raises:
        SandboxUnavailableError: says what is missing and what to type.
    """
    namespaces = ["--unshare-user", "--unshare-pid", "--unshare-net"]
    probe = [_bubblewrap(), *namespaces, "--ro-bind", "/", "/", "--", "/bin/true"]
    result = subprocess.run(probe, capture_output=True, timeout=_PROBE_PATIENCE_S, check=False)
    if result.returncode:
        said = _said(result.stderr)
        raise SandboxUnavailableError(f"bubblewrap cannot make user namespaces here: {said}; {_advice()}")


def explain_failed_start(stderr: bytes) -> SandboxUnavailableError:
    return SandboxUnavailableError(f"the sandbox did not start: {_said(stderr)}; {_advice()}")


def _advice() -> str:
    return f"try: {_UBUNTU_HINT} (or pass sandbox='none' to run applications without protection)"


def _said(stderr: bytes) -> str:
    return stderr.decode("utf-8", "replace").strip()[-300:] or "it said nothing"


def _bubblewrap() -> str:
    found = shutil.which("bwrap")
    if found is None:
        raise SandboxUnavailableError(
            "bubblewrap is not installed: sudo apt-get install bubblewrap "
            "(or pass sandbox='none' to run applications without protection)"
        )
    return found


def _bound(paths: Iterable[str]) -> list[str]:
    return [word for path in paths for word in ("--ro-bind-try", path, path)]


def _linked(paths: Sequence[str]) -> list[str]:
    """Links into ``/usr`` stay links; where ``/bin`` is a folder of its own, it is bound."""
    argv: list[str] = []
    for path in paths:
        if os.path.islink(path):
            argv += ["--symlink", os.readlink(path), path]
        elif os.path.isdir(path):
            argv += ["--ro-bind", path, path]
    return argv


def visible_python_home() -> str:
    """Where this process's interpreter is installed, here and in a sandbox."""
    return str(_python_home())


def _python_home() -> Path:
    return Path(sys.base_prefix).resolve()


def _pickler() -> Path:
    """The package that an interpreter in the sandbox saves its variables with; it is pure Python."""
    found = find_spec("cloudpickle")
    assert found is not None, "Gymnasium depends on it"
    assert found.origin is not None, "it is a package"
    return Path(found.origin).parent


def package_folders() -> dict[str, str]:
    """Where this process has its Python packages, which a sandbox that shows them has in the same places."""
    return {path: path for path in (sysconfig.get_path("purelib"), sysconfig.get_path("platlib"))}


def visible_python() -> str:
    """This process's interpreter where a sandbox shows it, without its packages."""
    return str(Path(sys.base_prefix, "bin", f"python{sys.version_info.major}.{sys.version_info.minor}").resolve())


def _guest_command(*folders: str) -> list[str]:
    code = f"import sys; sys.path[:0] = {list(folders)!r}; from guest.server import main; main(int(sys.argv[1]))"
    return [visible_python(), "-I", "-S", "-c", code]


def _path() -> str:
    return "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin:/usr/games"


def environment(places: Mapping[str, str], *, commands: bool) -> dict[str, str]:
    """What every process of a desktop finds in its environment, before its servers add their addresses.

    Args:
        commands: whether there is a folder of them.
    """
    return {
        "HOME": places["home"],
        "TMPDIR": places["tmp"],
        "XDG_RUNTIME_DIR": f"{places['run']}/user",
        "PATH": _path(),
        "USER": "user",
        "LOGNAME": "user",
        "SHELL": "/bin/bash",
        **(command_environment(_path()) if commands else {}),
    }
