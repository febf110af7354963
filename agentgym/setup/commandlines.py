"""A task's command line: how it is run, and the programs, packages and addresses of the web that it calls for."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from agentgym.backends.base import Backend
from agentgym.tasks.forms import is_true

__all__ = ["Called", "argv_in", "argv_of", "called_by", "live_addresses"]

_ADDRESS = re.compile(r"""https?://[^\s"'<>\\)\]}]+""")
_LOOPBACK = re.compile(r"https?://(localhost|127\.0\.0\.1|\[::1\])(?=[:/]|$)")
_PROGRAM = re.compile(r"/?[A-Za-z][\w.+/-]*")
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*\+?=")
_HOME = "~/"
_ENDS = frozenset("();<>|&")
_SHELLS = frozenset({"bash", "dash", "sh"})
_INSTALLERS = frozenset({"apt", "apt-get"})

_LEADING = frozenset({"env", "exec", "nohup", "setsid", "sudo", "time", "timeout"})
"""Programs that run the one behind them."""

_OF_THE_SHELL = frozenset(
    {
        *("alias", "break", "case", "cd", "command", "continue", "declare", "do", "done", "echo", "elif", "else"),
        *("esac", "eval", "exit", "export", "false", "fi", "for", "function", "hash", "history", "if", "in", "let"),
        *("local", "printf", "pwd", "read", "return", "set", "shift", "source", "test", "then", "trap", "true"),
        *("type", "ulimit", "umask", "unset", "until", "wait", "while"),
    }
)
_BEFORE_A_COMMAND = frozenset({"do", "elif", "else", "if", "then", "until", "while", "!"})


class Called(NamedTuple):
    """What a command line calls.

    Args:
        programs: as they stand there, each once.
        packages: of Debian, that it installs.
        addresses: of the web, that a program is told.
    """

    programs: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()


def argv_of(command: str | Sequence[str], shell: bool | str = False) -> Sequence[str]:
    """The program and its arguments of a step's or getter's command.

    Args:
        shell: whether a shell runs it; otherwise a text is taken apart as a shell would.

    Raises:
        ValueError: if it is no command.
    """
    if is_true(shell):
        return ["sh", "-c", _script(command)]
    try:
        argv = shlex.split(command) if isinstance(command, str) else list(command)
    except ValueError as error:
        raise ValueError(f"{command!r} is no command: {error}") from error
    if not argv:
        raise ValueError(f"{command!r} is no command: there is nothing in it")
    return argv


def argv_in(backend: Backend, command: str | Sequence[str], shell: bool | str = False) -> Sequence[str]:
    """The same for a machine: a word that begins with ``~/`` is below its home, as OSWorld's server has it.

    Raises:
        ValueError: if it is no command.
    """
    argv = argv_of(command, shell)
    if is_true(shell) or not any(word.startswith(_HOME) for word in argv):
        return argv
    home = backend.run(["sh", "-c", 'printf %s "$HOME"']).stdout.decode("utf-8", "surrogateescape")
    return [f"{home}{word[1:]}" if word.startswith(_HOME) else word for word in argv]


def called_by(command: str | Sequence[str], *, in_shell: bool) -> Called:
    """What a step's or getter's command calls, as far as it can be told without running it.

    Args:
        in_shell: whether a shell runs it; otherwise a text is taken apart as a shell would.
    """
    commands = list(_commands(command, in_shell))
    return Called(
        tuple(dict.fromkeys(argv[0] for argv in commands if _is_program(argv[0]))),
        tuple(dict.fromkeys(name for argv in commands for name in _installed(argv))),
        tuple(dict.fromkeys(address for argv in commands for address in _addresses(argv))),
    )


def live_addresses(text: str) -> list[str]:
    """The addresses of the web in a text, but for those of the machine itself."""
    return [address for address in _ADDRESS.findall(text) if not _LOOPBACK.match(address)]


def _script(command: str | Sequence[str]) -> str:
    """What a shell is told. A list of one is a script, as OSWorld's own steps write it, and no program of that name."""
    if isinstance(command, str):
        return command
    return command[0] if len(command) == 1 else shlex.join(command)


def _commands(command: str | Sequence[str], in_shell: bool) -> Iterator[list[str]]:
    """Each command by itself, as a program and its arguments."""
    if in_shell:
        yield from _of_script(_script(command))
        return
    try:
        argv = shlex.split(command) if isinstance(command, str) else list(command)
    except ValueError:
        # What is no command is told when the step is run.
        return
    yield from _of_argv(argv)


def _of_argv(argv: list[str]) -> Iterator[list[str]]:
    argv = _without_leading(argv)
    if not argv:
        return
    yield argv
    script = argv[argv.index("-c") + 1 : argv.index("-c") + 2] if "-c" in argv else []
    if script and argv[0].rpartition("/")[2] in _SHELLS:
        yield from _of_script(script[0])


def _of_script(script: str) -> Iterator[list[str]]:
    for line in script.splitlines():
        words = shlex.shlex(line, posix=True, punctuation_chars=True)
        words.whitespace_split = True
        words.commenters = ""
        yield from _of_words(_until_unclosed(words))


def _until_unclosed(words: shlex.shlex) -> Iterator[str]:
    try:
        yield from words
    except ValueError:
        # A quote that is closed on another line.
        return


def _of_words(words: Iterator[str]) -> Iterator[list[str]]:
    argv: list[str] = []
    into_file = False
    for word in words:
        if into_file:
            into_file = False
        elif set(word) <= _ENDS and set(word) & {"<", ">"}:
            into_file = True
        elif set(word) <= _ENDS:
            yield from _of_argv(argv)
            argv = []
        elif argv or word not in _BEFORE_A_COMMAND:
            argv.append(word)
    yield from _of_argv(argv)


def _without_leading(argv: list[str]) -> list[str]:
    """The command behind assignments, and behind ``sudo`` and the like with their options."""
    led = False
    for place, word in enumerate(argv):
        if _ASSIGNMENT.match(word) or (led and (word.startswith("-") or word.replace(".", "").isdigit())):
            continue
        if word.rpartition("/")[2] not in _LEADING:
            return argv[place:]
        led = True
    return []


def _is_program(word: str) -> bool:
    return _PROGRAM.fullmatch(word) is not None and word not in _OF_THE_SHELL


def _installed(argv: list[str]) -> list[str]:
    if argv[0].rpartition("/")[2] not in _INSTALLERS or "install" not in argv:
        return []
    return [word for word in argv[argv.index("install") + 1 :] if not word.startswith("-")]


def _addresses(argv: list[str]) -> Iterator[str]:
    """Those that are an argument, or part of one such as ``--url=…``, and all in a program that stands in one."""
    is_code = "-c" in argv
    for word in argv[1:]:
        if is_code or word.partition("=")[2].startswith("http") or word.startswith("http"):
            yield from live_addresses(word)
