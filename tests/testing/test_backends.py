"""The checks for backends find each promise that is broken."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from agentgym.actions import Action, Batch
from agentgym.backends.base import Completed, Observed, Window
from agentgym.backends.memory import MemoryBackend
from agentgym.errors import ActionError, BackendError
from agentgym.testing.backends import check_backend, check_renewal


class _Flat(MemoryBackend):
    def observe(self, kinds: Sequence[str]) -> Observed:
        return {kind: value[:, :, 0] for kind, value in super().observe(kinds).items()}


class _Floating(MemoryBackend):
    def observe(self, kinds: Sequence[str]) -> Observed:
        return {kind: value / 255 for kind, value in super().observe(kinds).items()}


class _Sharing(MemoryBackend):
    def __init__(self) -> None:
        super().__init__()
        self._shot = np.zeros((48, 64, 3), np.uint8)

    def observe(self, kinds: Sequence[str]) -> Observed:
        return dict.fromkeys(kinds, self._shot)


class _Obliging(MemoryBackend):
    def observe(self, kinds: Sequence[str]) -> Observed:
        return {kind: super(_Obliging, self).observe(["screenshot"])["screenshot"] for kind in kinds}


class _Boundless(MemoryBackend):
    def check(self, action: Action) -> None:
        pass


class _Hasty(MemoryBackend):
    def perform(self, action: Action) -> None:
        for part in action.actions if isinstance(action, Batch) else (action,):
            super().perform(part)


class _Undecided(MemoryBackend):
    def settle(self, timeout_s: float) -> Any:
        return None


class _Agreeing(MemoryBackend):
    def activate_window(self, name: str, *, strict: bool = False, by_class: bool = False) -> bool:
        return True


class _Plain(MemoryBackend):
    def windows(self) -> Sequence[Window]:
        return ["a window"]  # type: ignore[list-item]  # the fault under test


class _Splitting(MemoryBackend):
    def run(self, argv: Sequence[str], **place: Any) -> Completed:
        return super().run(" ".join(argv).split(), **place)


class _Shrugging(MemoryBackend):
    def run(self, argv: Sequence[str], **place: Any) -> Completed:
        try:
            return super().run(argv, **place)
        except FileNotFoundError:
            return Completed(127)


class _Textual(MemoryBackend):
    def write(self, path: str, content: bytes) -> None:
        super().write(path, content.replace(b"\r\n", b"\n").replace(b"\r", b"\n"))


class _Appending(MemoryBackend):
    def write(self, path: str, content: bytes) -> None:
        try:
            super().write(path, self.read(path) + content)
        except FileNotFoundError:
            super().write(path, content)


class _Inventive(MemoryBackend):
    def read(self, path: str) -> bytes:
        try:
            return super().read(path)
        except FileNotFoundError:
            return b""


class _Forgetful(MemoryBackend):
    def restore(self, token: object) -> None:
        pass


@pytest.mark.parametrize(
    ("kind", "says"),
    [
        (_Flat, r"must be \(height, width, 3\), got uint8 \(48, 64\)"),
        (_Floating, "must be uint8, got float64"),
        (_Sharing, "the caller's own"),
        (_Obliging, "an observation that there is not must raise UsageError, and raised nothing"),
        (_Boundless, "off the screen must raise ActionError, and raised"),
        (_Hasty, "of an action that is refused nothing may be done"),
        (_Undecided, "settle must say whether"),
        (_Agreeing, "no such window to activate"),
        (_Plain, "windows must be Windows"),
        (_Splitting, "each argument whole"),
        (_Shrugging, "a program that there is not must raise FileNotFoundError, and raised nothing"),
        (_Textual, "the bytes that write put there"),
        (_Appending, "write must replace"),
        (_Inventive, "must raise FileNotFoundError"),
        (_Forgetful, "restore must bring back"),
    ],
)
def test_broken_promise_is_named(kind: type[MemoryBackend], says: str) -> None:
    with pytest.raises(AssertionError, match=says):
        check_backend(kind)


def test_machine_is_closed_whatever_broke() -> None:
    made: list[MemoryBackend] = []

    def make() -> MemoryBackend:
        made.append(_Flat())
        return made[-1]

    with pytest.raises(AssertionError):
        check_backend(make)
    with pytest.raises(BackendError):
        made[0].windows()


class _Keeping(MemoryBackend):
    def reset(self, *, seed: int) -> None:
        if not self.resets:
            super().reset(seed=seed)
        self.resets += 1


class _Changing(MemoryBackend):
    def reset(self, *, seed: int) -> None:
        super().reset(seed=seed + self.resets)


class _Undying(MemoryBackend):
    def close(self) -> None:
        pass


@pytest.mark.parametrize(
    ("kind", "says"),
    [
        (_Keeping, "an empty home"),
        (_Changing, "must look the same"),
        (_Undying, "use of a closed machine must raise BackendError"),
    ],
)
def test_machine_that_is_not_renewed_is_told(kind: type[MemoryBackend], says: str) -> None:
    with pytest.raises(AssertionError, match=says):
        check_renewal(kind)


def test_error_of_another_kind_is_shown() -> None:
    class Wrong(MemoryBackend):
        def observe(self, kinds: Sequence[str]) -> Observed:
            if "smell" in kinds:
                raise ActionError("no nose")
            return super().observe(kinds)

    with pytest.raises(AssertionError, match=r"must raise UsageError, and raised ActionError\('no nose'\)"):
        check_backend(Wrong)
