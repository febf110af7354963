"""Machines are started, brought back and stopped by the commands that their programs take."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from agentgym.backends.guest.backend import GuestBackend
from agentgym.backends.guest.docker import DockerProvider
from agentgym.backends.guest.providers import Address, CommandProvider, run_program
from agentgym.backends.guest.vmware import VMwareProvider
from agentgym.errors import BackendError, MissingDependencyError, UsageError
from agentgym.testing.backends import check_backend, check_renewal
from tests.backends.guest.server import GuestServer

SCREEN = (1280, 720)
_RECORDER = """#!/bin/sh
printf '%s' "${0##*/}" >> "$LOG"; printf ' [%s]' "$@" >> "$LOG"; echo >> "$LOG"
case "$*" in ANSWERS
esac
"""


class Recorder:
    """A program of a name that keeps what it was told, and answers by what is in it."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self._folder, self._log = folder / "programs", folder / "log"
        self._folder.mkdir()
        monkeypatch.setenv("PATH", f"{self._folder}:{os.environ['PATH']}")
        monkeypatch.setenv("LOG", str(self._log))

    def answer(self, program: str, **answers: str) -> None:
        arms = "\n".join(f"*{words.replace('_', ' ')!r}*) {code};;" for words, code in answers.items())
        (self._folder / program).write_text(_RECORDER.replace("ANSWERS", arms))
        (self._folder / program).chmod(0o755)

    @property
    def lines(self) -> list[str]:
        """What was run since the last look."""
        lines = self._log.read_text().splitlines() if self._log.exists() else []
        self._log.write_text("")
        return lines


@pytest.fixture
def recorder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Recorder:
    return Recorder(tmp_path, monkeypatch)


def _published(port: int) -> str:
    return f"echo 127.0.0.1:{port}"


def test_docker(recorder: Recorder, tmp_path: Path) -> None:
    recorder.answer("docker", run="echo pulling; echo c0ffee", port_c0ffee=_published(40001))
    provider, disk = DockerProvider(kvm=True), tmp_path / "Ubuntu.qcow2"
    provider.revert_to_snapshot(str(disk), "init_state")
    provider.start_emulator(str(disk), True, "Ubuntu")
    provider.start_emulator(str(disk), True, "Ubuntu")
    (line,) = recorder.lines
    assert line == (
        f"docker [run] [--detach] [--label] [agentgym.guest={os.getpid()}] [--cap-add] [NET_ADMIN]"
        " [--device] [/dev/kvm] [--env] [DISK_SIZE=32G] [--env] [RAM_SIZE=4G] [--env] [CPU_CORES=4]"
        f" [--volume] [{disk}:/System.qcow2:ro] [--publish] [127.0.0.1::5000] [--publish] [127.0.0.1::9222]"
        " [--publish] [127.0.0.1::8006] [--publish] [127.0.0.1::8080] [happysixd/osworld-docker]"
    )
    assert provider.get_ip_address(str(disk)) == "127.0.0.1:40001:40001:40001:40001"
    assert recorder.lines == [f"docker [port] [c0ffee] [{port}/tcp]" for port in (5000, 9222, 8006, 8080)]
    for _ in range(2):
        provider.stop_emulator(str(disk))
    assert recorder.lines == ["docker [rm] [--force] [--volumes] [c0ffee]"]


def test_docker_without_acceleration(recorder: Recorder) -> None:
    recorder.answer("docker", run="echo c0ffee")
    DockerProvider(kvm=False).start_emulator("/disk", False, "Ubuntu")
    (line,) = recorder.lines
    assert "[--env] [KVM=N]" in line
    assert "/dev/kvm" not in line


def test_docker_that_fails_says_why(recorder: Recorder) -> None:
    recorder.answer("docker", run="echo 'no space left' >&2; exit 125")
    with pytest.raises(BackendError, match=r"docker run .* ended with 125: no space left"):
        DockerProvider().start_emulator("/disk", False, "Ubuntu")
    with pytest.raises(UsageError, match="path_to_vm is empty"):
        DockerProvider().start_emulator("", False, "Ubuntu")


