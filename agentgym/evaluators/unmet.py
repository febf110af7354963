"""What of a task's needs this machine, or an environment on it, does not meet; said before the episode begins."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from agentgym.backends.applications import APPLICATIONS
from agentgym.backends.programs import on_path
from agentgym.backends.x11.applications import application_of, installed
from agentgym.errors import MissingDependencyError, TaskError, UsageError
from agentgym.evaluators.addresses import addresses_of
from agentgym.evaluators.libraries import install_line, missing_libraries
from agentgym.evaluators.metrics.pictexts import FETCH_MODELS, missing_models
from agentgym.evaluators.needs import Needs, needs_of_task
from agentgym.setup.accounts import account_lack
from agentgym.setup.downloads import fetch, have, offline
from agentgym.tasks import Task

__all__ = ["Lack", "check_needs", "fetch_ahead", "lacks_at_judging", "lacks_of_desktop"]

_BY_NAME = {application.name: application for application in APPLICATIONS}

_PYTHON = frozenset({"python", "python3"})
"""Which a desktop has of its own, whatever is installed."""

_SHOWN = 3


class Lack(msgspec.Struct, frozen=True):
    """One thing that a task needs and that is not there.

    Args:
        name: what to call it, in short.
        says: what is wrong.
        remedy: what to type or to give, if anything helps.
        package: the Debian package that brings it, if one does.
        installs: whether installing something helps.
    """

    name: str
    says: str
    remedy: str = ""
    package: str = ""
    installs: bool = False

    def __str__(self) -> str:
        return f"{self.says}: {self.remedy}" if self.remedy else self.says


def check_needs(task: Task, *, network: bool) -> None:
    """Returns if nothing is known that would stop the episode or its judging half-way.

    Args:
        network: whether the machine of the episode sees a network, as far as is known.

    Raises:
        MissingDependencyError: if something must be installed, and that would do.
        UsageError: if the task needs another environment, or an account.
    """
    lacks = list(lacks_at_judging(needs_of_task(task), network=network))
    if lacks:
        kind = MissingDependencyError if all(lack.installs for lack in lacks) else UsageError
        raise kind(f"the task {task.id!r} cannot be played here: {'; '.join(map(str, lacks))}")


def fetch_ahead(task: Task) -> None:
    """Has the files at hand that a task is judged with, so that none turns out to be missing after the episode.

    Raises:
        BackendError: of kind ``"network"``, if the network or the server failed; trying again may help.
        TaskError: if there is no such file.
        UsageError: if the mirror that was named is not there.
    """
    judged = msgspec.structs.replace(task, setup=())
    for address in addresses_of(judged):
        # One of this machine may be made on the way.
        if address.startswith("file:"):
            continue
        try:
            if not have(address):
                fetch(address)
        except UsageError:
            # A mirror that is not there is nothing about this task.
            raise
        except (OSError, ValueError) as error:
            raise TaskError(f"the task {task.id!r} is judged with a file that is not to be had: {error}") from error


def lacks_at_judging(needs: Needs, *, network: bool) -> Iterator[Lack]:
    """What no desktop can make up for: libraries of this process, the live web, accounts, files."""
    yield from _libraries(needs)
    yield from _sites(needs, network)
    yield from _accounts(needs)
    yield from _files(needs)
    yield from _local_files(needs)


def lacks_of_desktop(needs: Needs) -> Iterator[Lack]:
    """The applications and programs that a desktop on this machine would not find."""
    yield from (lack for name in needs.applications if (lack := _application(name)) is not None)
    names = [*needs.programs, *needs.packages]
    yield from (lack for name in dict.fromkeys(names) if (lack := _program(name, name in needs.packages)) is not None)


def _libraries(needs: Needs) -> Iterator[Lack]:
    missing = missing_libraries(needs.libraries)
    if missing:
        yield Lack(", ".join(missing), _not_installed(missing), install_line(missing), installs=True)
    if "easyocr" in needs.libraries and "easyocr" not in missing and (models := missing_models()):
        says = f"easyocr's models are not there, {_some([path.name for path in models])} in {models[0].parent}"
        yield Lack("easyocr's models", says, FETCH_MODELS, installs=True)


def _sites(needs: Needs, network: bool) -> Iterator[Lack]:
    if network or not (needs.sites or "login" in needs.steps):
        return
    opens = f"it opens {_some(needs.sites)}" if needs.sites else "its browser signs in to a site"
    name = "Google Drive" if needs.drive else "live web"
    yield Lack(name, f"{opens}, and this environment has no network", "network=True, or --env-option network=true")


def _accounts(needs: Needs) -> Iterator[Lack]:
    missing = [said for settings in needs.accounts if (said := account_lack(settings)) is not None]
    if missing:
        says = f"it signs in to Google Drive, and {'; '.join(missing)}"
        yield Lack("Google Drive", says, "make an account for it, as OSWorld's ACCOUNT_GUIDELINE.md tells")


def _files(needs: Needs) -> Iterator[Lack]:
    """Those that are not at hand, if none may be fetched."""
    missing = [file for file in needs.files if file.startswith("http") and not have(file)] if offline() else []
    if missing:
        says = (
            f"it fetches {_some(missing)} while AGENTGYM_OFFLINE is set, and the cache and the mirror have none of it"
        )
        yield Lack("files", says, "agentgym fetch TASKS")


def _local_files(needs: Needs) -> Iterator[Lack]:
    missing = [path for path in needs.local_files if not Path(path).is_file()]
    if missing:
        yield Lack("local files", f"it uploads {_some(missing)}, which is no file of this machine")


def _application(name: str) -> Lack | None:
    known = _BY_NAME.get(name)
    if known is None or known.found() is not None:
        return None
    if not known.package:
        return Lack(name, f"{name} is not installed, and Debian has no package of it")
    return _lack_of_package(name, known.package)


def _program(name: str, is_package: bool) -> Lack | None:
    program = name.rpartition("/")[2]
    if program in _PYTHON or name.startswith(("/home/", "/tmp/")) or on_path(name):
        return None
    known = application_of(program)
    if known is not None:
        return None if installed(known) else _lack_of_package(program, known.package.replace(",", ""))
    if is_package and Path(f"/var/lib/dpkg/info/{name}.list").exists():
        return None
    return _lack_of_package(program, program if is_package else _PACKAGE_OF.get(program, ""))


def _lack_of_package(name: str, package: str) -> Lack:
    remedy = f"sudo apt-get install {package}" if package else ""
    return Lack(name, _not_installed([name]), remedy, package, installs=True)


def _some(names: Sequence[str]) -> str:
    return ", ".join([*names[:_SHOWN], *(["…"] if len(names) > _SHOWN else [])])


def _not_installed(names: Sequence[str]) -> str:
    return f"{', '.join(names)} {'is' if len(names) == 1 else 'are'} not installed"


_PROGRAMS: Mapping[str, str] = {
    "apt": "apt apt-get",
    "bash": "bash",
    "bzip2": "bzip2",
    "coreutils": "cat chmod chown cp cut date dd echo head id ln ls mkdir mv rm sleep sort stat tail tee touch tr wc",
    "curl": "curl",
    "debianutils": "which",
    "desktop-file-utils": "update-desktop-database",
    "diffutils": "diff",
    "ffmpeg": "ffmpeg ffprobe",
    "file": "file",
    "findutils": "find xargs",
    "git": "git",
    "grep": "grep",
    "gzip": "gunzip gzip",
    "imagemagick": "convert identify",
    "jq": "jq",
    "libglib2.0-bin": "gio",
    "mawk": "awk",
    "p7zip-full": "7z",
    "passwd": "chpasswd useradd userdel usermod",
    "poppler-utils": "pdftotext",
    "procps": "free pgrep pkill ps top",
    "psmisc": "fuser killall",
    "pulseaudio": "pulseaudio",
    "pulseaudio-utils": "pactl",
    "rsync": "rsync",
    "sed": "sed",
    "sqlite3": "sqlite3",
    "sysstat": "iostat sar",
    "tar": "tar",
    "unzip": "unzip",
    "util-linux": "su",
    "wget": "wget",
    "xz-utils": "unxz xz",
    "zip": "zip",
}
"""The Debian packages of programs that commands call; of others none is known."""

_PACKAGE_OF = {program: package for package, programs in _PROGRAMS.items() for program in programs.split()}
