"""The contract of an environment of tools, in this process and on a machine in memory."""

from __future__ import annotations

import json
import pickle
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.envs.registration import EnvSpec
from gymnasium.error import ResetNeeded
from gymnasium.utils.env_checker import check_env
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openai.types.chat import ChatCompletionMessage

from agentgym.actions import Batch, Done, Fail, ToolCall, Wait
from agentgym.backends.memory import MemoryBackend
from agentgym.envs import ToolEnv
from agentgym.errors import BackendError, EvaluationError, TaskError, ToolError, UsageError
from agentgym.tools import Tool, ToolContext, tool
from agentgym.wrappers import RewardHooks


@tool
def add(a: int, b: int = 1) -> int:
    """Adds."""
    return a + b


@tool
def submit(answer: str, context: ToolContext) -> str:
    """Ends the episode."""
    context.submit(answer)
    return "submitted"


@tool
def fail(how: str) -> None:
    """Fails."""
    raise {"told": ToolError("not like this"), "exit": SystemExit(1)}.get(how) or ZeroDivisionError(how)


@tool
def remember(word: str, context: ToolContext) -> dict[str, Any]:
    """Remembers."""
    words = context.state.setdefault("words", [])
    words.append(word)
    return {"words": words, "drawn": int(context.rng.integers(1000)), "at": context.clock.now()}


@tool
def write(path: str, content: str, context: ToolContext) -> None:
    """Writes a file."""
    context.workspace.write(path, content.encode())


@tool
def bash(command: str, context: ToolContext) -> str:
    """Runs a command."""
    return context.workspace.bash(command, timeout_s=1.0, max_output=100).output


TOOLS = [add, submit, fail, remember, write, bash]
NAMED = tuple(f"{__name__}:{one.name}" for one in TOOLS)


def _task(**changes: Any) -> dict[str, Any]:
    evaluator = {
        "func": "exact_match",
        "result": {"type": "vm_command_line", "command": ["cat", "answer.txt"]},
        "expected": {"type": "rule", "rules": {"expected": "42"}},
    }
    return {"id": "t", "instruction": "Write 42.", "evaluator": evaluator, "max_steps": 5, **changes}


def _env(task: Any = None, **options: Any) -> ToolEnv:
    return ToolEnv(task or _task(), **{"tools": TOOLS, "backend": MemoryBackend(), **options})


def _call(name: str, **arguments: Any) -> dict[str, Any]:
    return {"name": name, "arguments": arguments}


# Made without a spec on purpose: the machine is an object.
@pytest.mark.filterwarnings("ignore:.*Not able to test alternative render modes")
def test_gymnasiums_checker_is_content() -> None:
    check_env(_env(render_mode="ansi"))


def test_it_is_made_by_its_id_and_checked() -> None:
    env = gym.make("agentgym/Tools-v0", task=_task(tools=NAMED), backend="memory", render_mode="ansi")
    check_env(env.unwrapped)
    assert env.reset(seed=0)[0] == "Write 42.\n\nSteps left: 5"
    env.close()


def test_an_observation_has_instruction_results_and_budget() -> None:
    env = _env()
    observation, info = env.reset(seed=0)
    assert observation == "Write 42.\n\nSteps left: 5"
    assert [one["function"]["name"] for one in info["tools"]] == [one.name for one in TOOLS]
    assert {**info, "tools": None} == {"tools": None, "tool_results": [], "action_error": None, "failure": None}
    observation, reward, terminated, truncated, info = env.step([_call("add", a=1), _call("fail", how="told")])
    assert observation == ("Write 42.\n\n[call-1-0] add\n2\n\n[call-1-1] fail failed\nnot like this\n\nSteps left: 4")
    assert (reward, terminated, truncated) == (0.0, False, False)
    assert info == {
        "tool_results": [
            {"call_id": "call-1-0", "name": "add", "ok": True, "content": "2"},
            {"call_id": "call-1-1", "name": "fail", "ok": False, "content": "not like this"},
        ],
        "action_error": None,
        "failure": None,
    }


def test_the_last_step_pays_the_score_of_the_state() -> None:
    env = _env()
    env.reset(seed=0)
    env.step(_call("write", path="answer.txt", content="42"))
    _, reward, terminated, truncated, info = env.step(_call("submit", answer="done"))
    assert (reward, terminated, truncated, info["score"]) == (1.0, True, False, 1.0)
    assert (type(reward), type(terminated)) == (float, bool)
    with pytest.raises(ResetNeeded):
        env.step("DONE")


