"""Archives of Thunderbird's profile, as OSWorld's tasks unpack them into the home."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from tests.osworld.makers.archives import tar_gz
from tests.osworld.makers.mails import OWNER, Mail, mailbox
from tests.osworld.makers.passwords import Login, login_files
from tests.osworld.makers.searches import search_database

__all__ = ["PROFILE", "profile"]

PROFILE = "/home/user/.thunderbird/t5q2a5hp.default-release"
"""Where the tasks look for what Thunderbird keeps."""

_NAME = "t5q2a5hp.default-release"
_SERVER = "outlook.office365.com"
# What Thunderbird calls an installation of it in /usr/lib/thunderbird.
_INSTALLATION = "FDC34C9F024745EB"

_PROFILES = f"""[Profile1]
Name=default
IsRelative=1
Path=p7d3ksj1.default
Default=1

[Profile0]
Name=default-release
IsRelative=1
Path={_NAME}

[General]
StartWithLastProfile=1
Version=2

[Install{_INSTALLATION}]
Default={_NAME}
Locked=1
"""
_INSTALLS = f"[{_INSTALLATION}]\nDefault={_NAME}\nLocked=1\n"

_PREFERENCES: Mapping[str, Any] = {
    "mail.accountmanager.accounts": "account1,account2",
    "mail.accountmanager.defaultaccount": "account1",
    "mail.accountmanager.localfoldersserver": "server2",
    "mail.account.account1.identities": "id1",
    "mail.account.account1.server": "server1",
    "mail.account.account2.server": "server2",
    "mail.account.lastKey": 2,
    "mail.identity.id1.fullName": "Anonym Tester",
    "mail.identity.id1.useremail": OWNER,
    "mail.identity.id1.valid": True,
    "mail.server.server1.type": "imap",
    "mail.server.server1.name": OWNER,
    "mail.server.server1.hostname": _SERVER,
    "mail.server.server1.userName": OWNER,
    "mail.server.server1.port": 993,
    "mail.server.server1.socketType": 3,
    "mail.server.server1.directory-rel": f"[ProfD]ImapMail/{_SERVER}",
    # There is no network to ask, and asking is shown.
    "mail.server.server1.login_at_startup": False,
    "mail.server.server1.check_new_mail": False,
    "mail.server.server2.type": "none",
    "mail.server.server2.name": "Local Folders",
    "mail.server.server2.hostname": "Local Folders",
    "mail.server.server2.userName": "nobody",
    "mail.server.server2.storeContractID": "@mozilla.org/msgstore/berkeleystore;1",
    "mail.server.server2.directory-rel": "[ProfD]Mail/Local Folders",
}


def profile(folders: Mapping[str, Sequence[Mail]], *, searched: Mapping[str, int] | None = None) -> bytes:
    """A .tar.gz file of ``.thunderbird``: an account with its password, and local folders.

    Args:
        folders: the mails of each, by its name.
        searched: under which numbers the database for searches knows some of them; without any, there is none.
    """
    files = {
        "prefs.js": "".join(
            f'user_pref("{key}", {json.dumps(value)});\n' for key, value in _PREFERENCES.items()
        ).encode(),
        f"ImapMail/{_SERVER}/INBOX": b"",
        **{f"Mail/Local Folders/{name}": mailbox(mails) for name, mails in {"Trash": (), **folders}.items()},
        **login_files([Login(f"imap://{_SERVER}", OWNER, "not-a-secret")]),
    }
    if searched is not None:
        known = {name: (number, folders[name]) for name, number in searched.items()}
        files["global-messages-db.sqlite"] = search_database(known)
    return tar_gz(
        {
            ".thunderbird/profiles.ini": _PROFILES.encode(),
            ".thunderbird/installs.ini": _INSTALLS.encode(),
            ".thunderbird/p7d3ksj1.default/times.json": b"{}",
            **{f".thunderbird/{_NAME}/{name}": content for name, content in files.items()},
        }
    )
