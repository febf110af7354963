"""Environments of skyrl-gym: seeded, begun anew at every reset."""

from __future__ import annotations

import json
import re
import sqlite3
from pathlib import Path
from typing import Any

import gymnasium as gym
import pytest
from gymnasium.utils.env_checker import check_env

from agentgym.envs.skyrl import SkyRLEnv
from agentgym.errors import UsageError

pytestmark = pytest.mark.episodes

NAMES = ("gsm8k", "gsm8k_multi_turn", "aime")


def answered(question: str) -> int:
    boxes, each, given, times = (int(number) for number in re.findall(r"\d+", question)[:2] + _given(question))
    return boxes * each - given + times * given


def _given(question: str) -> list[str]:
    found = re.search(r"gives (\d+) .* finds (\d+) times", question)
    assert found is not None
    return list(found.groups())


@pytest.mark.parametrize("name", NAMES)
def test_gymnasium_finds_no_fault(name: str) -> None:
    check_env(gym.make("agentgym/SkyRL-v0", name=name, render_mode="ansi").unwrapped)


@pytest.mark.parametrize("name", NAMES)
def test_the_right_answer_scores_1_and_a_wrong_one_less(name: str) -> None:
    env = SkyRLEnv(name, max_steps=2)
    for seed in range(5):
        for wrong in (0, 1):
            question, _ = env.reset(seed=seed)
            answer = answered(question) + wrong
            _, reward, over, _, info = env.step(f"So it is.\n#### {answer}\nAnswer: {answer}")
            if not wrong:
                assert (reward, over, info["score"], env.evaluate().value) == (1.0, True, 1.0, 1.0)
            else:
                assert reward < 1
                assert info["raw_reward"] < 1


def test_the_original_is_over_at_once_after_a_second_init_and_ours_is_not() -> None:
    import skyrl_gym

    row = {"reward_spec": {"ground_truth": "7"}, "max_turns": 3}
    theirs = skyrl_gym.make("gsm8k_multi_turn", extras=row)
    theirs.init([{"role": "user", "content": "What?"}])
    assert [theirs.step("#### 6")["done"] for _ in range(3)] == [False, False, True]
    theirs.init([{"role": "user", "content": "What?"}])
    assert theirs.step("#### 6")["done"], "skyrl-gym keeps the turns: if not, ours can be simpler"

    ours = SkyRLEnv("gsm8k_multi_turn", rows=[{"prompt": "What?", **row}])
    for _ in range(2):
        ours.reset(seed=0)
        assert [ours.step("#### 6")[2] for _ in range(3)] == [False, False, True]


def test_the_two_splits_ask_other_things() -> None:
    questions = {}
    for split in ("train", "test"):
        env: Any = gym.make("agentgym/SkyRL-v0", split=split)
        questions[split] = {env.reset(seed=seed)[0] for seed in range(50)}
        assert len(questions[split]) == 50
    assert not questions["train"] & questions["test"]


def test_text2sql_answers_from_a_database(tmp_path: Path) -> None:
    folder = tmp_path / "spider" / "database" / "shop"
    folder.mkdir(parents=True)
    with sqlite3.connect(folder / "shop.sqlite") as connection:
        connection.execute("create table item (name text, price integer)")
        connection.executemany("insert into item values (?, ?)", [("pen", 2), ("lamp", 30)])
    connection.close()
    row = {
        "prompt": [{"role": "user", "content": "What costs more than 10?"}],
        "db_id": "shop",
        "data": "spider",
        "reward_spec": {"ground_truth": "select name from item where price > 10"},
    }
    rows = tmp_path / "rows.jsonl"
    rows.write_text(json.dumps(row) + "\n")
    env = SkyRLEnv("text2sql", rows=rows, config={"db_path": str(tmp_path)})
    solution = "<think>It is the lamp.</think><solution>select name from item where price >= 30</solution>"
    for said, paid in ((solution, 1.0), (solution.replace(">= 30", "< 30"), 0.0)):
        assert env.reset(seed=0)[0] == "What costs more than 10?"
        seen, _, over, _, _ = env.step("<think>Look.</think><sql>select * from item</sql>")
        assert not over
        assert "lamp" in seen
        assert env.step(said)[1:3] == (paid, True)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"name": "gsm8"}, "did you mean 'gsm8k'"),
        ({"name": "lcb", "rows": [{"prompt": "a"}]}, "outside a sandbox"),
        ({"name": "searchcode", "rows": [{"prompt": "a"}]}, "outside a sandbox"),
        ({"name": "search"}, "needs rows="),
        ({"rows": []}, "must be a list of dicts"),
        ({"rows": "nowhere.jsonl"}, "cannot be read"),
        ({"split": "dev"}, "'train' or 'test'"),
    ],
)
def test_what_cannot_work_is_said_when_it_is_made(arguments: dict[str, Any], says: str) -> None:
    with pytest.raises(UsageError, match=says):
        SkyRLEnv(**arguments)