@pytest.mark.parametrize("action", ["DONE", Done(), {"kind": "Done"}, Batch((ToolCall("add", {"a": 1}), Done()))])
def test_done_ends_and_is_scored(action: Any) -> None:
    env = _env()
    env.reset(seed=0)
    _, reward, terminated, _, info = env.step(action)
    assert (reward, terminated, info["score"]) == (0.0, True, 0.0)


def test_giving_up_scores_only_an_infeasible_task() -> None:
    for func, score in (("exact_match", 0.0), ("infeasible", 1.0)):
        env = _env(_task(evaluator={**_task()["evaluator"], "func": func}))
        env.reset(seed=0)
        env.step(_call("write", path="answer.txt", content="42"))
        assert env.step(Fail())[1] == score


def test_max_steps_truncates_and_is_scored() -> None:
    env = _env(max_steps=1)
    env.reset(seed=0)
    _, reward, terminated, truncated, _ = env.step(_call("write", path="answer.txt", content="42"))
    assert (reward, terminated, truncated) == (1.0, False, True)


def test_a_call_after_the_end_is_not_made() -> None:
    env = _env()
    env.reset(seed=0)
    _, _, terminated, _, info = env.step(
        [_call("submit", answer="a"), _call("remember", word="x"), _call("submit", answer="b")]
    )
    assert terminated
    assert [one["content"] for one in info["tool_results"]] == [
        "submitted",
        "not called: the episode ended with submit",
        "not called: the episode ended with submit",
    ]
    assert env.context.answer == "a"
    assert env.context.calls == [{"name": "submit", "arguments": {"answer": "a"}, "ok": True}]


def test_the_ids_of_calls_are_the_models_own_if_it_gave_some() -> None:
    call = {"id": "call_x", "type": "function", "function": {"name": "add", "arguments": '{"a": 1}'}}
    message = ChatCompletionMessage.model_validate({"role": "assistant", "tool_calls": [call]})
    env = _env()
    env.reset(seed=0)
    assert env.step(message)[4]["tool_results"][0]["call_id"] == "call_x"
    assert env.step(json.dumps(call))[4]["tool_results"][0]["call_id"] == "call_x"
    assert env.step(ToolCall("add", {"a": 1}))[4]["tool_results"][0]["call_id"] == "call-3-0"


def test_a_call_with_torn_arguments_has_a_result_of_its_own() -> None:
    def call(name: str, arguments: str) -> dict[str, Any]:
        return {"id": name, "type": "function", "function": {"name": "add", "arguments": arguments}}

    env = _env()
    env.reset(seed=0)
    calls = [call("x", '{"a": 1}'), call("y", '{"a": '), call("z", '{"a": 2}')]
    info = env.step(ChatCompletionMessage.model_validate({"role": "assistant", "tool_calls": calls}))[4]
    assert info["action_error"] is None
    assert [(one["call_id"], one["ok"]) for one in info["tool_results"]] == [("x", True), ("y", False), ("z", True)]
    assert "the arguments of 'add' are no JSON" in info["tool_results"][1]["content"]
    token = env.snapshot()
    info = env.step(calls[1])[4]
    assert (info["action_error"], [one["call_id"] for one in info["tool_results"]]) == (None, ["y"])
    env.restore(token)
    assert env.context.calls[1] == {"name": "add", "arguments": {}, "ok": False}


@pytest.mark.parametrize(
    "action",
    ["", "hello", "{", 3, None, b"x", {"name": 1}, {"arguments": {}}, [[["x"]]], np.zeros(3), {"kind": "Click"}],
)
def test_what_cannot_be_read_is_a_step_in_which_nothing_happens(action: Any) -> None:
    env = _env(max_steps=2)
    env.reset(seed=0)
    observation, reward, terminated, truncated, info = env.step(action)
    assert info["action_error"]
    assert f"Not done: {info['action_error']}" in observation
    assert info["tool_results"] == []
    assert (reward, terminated, truncated) == (0.0, False, False)
    assert env.step(action)[3], "the step counted"


