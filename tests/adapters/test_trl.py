"""Environments in TRL's own GRPOTrainer: it reads the tools, calls them, and takes the score as the reward."""

from __future__ import annotations

import inspect
import json
from pathlib import Path
from typing import Any

import gymnasium as gym
import pytest

from agentgym.adapters.trl import environment_factory, rows
from agentgym.errors import MissingDependencyError, ToolError, UsageError
from agentgym.trajectory import Dataset
from agentgym.wrappers import TrajectoryRecorder
from tests.adapters.sums import SUM
from tests.export.test_trl import tokenizer

pytestmark = pytest.mark.episodes

BARE = {key: value for key, value in SUM.items() if key != "evaluator"}


def made(task: Any = SUM, **arguments: Any) -> Any:
    return environment_factory("agentgym/Tools-v0", task=task, **arguments)()


def test_transformers_reads_the_tools_as_they_are_defined() -> None:
    from transformers.utils import get_json_schema

    one = made()
    assert one.reset(seed=0, prompt="of the row") == SUM["instruction"]
    read = get_json_schema(one.add)["function"]
    assert read["name"] == "add"
    assert read["description"] == "Adds two numbers."
    assert read["parameters"] == {
        "type": "object",
        "properties": {
            "a": {"type": "integer", "description": "the first."},
            "b": {"type": "integer", "description": "the second."},
        },
        "required": ["a"],
    }


def test_every_tool_of_ours_can_be_read() -> None:
    from transformers.utils import get_json_schema

    from agentgym.tools import resolve_tools, tools

    names = list(resolve_tools(tools))
    one = made({**BARE, "tools": list(tools)})
    read = [get_json_schema(getattr(one, name))["function"] for name in names]
    assert [tool["name"] for tool in read] == names
    assert len(names) >= 12
    assert all(part["description"] for tool in read for part in tool["parameters"]["properties"].values())


@pytest.mark.parametrize("suite", ["service", "shell", "research", "data", "bfcl", "tau2-retail"])
def test_the_tools_of_every_suite_can_be_read(suite: str) -> None:
    from transformers.utils import get_json_schema

    try:
        one = environment_factory("agentgym/Tools-v0", tasks=suite)()
    except MissingDependencyError as error:
        pytest.skip(str(error))
    methods = inspect.getmembers(type(one), inspect.isfunction)
    tools = [name for name, _ in methods if name not in ("reset", "get_reward") and not name.startswith("_")]
    assert len(tools) > 3
    assert [get_json_schema(getattr(one, name))["function"]["name"] for name in tools] == tools


def test_the_reward_is_the_score_of_the_state_in_which_the_model_leaves_off() -> None:
    one = made()
    one.reset(seed=0)
    assert one.get_reward() == 0.0
    assert one.add(a=2, b=3) == "5"
    assert one.add(a=2) == "3"
    assert one.answer(text="5") == "Thanks."
    assert one.get_reward() == 1.0
    with pytest.raises(ToolError, match="episode is over"):
        one.add(a=1)
    one.reset(seed=0)
    one.answer(text="6")
    assert one.get_reward() == 0.0


def test_without_an_evaluator_there_is_no_reward() -> None:
    one = made(BARE)
    one.reset()
    assert one.get_reward() is None


def test_a_call_that_fails_is_raised() -> None:
    one = made()
    one.reset()
    with pytest.raises(ToolError, match="two"):
        one.add(a="two")


def test_a_row_picks_the_seed_and_the_task() -> None:
    one = made()
    other = {**SUM, "instruction": "What is 1 + 1?"}
    assert one.reset(task=other) == "What is 1 + 1?"
    assert one.reset(task=json.dumps(other)) == "What is 1 + 1?"
    assert one.reset() == SUM["instruction"]
    chosen = environment_factory("agentgym/TextArena-v0", game="FrozenLake-v0-random")
    assert [row["seed"] for row in rows(3, seed=7)] == [7, 8, 9]
    assert chosen().reset(seed=7) == chosen().reset(seed=7)
    assert len({chosen().reset(seed=seed) for seed in range(5)}) > 1


def test_an_environment_of_text_has_one_tool() -> None:
    game = environment_factory("agentgym/TextArena-v0", game="TicTacToe-v0")()
    game.reset(seed=0)
    assert "[Player 0] [4]" in game.act(action="[4]")
    assert game.get_reward() == 0.0


def test_a_desktop_shows_its_screen() -> None:
    seen = environment_factory(
        "agentgym/Desktop-v0",
        task={"id": "look", "instruction": "Look."},
        backend="memory",
        screen=(64, 48),
        observation=("screenshot", "instruction"),
    )()
    content = seen.reset(seed=0)
    assert [part["type"] for part in content] == ["image", "text"]
    assert content[0]["image"].size == (64, 48)
    assert content[1]["text"] == "Look."
    assert seen.act(action="pyautogui.click(3, 4)")[0]["image"].size == (64, 48)
    with pytest.raises(ToolError, match="clik"):
        seen.act(action="pyautogui.clik(3, 4)")