def test_vmware(recorder: Recorder, tmp_path: Path) -> None:
    machine = str(tmp_path / "Ubuntu.vmx")
    recorder.answer("vmrun", list="echo Total running VMs: 0", getGuestIPAddress="echo 192.168.7.8")
    provider = VMwareProvider()
    provider.revert_to_snapshot(machine, "init_state")
    provider.start_emulator(machine, True, "Ubuntu")
    provider.start_emulator(machine, False, "Ubuntu")
    assert provider.get_ip_address(machine) == "192.168.7.8"
    provider.stop_emulator(machine)
    assert recorder.lines == [
        f"vmrun [-T] [ws] [revertToSnapshot] [{machine}] [init_state]",
        "vmrun [-T] [ws] [list]",
        f"vmrun [-T] [ws] [start] [{machine}] [nogui]",
        "vmrun [-T] [ws] [list]",
        f"vmrun [-T] [ws] [start] [{machine}] [gui]",
        f"vmrun [-T] [ws] [getGuestIPAddress] [{machine}] [-wait]",
        "vmrun [-T] [ws] [list]",
    ]
    recorder.answer("vmrun", list=f"echo Total running VMs: 1; echo {machine}")
    provider.start_emulator(machine, True, "Ubuntu")
    provider.stop_emulator(machine)
    assert recorder.lines == [
        "vmrun [-T] [ws] [list]",
        "vmrun [-T] [ws] [list]",
        f"vmrun [-T] [ws] [stop] [{machine}] [hard]",
    ]
    with pytest.raises(UsageError, match=r"must be the \.vmx file"):
        provider.start_emulator("Ubuntu.qcow2", True, "Ubuntu")


@pytest.mark.episodes
def test_a_machine_is_started_brought_back_and_stopped(guest: GuestServer, recorder: Recorder, tmp_path: Path) -> None:
    port = guest.url.rpartition(":")[2]
    recorder.answer("docker", run="echo c0ffee", port=_published(int(port)))
    backend = GuestBackend(provider="docker", path_to_vm="/disk", screen_size=SCREEN)
    backend.reset(seed=0)
    assert backend.address == Address("127.0.0.1", *[int(port)] * 4)
    assert [line.split()[1] for line in recorder.lines] == ["[run]"] + ["[port]"] * 4
    backend.reset(seed=0)
    assert recorder.lines == [], "a machine that nobody used is fresh"
    backend.write("~/file", b"")
    backend.reset(seed=0)
    assert [line.split()[1] for line in recorder.lines] == ["[rm]", "[run]"] + ["[port]"] * 4
    guest.faults["/screenshot"] = ["broken"] * 3
    with pytest.raises(BackendError, match="no image"):
        backend.observe(["screenshot"])
    backend.reset(seed=0)
    assert [line.split()[1] for line in recorder.lines] == ["[rm]", "[run]"] + ["[port]"] * 4
    for _ in range(2):
        backend.close()
    assert [line.split()[1] for line in recorder.lines] == ["[rm]"]


@pytest.mark.episodes
def test_a_machine_that_took_a_while_to_answer_is_as_fresh_as_any(guest: GuestServer, recorder: Recorder) -> None:
    recorder.answer("docker", run="echo c0ffee", port=_published(int(guest.url.rpartition(":")[2])))
    guest.faults["/screenshot"] = ["500"] * 5
    backend = GuestBackend(provider="docker", path_to_vm="/disk", screen_size=SCREEN)
    backend.reset(seed=0)
    assert guest.faults["/screenshot"] == []
    assert [line.split()[1] for line in recorder.lines] == ["[run]"] + ["[port]"] * 4
    backend.reset(seed=0)
    assert recorder.lines == [], "a machine that nobody used is fresh"
    backend.close()


