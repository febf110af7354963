"""What the stream promises of a tool's outcome: its beginning as text, and the digest of the whole."""

from __future__ import annotations

import hashlib

import msgspec

from agentgym.events import ToolReturned
from agentgym.events.plain import plain
from agentgym.trajectory.redaction import Redact, scrub

__all__ = ["outcome"]

_PREVIEW_CHARS = 200


def outcome(event: ToolReturned, redact: Redact) -> dict[str, str]:
    """``result_preview`` and ``sha256`` of the result, or of the error, unless the event has them of itself.

    Both are of the text without its secrets: half a secret, where it is cut, is not known to be one.
    """
    found = event.error if event.result is None else event.result
    if found is None:
        return {}
    text = redact(found) if isinstance(found, str) else msgspec.json.encode(scrub(plain(found), redact)).decode()
    preview = text[:_PREVIEW_CHARS].encode("utf-8", "replace").decode()
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    return {"result_preview": event.result_preview or preview, "sha256": event.sha256 or digest}
