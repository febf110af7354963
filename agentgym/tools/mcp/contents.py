"""What an MCP server answers a call with, as text for the agent and as a value for whoever judges."""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any

import mcp_types

from agentgym.errors import ToolError
from agentgym.tools.workspace import Reply

__all__ = ["answer"]


def answer(result: mcp_types.CallToolResult) -> Reply:
    """The result of a call. Its value is the structured content, or the text, or a list of parts if there is more.

    Raises:
        ToolError: if the tool says that something went wrong, or what it says is no base64.
    """
    parts = [_part(content) for content in result.content]
    text = "\n".join(_told(part) for part in parts)
    structured = result.structured_content
    if not parts and structured is not None:
        text = json.dumps(structured, ensure_ascii=False)
    if result.is_error:
        raise ToolError(text or "the tool failed and did not say why")
    if any(part["type"] != "text" for part in parts):
        return Reply(
            True, text, [*parts, *([] if structured is None else [{"type": "structured", "value": structured}])]
        )
    return Reply(True, text, text if structured is None else structured)


def _part(content: mcp_types.ContentBlock) -> dict[str, Any]:
    match content:
        case mcp_types.TextContent():
            return {"type": "text", "text": content.text}
        case mcp_types.ImageContent() | mcp_types.AudioContent():
            return {"type": content.type, "mime_type": content.mime_type, "data": _bytes(content.data)}
        case mcp_types.ResourceLink():
            return {"type": "link", "uri": content.uri, "name": content.name}
        case mcp_types.EmbeddedResource(resource=mcp_types.TextResourceContents() as inner):
            return {"type": "text", "text": inner.text, "uri": inner.uri}
        case mcp_types.EmbeddedResource(resource=mcp_types.BlobResourceContents() as inner):
            return {
                "type": "resource",
                "uri": inner.uri,
                "mime_type": inner.mime_type or "application/octet-stream",
                "data": _bytes(inner.blob),
            }
    raise AssertionError("the SDK knows no other content")


def _told(part: dict[str, Any]) -> str:
    """What the agent is shown of a part: text as it is, of other things what they are."""
    match part:
        case {"text": str(text)}:
            return text
        case {"type": "link"}:
            return f"[link: {part['name']}, {part['uri']}]"
        case _:
            return f"[{part['type']}: {part['mime_type']}, {len(part['data'])} bytes]"


def _bytes(encoded: str) -> bytes:
    try:
        return base64.b64decode(encoded, validate=True)
    except binascii.Error as error:
        raise ToolError(f"the MCP server sent what is no base64: {error}") from error
