from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from agentgym.actions import ToolCall
from agentgym.errors import BackendError, TaskError
from agentgym.tasks import Task
from agentgym.tools import ToolContext, ToolResult, call_tool, resolve_tools
from agentgym.tools.keeping import keep_context
from agentgym.tools.modelcalls import CallsModels
from tests.modelserver import serving

TOOLS = resolve_tools(["ask_user"])


def context_with(user: Any) -> ToolContext:
    return ToolContext(Task("t", "Do it.", metadata={} if user is None else {"user": user}))


def ask(context: ToolContext, question: str) -> ToolResult:
    return call_tool(TOOLS, ToolCall("ask_user", {"question": question}), context, call_id="1")


SCRIPT = {
    "rules": [
        {"words": ["postcode", "zip code"], "answer": "B12."},
        {"words": ["code"], "answer": "Which code?"},
    ],
    "turns": ["Hello.", "Still here."],
    "default": "No more.",
    "most": 6,
}


def test_first_rule_answers_then_turns_then_the_default() -> None:
    context = context_with(SCRIPT)
    asked = ["Your POSTCODE, please?", "What?", "The zip code", "The code", "Postcodes?", "And?"]
    answers = ["B12.", "Hello.", "B12.", "Which code?", "Still here.", "No more."]
    assert [ask(context, question).content for question in asked] == answers
    refused = ask(context, "And?")
    assert (refused.ok, refused.content) == (False, "the user has answered 6 questions and answers no more")
    said = json.loads(context.evidence()["user.json"])
    assert said == [{"question": q, "answer": a} for q, a in zip(asked, answers, strict=True)]


def test_a_copied_dialogue_goes_on_where_it_was_copied() -> None:
    context = context_with(SCRIPT)
    ask(context, "What?")
    kept = keep_context(context)
    assert ask(context, "What?").content == "Still here."
    kept.put_into(context)
    assert ask(context, "What?").content == "Still here."


def test_without_a_user_nobody_answers() -> None:
    found = ask(context_with(None), "Who?")
    assert (found.ok, found.content) == (False, "there is no user to ask in this task")


@pytest.mark.parametrize(
    ("user", "said"),
    [({"rule": []}, "rule"), ({"rules": [{"words": "x", "answer": "y"}]}, "words"), ({"model": "m"}, "about")],
)
def test_a_malformed_user_is_the_tasks_fault(user: Any, said: str) -> None:
    tool = TOOLS["ask_user"]
    with pytest.raises(TaskError, match=rf"metadata\.user.*{said}"):
        tool.call({"question": "Who?"}, context_with(user))


def test_a_model_plays_the_user_and_its_calls_are_collected(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(lambda body: f"answer {len(body['messages'])} to {body['messages'][-1]['content']}") as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        monkeypatch.setenv("OPENAI_API_KEY", "none")
        context = context_with({"model": "small", "about": "You are Ada.", "options": {"temperature": 0}})
        assert [ask(context, question).content for question in ("A?", "B?")] == ["answer 2 to A?", "answer 4 to B?"]
    first, second = server.requests
    assert "You are Ada." in first["messages"][0]["content"]
    assert (first["model"], first["temperature"]) == ("small", 0)
    assert [message["role"] for message in second["messages"]] == ["system", "user", "assistant", "user"]
    user = context.state["ask_user"]
    assert isinstance(user, CallsModels)
    calls = user.take_model_calls()
    assert [(call.call_id, call.content, call.finish_reason) for call in calls] == [
        ("user-0", "answer 2 to A?", "stop"),
        ("user-1", "answer 4 to B?", "stop"),
    ]
    assert user.take_model_calls() == []
    assert copy.deepcopy(context.state)["ask_user"].evidence() == context.state["ask_user"].evidence()


@pytest.mark.episodes
def test_a_model_that_cannot_be_asked_breaks_the_episode_and_is_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(lambda body: "") as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        monkeypatch.setenv("OPENAI_API_KEY", "none")
        context = context_with({"model": "small", "about": "You are Ada."})
        with pytest.raises(BackendError, match="said nothing"):
            ask(context, "A?")
    with pytest.raises(BackendError, match="could not be asked"):
        ask(context, "A?")