@pytest.mark.parametrize(
    ("call", "content"),
    [
        (_call("ad", a=1), "no tool named 'ad'; did you mean 'add'?"),
        (_call("add", a="1"), "the arguments of add do not fit: $.a: input should be a valid integer; given was '1'"),
        (_call("fail", how="zero"), "ZeroDivisionError: zero"),
        (_call("fail", how="exit"), "SystemExit: 1"),
        (_call("bash", command="nothing"), "no program 'nothing'; this machine has echo, cat"),
    ],
)
def test_a_call_that_fails_is_a_result(call: dict[str, Any], content: str) -> None:
    env = _env()
    env.reset(seed=0)
    _, _, terminated, _, info = env.step(call)
    assert info["tool_results"][0]["content"] == content
    assert (terminated, info["action_error"]) == (False, None)


def test_waiting_is_a_step_without_calls() -> None:
    env = _env()
    env.reset(seed=0)
    observation, *_, info = env.step(Wait())
    assert observation == "Write 42.\n\nSteps left: 4"
    assert (info["tool_results"], info["action_error"]) == ([], None)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)


@pytest.mark.episodes
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        JSON
        | st.binary()
        | st.fixed_dictionaries({"name": st.sampled_from(["add", "fail", "remember", "nope"]), "arguments": JSON}),
        max_size=4,
    )
)
def test_no_action_raises(actions: list[Any]) -> None:
    env = _env(max_steps=100)
    env.reset(seed=0)
    for action in [*actions, actions, json.dumps(actions, default=repr)]:
        observation, _, terminated, truncated, info = env.step(action)
        assert env.observation_space.contains(observation)
        assert (info["action_error"] is None) or not info["tool_results"]
        assert not terminated
        assert not truncated


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
@pytest.mark.episodes
def test_many_run_in_processes_of_their_own_without_shared_memory() -> None:
    envs = gym.make_vec(
        "agentgym/Tools-v0",
        num_envs=2,
        vectorization_mode="async",
        vector_kwargs={"shared_memory": False},
        task=_task(tools=NAMED),
        backend="memory",
    )
    try:
        assert envs.reset(seed=0)[0] == ("Write 42.\n\nSteps left: 5",) * 2
        seen, *_ = envs.step([json.dumps(_call("add", a=1)), "WAIT"])
        assert "[call-1-0] add\n2" in seen[0]
        assert seen[1] == "Write 42.\n\nSteps left: 4"
    finally:
        envs.close()


def test_a_broken_machine_raises_and_the_next_reset_works() -> None:
    @tool
    def smash(context: ToolContext) -> None:
        """Breaks the machine."""
        raise BackendError("the sandbox died", kind="sandbox")

    env = _env(tools=[smash])
    env.reset(seed=0)
    with pytest.raises(BackendError, match="the sandbox died"):
        env.step(_call("smash"))
    with pytest.raises(ResetNeeded):
        env.step("DONE")
    env.reset(seed=0)
    assert env.step("DONE")[2]


def test_a_broken_evaluator_leaves_the_episode_unscored() -> None:
    evaluator = {**_task()["evaluator"], "result": {"type": "cache_file", "path": "nothing"}}
    env = _env(_task(evaluator=evaluator))
    env.reset(seed=0)
    _, reward, terminated, _, info = env.step("DONE")
    assert (reward, terminated, info["score"], info["failure"]) == (0.0, True, None, "evaluation")
    with pytest.raises(EvaluationError, match="cache_file"):
        env.evaluate()


def test_evidence_that_cannot_be_given_leaves_the_episode_unscored() -> None:
    class Shop:
        def evidence(self) -> dict[str, bytes]:
            raise RuntimeError("closed")

    @tool
    def open_shop(context: ToolContext) -> None:
        """Opens."""
        context.state["shop"] = Shop()

    env = _env(tools=[open_shop])
    env.reset(seed=0)
    env.step(_call("open_shop"))
    _, reward, _, _, info = env.step("DONE")
    assert (reward, info["score"], info["failure"]) == (0.0, None, "evaluation")


class Counting(MemoryBackend):
    """Counts how often its state is judged."""

    looked = 0

    def run(self, argv: Sequence[str], **options: Any) -> Any:
        self.looked += 1
        return super().run(argv, **options)


def test_a_score_is_kept_until_the_next_step() -> None:
    machine = Counting()
    env = _env(backend=machine)
    env.reset(seed=0)
    assert env.evaluate() == env.evaluate()
    assert machine.looked == 1
    env.step(Wait())
    env.evaluate()
    assert machine.looked == 2


