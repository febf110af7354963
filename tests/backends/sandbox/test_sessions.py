"""A shell and an interpreter that last, and what is done with files."""

from __future__ import annotations

import pytest

from agentgym.actions import Click
from agentgym.backends.sandbox.backend import SandboxBackend
from agentgym.errors import ActionError, BackendError, UsageError
from tests.backends.sandbox.conftest import HELLO, Asked

pytestmark = pytest.mark.episodes


def test_shell_keeps_folder_variables_functions_and_status(asked: Asked) -> None:
    asked.bash("cd /tmp; x='a b'; f() { echo f $x; }; false")
    assert asked.bash("echo $?; pwd; f").output == "1\n/tmp\nf a b\n"


def test_both_outputs_come_in_their_order(asked: Asked) -> None:
    assert asked.bash("echo one; echo two >&2; echo three").output == "one\ntwo\nthree\n"


def test_failed_command_says_its_status(asked: Asked) -> None:
    reply = asked.bash("ls nowhere")
    assert not reply.ok
    assert "No such file or directory" in reply.output
    assert "[exit status 2]" in reply.output


def test_errors_count_the_lines_of_the_command(asked: Asked) -> None:
    assert "line 2:" in asked.bash("true\nno-such-program").output


def test_command_reads_nothing(asked: Asked) -> None:
    assert asked.bash("cat; read x; echo $?").output == "1\n"


def test_shell_that_ends_is_replaced_and_says_so(asked: Asked) -> None:
    asked.bash("x=1; cd /tmp")
    reply = asked.bash("exit 0")
    assert not reply.ok
    assert "the shell has ended" in reply.output
    assert asked.bash("echo [$x]; pwd").output == "[]\n/home/user\n"


def test_command_that_hangs_is_stopped_and_the_shell_goes_on(asked: Asked) -> None:
    asked.bash("x=1")
    reply = asked.bash("echo before; sleep 60; echo after $x", timeout_s=1.0)
    assert not reply.ok
    assert "did not end within 1 s" in reply.output
    assert asked.bash("echo $x").output == "1\n"


def test_long_output_is_cut_and_says_how_long_it_was(asked: Asked) -> None:
    reply = asked.machine.bash("head -c 100000 /dev/zero | tr '\\0' x", timeout_s=20, max_output=1000)
    assert not reply.ok
    assert reply.output.startswith("x" * 1000 + "\n")
    assert "100000 bytes" in reply.output


def test_random_numbers_of_the_shell_follow_the_seed(asked: Asked) -> None:
    def drawn(seed: int) -> str:
        asked.machine.reset(seed=seed)
        return asked.bash("echo $RANDOM $RANDOM").output + asked.bash("echo $RANDOM").output

    assert drawn(3) == drawn(3)
    assert drawn(3) != drawn(4)


def test_interpreter_keeps_variables_and_shows_the_last_value(asked: Asked) -> None:
    assert asked.python("x = 2\ndef f():\n    return x * 21").output == ""
    assert asked.python("import math\nprint('here')\nf()").output == "here\n42\n"


def test_interpreter_tells_where_it_failed_and_goes_on(asked: Asked) -> None:
    asked.python("x = 1")
    reply = asked.python("def f():\n    return 1 / 0\nf()")
    assert not reply.ok
    assert 'File "<cell 2>", line 2, in f\n    return 1 / 0\n' in reply.output
    assert "interpreter.py" not in reply.output
    assert asked.python("x").output == "1\n"


@pytest.mark.parametrize("code", ["while True: pass", "import time; time.sleep(60)"])
def test_code_that_hangs_is_interrupted_and_keeps_its_variables(asked: Asked, code: str) -> None:
    asked.python("x = 1")
    reply = asked.python(code, timeout_s=1.0)
    assert not reply.ok
    assert "KeyboardInterrupt" in reply.output
    assert "did not end within 1 s" in reply.output
    assert asked.python("x").output == "1\n"


def test_code_that_will_not_be_interrupted_is_killed(asked: Asked) -> None:
    code = "import signal, time\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True: time.sleep(1)"
    reply = asked.python(code, timeout_s=1.0)
    assert not reply.ok
    assert "the interpreter has ended" in reply.output
    assert asked.python("1 + 1").output == "2\n"


def test_interpreter_that_dies_is_replaced(asked: Asked) -> None:
    assert "the interpreter has ended" in asked.python("import os; os._exit(3)").output
    assert asked.python("1 + 1").output == "2\n"


def test_interpreter_that_forks_goes_on_alone(asked: Asked) -> None:
    asked.python("import os\nos.fork()")
    assert [asked.python(code).output for code in ("'A'", "'B'", "1 + 1")] == ["'A'\n", "'B'\n", "2\n"]


@pytest.mark.parametrize(
    "code",
    [
        "import sys\nsys.stdout.close()\nsys.stderr.close()",
        "import builtins\nbuiltins.compile = builtins.exec = builtins.eval = builtins.isinstance = None",
        "import sys\nsys.stdout = None",
        "exit()",
    ],
)
def test_interpreter_that_was_made_useless_answers(asked: Asked, code: str) -> None:
    asked.python(code)
    assert asked.python("6 * 7").output == "42\n"
    assert "ZeroDivisionError" in asked.python("1 / 0").output


