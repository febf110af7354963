"""What a task needs of a machine, read off its steps, getters and metrics before anything is started."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Literal, NamedTuple, TypeAlias

import msgspec

from agentgym.backends.applications import application_called, application_started_by
from agentgym.evaluators.addresses import addresses_of
from agentgym.evaluators.libraries import LIBRARIES
from agentgym.setup.commandlines import called_by, live_addresses
from agentgym.setup.opening import package_that_opens
from agentgym.tasks import Check, GetterSpec, SetupStep, Task
from agentgym.tasks.forms import is_true

__all__ = ["Needs", "Network", "needs_of_task"]

Network: TypeAlias = Literal["none", "static files", "live web", "Google Drive"]
"""The most that a task needs of the network: nothing, files that can be kept, sites, an account with its files."""


class Needs(msgspec.Struct, frozen=True):
    """What a task needs, each thing once, in the order in which the task names it.

    Args:
        applications: by our names, or as the task calls what is not known here.
        programs: that its commands call, but for those that start an application.
        packages: of Debian, that its commands install.
        libraries: optional ones that judge it or set it up, by their names in an import.
        files: addresses of files that are fetched, and kept.
        local_files: paths of this machine from which files are uploaded.
        sites: addresses of the live web that its steps or getters open.
        accounts: the settings file of each account that it signs in with.
        drive: whether it reads or writes Google Drive.
        proxy: whether OSWorld plays it through a proxy, because sites turn its machines away.
    """

    steps: tuple[str, ...] = ()
    getters: tuple[str, ...] = ()
    metrics: tuple[str, ...] = ()
    applications: tuple[str, ...] = ()
    programs: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()
    libraries: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    local_files: tuple[str, ...] = ()
    sites: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()
    drive: bool = False
    proxy: bool = False

    @property
    def network(self) -> Network:
        """The most that it needs of the network. What OSWorld plays through a proxy is of the live web, said or not."""
        if self.drive:
            return "Google Drive"
        if self.sites or self.proxy:
            return "live web"
        return "static files" if any(not file.startswith("file:") for file in self.files) else "none"


class _Need(NamedTuple):
    """One thing that is needed, and the field of `Needs` that it goes to."""

    field: str
    name: str


_Told: TypeAlias = Mapping[str, Any]
"""The parameters of a step, or what a getter is told."""


def needs_of_task(task: Task) -> Needs:
    """What a task needs; of what is malformed in it, nothing."""
    needed = [*_of_words(task), *_of_steps(task), *_of_checks(task)]
    needed += [_Need("files", address) for address in addresses_of(task)]
    return Needs(
        drive=any(need.field == "drive" for need in needed),
        proxy=task.metadata.get("proxy") is True,
        **{field: _gathered(needed, field) for field in Needs.__struct_fields__ if field not in ("drive", "proxy")},
    )


def _gathered(needed: Sequence[_Need], field: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(need.name for need in needed if need.field == field))


def _of_words(task: Task) -> Iterator[_Need]:
    for word in task.related_apps:
        known = application_called(word)
        # The word for whatever is done with no application, or with any.
        if word.lower() != "os":
            yield _Need("applications", word if known is None else known.name)


def _of_steps(task: Task) -> Iterator[_Need]:
    for step in (*task.setup, *(task.evaluator.postconfig if task.evaluator is not None else ())):
        yield from _of_step(step)


def _of_step(step: SetupStep) -> Iterator[_Need]:
    yield _Need("steps", step.type)
    yield from _of_libraries(step.type)
    if step.type in _OF_STEPS:
        yield from _OF_STEPS[step.type](step.parameters)


def _of_checks(task: Task) -> Iterator[_Need]:
    if task.evaluator is None:
        return
    if task.evaluator.infeasible:
        yield _Need("metrics", "infeasible")
    for check in task.evaluator.checks:
        yield from _of_metric(check)
        for side in (check.result, check.expected):
            if side is not None:
                yield from _of_getter(side)


def _of_metric(check: Check) -> Iterator[_Need]:
    yield _Need("metrics", check.metric)
    yield from _of_libraries(check.metric)
    rules = None if check.expected is None else check.expected.config.get("rules")
    if check.metric in _OF_RULES and isinstance(rules, Mapping):
        yield from _OF_RULES[check.metric](rules)
    if check.metric == "compare_archive":
        yield from _of_libraries(_WITHIN_ARCHIVES.get(str(check.options.get("file_type")), ""))


def _of_getter(getter: GetterSpec) -> Iterator[_Need]:
    yield _Need("getters", getter.type)
    yield from _of_libraries(getter.type)
    if getter.type in _OF_GETTERS:
        yield from _OF_GETTERS[getter.type](getter.config)


def _of_libraries(name: str) -> Iterator[_Need]:
    return (_Need("libraries", library) for library in LIBRARIES.get(name, ()))


def _of_command(told: _Told) -> Iterator[_Need]:
    command = told.get("command")
    if not isinstance(command, str) and not (
        isinstance(command, list) and all(isinstance(one, str) for one in command)
    ):
        return
    called = called_by(command, in_shell=is_true(told.get("shell", False)))
    for program in called.programs:
        started = application_started_by(program)
        yield _Need("programs", program) if started is None else _Need("applications", started.name)
    yield from (_Need("packages", package) for package in called.packages)
    yield from (_Need("sites", address) for address in called.addresses)


def _of_uploads(told: _Told) -> Iterator[_Need]:
    return (_Need("local_files", path) for path in _texts(told.get("files"), "local_path"))


def _of_opening(told: _Told) -> Iterator[_Need]:
    path = told.get("path")
    if isinstance(path, str):
        yield _Need("applications", package_that_opens(path))
        yield from _of_addresses(path)


def _of_tabs(told: _Told) -> Iterator[_Need]:
    yield _Need("applications", _BROWSER)
    for address in _list(told.get("urls_to_open")):
        yield from _of_addresses(address)


def _of_browser(told: _Told) -> Iterator[_Need]:
    del told
    yield _Need("applications", _BROWSER)


def _of_drive(told: _Told) -> Iterator[_Need]:
    yield _Need("drive", "Google Drive")
    settings = told.get("settings_file")
    if isinstance(settings, str):
        yield _Need("accounts", settings)


def _of_page(key: str) -> Callable[[_Told], Iterator[_Need]]:
    def look(told: _Told) -> Iterator[_Need]:
        address = told.get(key)
        return _of_addresses(address) if isinstance(address, str) else iter(())

    return look


def _of_recreation(told: _Told) -> Iterator[_Need]:
    del told
    yield _Need("applications", _BROWSER)
    yield _Need("sites", "https://www.recreation.gov/")


def _of_addresses(text: str) -> Iterator[_Need]:
    return (_Need("sites", address) for address in live_addresses(text))


def _texts(items: Any, key: str) -> Iterator[str]:
    for item in items if isinstance(items, list | tuple) else ():
        if isinstance(item, Mapping) and isinstance(item.get(key), str):
            yield item[key]


def _list(items: Any) -> list[str]:
    return [item for item in items if isinstance(item, str)] if isinstance(items, list | tuple) else []


_BROWSER = "chromium"

_WITHIN_ARCHIVES: Mapping[str, str] = {
    "pdf": "compare_pdfs",
    "docx": "compare_docx_files",
    "ppt": "compare_pptx_files",
    "image": "compare_images",
    "table": "compare_table",
    "audio": "compare_audios",
    "video": "compare_videos",
}
"""The metric that `compare_archive` applies to files of a type, if that one calls a library."""

_OF_RULES: Mapping[str, Callable[[_Told], Iterator[_Need]]] = {"is_vlc_playing": _of_page("url")}
"""What a metric is told may say what must be reached to do the task at all."""

_OF_STEPS: Mapping[str, Callable[[_Told], Iterator[_Need]]] = {
    "chrome_close_tabs": _of_browser,
    "chrome_open_tabs": _of_tabs,
    "command": _of_command,
    "execute": _of_command,
    "execute_with_verification": _of_command,
    "googledrive": _of_drive,
    "launch": _of_command,
    "login": _of_drive,
    "open": _of_opening,
    "update_browse_history": _of_browser,
    "upload_file": _of_uploads,
}

_OF_GETTERS: Mapping[str, Callable[[_Told], Iterator[_Need]]] = {
    "googledrive_file": _of_drive,
    "gotoRecreationPage_and_get_html_content": _of_recreation,
    "info_from_website": _of_browser,
    "page_info": _of_page("url"),
    "pdf_from_url": _of_page("path"),
    "vm_command_error": _of_command,
    "vm_command_line": _of_command,
}
"""`info_from_website` needs no site: what it finds on none, the task itself says."""