def test_a_machine_that_nothing_needs_is_not_started() -> None:
    machine = MemoryBackend()
    env = _env({"id": "t", "instruction": "Add."}, backend=machine)
    env.reset(seed=0)
    env.step(_call("add", a=1))
    assert env.evaluate() is None
    assert machine.resets == 0
    env.step(_call("bash", command="echo hi"))
    assert machine.resets == 1
    setup = [{"type": "file", "parameters": {"path": "a", "content": "x"}}]
    env.reset(options={"task": {"id": "s", "instruction": "", "config": setup}})
    assert machine.resets == 2
    assert machine.read("a") == b"x"


def test_two_seeded_runs_are_equal_in_all_they_tell() -> None:
    def run() -> list[Any]:
        env = _env()
        told: list[Any] = [env.reset(seed=7)]
        env.action_space.seed(3)
        told += [env.step(_call("remember", word=word)) for word in "ab"]
        told += [env.step(env.action_space.sample()) for _ in range(2)]
        return told

    assert run() == run()
    assert run()[1] != _env().reset(seed=8)


def test_samples_are_valid_calls() -> None:
    env = _env(max_steps=300)
    env.reset(seed=0)
    env.action_space.seed(0)
    called = set()
    for _ in range(100):
        action = env.action_space.sample()
        assert env.action_space.contains(action)
        result = env.step(action)[4]["tool_results"][0]
        assert "do not fit" not in result["content"]
        called.add(result["name"])
        if env.context.over:
            env.reset(seed=0)
    assert called == {one.name for one in TOOLS}


def test_samples_are_calls_of_the_present_tasks_tools() -> None:
    env = ToolEnv(tasks=[_task(tools=NAMED[:1]), _task(tools=NAMED[1:2])], backend="memory")
    for name in NAMED[:2]:
        env.reset(options={"task": _task(tools=[name])})
        assert json.loads(env.action_space.sample())["name"] == name.partition(":")[2]


def test_a_tasks_own_tools_are_found_by_their_names() -> None:
    env = ToolEnv(_task(tools=NAMED[:2]), backend="memory")
    env.reset(seed=0)
    assert list(env.tools) == ["add", "submit"]
    with pytest.raises(TaskError, match=r"no tool named 'nope'.* - at \$\.tools\[0\]"):
        ToolEnv(_task(tools=["nope"]), backend="memory")
    with pytest.raises(TaskError, match=r"no tool named 'nope'.* - at \$\.tools\[0\]"):
        env.reset(options={"task": _task(tools=["nope"])})


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"max_result": 0}, "max_result is 0; it must be a whole number of characters from 1"),
        ({"max_steps": 0}, "max_steps is 0"),
        ({"render_mode": "rgb_array"}, "render_mode is 'rgb_array'; it can be 'ansi' or None"),
        ({"tools": "add"}, "tools is 'add'; it must be a list"),
        ({"tools": ["nope"]}, "no tool named 'nope'"),
        ({"backend": "memry"}, "did you mean 'memory'"),
        ({"tasks": [_task()]}, "either task= "),
    ],
)
def test_the_constructor_says_what_would_be_right(options: dict[str, Any], says: str) -> None:
    with pytest.raises(UsageError, match=says):
        _env(**options)


def test_use_before_reset_and_after_close_says_so() -> None:
    env = _env()
    for use in (lambda: env.step("DONE"), env.evaluate, env.snapshot, lambda: env.context, lambda: env.task):
        with pytest.raises(ResetNeeded):
            use()
    env.reset(seed=0)
    env.close()
    env.close()
    for too_late in (lambda: env.step("DONE"), env.evaluate, lambda: env.tools):
        with pytest.raises(ResetNeeded):
            too_late()


def test_a_snapshot_brings_everything_back_any_number_of_times() -> None:
    env = _env(max_steps=50)
    env.reset(seed=0)
    env.step(_call("remember", word="a"))
    seen = env.step(_call("write", path="answer.txt", content="42"))[0]
    token = env.snapshot()
    assert token.replayed is None
    ahead = [_call("remember", word="b"), _call("bash", command="cat answer.txt"), _call("add", a=1)]
    first = [env.step(action) for action in ahead]
    for _ in range(3):
        env.step(_call("write", path="answer.txt", content="0"))
        env.step(_call("submit", answer="x"))
        assert env.restore(token) == seen
        assert env.context.answer is None
        assert [env.step(action) for action in ahead] == first
    env.restore(token)
    assert env.step("DONE")[1] == 1.0