def test_code_that_cannot_be_read_says_so_and_no_more(asked: Asked) -> None:
    said = asked.python("x = (").output
    assert "SyntaxError: '(' was never closed" in said
    assert "ast.py" not in said


def test_locked_home_can_be_unlocked(asked: Asked) -> None:
    asked.bash("echo 1 > f; chmod 000 ~; exit 3")
    assert not asked.do("read", path="f").ok
    assert asked.bash("chmod 755 ~; cd; cat f").output == "1\n"


def test_shell_that_ends_says_with_what(asked: Asked) -> None:
    assert "the shell has ended with status 3;" in asked.bash("exit 3").output


def test_path_that_cannot_be_is_refused(asked: Asked) -> None:
    assert "zero byte" in asked.do("read", path="a\0b").output
    assert "is a folder" in asked.do("write", path="d/", content="").output


def test_what_code_starts_writes_where_it_stands(asked: Asked) -> None:
    code = "import subprocess\nprint('a')\nsubprocess.run(['echo', 'b'])\nprint('c')"
    assert asked.python(code).output.startswith("a\nb\nc\n")


def test_files_are_written_read_changed_listed_and_searched(asked: Asked) -> None:
    asked.do("write", path="notes/a.txt", content="one\ntwo\nthree\n")
    assert asked.do("read", path="notes/a.txt", offset=1, limit=1).output == "two\n"
    assert asked.do("edit", path="notes/a.txt", old="two", new="2").ok
    assert asked.do("grep", pattern=r"^\d$").output == "notes/a.txt:2:2\n"
    assert asked.do("list", depth=2).output == "notes/\n  a.txt 12\n"


def test_piece_that_is_not_there_once_is_not_replaced(asked: Asked) -> None:
    asked.do("write", path="a", content="x x")
    assert "2 times" in asked.do("edit", path="a", old="x", new="y").output
    assert "does not have" in asked.do("edit", path="a", old="z", new="y").output
    assert asked.do("read", path="a").output == "x x"
    assert asked.do("edit", path="a", old="x", new="y", every=True).ok
    assert asked.do("read", path="a").output == "y y"


def test_missing_file_names_what_is_beside_it(asked: Asked) -> None:
    asked.do("write", path="report.txt", content="")
    assert asked.do("read", path="reprot.txt").output == "there is no reprot.txt; its folder has report.txt"


@pytest.mark.parametrize(
    "kind", ["mkfifo p", "mkdir p", "ln -s /dev/zero p", "head -c 9 /dev/urandom | tr a-z '\\377' > p"]
)
def test_what_is_no_text_is_refused_at_once(asked: Asked, kind: str) -> None:
    asked.bash(kind)
    assert not asked.do("read", path="p").ok


def test_databases_answer_with_columns_and_rows(asked: Asked) -> None:
    asked.do("sql", database="d", statement="create table t (a, b)")
    assert asked.do(
        "sql", database="d", statement="insert into t values (?, ?), (2, null)", parameters=[1, "x"]
    ).value == {"changed": 2}
    assert asked.do("sql", database="d", statement="select * from t").value == {
        "columns": ["a", "b"],
        "rows": [[1, "x"], [2, None]],
    }
    assert "syntax error" in asked.do("sql", database="d", statement="selec").output


def test_regular_expression_that_never_ends_is_stopped(asked: Asked) -> None:
    asked.do("write", path="a", content="a" * 40 + "b")
    reply = asked.machine.do("grep", {"pattern": "(a+)+$"}, timeout_s=0.3, max_output=100)
    assert not reply.ok
    assert "0.3 s" in reply.output
    assert asked.do("grep", pattern="b$").ok


def test_service_answers_on_the_loopback(asked: Asked) -> None:
    asked.machine.serve("hello", HELLO, port=8080, database="unused.db", data="hello there")
    got = asked.do("http", method="GET", url="http://127.0.0.1:8080/x", headers={})
    assert got.value["status"] == 200
    assert got.value["body"] == "hello there"
    # What was there before a call is no business of that call.
    asked.bash("true")
    assert asked.do("http", method="GET", url="http://127.0.0.1:8080/", headers={}).ok


def test_service_that_does_not_come_up_says_why(asked: Asked) -> None:
    with pytest.raises(OSError, match="KeyError: 'no such thing'"):
        asked.machine.serve("broken", "def main(**_):\n    raise KeyError('no such thing')\n", port=8080, database="d")


@pytest.mark.parametrize(
    ("source", "said"), [("def main(", "was never closed"), ("x = 1\0", "null byte"), ("x = 1", "'main'")]
)
def test_service_that_is_no_program_says_why_and_harms_nothing(asked: Asked, source: str, said: str) -> None:
    with pytest.raises(OSError, match=said):
        asked.machine.serve("broken", source, port=8080, database="d")
    assert asked.bash("echo still here").output == "still here\n"


def test_there_is_no_screen_to_act_on_or_look_at(asked: Asked) -> None:
    with pytest.raises(ActionError, match="no Click here"):
        asked.machine.perform(Click(1, 1))
    with pytest.raises(UsageError, match="no screen"):
        asked.machine.observe(["screenshot"])
    assert asked.machine.observe([]) == {}


def test_closed_machine_says_so() -> None:
    with pytest.raises(BackendError, match="call reset"):
        SandboxBackend().bash("true", timeout_s=1, max_output=10)
