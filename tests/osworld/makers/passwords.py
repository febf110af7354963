"""Passwords as Thunderbird and Firefox keep them: encrypted by NSS, which every desktop with a browser has."""

from __future__ import annotations

import base64
import ctypes
import json
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

__all__ = ["Login", "login_files"]

_READ_WRITE = 0


class Login(NamedTuple):
    """A password, and what it is for.

    Args:
        place: as ``"imap://mail.example.org"``.
    """

    place: str
    user: str
    password: str


class _Item(ctypes.Structure):
    _fields_ = (("kind", ctypes.c_uint), ("data", ctypes.c_void_p), ("length", ctypes.c_uint))


def login_files(logins: Sequence[Login]) -> dict[str, bytes]:
    """The files of a profile that hold passwords, by name; no master password.

    Raises:
        OSError: if NSS is not installed.
    """
    nss = ctypes.CDLL("libnss3.so")
    nss.PK11_GetInternalKeySlot.restype = ctypes.c_void_p
    with TemporaryDirectory() as folder:
        _demand(nss.NSS_Initialize(f"sql:{folder}".encode(), b"", b"", b"secmod.db", _READ_WRITE), nss)
        try:
            slot = ctypes.c_void_p(nss.PK11_GetInternalKeySlot())
            _demand(nss.PK11_InitPin(slot, None, b""), nss)
            nss.PK11_FreeSlot(slot)
            kept = [_kept(number, login, nss) for number, login in enumerate(logins, 1)]
        finally:
            _demand(nss.NSS_Shutdown(), nss)
        keys = (Path(folder) / "key4.db").read_bytes()
    listed = {"nextId": len(kept) + 1, "logins": kept, "potentiallyVulnerablePasswords": [], "version": 3}
    return {"key4.db": keys, "logins.json": json.dumps(listed).encode()}


def _kept(number: int, login: Login, nss: ctypes.CDLL) -> dict[str, object]:
    made = 1701421200000
    return {
        "id": number,
        "hostname": login.place,
        "httpRealm": login.place,
        "formSubmitURL": None,
        "usernameField": "",
        "passwordField": "",
        "encryptedUsername": _encrypted(login.user, nss),
        "encryptedPassword": _encrypted(login.password, nss),
        "guid": f"{{00000000-0000-4000-8000-{number:012d}}}",
        "encType": 1,
        "timeCreated": made,
        "timeLastUsed": made,
        "timePasswordChanged": made,
        "timesUsed": 1,
    }


def _encrypted(text: str, nss: ctypes.CDLL) -> str:
    plain = ctypes.create_string_buffer(text.encode())
    given = _Item(0, ctypes.addressof(plain), len(plain.value))
    key, made = _Item(), _Item()
    _demand(nss.PK11SDR_Encrypt(*map(ctypes.byref, (key, given, made)), None), nss)
    return base64.b64encode(ctypes.string_at(made.data, made.length)).decode()


def _demand(status: int, nss: ctypes.CDLL) -> None:
    if status != 0:
        raise OSError(f"NSS failed with error {nss.PORT_GetError()}")