def test_a_desktop_with_tools_has_both() -> None:
    seen = environment_factory(
        "agentgym/Desktop-v0",
        task={"id": "both", "instruction": "Look.", "tools": SUM["tools"]},
        backend="memory",
        screen=(64, 48),
        observation=("instruction",),
    )()
    assert seen.reset(seed=0) == "Look."
    assert seen.add(a=2, b=3) == "5"
    assert seen.act(action="pyautogui.click(3, 4)") == "Look."
    assert seen.answer(text="5") == "Thanks."
    with pytest.raises(ToolError, match="episode is over"):
        seen.act(action="pyautogui.click(3, 4)")


def test_other_actions_are_refused() -> None:
    with pytest.raises(UsageError, match="must be text or calls of tools"):
        environment_factory("CartPole-v1")
    with pytest.raises(UsageError, match="which has its own"):
        environment_factory(lambda: gym.make("CartPole-v1"), task=SUM)


def scripted(tokens: Any, said: dict[str, str]) -> Any:
    """A Llama of some thousand weights that learns as any other, and says what it is told to.

    Of the generations of a prompt, every second one calls for the wrong answer.
    """
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    class Scripted(LlamaForCausalLM):  # type: ignore[misc]  # transformers is not followed
        def generate(self, input_ids: Any, **_: Any) -> Any:
            lines = [self.say(index, tokens.decode(row)) for index, row in enumerate(input_ids)]
            ids = [tokens(line)["input_ids"] for line in lines]
            longest = max(len(one) for one in ids)
            padded = [one + [tokens.pad_token_id] * (longest - len(one)) for one in ids]
            return torch.cat([input_ids, torch.tensor(padded)], dim=1)

        def say(self, index: int, heard: str) -> str:
            if "<tool_response>" in heard:
                return "Done.<|im_end|>"
            return said["right" if index % 2 == 0 else "wrong"] + "<|im_end|>"

    torch.manual_seed(0)
    return Scripted(
        LlamaConfig(
            vocab_size=len(tokens),
            hidden_size=16,
            intermediate_size=32,
            num_hidden_layers=1,
            num_attention_heads=2,
            max_position_embeddings=4096,
            bos_token_id=None,
            eos_token_id=tokens.eos_token_id,
            pad_token_id=tokens.pad_token_id,
        )
    )


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.*environment_factory.*experimental:UserWarning")
@pytest.mark.filterwarnings("ignore:.*gradient_checkpointing.* is deprecated:FutureWarning")
def test_grpo_trainer_plays_episodes_and_learns_from_their_scores(tmp_path: Path) -> None:
    from datasets import Dataset as Rows
    from trl import GRPOConfig, GRPOTrainer, chat_template_utils

    def recorded() -> Any:
        return TrajectoryRecorder(gym.make("agentgym/Tools-v0", task=SUM, disable_env_checker=True), tmp_path / "data")

    def call(text: str) -> str:
        return f'<tool_call>\n{{"name": "answer", "arguments": {{"text": "{text}"}}}}\n</tool_call>'

    tokens = tokenizer("qwen2_5")
    tokens.chat_template, tokens.padding_side = chat_template_utils.qwen2_5_chat_template, "left"
    model = scripted(tokens, {"right": call("5"), "wrong": call("6")})
    before = [weight.clone() for weight in model.parameters()]
    trainer = GRPOTrainer(
        model,
        args=GRPOConfig(
            output_dir=str(tmp_path / "out"),
            max_steps=2,
            per_device_train_batch_size=4,
            num_generations=4,
            max_completion_length=512,
            learning_rate=1e-2,
            logging_steps=1,
            save_strategy="no",
            report_to="none",
            use_cpu=True,
            bf16=False,
            disable_tqdm=True,
            dataloader_pin_memory=False,
        ),
        train_dataset=Rows.from_list(rows(4)),
        processing_class=tokens,
        environment_factory=environment_factory(recorded),
    )
    trainer.train()
    logged = [entry for entry in trainer.state.log_history if "reward" in entry]
    assert [entry["reward"] for entry in logged] == [0.5, 0.5]
    assert all(entry["tools/call_frequency"] == 1 and entry["tools/failure_frequency"] == 0 for entry in logged)
    assert any(not bool((old == new).all()) for old, new in zip(before, model.parameters(), strict=True))
    del trainer
    scores = [episode.score for episode in Dataset(tmp_path / "data")]
    assert (scores.count(0.0), scores.count(1.0), len(scores)) == (4, 4, 8)