def test_a_provider_is_named_by_osworlds_word(guest: GuestServer, recorder: Recorder) -> None:
    recorder.answer("docker", run="echo c0ffee", port=_published(int(guest.url.rpartition(":")[2])))
    backend = GuestBackend(
        provider_name="docker",
        path_to_vm="/disk",
        snapshot_name="init_state",
        screen_size=SCREEN,
        headless=True,
        require_a11y_tree=True,
        require_terminal=True,
        os_type="Ubuntu",
    )
    backend.reset(seed=0)
    assert backend.address.url == guest.url
    backend.close()
    with pytest.raises(UsageError, match="give one of them"):
        GuestBackend(provider="docker", provider_name="docker")


def test_a_machine_that_does_not_answer_is_started_anew(guest: GuestServer, recorder: Recorder) -> None:
    recorder.answer("docker", run="echo c0ffee", port=_published(1))
    backend = GuestBackend(provider="docker", path_to_vm="/disk", screen_size=SCREEN, boot_timeout=1.0)
    with pytest.raises(BackendError, match="did not come"):
        backend.reset(seed=0)
    recorder.answer("docker", run="echo c0ffee", port=_published(int(guest.url.rpartition(":")[2])))
    backend.reset(seed=0)
    assert [line.split()[1] for line in recorder.lines].count("[run]") == 2
    backend.close()


def test_a_machine_ends_with_its_backend(guest: GuestServer, recorder: Recorder) -> None:
    recorder.answer("docker", run="echo c0ffee", port=_published(int(guest.url.rpartition(":")[2])))
    backend = GuestBackend(provider="docker", path_to_vm="/disk", screen_size=SCREEN)
    backend.reset(seed=0)
    del backend
    assert recorder.lines[-1] == "docker [rm] [--force] [--volumes] [c0ffee]"


@pytest.mark.desktop
def test_commands_of_the_users_keep_what_is_asked_of_a_machine_that_is_renewed(real_guest: GuestServer) -> None:
    def make() -> GuestBackend:
        provider = CommandProvider(
            start=f"echo starting; echo {real_guest.url.removeprefix('http://')}",
            revert=f'test "$SNAPSHOT_NAME" = init_state && rm -rf {real_guest.home}/.agentgym-check',
        )
        return GuestBackend(provider=provider, screen_size=SCREEN)

    check_renewal(make)
    check_backend(make)


def test_commands_are_given_osworlds_words(tmp_path: Path) -> None:
    said = tmp_path / "said"
    provider = CommandProvider(
        start=f'echo "$PATH_TO_VM $HEADLESS $OS_TYPE" >> {said}; echo 10.0.0.5:5001',
        revert=f'echo "$PATH_TO_VM $SNAPSHOT_NAME" >> {said}',
        stop=f'echo "stop $PATH_TO_VM" >> {said}',
    )
    provider.revert_to_snapshot("a b.vmx", "init_state")
    provider.start_emulator("a b.vmx", True, "Ubuntu")
    provider.stop_emulator("a b.vmx")
    assert said.read_text() == "a b.vmx init_state\na b.vmx true Ubuntu\nstop a b.vmx\n"
    assert Address.read(provider.get_ip_address("")).url == "http://10.0.0.5:5001"
    with pytest.raises(BackendError, match="ended with 7: too bad"):
        CommandProvider(start="echo too bad; exit 7").start_emulator("", True, "Ubuntu")
    with pytest.raises(UsageError, match="its address, or a command"):
        CommandProvider(stop="true")


@pytest.mark.parametrize("text", ["", ":5000", "there:x", "there:1:2"])
def test_an_address_that_is_none(text: str) -> None:
    with pytest.raises(BackendError, match="it must be host or host:port"):
        Address.read(text)


def test_a_program_that_is_missing_or_hangs() -> None:
    with pytest.raises(MissingDependencyError, match="agentgym-no-such is not installed: get it"):
        run_program(["agentgym-no-such"], missing="get it", timeout_s=1)
    with pytest.raises(BackendError, match=r"sleep 1000 did not end within 0\.1 s"):
        run_program(["sleep", "1000"], missing="", timeout_s=0.1)
