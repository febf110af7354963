"""The step that signs the machine's browser in to a site."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, NamedTuple

import msgspec

from agentgym.backends.base import Backend
from agentgym.errors import UsageError
from agentgym.setup.browser.connection import in_browser, playwright_error

__all__ = ["credentials_at", "login"]

_PAGE_MS = 60_000.0
_FORM_MS = 10_000.0
_SIGNED_IN_MS = 30_000.0


class Credentials(msgspec.Struct, frozen=True):
    """Who signs in."""

    email: str
    password: str

    def __repr__(self) -> str:
        # Nothing of it may get into a log.
        return f"Credentials({self.email!r}, …)"


class _Site(NamedTuple):
    """A page that only those who are signed in get to see, and what is filled in on the way to it."""

    page: str
    email: str
    after_email: str
    password: str
    after_password: str


_SITES: Mapping[str, _Site] = {
    "googledrive": _Site(
        "https://drive.google.com/drive/my-drive",
        'input[type="email"]',
        "#identifierNext > div > button",
        'input[type="password"]',
        "#passwordNext > div > button",
    )
}


def login(backend: Backend, settings_file: str, platform: Literal["googledrive"]) -> None:
    """Signs the browser in to a site, in a tab that stays open; nothing is filled in if it is signed in already.

    Where the site asks for more than an address and a password, OSWorld goes on as if nothing were wrong; ours fails.

    Args:
        settings_file: JSON with ``email`` and ``password``.
        platform: the site.

    Raises:
        ValueError: if there are no such settings, or the site does not let us in.
        BackendError: if the machine broke.
    """
    credentials, site = credentials_at(settings_file), _SITES[platform]
    refused = in_browser(backend, lambda browser: _sign_in(browser.contexts[0].new_page(), site, credentials))
    if refused:
        raise ValueError(f"could not sign in to {platform} as {credentials.email}: {refused}")


def credentials_at(settings_file: str) -> Credentials:
    """Who signs in, as a file says.

    Raises:
        UsageError: if there is no such file, or it does not say so.
    """
    try:
        return msgspec.json.decode(Path(settings_file).read_bytes(), type=Credentials)
    except FileNotFoundError as error:
        raise UsageError(
            f"there are no settings to sign in with at {settings_file}; they are JSON with email and password"
        ) from error
    except msgspec.DecodeError as error:
        raise UsageError(f"{settings_file} is no JSON with email and password: {error}") from error


def _sign_in(page: Any, site: _Site, credentials: Credentials) -> str:
    """What went wrong; nothing if nothing did."""
    try:
        page.goto(site.page, timeout=_PAGE_MS)
        if page.url.startswith(site.page):
            return ""
        page.fill(site.email, credentials.email, timeout=_FORM_MS)
        page.click(site.after_email, timeout=_FORM_MS)
        page.fill(site.password, credentials.password, timeout=_FORM_MS)
        page.click(site.after_password, timeout=_FORM_MS)
        page.wait_for_url(f"{site.page}**", timeout=_SIGNED_IN_MS)
    except playwright_error() as error:
        # Its log of calls would have the password in it.
        return f"{str(error).splitlines()[0]} at {page.url.partition('?')[0]}"
    return ""
