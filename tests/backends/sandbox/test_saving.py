"""What `snapshot` gives brings everything back."""

from __future__ import annotations

from pathlib import Path

import pytest

from agentgym.backends.sandbox.backend import SandboxBackend
from agentgym.backends.sandbox.toolside import MachineToken
from agentgym.errors import UsageError
from tests.backends.sandbox.conftest import HELLO, Asked

pytestmark = pytest.mark.episodes

_LOOK = "ls -lR --time-style=+%s ~ /tmp | grep -v '^total'; cat ~/a/x ~/hard; stat -c '%h %a' ~/a/x"


def saved(asked: Asked) -> MachineToken:
    token = asked.machine.snapshot()
    assert isinstance(token, MachineToken)
    return token


def test_files_of_every_kind_come_back(asked: Asked) -> None:
    asked.bash(
        "mkdir -p a/b; echo 1 > a/x; ln a/x hard; ln -s a/x link; ln -s /nowhere dangling; mkfifo a/b/pipe;"
        "echo s > secret; chmod 000 secret; mkdir locked; echo f > locked/f; chmod 000 locked; touch -d @1 a old;"
        "echo t > /tmp/t; printf 'a\\377b' > 'odd name'"
    )
    before = asked.bash(_LOOK).output
    token = saved(asked)
    asked.bash("chmod -R 700 ~; rm -rf ~/* /tmp/*; mkdir link; echo new > new; echo 2 > hard; chmod 000 ~")
    asked.machine.restore(token)
    assert asked.bash(_LOOK).output == before
    assert asked.machine.read("odd name") == b"a\xffb"
    assert asked.bash("chmod 700 locked; cat locked/f; echo 3 > a/x; cat hard").output == "f\n3\n"


def test_shell_comes_back(asked: Asked) -> None:
    asked.bash(
        "export V='two\nlines'; list=(1 'b c'); declare -A map=([k]=v); f() { echo f $V; }; alias ll='echo alias';"
        "set -f; umask 027; readonly R=1; trap 'echo bye' USR1; mkdir d; cd d"
    )
    look = 'echo "$V" ${list[1]} ${map[k]} $R; f; ll; echo *; umask; trap -p; pwd; echo $RANDOM; env | grep ^V='
    token = saved(asked)
    first = asked.bash(look).output
    asked.bash("V=other; cd /; unset -f f; set +f")
    asked.machine.restore(token)
    assert asked.bash(look).output == first


def test_saving_changes_nothing(asked: Asked) -> None:
    asked.bash("x=1; false")
    saved(asked)
    assert asked.bash("echo $?").output == "1\n"


def test_interpreter_comes_back_with_what_its_functions_see(asked: Asked) -> None:
    asked.python(
        "import random, os\nn = 0\ndef up():\n    global n\n    n += 1\n    return n\n"
        "class A:\n    def up(self):\n        return up()\n"
        "a, one = A(), [1]\ntwo = one\nos.environ['E'] = 'e'\nos.chdir('/tmp')\nrandom.random()"
    )
    look = "(up(), a.up(), n, one is two, isinstance(a, A), random.random(), os.environ['E'], os.getcwd())"
    token = saved(asked)
    assert token.lost == {}
    first = asked.python(look).output
    asked.python("n = 50; del one, a")
    asked.machine.restore(token)
    assert asked.python(look).output == first


def test_what_cannot_be_saved_is_named(asked: Asked) -> None:
    asked.python("kept = 1\nlost = (one for one in range(3))\nimport threading\nlock = threading.Lock()")
    token = saved(asked)
    assert sorted(token.lost) == ["lock", "lost"]
    assert "cannot pickle 'generator' object" in token.lost["lost"]
    asked.machine.restore(token)
    assert asked.python("kept").output == "1\n"
    assert "NameError" in asked.python("lost").output


def test_token_can_be_used_again_and_in_another_machine(asked: Asked) -> None:
    asked.bash("for i in 1 2 3; do echo $i > $i; done; x=5")
    token = saved(asked)
    for _ in range(3):
        asked.bash("echo other > 1; rm 2; x=6")
        asked.machine.restore(token)
        assert asked.bash("cat 1 2 3; echo $x").output == "1\n2\n3\n5\n"
    other = SandboxBackend()
    try:
        other.reset(seed=7)
        other.restore(token)
        assert other.bash("cat 1 2 3; echo $x", timeout_s=20, max_output=100).output == "1\n2\n3\n5\n"
    finally:
        other.close()


def test_content_changed_behind_the_clock_comes_back(asked: Asked) -> None:
    asked.bash("echo aaaa > f; touch -d @5 f")
    token = saved(asked)
    # The same size and the same time.
    asked.bash("echo bbbb > f; touch -d @5 f")
    asked.machine.restore(token)
    assert asked.bash("cat f").output == "aaaa\n"


