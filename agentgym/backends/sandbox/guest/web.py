"""HTTP on behalf of an agent, from where the desktop's own services are to be reached."""

from __future__ import annotations

import http.client
import urllib.parse
from typing import Any

from .files import Refused

_MOST_BODY = 4 << 20
_PATIENCE_S = 20.0


def http_request(method: str, url: str, headers: dict[str, str], body: str | None = None) -> dict[str, Any]:
    """One request, without following where it is sent on to.

    Returns:
        ``status``, ``headers`` with their names in lower case, ``body`` as text.
    """
    parts = urllib.parse.urlsplit(url)
    kind = {"http": http.client.HTTPConnection, "https": http.client.HTTPSConnection}.get(parts.scheme)
    if kind is None or not parts.hostname:
        raise Refused(f"{url!r} is no address; one begins with http:// and a host")
    connection = kind(parts.hostname, parts.port, timeout=_PATIENCE_S)
    target = urllib.parse.urlunsplit(("", "", parts.path or "/", parts.query, ""))
    try:
        connection.request(method, target, None if body is None else body.encode(), headers)
        answer = connection.getresponse()
        content = answer.read(_MOST_BODY + 1)
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise Refused(f"{method} {url}: {type(error).__name__}: {error}") from error
    finally:
        connection.close()
    if len(content) > _MOST_BODY:
        raise Refused(f"{method} {url}: the answer has more than {_MOST_BODY >> 20} MB")
    told = {name.lower(): value for name, value in answer.getheaders()}
    return {"status": answer.status, "headers": told, "body": content.decode("utf-8", "replace")}
