"""A model's server for the benchmark of engines: it takes 50 ms for an answer, and answers many at a time.

    python benchmarks/engine_model.py

Prints the address of its API, and serves until its standard input ends.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

__all__ = ["served"]

_MODEL_S = 0.05
_CALLS = 4


@contextmanager
def served() -> Iterator[str]:
    """A server in a process of its own; gives the address of its API."""
    with subprocess.Popen(
        [sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
        # Leaving closes its standard input, at which it ends.


async def _serve() -> None:
    server = await asyncio.start_server(_converse, "127.0.0.1", 0)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1", flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


async def _converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Chat completions, one after the other, on one connection."""
    try:
        while head := await reader.readuntil(b"\r\n\r\n"):
            headers = dict(line.lower().split(": ", 1) for line in head.decode().split("\r\n")[1:] if line)
            request = json.loads(await reader.readexactly(int(headers["content-length"])))
            await asyncio.sleep(_MODEL_S)
            body = json.dumps(_completion(request)).encode()
            writer.write(
                b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                + f"Content-Length: {len(body)}\r\n\r\n".encode()
                + body
            )
    except (asyncio.IncompleteReadError, asyncio.CancelledError, ConnectionError):
        # The client has what it wanted, or the benchmark is over.
        writer.close()


def _completion(request: Mapping[str, Any]) -> Mapping[str, Any]:
    answers = sum(message["role"] == "tool" for message in request["messages"])
    name, arguments = ("calculator", {"expression": f"{answers + 1} * 7"})
    if answers >= _CALLS:
        name, arguments = "submit", {"answer": str(_CALLS * 7)}
    function = {"name": name, "arguments": json.dumps(arguments)}
    message = {
        "role": "assistant",
        "content": None,
        "tool_calls": [{"id": f"call_{answers}", "type": "function", "function": function}],
    }
    return {
        "id": "chatcmpl-0",
        "object": "chat.completion",
        "created": 0,
        "model": request["model"],
        "choices": [{"index": 0, "message": message, "finish_reason": "tool_calls"}],
        "usage": {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120},
    }


if __name__ == "__main__":
    asyncio.run(_serve())