def test_database_comes_back_and_its_service_goes_on(asked: Asked) -> None:
    source = (
        "import sqlite3\nfrom http.server import BaseHTTPRequestHandler, HTTPServer\n"
        "def main(port, database, data):\n"
        "    class Handler(BaseHTTPRequestHandler):\n"
        "        def do_GET(self):\n"
        "            with sqlite3.connect(database) as connection:\n"
        "                connection.execute('create table if not exists t (a)')\n"
        "                connection.execute('insert into t values (1)')\n"
        "                count = connection.execute('select count(*) from t').fetchone()[0]\n"
        "            self.send_response(200); self.end_headers(); self.wfile.write(str(count).encode())\n"
        "    HTTPServer(('127.0.0.1', port), Handler).serve_forever()\n"
    )

    def count() -> str:
        reply = asked.do("http", method="GET", url="http://127.0.0.1:8080/", headers={})
        assert reply.ok, reply.output
        return str(reply.value["body"])

    asked.machine.serve("counter", source, port=8080, database="/home/user/.counter.db")
    assert count() == "1"
    token = saved(asked)
    assert count() == "2"
    asked.machine.restore(token)
    assert count() == "2"
    # Killed by whatever means, it is started again.
    asked.bash("pkill -9 -f guest.server; true")
    asked.machine.restore(token)
    assert count() == "2"


def test_links_of_two_file_systems_are_not_mixed_up(asked: Asked) -> None:
    asked.bash("for i in 1 2 3 4; do echo a$i > a$i; ln a$i b$i; echo c$i > /tmp/c$i; ln /tmp/c$i /tmp/d$i; done")
    token = saved(asked)
    asked.bash("rm -rf ~/* /tmp/*")
    asked.machine.restore(token)
    assert asked.bash("cat a3 b3 /tmp/c3 /tmp/d3; stat -c %h b3 /tmp/d3").output == "a3\na3\nc3\nc3\n2\n2\n"


def test_locked_folder_comes_back_again_and_again(asked: Asked) -> None:
    asked.bash("mkdir d; echo 1 > d/f; chmod 000 d")
    token = saved(asked)
    for change in ("chmod 700 d; echo 2 > d/f; chmod 000 d", "chmod 700 d; rm d/f; chmod 000 d"):
        asked.bash(change)
        asked.machine.restore(token)
        assert asked.bash("stat -c %a d; chmod 700 d; cat d/f").output == "0\n1\n"


def test_folders_as_deep_as_paths_are_long(asked: Asked) -> None:
    asked.bash("mkdir -p $(printf 'a/%.0s' {1..1500}); echo deep > $(printf 'a/%.0s' {1..1500})f")
    token = saved(asked)
    asked.bash("rm -rf a")
    asked.machine.restore(token)
    assert asked.bash("cat $(printf 'a/%.0s' {1..1500})f").output == "deep\n"


def test_services_and_random_numbers_are_part_of_a_token(asked: Asked) -> None:
    asked.machine.serve("hello", HELLO, port=8080, database="d", data="here")
    token = saved(asked)
    drawn = asked.bash("echo $RANDOM").output
    asked.machine.reset(seed=99)
    asked.machine.restore(token)
    assert asked.do("http", method="GET", url="http://127.0.0.1:8080/", headers={}).value["body"] == "here"
    assert asked.bash("echo $RANDOM").output == drawn


def test_function_with_any_line_and_large_variables_come_back(asked: Asked) -> None:
    asked.bash("f() { cat <<'x'\n__agentgym_state\nx\n}; big=$(head -c 20000000 /dev/zero | tr '\\0' y); set -f")
    token = saved(asked)
    asked.bash("unset f big; set +f")
    asked.machine.restore(token)
    assert asked.bash("f; echo ${#big} $-").output.startswith("__agentgym_state\n20000000 f")


@pytest.mark.parametrize("target", ["/tmp/shown", "/home/user/a/b/shown", "/var/tmp/x/y"])
def test_folders_that_are_shown_within_the_agents_own_stay(tmp_path: Path, target: str) -> None:
    (tmp_path / "f").write_text("of the host")
    machine = SandboxBackend(shown={str(tmp_path): target})
    asked = Asked(machine)
    try:
        for seed in range(2):
            machine.reset(seed=seed)
            assert asked.bash(f"cat {target}/f; echo 1 > ~/mine; rm -rf {target} 2>/dev/null; ls {target}").ok
            token = saved(asked)
            asked.bash("echo 2 > ~/mine")
            machine.restore(token)
            assert asked.bash(f"cat {target}/f ~/mine").output == "of the host1\n"
    finally:
        machine.close()
    assert (tmp_path / "f").read_text() == "of the host"


def test_foreign_token_is_refused(asked: Asked) -> None:
    with pytest.raises(UsageError, match="not a snapshot"):
        asked.machine.restore("token")