def test_only_a_token_is_restored() -> None:
    env = _env()
    env.reset(seed=0)
    token = env.snapshot()
    for wrong in ("tok", None):
        with pytest.raises(UsageError, match=r"restore takes what snapshot\(\) gave, a ToolSnapshot, not "):
            env.restore(wrong)  # type: ignore[arg-type]  # as a newcomer gives it
    env.close()
    env.restore(token)
    env.reset(seed=1, options={"task": _task(id="other")})
    env.restore(token)
    assert env.task.id == "t"


def test_a_token_is_shown_in_a_line() -> None:
    env = _env(_task(instruction="x" * 1000))
    env.reset(seed=0)
    env.step(_call("remember", word="a"))
    assert repr(env.snapshot()) == "<ToolSnapshot of 't' at step 1>"
    env.context.state["lock"] = threading.Lock()
    assert repr(env.snapshot()).startswith("<ToolSnapshot of 't' at step 1, to be played again: state['lock']")


def test_branches_equal_replays_from_the_start() -> None:
    rng = np.random.default_rng(0)
    env, other = _env(max_steps=100), _env(max_steps=100)
    env.reset(seed=5)
    env.action_space.seed(5)
    path: list[Any] = []
    tokens = [(env.snapshot(), ())]
    for _ in range(60):
        token, before = tokens[int(rng.integers(len(tokens)))]
        env.restore(token)
        action = _call("remember", word=str(rng.integers(9))) if rng.random() < 0.7 else env.action_space.sample()
        told = env.step(action)
        path = [*before, action]
        other.reset(seed=5)
        assert [other.step(one) for one in path][-1] == told
        if not told[2]:
            tokens.append((env.snapshot(), tuple(path)))


def test_what_tools_hold_together_stays_together() -> None:
    class Shop:
        def __init__(self, context: ToolContext) -> None:
            self.context, self.rng, self.orders = context, context.rng, context.state.setdefault("orders", [])

    @tool
    def order(context: ToolContext) -> list[int]:
        """Orders."""
        shop = context.state.setdefault("shop", Shop(context))
        assert shop.context is context
        assert shop.rng is context.rng
        shop.orders.append(int(shop.rng.integers(100)))
        return list(context.state["orders"])

    env = _env(tools=[order])
    env.reset(seed=0)
    env.step(_call("order"))
    token = env.snapshot()
    assert token.replayed is None
    second = env.step(_call("order"))
    for _ in range(2):
        env.restore(token)
        assert env.step(_call("order")) == second


def test_what_cannot_be_copied_is_named_and_played_again() -> None:
    @tool
    def lock(context: ToolContext) -> int:
        """Counts, under a lock."""
        context.state.setdefault("count", [0])[0] += 1
        context.state.setdefault("lock", threading.Lock())
        return int(context.state["count"][0])

    env = _env(tools=[lock])
    env.reset(seed=0)
    env.step(_call("lock"))
    token = env.snapshot()
    assert token.replayed is not None
    assert "state['lock'] cannot be copied: TypeError" in token.replayed
    second = env.step(_call("lock"))
    env.step(_call("lock"))
    env.restore(token)
    assert env.step(_call("lock")) == second


class Unsaved(MemoryBackend):
    def snapshot(self) -> object:
        raise UsageError("cannot be saved")


def test_a_machine_that_cannot_be_saved_is_brought_back_by_playing_again() -> None:
    env = _env(backend=Unsaved())
    env.reset(seed=0)
    assert env.snapshot().replayed is None, "it was not started"
    env.step(_call("write", path="answer.txt", content="42"))
    token = env.snapshot()
    assert token.replayed == "this kind of machine cannot be saved"
    env.step(_call("write", path="answer.txt", content="0"))
    env.restore(token)
    assert env.step("DONE")[1] == 1.0


