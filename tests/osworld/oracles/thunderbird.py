"""Tasks of Thunderbird, with a profile of our own."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from agentgym.actions import Click, Hotkey, Press, Scroll, TypeText
from agentgym.suites.apps.making import patiently
from tests.osworld.makers import decrypting
from tests.osworld.makers.mails import Mail
from tests.osworld.makers.profiles import PROFILE, profile
from tests.osworld.moves import from_menu, mail_folder
from tests.osworld.solution import Moves, Seen, Solution, Written

__all__ = ["SOLUTIONS"]

_FOLDERS = {
    "Bills": (
        Mail("Your receipt #2309", "Hosting <billing@hosting.example>", "You paid 12.40.", day=0),
        Mail("Invoice for November", "Water works <office@water.example>", "You owe 31.00.", day=4),
        Mail("Your receipt #2314", "Hosting <billing@hosting.example>", "You paid 12.40.", day=30),
    ),
    "Notes": (Mail("Rooms", "Ann <ann@example.org>", day=2),),
}
_BILLS_NUMBER = 13
"""By which the task asks for the mails of "Bills"."""


def _profile_files() -> Mapping[str, bytes]:
    return {"thunderbird-profile.tar.gz": profile(_FOLDERS, searched={"Bills": _BILLS_NUMBER})}


def _set(name: str) -> Moves:
    """Turns a yes or no of the editor of all settings round; one that there is not becomes yes."""
    yield Click(500, 130)
    yield Hotkey(("ctrl", "a"))
    yield patiently(TypeText(name))
    yield Click(1208, 178)


def _filtered() -> Moves:
    yield Seen("Thunderbird")
    yield from from_menu("e", "e")
    yield Seen("Settings")
    # To the end of the page. What its search finds differs from time to time.
    yield patiently(Scroll(dy=-50, x=900, y=700))
    yield Click(1066, 959)
    yield Seen("Advanced Preferences")
    yield from _set("mail.server.default.applyIncomingFilters")
    yield from _set("mail.imap.use_status_for_biff")


def _unified() -> Moves:
    yield Seen("Thunderbird")
    yield from from_menu("v", "f", "u")


def _starred() -> Moves:
    yield from mail_folder("Bills")
    yield Click(400, 140)
    yield Hotkey(("ctrl", "a"))
    yield TypeText("s")
    # The star of each is noted in the database one after the other, and kept when all are.
    yield Written(f"{PROFILE}/global-messages-db.sqlite", '"58":true')


def _account_files() -> Mapping[str, bytes]:
    return {**_profile_files(), "firefox_decrypt.py": Path(decrypting.__file__).read_bytes()}


def _without_account() -> Moves:
    yield Seen("Thunderbird")
    yield from from_menu("e", "a")
    yield Seen("Account Settings")
    yield Click(1060, 161)
    yield Press("tab")
    yield Press("enter")
    yield Written(f"{PROFILE}/logins.json", '"logins":[]')


SOLUTIONS = (
    Solution("08c73485-7c6d-4681-999d-919f5c32dcfa", "gui", _profile_files, _filtered, afresh=True),
    Solution("3f49d2cc-f400-4e7d-90cc-9b18e401cc31", "gui", _profile_files, _unified, afresh=True),
    Solution("dd84e895-72fd-4023-a336-97689ded257c", "gui", _profile_files, _starred, afresh=True),
    Solution("dfac9ee8-9bc4-4cdc-b465-4a4bfcd2f397", "gui", _account_files, _without_account),
)
