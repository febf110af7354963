from __future__ import annotations

import asyncio
import inspect
import os
import threading
from collections.abc import Callable
from contextvars import ContextVar

import pytest

from agentgym.tools.coroutines import finished
from agentgym.tools.loops import background_loop
from agentgym.tools.patience import TimeIsUp, within

HERE: ContextVar[str] = ContextVar("here", default="nowhere")


def test_gives_what_the_function_gives_and_raises_what_it_raises() -> None:
    def fail() -> None:
        raise SystemExit(3)

    assert within(10, lambda: 42) == 42
    with pytest.raises(SystemExit):
        within(10, fail)
    assert within(10, lambda: 43) == 43


def test_the_thread_is_kept_for_the_next_call() -> None:
    threads = {within(10, threading.get_ident) for _ in range(100)}
    assert len(threads) == 1
    assert threading.get_ident() not in threads


def test_a_function_that_hangs_keeps_its_thread_to_itself_until_it_ends() -> None:
    release = threading.Event()
    hanging: list[int] = []

    def hang() -> None:
        hanging.append(threading.get_ident())
        release.wait(30)

    with pytest.raises(TimeIsUp):
        within(0.01, hang)
    assert {within(10, threading.get_ident) for _ in range(10)}.isdisjoint(hanging)
    release.set()


def test_a_coroutine_that_is_given_up_before_its_loop_begins_it_frees_its_thread() -> None:
    loop, _ = background_loop("agentgym-coroutines")
    busy, ended = threading.Event(), threading.Event()
    hanging = hang()

    def ask() -> None:
        try:
            finished(hanging)
        finally:
            ended.set()

    loop.call_soon_threadsafe(busy.wait, 60)
    with pytest.raises(TimeIsUp):
        within(1.0, ask)
    busy.set()
    assert ended.wait(60)
    assert inspect.getcoroutinestate(hanging) == inspect.CORO_CLOSED


def test_a_coroutine_that_is_asked_for_after_its_call_was_given_up_is_cancelled() -> None:
    go_on, ended = threading.Event(), threading.Event()
    hanging = hang()

    def ask() -> None:
        go_on.wait(60)
        try:
            finished(hanging)
        finally:
            ended.set()

    with pytest.raises(TimeIsUp):
        within(1.0, ask)
    go_on.set()
    assert ended.wait(60)
    assert inspect.getcoroutinestate(hanging) == inspect.CORO_CLOSED


async def hang() -> None:
    await asyncio.sleep(1000)


def test_a_function_within_another_has_its_own_thread() -> None:
    def inner() -> tuple[int, int]:
        return threading.get_ident(), within(10, threading.get_ident)

    outside, inside = within(10, inner)
    assert outside != inside


def test_the_function_sees_the_callers_context_and_leaves_it_as_it_was() -> None:
    def change() -> str:
        before = HERE.get()
        HERE.set("there")
        return before

    token = HERE.set("caller")
    try:
        assert within(10, change) == "caller"
        assert within(10, HERE.get) == "caller"
    finally:
        HERE.reset(token)


def test_calls_of_several_threads_do_not_get_each_others_answers() -> None:
    wrong: list[int] = []

    def ask(number: int) -> None:
        for count in range(200):
            asked = number * 1000 + count
            if within(10, returning(asked)) != asked:
                wrong.append(asked)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def returning(value: int) -> Callable[[], int]:
    return lambda: value


def test_a_forked_child_makes_threads_of_its_own() -> None:
    within(10, lambda: None)
    child = os.fork()
    if not child:
        os._exit(within(10, lambda: 7))
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