def test_what_can_be_closed_is_closed_with_its_episode() -> None:
    closed = []

    class Session:
        def __init__(self, name: str) -> None:
            self.name = name

        def close(self) -> None:
            closed.append(self.name)

    @tool
    def open_both(context: ToolContext) -> None:
        """Opens."""
        context.state.update(a=Session("a"), b=Session("b"))

    env = _env(tools=[open_both])
    env.reset(seed=0)
    env.step(_call("open_both"))
    env.reset(seed=0)
    assert closed == ["b", "a"]
    env.step(_call("open_both"))
    env.close()
    env.close()
    assert closed == ["b", "a"] * 2


def test_the_spec_survives_json_and_pickle() -> None:
    env = gym.make("agentgym/Tools-v0", task=_task(), tools=[add, submit], backend="memory")
    spec = env.spec
    assert spec is not None
    assert spec.kwargs["tools"] == [f"{__name__}:add", f"{__name__}:submit"]
    for again in (EnvSpec.from_json(spec.to_json()), pickle.loads(pickle.dumps(spec))):
        made = gym.make(again)
        made.reset(seed=0)
        assert list(made.unwrapped.tools) == ["add", "submit"]  # type: ignore[attr-defined]
        made.close()
    env.close()


@pytest.mark.parametrize("mode", ["sync", pytest.param("async", marks=pytest.mark.episodes)])
def test_many_at_once(mode: str) -> None:
    # Text has no array that processes could share.
    options: dict[str, Any] = {
        "vectorization_mode": mode,
        "vector_kwargs": {"shared_memory": False} if mode == "async" else {},
    }
    envs = gym.make_vec("agentgym/Tools-v0", num_envs=3, task=_task(tools=NAMED), backend="memory", **options)
    observations, _ = envs.reset(seed=0)
    assert observations == ("Write 42.\n\nSteps left: 5",) * 3
    actions = tuple(json.dumps(_call("add", a=one)) for one in range(3))
    observations, rewards, *_ = envs.step(actions)
    assert [text.splitlines()[3] for text in observations] == ["1", "2", "3"]
    assert rewards.tolist() == [0, 0, 0]
    envs.step(envs.action_space.sample())
    envs.close()


def test_it_is_rendered_as_text() -> None:
    env = _env(render_mode="ansi")
    env.reset(seed=0)
    env.step([_call("add", a=1), Done()])
    assert env.render() == 'step 1\n> add {"a":1}\n> DONE\nWrite 42.\n\n[call-1-0] add\n2\n\nSteps left: 4'
    assert _env().render() is None


def test_a_notebook_shows_task_step_and_results() -> None:
    env = gym.make("agentgym/Tools-v0", task=_task(tools=NAMED), backend="memory")
    unwrapped: Any = env.unwrapped
    assert "No episode has begun" in unwrapped._repr_html_()
    env.reset(seed=0)
    env.step(_call("bash", command="echo <b>"))
    html = unwrapped._repr_html_()
    assert "agentgym/Tools-v0" in html
    assert "Write 42." in html
    assert "1 of at most 5" in html
    assert "[call-1-0] bash\n&lt;b&gt;" in html
    assert "1 of at most 5" in str(RewardHooks(env, cost=lambda _: 0.0)._repr_html_())


def test_a_tool_of_a_bare_schema_and_a_limit() -> None:
    wait = threading.Event()
    hang = Tool("hang", "Hangs.", {"type": "object"}, lambda *_: wait.wait(30), 0.02)
    env = _env(tools=[hang])
    env.reset(seed=0)
    assert env.step(_call("hang"))[4]["tool_results"][0]["content"] == "hang was given up after 0.02 s"
    wait.set()


def test_a_long_result_shows_its_beginning() -> None:
    env = _env(max_result=5)
    env.reset(seed=0)
    result = env.step(_call("bash", command="echo 123456789"))[4]["tool_results"][0]
    assert result["content"] == "the result has 10 characters; at most 5 are shown:\n12345"
    assert not result["ok"]


def test_setup_keeps_output_for_judging(tmp_path: Path) -> None:
    setup = [{"type": "execute", "parameters": {"command": ["echo", "42"], "stdout": "said"}}]
    evaluator = {
        "func": "exact_match",
        "result": {"type": "vm_command_line", "command": ["cat", "x"]},
        "expected": {"type": "rule", "rules": {"expected": "42"}},
    }
    env = _env(_task(config=setup, evaluator=evaluator))
    env.reset(seed=0)
    assert env._evidence["said"].strip() == b"42"
