"""Tasks of the browser that need no network: its settings, by its own pages."""

from __future__ import annotations

from collections.abc import Mapping

from agentgym.actions import Hotkey, Press, TypeText
from tests.osworld.makers.archives import zipped
from tests.osworld.solution import ClickOn, Gone, Moves, Seen, Solution, Written

__all__ = ["SOLUTIONS"]


def _no_files() -> Mapping[str, bytes]:
    return {}


def _visit(address: str, *, title: str = "Settings") -> Moves:
    yield Seen("Chrom")
    yield Hotkey(("ctrl", "l"))
    yield TypeText(f"{address}\n")
    yield Seen(title)


def _do_not_track() -> Moves:
    yield from _visit("chrome://settings/cookies")
    yield ClickOn("cr-toggle[aria-label*='Do Not Track']")
    yield ClickOn("cr-dialog[open] .action-button")


def _passwords() -> Moves:
    yield from _visit("chrome://password-manager/passwords", title="Password Manager")


def _new_tab() -> Moves:
    yield from _visit("chrome://settings/onStartup")
    yield ClickOn("controlled-radio-button[label='Open the New Tab page']")


_EXTENSION = b'{"manifest_version": 3, "name": "Hello", "version": "1.0", "description": "Says hello."}'


def _extension_files() -> Mapping[str, bytes]:
    return {"helloExtension.zip": zipped({"helloExtension/manifest.json": _EXTENSION})}


def _extension() -> Moves:
    yield from _visit("chrome://extensions", title="Extensions")
    yield ClickOn("#devMode")
    yield ClickOn("#loadUnpacked")
    yield Seen("Select the extension directory")
    yield TypeText("/home/user/Desktop/helloExtension")
    # Enter may take what the typing suggests.
    yield Hotkey(("alt", "o"))
    yield Gone("Select the extension directory")
    yield Written("/home/user/.config/google-chrome/Default/Preferences", '"/home/user/Desktop/helloExtension"')


def _light() -> Moves:
    yield from _visit("chrome://settings/appearance")
    yield ClickOn("#colorSchemeModeSelect")
    yield TypeText("Light\n")


def _safe_browsing() -> Moves:
    yield from _visit("chrome://settings/security")
    yield ClickOn("#safeBrowsingStandard")


def _forgetful() -> Moves:
    yield from _visit("chrome://settings/content/siteData")
    yield ClickOn("#defaultSessionOnly")


def _large_letters() -> Moves:
    yield from _visit("chrome://settings/appearance")
    yield ClickOn("select[aria-label='Font size']")
    yield Press("end")
    yield Press("enter")


def _bing() -> Moves:
    yield from _visit("chrome://settings/searchEngines")
    yield ClickOn("[aria-label='More actions for Microsoft Bing']")
    yield ClickOn("#makeDefault:visible")


SOLUTIONS = (
    Solution("030eeff7-b492-4218-b312-701ec99ee0cc", "gui", _no_files, _do_not_track),
    Solution("12086550-11c0-466b-b367-1d9e75b3910e", "gui", _no_files, _passwords),
    Solution("3299584d-8f11-4457-bf4c-ce98f7600250", "gui", _no_files, _new_tab),
    Solution("6766f2b8-8a72-417f-a9e5-56fcaa735837", "gui", _extension_files, _extension),
    Solution("93eabf48-6a27-4cb6-b963-7d5fe1e0d3a9", "gui", _no_files, _light),
    Solution("9656a811-9b5b-4ddf-99c7-5117bcef0626", "gui", _no_files, _safe_browsing),
    Solution("99146c54-4f37-4ab8-9327-5f3291665e1e", "gui", _no_files, _forgetful),
    Solution("af630914-714e-4a24-a7bb-f9af687d3b91", "gui", _no_files, _large_letters),
    Solution("bb5e4c0d-f964-439c-97b6-bdb9747de3f4", "gui", _no_files, _bing),
)
