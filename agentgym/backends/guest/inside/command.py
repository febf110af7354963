"""Runs a command with what OSWorld's server cannot be told: time-out, folder, environment, input, raw output.

The order is JSON: the only argument, or after ``@`` the name of a file that holds it and is removed.
"""

from __future__ import annotations

import base64
import json
import os
import signal
import subprocess
import sys
from typing import Any


def main(told: str) -> dict[str, Any]:
    """What came of the order, as JSON has it."""
    order = json.loads(_content(told[1:]) if told.startswith("@") else told)
    pipe = subprocess.DEVNULL if order["leave"] else subprocess.PIPE
    try:
        process = subprocess.Popen(
            # As the server does with the commands that it is told itself.
            [os.path.expanduser(word) if word.startswith("~/") else word for word in order["argv"]],
            env={**os.environ, **order["env"]},
            cwd=os.path.expanduser(order["cwd"]) if order["cwd"] else None,
            stdin=pipe,
            stdout=pipe,
            stderr=pipe,
            start_new_session=True,
        )
    except OSError as error:
        return {"errno": error.errno, "message": str(error)}
    return {} if order["leave"] else _ended(process, base64.b64decode(order["stdin"]), order["timeout_s"])


def _ended(process: subprocess.Popen[bytes], stdin: bytes, timeout_s: float) -> dict[str, Any]:
    try:
        stdout, stderr = process.communicate(stdin, timeout=timeout_s)
    except subprocess.TimeoutExpired:
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        process.kill()
        return {"timeout": True}
    output = {"stdout": base64.b64encode(stdout).decode(), "stderr": base64.b64encode(stderr).decode()}
    return {"returncode": process.returncode, **output}


def _content(path: str) -> str:
    with open(path, encoding="utf-8") as file:
        content = file.read()
    os.remove(path)
    return content


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(sys.argv[1])) + "\n")
