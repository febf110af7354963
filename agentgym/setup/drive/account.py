"""Who signs in to Google Drive: the settings and credentials that PyDrive keeps, as OSWorld uses it."""

from __future__ import annotations

import http.client
import json
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

import msgspec

from agentgym.errors import BackendError, UsageError
from agentgym.extras import needed

__all__ = ["DriveAccount", "account_at", "fresh_token"]

_PATIENCE_S = 60.0
_TOKEN_URI = "https://oauth2.googleapis.com/token"
_HOW = "PyDrive saves them when a person has signed in"


class DriveAccount(msgspec.Struct, frozen=True):
    """What a token to use the Drive is asked with, as PyDrive saved it when a person signed in."""

    client_id: str
    client_secret: str
    refresh_token: str
    token_uri: str = _TOKEN_URI

    def __repr__(self) -> str:
        # Nothing of it may get into a log.
        return f"DriveAccount({self.client_id!r}, …)"


def account_at(settings_file: str) -> DriveAccount:
    """The account that PyDrive's settings lead to; nobody is asked to sign in.

    Args:
        settings_file: YAML whose ``save_credentials_file`` is where PyDrive keeps the credentials, seen from the
            working directory or from the file itself.

    Raises:
        UsageError: if one of the files is missing or is none; says which.
        MissingDependencyError: if PyYAML is not installed.
    """
    settings = _settings(settings_file)
    named = settings.get("save_credentials_file")
    if settings.get("client_config_backend") == "service" or not isinstance(named, str):
        raise UsageError(
            f"{settings_file} names no save_credentials_file: an account of a person is needed, with saved credentials"
        )
    path = next((place for place in (Path(named), Path(settings_file).parent / named) if place.is_file()), None)
    if path is None:
        raise UsageError(f"there are no credentials for Google Drive at {named}, which {settings_file} names; {_HOW}")
    try:
        return msgspec.json.decode(path.read_bytes(), type=DriveAccount)
    except msgspec.DecodeError as error:
        raise UsageError(f"{path} holds no credentials with a refresh token, as PyDrive saves them: {error}") from error


def fresh_token(account: DriveAccount) -> str:
    """A token for the next hour.

    Raises:
        UsageError: if Google no longer takes the credentials.
        BackendError: of kind ``"network"``, if it cannot be asked.
    """
    asked = {**msgspec.to_builtins(account), "grant_type": "refresh_token"}
    del asked["token_uri"]
    request = urllib.request.Request(account.token_uri, urllib.parse.urlencode(asked).encode())
    try:
        with urllib.request.urlopen(request, timeout=_PATIENCE_S) as answer:
            return str(json.load(answer)["access_token"])
    except urllib.error.HTTPError as error:
        said = error.read().decode("utf-8", "replace")[:200]
        if error.code < http.client.INTERNAL_SERVER_ERROR:
            raise UsageError(f"the credentials for Google Drive are refused: {error.code} {said}") from error
        raise _away(f"{error.code} {said}") from error
    except (OSError, http.client.HTTPException, ValueError, KeyError) as error:
        raise _away(str(error)) from error


def _away(said: str) -> BackendError:
    return BackendError(f"no token for Google Drive: {said}", kind="network")


def _settings(path: str) -> dict[str, Any]:
    yaml = needed("yaml", extra="gdrive")
    try:
        settings = yaml.safe_load(Path(path).read_bytes())
    except FileNotFoundError as error:
        raise UsageError(f"there are no settings for Google Drive at {path}") from error
    except yaml.YAMLError as error:
        raise UsageError(f"{path}: {error}") from error
    if not isinstance(settings, dict):
        raise UsageError(f"{path} holds no settings of PyDrive")
    return settings
