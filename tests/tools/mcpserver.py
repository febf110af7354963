"""A shop as an MCP server, for tests: well behaved, with tools that are not. Run as a program, it speaks on stdio."""

from __future__ import annotations

import base64
import os
import sys
import time
from pathlib import Path
from typing import Any

from mcp.server import MCPServer
from mcp.server.mcpserver import Context, Image
from mcp_types import CallToolResult, ImageContent, TextContent
from pydantic import BaseModel

PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)

server = MCPServer("shop", version="1.0", log_level="ERROR")
orders: list[str] = []


class Order(BaseModel):
    item: str
    count: int


@server.tool()
def add(a: int, b: int = 1) -> int:
    """Adds two numbers."""
    return a + b


@server.tool(structured_output=False)
def say(text: str) -> str:
    """Says it."""
    return text


@server.tool()
def order(item: str, count: int) -> Order:
    """Orders something."""
    orders.append(item)
    Path("orders.txt").write_text("\n".join(orders))
    return Order(item=item, count=count)


@server.tool(structured_output=False)
def picture() -> list[Any]:
    """Shows a picture."""
    return ["look:", Image(data=PIXEL, format="png")]


@server.tool()
def refuse(why: str) -> str:
    """Fails."""
    raise ValueError(why)


@server.tool()
def crash() -> str:
    """Kills the server."""
    os.write(2, b"out of cheese\n")
    os._exit(3)


@server.tool()
def sleep(seconds: float) -> str:
    """Takes its time."""
    time.sleep(seconds)
    return "awake"


@server.tool()
async def learn(name: str, context: Context) -> str:
    """Adds a tool to what is offered."""

    def learnt() -> str:
        return f"I know {name}"

    server.add_tool(learnt, name=name, description="Was learnt.")
    await context.session.send_tool_list_changed()
    return "learnt"


@server.tool()
def environment(name: str) -> str:
    """A variable of the server."""
    return os.environ.get(name, "")


@server.tool()
def bad_base64() -> CallToolResult:
    """Sends a picture that is none."""
    return CallToolResult(content=[ImageContent(type="image", data="!!", mime_type="image/png")])


@server.tool()
def both() -> CallToolResult:
    """Text for the agent, more for the machine."""
    return CallToolResult(content=[TextContent(type="text", text="three")], structured_content={"value": 3})


if __name__ == "__main__":
    if "--port" in sys.argv:
        server.run("streamable-http", port=int(sys.argv[sys.argv.index("--port") + 1]))
    else:
        server.run("stdio")
