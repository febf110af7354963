"""An MCP server of the standard library alone, as a sandbox runs it without packages; half of its tools misbehave."""

import json
import os
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

OBJECT = {"type": "object"}
TOOLS = {
    "note": {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]},
    "mumble": OBJECT,
    "babble": OBJECT,
    "sampling": OBJECT,
    "nonsense": OBJECT,
    "protocol_error": OBJECT,
    "die": OBJECT,
    "odd/name": OBJECT,
    "about": OBJECT,
}


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def call(name: str, arguments: dict[str, Any]) -> dict[str, Any] | None:
    if name == "note":
        with open("notes.txt", "a") as file:
            file.write(arguments["text"] + "\n")
        return {"content": [{"type": "text", "text": "noted"}]}
    if name == "mumble":
        say("hm")
        return None
    if name == "babble":
        for _ in range(20_000):
            say("hm")
    if name == "sampling":
        asked = {"method": "sampling/createMessage", "params": {"messages": [], "maxTokens": 1}}
        say(json.dumps({"jsonrpc": "2.0", "id": "mine", **asked}))
        return {"content": [{"type": "text", "text": sys.stdin.readline()}]}
    if name == "nonsense":
        return {"content": 7}
    if name == "die":
        os.write(2, b"out of cheese\n")
        os._exit(3)
    if name == "about":
        text = json.dumps({"pid": os.getpid(), "cwd": os.getcwd(), "env": dict(os.environ)})
        return {"content": [{"type": "text", "text": text}]}
    return {"content": [{"type": "text", "text": name}]}


def answer(message: dict[str, Any]) -> dict[str, Any] | None:
    method, parameters = message["method"], message.get("params", {})
    if method == "initialize":
        result = {"protocolVersion": parameters["protocolVersion"], "capabilities": {"tools": {}}}
        return {"result": {**result, "serverInfo": {"name": "plain", "version": "1"}}}
    if method == "tools/list":
        return {"result": {"tools": [{"name": name, "inputSchema": schema} for name, schema in TOOLS.items()]}}
    if method == "tools/call" and parameters["name"] == "protocol_error":
        return {"error": {"code": -32000, "message": "not today"}}
    if method == "tools/call":
        called = call(parameters["name"], parameters.get("arguments", {}))
        return None if called is None else {"result": called}
    return {"error": {"code": -32601, "message": f"no method {method}"}}


def reply_to(message: dict[str, Any]) -> dict[str, Any] | None:
    reply = answer(message) if "id" in message else None
    return None if reply is None else {"jsonrpc": "2.0", "id": message["id"], **reply}


class Web(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        reply = reply_to(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        body = b"" if reply is None else json.dumps(reply).encode()
        self.send_response(202 if reply is None else 200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


def speak() -> None:
    say("ready")
    for line in sys.stdin:
        reply = reply_to(json.loads(line))
        if reply is not None:
            say(json.dumps(reply))


if __name__ == "__main__":
    if "--port" in sys.argv:
        ThreadingHTTPServer(("127.0.0.1", int(sys.argv[2])), Web).serve_forever()
    speak()
