from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import gymnasium as gym
import pytest

from agentgym import Dataset
from agentgym.actions import Batch, Done, ToolCall
from agentgym.agents import Agent, make_agent
from agentgym.agents.team import HAND_OVER, Team, planned
from agentgym.cli import main
from agentgym.errors import UsageError
from agentgym.events import Bus, ModelRequest, ModelResponse, Note, ToolCalled
from agentgym.runner import Episode, EpisodeResult
from agentgym.state import RunState
from agentgym.tasks import Task
from agentgym.wrappers import TrajectoryRecorder
from tests.adapters.sums import SUM
from tests.modelserver import Reply, call, calls, say, serving

VAULT: dict[str, Any] = {**SUM, "id": "vault", "instruction": "What is the code of the vault, plus 3?"}
"""Its answer is 5: whoever knows the code, and adds, can say it."""

KNOWS = "You are the archivist. The code of the vault is 2. You cannot calculate."
ADDS = "You are the clerk. You can calculate."


def two_minds(body: dict[str, Any]) -> Reply:
    """A model that does what its system prompt says it can, and says what it was told, no more."""
    system, *said = body["messages"]
    hands = {to: name for name, to in _hands(body)}
    told = " ".join(json.dumps(message.get("content")) for message in said if message["role"] in ("user", "tool"))
    code = re.search(r"code is (\d+)", told)
    sums = [message["content"] for message in said if message["role"] == "tool" and message["content"].isdigit()]
    if "You cannot calculate" in system["content"]:
        if "clerk" in hands:
            return call(hands["clerk"], to="clerk", message="The code is 2.")
        return call("answer", text="The code is 2, but I cannot add.")
    if sums:
        return call("answer", text=sums[-1])
    if code:
        return call("add", a=int(code[1]), b=3)
    if "archivist" in hands:
        return call(hands["archivist"], to="archivist", message="What is the code of the vault?")
    return call("answer", text="I do not know the code.")


