"""The life of a Python interpreter that keeps its variables from one call to the next."""

from __future__ import annotations

import ast
import builtins
import io
import linecache
import os
import pickle
import random
import sys
import traceback
import types
from typing import Any

import cloudpickle  # shown to the sandbox beside this package

from .channel import Channel

_OURS = "__main__"

# What code does to builtins must not keep the next call from being read.
_compile, _exec, _eval, _isinstance = compile, exec, eval, isinstance


def serve(channel: Channel) -> None:
    """Runs code and answers until the channel is closed."""
    Interpreter().serve(channel)


class Interpreter:
    """One namespace, and the code that runs in it."""

    def __init__(self) -> None:
        module = types.ModuleType(_OURS)
        module.__dict__["__builtins__"] = builtins
        self._names = module.__dict__
        self._given = frozenset(self._names)
        sys.modules[_OURS] = module
        sys.path.insert(0, "")
        sys.argv = [""]
        builtins.__dict__.update(exit=sys.exit, quit=sys.exit)
        sys.stdin = open(0, encoding="utf-8", errors="replace")  # noqa: SIM115 - for as long as this process lives
        sys.stdout = _unbuffered(1)
        sys.stderr = _unbuffered(2)
        self._cells = 0

    def serve(self, channel: Channel) -> None:
        pid = os.getpid()
        while True:
            try:
                header, body, _ = channel.receive()
            except (EOFError, ConnectionError):
                return
            except KeyboardInterrupt:
                # It came after the code had ended.
                continue
            match header.pop("do"):
                case "seed":
                    random.seed(header["seed"])
                    channel.send({})
                case "run":
                    answer = {"ok": self._run(body.decode())}
                    if os.getpid() != pid:
                        # The code has forked, and this is the child: there is one interpreter, and it is its parent.
                        os._exit(0)
                    channel.send(answer)
                case "save":
                    state, lost = self._save()
                    channel.send({"lost": lost}, state)
                case "load":
                    self._load(body)
                    channel.send({})

    def _run(self, code: str) -> bool:
        """Runs code; the value of a last expression is printed, as at the prompt. False if it raised."""
        self._cells += 1
        name = f"<cell {self._cells}>"
        # So that tracebacks quote it.
        linecache.cache[name] = (len(code), None, code.splitlines(keepends=True), name)
        self._open_outputs()
        try:
            self._run_parts(code, name)
            return True
        except SystemExit as ended:
            sys.stderr.write(f"SystemExit: {ended.code}; the interpreter goes on\n")
            return ended.code in (None, 0)
        except BaseException as error:  # noqa: BLE001 - whatever the code raised is its result
            _print(error)
            return False
        finally:
            self._flush()

    def _run_parts(self, code: str, name: str) -> None:
        tree: ast.Module = _compile(code, name, "exec", ast.PyCF_ONLY_AST)  # type: ignore[assignment]  # "exec" gives one
        last: Any = tree.body.pop() if tree.body and _isinstance(tree.body[-1], ast.Expr) else None
        _exec(_compile(tree, name, "exec"), self._names)
        if last is not None:
            sys.displayhook(_eval(_compile(ast.Expression(last.value), name, "eval"), self._names))

    def _save(self) -> tuple[bytes, dict[str, str]]:
        """Variables, random state and folder; and by name, why a variable could not be saved."""
        kept = {name: value for name, value in self._names.items() if name not in self._given}
        lost: dict[str, str] = {}
        try:
            names = self._pickled(kept)
        except Exception:  # noqa: BLE001 - whatever some object raises when it is pickled
            lost = {name: why for name, value in kept.items() if (why := self._unpicklable(value)) is not None}
            names = self._pickled({name: value for name, value in kept.items() if name not in lost})
        rest = (random.getstate(), os.getcwd(), list(sys.path), dict(os.environ), self._cells)
        return pickle.dumps((names, rest)), lost

    def _pickled(self, names: dict[str, Any]) -> bytes:
        buffer = io.BytesIO()
        _Pickler(buffer, self._names).dump(names)
        return buffer.getvalue()

    def _unpicklable(self, value: Any) -> str | None:
        try:
            self._pickled({"value": value})
        except Exception as error:  # noqa: BLE001 - as above; it is told
            return f"{type(error).__name__}: {error}"
        return None

    def _load(self, state: bytes) -> None:
        names, (randomness, folder, path, environment, self._cells) = pickle.loads(state)
        os.chdir(folder)
        sys.path[:] = path
        os.environ.clear()
        os.environ.update(environment)
        for name, value in _Unpickler(io.BytesIO(names), self._names).load().items():
            # Functions have brought what they see, out of its order.
            self._names.pop(name, None)
            self._names[name] = value
        random.setstate(randomness)

    @staticmethod
    def _open_outputs() -> None:
        """Gives code its outputs back if it has closed them."""
        if getattr(sys.stdout, "closed", True):
            sys.stdout = _unbuffered(1)
        if getattr(sys.stderr, "closed", True):
            sys.stderr = _unbuffered(2)

    @staticmethod
    def _flush() -> None:
        for stream in (sys.stdout, sys.stderr):
            try:
                stream.flush()
            except (OSError, ValueError, AttributeError):
                # The code has closed it, or put something else there.
                continue


class _Pickler(cloudpickle.Pickler):  # type: ignore[misc]  # it ships no type information
    """Knows the namespace itself, so that functions defined in it go on to see its variables when they are back."""

    def __init__(self, file: io.BytesIO, names: dict[str, Any]) -> None:
        super().__init__(file)
        self._names = names
        self.globals_ref[id(names)] = names

    def persistent_id(self, obj: Any) -> str | None:
        return _OURS if obj is self._names else None


class _Unpickler(pickle.Unpickler):
    def __init__(self, file: io.BytesIO, names: dict[str, Any]) -> None:
        super().__init__(file)
        self._names = names

    def persistent_load(self, pid: str) -> dict[str, Any]:
        return self._names


def _print(error: BaseException) -> None:
    """Writes a traceback from the code's own first frame on; of code that cannot be read there is none."""
    frames = error.__traceback__
    while frames is not None and not frames.tb_frame.f_code.co_filename.startswith("<cell "):
        frames = frames.tb_next
    text = "".join(traceback.format_exception(type(error), error, frames))
    try:
        sys.stderr.write(text)
    except (OSError, ValueError, AttributeError):
        os.write(2, text.encode("utf-8", "replace"))


def _unbuffered(descriptor: int) -> io.TextIOWrapper:
    """So that what programs that the code starts write stands where it belongs; a line goes out as a whole."""
    return open(descriptor, "w", encoding="utf-8", errors="backslashreplace", buffering=1, closefd=False)
