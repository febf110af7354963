"""Groups with advantages and tokens, as trainers take them."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from agentgym.engines import engines
from agentgym.errors import DatasetError, UsageError
from agentgym.events import ModelRequest, ModelResponse
from agentgym.export import ExportWarning, exporters
from agentgym.export.grpo import advantages, grpo_rows
from agentgym.export.story import ModelCall
from agentgym.export.tokens import token_runs
from agentgym.results.groups import run_groups
from agentgym.runner import RolloutSpec
from agentgym.trajectory import Dataset
from tests.results.guessing import AGENT, ENV

SPEC = RolloutSpec(agent=AGENT, env=ENV)


def record(path: Path, *, members: int = 4, seeds: tuple[int, ...] = (0,), **options: Any) -> Dataset:
    specs = [replace(SPEC, seed=seed, record=str(path), agent_options=options) for seed in seeds]
    for _ in run_groups(specs, members, engines["serial"]()):
        pass
    return Dataset(path)


def test_advantages_are_those_of_the_paper() -> None:
    assert advantages([1.0, 0.0, 0.0, 1.0]) == pytest.approx([0.8659, -0.8659, -0.8659, 0.8659], abs=1e-4)
    assert advantages([1.0, 0.5], scale=False) == [0.25, -0.25]
    assert advantages([0.3, 0.3, 0.3]) == [0.0, 0.0, 0.0]
    assert advantages([2.0]) == [0.0]


def test_an_episode_is_one_sequence_of_which_the_model_wrote_some(tmp_path: Path) -> None:
    dataset = record(tmp_path, seeds=(0, 1))
    rows = grpo_rows(dataset)
    assert len(rows) == 8
    for row, episode in zip(rows, dataset, strict=True):
        first, second = episode.actions
        assert bytes(row["prompt_ids"]).decode() == "Play.\nGuess a digit."
        told = "\ntoo low" if int(first) < int(second) else None
        text = bytes(row["completion_ids"]).decode()
        assert text.startswith(f"\n{first}\n")
        assert text.endswith(f"\n{second}")
        assert told is None or "too" in text or "right" in text
        written = [token for token, own in zip(row["completion_ids"], row["env_mask"], strict=True) if own]
        assert bytes(written).decode() == f"\n{first}\n{second}"
        assert len(row["logprobs"]) == len(row["completion_ids"])
        assert [one for one, own in zip(row["logprobs"], row["env_mask"], strict=True) if own] == [-0.1, -2.3] * 2
        assert {one for one, own in zip(row["logprobs"], row["env_mask"], strict=True) if not own} == {0.0}
        assert (row["run_id"], row["reward"], row["segment"]) == (episode.run_id, episode.total_return, 0)
        assert [message["role"] for message in row["completion"]] == ["assistant", "user", "assistant"]


def test_a_history_that_was_cut_is_another_sequence_with_the_same_advantage(tmp_path: Path) -> None:
    rows = grpo_rows(record(tmp_path, forgets=True))
    assert [(row["member"], row["segment"]) for row in rows] == [(m, s) for m in range(4) for s in range(2)]
    for first, second in zip(rows[::2], rows[1::2], strict=True):
        assert first["advantage"] == second["advantage"]
        assert second["env_mask"] == [1, 1]
        assert "completion" not in first


def test_attempts_that_nobody_grouped_are_grouped_by_task_and_seed(tmp_path: Path) -> None:
    from agentgym.runner import rollout

    for agent_seed in range(3):
        rollout(replace(SPEC, record=str(tmp_path / "data"), agent_seed=agent_seed))
    rollout(replace(SPEC, record=str(tmp_path / "data"), seed=9))
    with pytest.warns(ExportWarning, match="left out 1 episode without another attempt"):
        rows = grpo_rows(Dataset(tmp_path / "data"))
    assert {row["group"] for row in rows} == {"guess/digit/0"}
    assert [row["member"] for row in rows] == [0, 1, 2]


def test_groups_of_equal_rewards_are_left_out_if_asked_for(tmp_path: Path) -> None:
    dataset = record(tmp_path, members=2, seeds=tuple(range(12)))
    rows = grpo_rows(dataset)
    equal = {row["group"] for row in rows if row["advantage"] == 0}
    assert equal
    kept = {row["group"] for row in grpo_rows(dataset, skip_equal=True)}
    assert kept == {row["group"] for row in rows} - equal


def test_tokens_are_not_made_up(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"recorded without token ids; .* token_ids=true"):
        exporters["grpo"](record(tmp_path / "data", tokens=False), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_mistaken_options_are_told(tmp_path: Path) -> None:
    dataset = record(tmp_path, members=1)
    with pytest.raises(UsageError, match="reward is 'scores'; it is one of 'return', 'score'"):
        grpo_rows(dataset, reward="scores")
    with pytest.raises(DatasetError, match=r"no group of attempts .* 1 single attempts"):
        grpo_rows(dataset)


def test_a_call_without_log_probabilities_leaves_the_sequence_without() -> None:
    def call(number: int, prompt: list[int], logprobs: list[float] | None) -> ModelCall:
        response = ModelResponse(
            call_id=f"{number}", prompt_token_ids=prompt, completion_token_ids=[number], logprobs=logprobs
        )
        return ModelCall(f"{number}", ModelRequest(call_id=f"{number}"), response)

    (run,) = token_runs([call(7, [1, 2], [-0.5]), call(8, [1, 2, 7, 3], None)])
    assert (run.completion_ids, run.mask, run.logprobs) == ([7, 3, 8], [1, 0, 1], None)
    # Two that talk in turns are two sequences.
    runs = token_runs([call(7, [1], [0.0]), call(8, [2], [0.0]), call(9, [1, 7], [0.0]), call(5, [2, 8, 4], [0.0])])
    assert [(one.prompt_ids, one.completion_ids) for one in runs] == [([1], [7, 9]), ([2], [8, 4, 5])]
    with pytest.raises(DatasetError, match="has 2 values of logprobs for 1 tokens"):
        token_runs([call(7, [1], [0.0, 0.0])])


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.*gradient_checkpointing.* is deprecated:FutureWarning")
@pytest.mark.filterwarnings("ignore:You are using 'rollout_func':UserWarning")
@pytest.mark.filterwarnings("ignore:The `max_steps`.*:UserWarning")
def test_trl_trains_on_a_group_and_finds_the_same_advantages(tmp_path: Path) -> None:
    import torch
    from datasets import Dataset as Rows
    from trl import GRPOConfig, GRPOTrainer

    from tests.export.test_trl import settings, tiny_model, tokenizer

    rows = grpo_rows(record(tmp_path / "data"))
    tokens = tokenizer("qwen2_5")
    seen: list[torch.Tensor] = []

    def recorded(prompts: list[Any], _trainer: Any) -> dict[str, Any]:
        assert len(prompts) == len(rows)
        names = ("prompt_ids", "completion_ids", "logprobs", "env_mask", "reward")
        return {name: [row[name] for row in rows] for name in names}

    def paid(completions: list[Any], reward: list[float], **_: Any) -> list[float]:
        return reward

    class Trainer(GRPOTrainer):  # type: ignore[misc]  # of a library without types
        def compute_loss(self, model: Any, inputs: Any, *arguments: Any, **more: Any) -> Any:
            seen.append(inputs["advantages"])
            return super().compute_loss(model, inputs, *arguments, **more)

    told = {**settings(tmp_path / "out"), "max_steps": 1, "per_device_train_batch_size": 4}
    del told["max_length"]
    trainer = Trainer(
        tiny_model(tmp_path / "model", tokens),
        args=GRPOConfig(**told, num_generations=4, max_completion_length=64, shuffle_dataset=False),
        train_dataset=Rows.from_list([{"prompt": "guess"}] * 4),
        processing_class=tokens,
        reward_funcs=paid,
        rollout_func=recorded,
    )
    trainer.train()
    assert seen[0].flatten().tolist() == pytest.approx([row["advantage"] for row in rows], abs=1e-5)
    assert math.isfinite(trainer.state.log_history[0]["loss"])
    assert json.dumps(rows)


def test_a_group_of_a_model_at_a_server_has_its_tokens(tmp_path: Path) -> None:
    from tests.adapters.sums import SUM
    from tests.modelserver import call, say, serving

    def answers(body: Any) -> Any:
        told = [message for message in body["messages"] if message["role"] == "tool"]
        if not told:
            return call("add", a=2, b=3)
        return call("answer", text="5") if body["seed"] % 2 else say("FAIL")

    with serving(answers, extra=("return_token_ids",)) as server:
        options = {"model": "scripted", "base_url": server.url, "token_ids": True, "logprobs": True}
        env: dict[str, Any] = {"env": "agentgym/Tools-v0", "task": SUM}
        spec = RolloutSpec(agent="openai", agent_options=options, record=str(tmp_path), **env)
        (group,) = run_groups([spec], 6, engines["threads"](workers=3))
        assert server.refused == []
    rows = grpo_rows(Dataset(tmp_path))
    assert {row["member"]: row["advantage"] for row in rows} == pytest.approx(group.advantages())
    assert {row["reward"] for row in rows} == {0.0, 1.0}
    for row in rows:
        assert (row["segment"], len(row["env_mask"])) == (0, len(row["completion_ids"]))
        assert sum(row["env_mask"]) < len(row["env_mask"]), "what the tool said is not the model's"
        assert row["logprobs"] is None, "this protocol gives none for calls of tools"
