"""Prints the passwords of one of Thunderbird's profiles as CSV; a program that a task runs in the machine.

Takes of ``firefox_decrypt.py`` what the task gives it: ``FOLDER -n -c PROFILE -f csv -d ,``.
"""

from __future__ import annotations

import argparse
import base64
import configparser
import csv
import ctypes
import json
import sys
from pathlib import Path


class _Item(ctypes.Structure):
    _fields_ = (("kind", ctypes.c_uint), ("data", ctypes.c_void_p), ("length", ctypes.c_uint))


def main() -> None:
    """Reads the profile of this number, counted from 1."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("-n", dest="interactive", action="store_false")
    parser.add_argument("-c", dest="choice", type=int)
    parser.add_argument("-f", dest="form", choices=["csv"])
    parser.add_argument("-d", dest="delimiter")
    given = parser.parse_args()
    profile = _profiles(given.folder)[given.choice - 1]
    nss = ctypes.CDLL("libnss3.so")
    if nss.NSS_Init(f"sql:{profile}".encode()) != 0:
        sys.exit(f"{profile} cannot be read")
    rows = csv.writer(sys.stdout, delimiter=given.delimiter, lineterminator="\n", quoting=csv.QUOTE_ALL)
    rows.writerow(("url", "user", "password"))
    for login in json.loads((profile / "logins.json").read_text())["logins"]:
        secrets = (_decrypted(login[key], nss) for key in ("encryptedUsername", "encryptedPassword"))
        rows.writerow((login["hostname"], *secrets))


def _profiles(folder: Path) -> list[Path]:
    told = configparser.ConfigParser()
    told.read(folder / "profiles.ini")
    return [folder / told[name]["Path"] for name in told.sections() if name.startswith("Profile")]


def _decrypted(text: str, nss: ctypes.CDLL) -> str:
    secret = base64.b64decode(text)
    held = ctypes.create_string_buffer(secret)
    given, plain = _Item(0, ctypes.addressof(held), len(secret)), _Item()
    if nss.PK11SDR_Decrypt(ctypes.byref(given), ctypes.byref(plain), None) != 0:
        sys.exit("a password cannot be read")
    return ctypes.string_at(plain.data, plain.length).decode()


if __name__ == "__main__":
    main()