def _hands(body: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """By which tool the word can be given to whom."""
    for tool in body.get("tools", ()):
        for to in tool["function"]["parameters"]["properties"].get("to", {}).get("enum", ()):
            yield tool["function"]["name"], to


def member(url: str, name: str, system: str, **more: Any) -> dict[str, Any]:
    return {"agent": "openai", "id": name, "options": {"model": name, "base_url": url, "system": system}, **more}


def pair(url: str) -> list[dict[str, Any]]:
    archivist = member(url, "archivist", KNOWS, about="knows codes", tools=[])
    return [member(url, "clerk", ADDS), archivist]


def played(agent: Agent, task: Any = VAULT, *, bus: Bus | None = None) -> EpisodeResult:
    env = gym.make("agentgym/Tools-v0", task=task, max_steps=6, disable_env_checker=True)
    try:
        return Episode(env, agent, seed=0, bus=bus).run()
    finally:
        env.close()
        getattr(agent, "close", lambda: None)()


@pytest.mark.parametrize("system", [KNOWS, ADDS], ids=["who knows", "who adds"])
def test_neither_solves_alone_what_two_solve_together(system: str) -> None:
    with serving(two_minds) as server:
        alone = played(make_agent("openai", options=member(server.url, "alone", system)["options"]))
        assert (alone.score, alone.terminated) == (0.0, True)
        together = played(make_agent("team", options={"members": pair(server.url)}))
        assert (together.score, together.terminated) == (1.0, True)
        assert server.refused == []


def test_each_call_is_recorded_with_its_agent_and_for_whom_it_acts(tmp_path: Path) -> None:
    with serving(two_minds) as server:
        env = TrajectoryRecorder(gym.make("agentgym/Tools-v0", task=VAULT, disable_env_checker=True), tmp_path / "data")
        team = make_agent("team", options={"members": pair(server.url)})
        Episode(env, team, seed=0).run()
        env.close()
        team.close()  # type: ignore[attr-defined]  # a team has it
    (episode,) = Dataset(tmp_path / "data")
    events: list[Any] = [record.payload for record in episode.records()]
    asked = [(e.agent_id, e.parent_id, e.model) for e in events if isinstance(e, ModelRequest)]
    answered = [(e.agent_id, e.parent_id, e.model) for e in events if isinstance(e, ModelResponse)]
    turns = ["clerk", "archivist", "clerk", "clerk"]
    assert asked == answered == [(who, "team", who) for who in turns]
    responses = {e.call_id: e.agent_id for e in events if isinstance(e, ModelResponse)}
    used = [event for event in events if isinstance(event, ToolCalled)]
    assert [(e.name, e.agent_id, responses[e.model_call_id or ""]) for e in used] == [
        ("add", "clerk", "clerk"),
        ("answer", "clerk", "clerk"),
    ]
    (run,) = RunState.read(tmp_path / "data").runs.values()
    assert {name: (part.parent_id, part.totals.tool_calls) for name, part in run.agents.items()} == {
        "clerk": ("team", 2),
        "archivist": ("team", 0),
    }
    handed = [(e.value, e.text, e.agent_id) for e in events if isinstance(e, Note) and e.kind == HAND_OVER]
    assert handed == [
        ({"from": "clerk", "to": "archivist"}, "What is the code of the vault?", "clerk"),
        ({"from": "archivist", "to": "clerk"}, "The code is 2.", "archivist"),
    ]


def test_what_was_said_when_the_word_came_back_is_the_result_of_the_call() -> None:
    with serving(two_minds) as server:
        played(make_agent("team", options={"members": pair(server.url)}))
        clerk = [body for body in server.requests if body["model"] == "clerk"]
        *_, made, result = clerk[1]["messages"]
        assert result == {
            "role": "tool",
            "tool_call_id": made["tool_calls"][0]["id"],
            "content": "archivist says: The code is 2.",
        }
        archivist = next(body for body in server.requests if body["model"] == "archivist")
        assert "message from clerk:\nWhat is the code of the vault?" in archivist["messages"][-1]["content"]
        assert [tool["function"]["name"] for tool in archivist["tools"]] == [HAND_OVER]
        described = next(tool for tool in clerk[0]["tools"] if tool["function"]["name"] == HAND_OVER)["function"]
        assert described["parameters"]["properties"]["to"]["enum"] == ["archivist"]
        assert "archivist: knows codes" in described["description"]


def test_a_worker_knows_what_it_was_handed_and_its_end_gives_the_word_back() -> None:
    script = [
        call(HAND_OVER, to="adder", message="Add 2 and 3."),
        call("add", a=2, b=3),
        say("DONE"),
        call(HAND_OVER, to="teller", message="Answer with 5."),
        call("answer", text="5"),
    ]
    with serving(script) as server:
        planner = member(server.url, "planner", "Plan.", tools=[])
        workers = [
            member(server.url, "adder", "Add.", tools=["add"]),
            member(server.url, "teller", "Tell.", tools=["answer"]),
        ]
        result = played(make_agent("planned", options={"planner": planner, "workers": workers}))
        assert (result.score, result.steps) == (1.0, 2)
        first, adder, again, planner_again, teller = server.requests
        assert [message["content"] for message in adder["messages"]] == ["Add.", "Add 2 and 3.\n\nSteps left: 6"]
        assert [tool["function"]["name"] for tool in adder["tools"]] == ["add", HAND_OVER]
        assert again["messages"][-1]["content"] == "5"
        assert planner_again["messages"][-1]["content"] == "adder says: Done."
        assert "code of the vault" in first["messages"][-1]["content"]
        assert "code of the vault" not in json.dumps(teller)


def test_a_worker_forgets_between_two_jobs() -> None:
    jobs = [[call(HAND_OVER, to="worker", message=job), say("DONE")] for job in ("First.", "Second.")]
    with serving([*jobs[0], *jobs[1], say("FAIL")]) as server:
        planner, worker = (member(server.url, name, "Do.", tools=[]) for name in ("planner", "worker"))
        result = played(planned(planner, [worker]))
        assert (result.score, result.steps) == (0.0, 1)
        second = server.requests[3]
        assert [message["content"] for message in second["messages"]] == ["Do.", "Second.\n\nSteps left: 6"]


def test_a_team_is_named_in_a_file_of_settings(tmp_path: Path) -> None:
    with serving(two_minds) as server:
        tables = "".join(
            f"[[agent_options.members]]\nid = {json.dumps(one['id'])}\nagent = 'openai'\ntools = {tools}\n"
            f"options = {{ model = 'm', base_url = {json.dumps(server.url)}, "
            f"system = {json.dumps(one['options']['system'])} }}\n"
            for one, tools in zip(pair(server.url), ("['add', 'answer']", "[]"), strict=True)
        )
        (tmp_path / "vault.json").write_text(json.dumps(VAULT))
        (tmp_path / "team.toml").write_text(
            f"tasks = '{tmp_path}/vault.json'\nagent = 'team'\nengine = 'threads'\n{tables}"
        )
        with pytest.raises(SystemExit) as ended:
            main(["run", "--config", str(tmp_path / "team.toml"), "--out", str(tmp_path / "data")])
    assert not ended.value.code
    (episode,) = Dataset(tmp_path / "data")
    assert episode.score == 1.0


class Says:
    """An agent that says one thing after the other, and keeps what it was told."""

    def __init__(self, *said: Any) -> None:
        self._said = list(said)
        self.seen: list[Any] = []
        self.infos: list[Mapping[str, Any]] = []
        self.task: Task | None = None
        self.result: Any = None
        self.closed = self.begun = 0

    def reset(self, task: Task, emit: Any) -> None:
        self.task = task
        self.begun += 1

    def read_info(self, info: Mapping[str, Any]) -> None:
        self.infos.append(info)

    def act(self, observation: Any) -> Any:
        self.seen.append(observation)
        return self._said.pop(0)

    def finish(self, result: Any) -> None:
        self.result = result

    def close(self) -> None:
        self.closed += 1


def hand(to: Any, message: Any = "go on") -> dict[str, Any]:
    return {"name": HAND_OVER, "arguments": {"to": to, "message": message}, "id": f"h-{to}"}


ANSWER = {"name": "answer", "arguments": {"text": "5"}, "id": "a"}
ADD = {"name": "add", "arguments": {"a": 2, "b": 3}, "id": "s"}


def test_what_stands_before_a_hand_over_is_done_first_and_what_stands_behind_is_not() -> None:
    both = Batch((ToolCall("add", {"a": 2, "b": 3}, "s"), ToolCall(HAND_OVER, hand("b")["arguments"], "h"), Done()))
    first, second = Says(both, ANSWER), Says(hand("a", "your turn"))
    result = played(Team([{"agent": first, "id": "a"}, {"agent": second, "id": "b"}]))
    assert (result.score, result.steps) == (1.0, 2)
    assert "[s] add\n5" in second.seen[0]
    told = {one["call_id"]: one["content"] for one in first.infos[-1]["tool_results"]}
    assert told == {"s": "5", "h": "b says: your turn"}
    assert first.infos[-1]["action_error"] == "Not done: the word was handed over before."


@pytest.mark.parametrize(
    ("bad", "problem"),
    [
        (hand("c"), "to must be one of b, not 'c'"),
        (hand("a"), "to must be one of b, not 'a'"),
        (hand(["b"]), "to must be one of b, not \\['b'\\]"),
        (hand("b", 7), "message must be a text, not 7"),
        (ADD, "a has no tool 'add'"),
    ],
)
def test_a_mistaken_call_is_told_and_costs_no_step(bad: dict[str, Any], problem: str) -> None:
    first = Says(bad, ANSWER)
    team = Team([{"agent": first, "id": "a", "tools": ["answer"]}, {"agent": Says(), "id": "b"}])
    result = played(team)
    assert (result.score, result.steps) == (1.0, 1)
    assert re.search(problem, first.infos[-1]["action_error"])
    assert [one["ok"] for one in first.infos[-1]["tool_results"]] == [False]


def test_a_worker_may_ask_another_and_goes_on_where_it_was() -> None:
    first, second = Says(hand("b", "Add."), ANSWER), Says(Batch((ToolCall("add", {"a": 2, "b": 3}, "s"), Done())))
    boss = Says(hand("a", "Answer."))
    members = [{"agent": boss, "id": "boss"}, {"agent": first, "id": "a"}, {"agent": second, "id": "b"}]
    result = played(Team(members, workers=["a", "b"]))
    assert (result.score, result.steps) == (1.0, 2)
    assert first.begun == 1
    assert first.task is not None
    assert first.task.instruction == "Answer."
    assert second.task is not None
    assert second.task.instruction == "Add."
    assert first.seen[1].endswith("message from b:\nDone.")
    assert first.infos[-1]["tool_results"] == [
        {"call_id": "h-b", "name": HAND_OVER, "ok": True, "content": "b says: Done."}
    ]


@pytest.mark.parametrize(
    "form",
    [
        ADD,
        json.dumps(ADD),
        json.dumps([ADD]),
        [ADD],
        f"```json\n{json.dumps(ADD)}\n```",
        {"tool_calls": [{"id": "s", "type": "function", "function": {"name": "add", "arguments": '{"a": 1}'}}]},
        {"type": "tool_use", "id": "s", "name": "add", "input": {"a": 1}},
        ToolCall("add", {"a": 1}),
        Batch((ToolCall("answer", {"text": "5"}), ToolCall("add", {"a": 1}))),
    ],
    ids=lambda form: type(form).__name__,
)
def test_a_tool_that_a_member_does_not_have_is_never_called_however_it_is_written(form: Any) -> None:
    stubborn = Says(*[form] * 24)
    team = Team([{"agent": stubborn, "id": "a", "tools": []}, {"agent": Says(), "id": "b"}], patience=3)
    bus = Bus()
    used: list[Any] = []
    bus.subscribe(lambda record: used.append(record.payload), ToolCalled)
    result = played(team, bus=bus)
    assert (result.steps, result.score, used) == (6, 0.0, [])


def test_a_word_that_goes_round_and_round_costs_a_step() -> None:
    ping, pong = Says(*[hand("b")] * 9), Says(*[hand("a")] * 9)
    env = gym.make("agentgym/Tools-v0", task=VAULT, max_steps=3, disable_env_checker=True)
    result = Episode(env, Team([{"agent": ping, "id": "a"}, {"agent": pong, "id": "b"}], patience=4), seed=0).run()
    env.close()
    assert (result.steps, result.truncated, result.score) == (3, True, 0.0)
    assert len(ping.seen) + len(pong.seen) == 15


def test_all_who_took_part_hear_the_end_and_all_are_closed() -> None:
    first, second = Says(ANSWER), Says()
    played(Team([{"agent": first, "id": "a"}, {"agent": second, "id": "b"}]))
    assert first.result.score == 1.0
    assert second.result is None
    assert (first.closed, second.closed) == (1, 1)


def test_a_team_plays_one_episode_after_the_other_as_if_it_were_the_first() -> None:
    with serving(two_minds) as server:
        team = make_agent("team", options={"members": pair(server.url)})
        scores = []
        for _ in range(2):
            env = gym.make("agentgym/Tools-v0", task=VAULT, disable_env_checker=True)
            scores.append(Episode(env, team, seed=0).run().score)
            env.close()
        team.close()  # type: ignore[attr-defined]  # a team has it
        assert scores == [1.0, 1.0]
        half = len(server.requests) // 2
        assert [body["messages"][0] for body in server.requests[:half]] == [
            body["messages"][0] for body in server.requests[half:]
        ]
        assert [len(body["messages"]) for body in server.requests[:half]] == [
            len(body["messages"]) for body in server.requests[half:]
        ]


def test_a_team_may_be_a_member_of_another() -> None:
    with serving(two_minds) as server:
        inner = {"agent": "team", "id": "office", "options": {"members": pair(server.url)}}
        bus = Bus()
        answered: list[Any] = []
        used: list[Any] = []
        bus.subscribe(lambda record: answered.append(record.payload), ModelResponse)
        bus.subscribe(lambda record: used.append(record.payload), ToolCalled)
        result = played(Team([{"agent": Says(hand("office")), "id": "boss"}, inner]), bus=bus)
    assert result.score == 1.0
    assert {(event.agent_id, event.parent_id) for event in answered} == {("clerk", "office"), ("archivist", "office")}
    assert {event.agent_id for event in used} == {"clerk"}


def test_members_act_on_a_screen_too() -> None:
    click = "pyautogui.click(4, 5)"
    first = Says(f"{click}\npyautogui.press('a')", json.dumps(hand("b")))
    env = gym.make(
        "agentgym/Desktop-v0",
        task={"id": "t", "instruction": "Click."},
        backend="memory",
        screen=(64, 48),
        disable_env_checker=True,
    )
    second = Says("DONE")
    result = Episode(env, Team([{"agent": first, "id": "a"}, {"agent": second, "id": "b"}]), seed=0).run()
    env.close()
    assert (result.steps, result.terminated) == (2, True)
    assert second.seen[0]["message from a"] == "go on"
    assert second.seen[0]["screenshot"].shape == (48, 64, 3)


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"members": ["noop", "noop"]}, "two members have one id"),
        ({"members": ["noop"], "first": "nop"}, "no member 'nop'; did you mean 'noop'"),
        ({"members": ["noop"], "workers": ["x"]}, "no member 'x'"),
        ({"members": []}, "no member ''"),
        ({"members": ["noop"], "patience": -1}, "patience is -1"),
        ({"members": [{"id": "a"}]}, "a member needs an agent"),
        ({"members": [{"agent": "noop", "tool": []}]}, "cannot be made from .* unknown field `tool`"),
        ({"members": [{"agent": "noop", "options": {"x": 1}}]}, "the agent 'noop' has no option 'x'; known are: steps"),
    ],
)
def test_a_team_that_cannot_be_is_told_in_a_line(options: dict[str, Any], problem: str) -> None:
    with pytest.raises(UsageError, match=problem):
        make_agent("team", options=options)


def test_two_calls_in_one_reply_of_a_model_are_both_answered() -> None:
    script = [
        calls(("add", {"a": 2, "b": 3}), (HAND_OVER, {"to": "second", "message": "Say the sum."})),
        call(HAND_OVER, to="first", message="Say it yourself."),
        call("answer", text="5"),
    ]
    with serving(script) as server:
        result = played(Team([member(server.url, "first", "Do."), member(server.url, "second", "Do.")]))
        assert (result.score, result.steps) == (1.0, 2)
        assert server.refused == []
        last = server.requests[-1]["messages"][-2:]
        assert [message["content"] for message in last] == ["5", "second says: Say it yourself."]
