from __future__ import annotations

import base64
import io
import pickle
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from agentgym.errors import RewardHookError, UsageError
from agentgym.rewards import LLMJudge, Transition, term
from tests.modelserver import ModelServer, fault, serving

PICTURE = np.arange(30 * 40 * 3, dtype=np.uint8).reshape(30, 40, 3)
STEP = Transition(
    {"screenshot": PICTURE, "instruction": "Save the {note}."},
    "pyautogui.press('s')",
    {"screenshot": 255 - PICTURE, "instruction": "Save the {note}."},
    0.0,
    False,
    False,
    {"action_error": "no such key"},
)


VERDICT = 'I think: {"score": 0.75, "reason": "nearly"}'


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with serving(lambda _: VERDICT) as judge:
        yield judge


def judge(server: ModelServer, cache: Path, **options: Any) -> LLMJudge:
    return LLMJudge("small", "Pay for {saved} notes.", base_url=server.url, cache=cache, retries=0, **options)


def test_a_judge_pays_the_score_that_the_model_gives(server: ModelServer, tmp_path: Path) -> None:
    assert term("judge", judge(server, tmp_path), STEP) == 0.75
    assert judge(server, tmp_path).verdict(STEP).reason == "nearly"


def test_it_shows_the_rubric_both_screens_and_the_action(server: ModelServer, tmp_path: Path) -> None:
    judge(server, tmp_path, options={"max_tokens": 50})(STEP)
    (request,) = server.requests
    assert (request["model"], request["max_tokens"]) == ("small", 50)
    assert server.exchanges[0].path == "/v1/chat/completions"
    system, user = request["messages"]
    assert "Pay for {saved} notes." in system["content"]
    texts = [part["text"] for part in user["content"] if part["type"] == "text"]
    assert "Action: pyautogui.press('s')\nIt was refused: no such key" in texts
    assert texts.count("Save the {note}.") == 2
    urls = [part["image_url"]["url"] for part in user["content"] if part["type"] == "image_url"]
    shown = [np.asarray(Image.open(io.BytesIO(base64.b64decode(url.partition(",")[2])))) for url in urls]
    assert np.array_equal(shown[0], PICTURE)
    assert np.array_equal(shown[1], 255 - PICTURE)


def test_what_was_judged_is_not_asked_again(server: ModelServer, tmp_path: Path) -> None:
    first = judge(server, tmp_path)
    assert [first(STEP), first(STEP), judge(server, tmp_path)(STEP)] == [0.75] * 3
    assert len(server.requests) == 1
    LLMJudge("small", "Another rubric.", base_url=server.url, cache=tmp_path)(STEP)
    LLMJudge("large", "Pay for {saved} notes.", base_url=server.url, cache=tmp_path)(STEP)
    assert len(server.requests) == 3


def test_the_key_comes_from_the_environment(
    server: ModelServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEY_OF_MINE", "abc")
    judge(server, tmp_path, api_key="KEY_OF_MINE")(STEP)
    assert server.exchanges[0].headers["authorization"] == "Bearer abc"
    assert "abc" not in "".join(path.read_text() for path in tmp_path.rglob("*.json"))


def test_without_key_or_address_it_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with pytest.raises(UsageError, match="OPENAI_API_KEY"):
        LLMJudge("small", "Pay.")
    with pytest.raises(UsageError, match="rubric"):
        LLMJudge("small", " ", base_url="http://127.0.0.1:1/v1")


@pytest.mark.parametrize("answer", ["", "Good!", '{"score": 2}', '{"score": "much"}', '{"points": 1}'])
def test_what_is_no_verdict_is_an_error_and_not_kept(server: ModelServer, tmp_path: Path, answer: str) -> None:
    server.play([answer])
    with pytest.raises(RewardHookError, match="judge"):
        judge(server, tmp_path)(STEP)
    server.play(['{"score": 1}'])
    assert judge(server, tmp_path)(STEP) == 1.0


def test_a_server_that_fails_is_an_error_and_asked_again_if_that_is_wanted(server: ModelServer, tmp_path: Path) -> None:
    server.play([fault(500, "out of order"), fault(500), VERDICT])
    with pytest.raises(RewardHookError, match=r"'small' could not be asked.*out of order"):
        judge(server, tmp_path)(STEP)
    assert LLMJudge("small", "Pay.", base_url=server.url, cache=tmp_path, retries=1)(STEP) == 0.75


def test_a_damaged_verdict_is_told(server: ModelServer, tmp_path: Path) -> None:
    judge(server, tmp_path)(STEP)
    (kept,) = tmp_path.rglob("*.json")
    kept.write_text("{")
    with pytest.raises(RewardHookError, match="remove it"):
        judge(server, tmp_path)(STEP)


def test_a_judge_goes_to_another_process(server: ModelServer, tmp_path: Path) -> None:
    one = judge(server, tmp_path)
    one(STEP)
    assert pickle.loads(pickle.dumps(one))(STEP) == 0.75


def test_verdicts_lie_in_the_users_cache(server: ModelServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.delenv("AGENTGYM_CACHE", raising=False)
    LLMJudge("small", "Pay.", base_url=server.url)(STEP)
    assert len(list((tmp_path / "agentgym" / "verdicts").rglob("*.json"))) == 1


def _texts(request: dict[str, Any]) -> list[str]:
    return [part["text"] for part in request["messages"][1]["content"] if part["type"] == "text"]


def test_an_array_is_told_in_full_or_by_what_it_is(server: ModelServer, tmp_path: Path) -> None:
    small, large = (np.arange(1000) + 0.5) / 8, np.arange(20_000, dtype=np.int32).reshape(100, 200)
    observation = {"state": small, "both": (small, large), "depth": large}
    judge(server, tmp_path)(replace(STEP, before=observation, after=observation))
    texts = _texts(server.requests[0])
    assert not any("..." in text for text in texts)
    assert [float(number) for number in re.findall(r"\d+\.\d+(?:e[+-]\d+)?", texts[2])] == small.tolist()
    assert "int32 array of shape (100, 200)" in texts[6]
    assert "from 0 to 19999, mean 9999.5" in texts[6]
    assert texts[4] == f"({texts[2]}, {texts[6]})"


# Smallest, largest, mean and deviation are the same in both.
ONE, OTHER = np.eye(1, 3000, 7), np.eye(1, 3000, 8)


@pytest.mark.parametrize(
    ("seen", "other"),
    [("x" * 30_000, "x" * 29_999 + "y"), (ONE, OTHER), ((ONE,), (OTHER,)), ({"a": [ONE]}, {"a": [OTHER]})],
)
def test_what_differs_where_it_is_not_shown_is_judged_anew(
    server: ModelServer, tmp_path: Path, seen: Any, other: Any
) -> None:
    for after in (seen, other, seen):
        judge(server, tmp_path)(replace(STEP, after=after))
    assert len(server.requests) == 2


def test_what_is_not_finite_is_told(server: ModelServer, tmp_path: Path) -> None:
    judge(server, tmp_path)(replace(STEP, before=np.array([np.inf, -np.inf, *range(2000)])))
    assert "from -inf to inf" in _texts(server.requests[0])[1]
