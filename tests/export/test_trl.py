"""`sft` and `preference`, read by TRL itself: its trainers take steps on them, with templates of real models."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jinja2
import pytest

from agentgym.events import ModelRequest, ModelResponse
from agentgym.export import exporters
from agentgym.trajectory import Dataset
from agentgym.wrappers import TrajectoryRecorder
from tests.export.test_sft import load
from tests.export.traces import SOLVES, STUMBLES, SYSTEM, TOOLS, Adding, Talker, play

# TRL 1.16 still asks transformers 5 for what it has renamed.
pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:.*gradient_checkpointing.* is deprecated:FutureWarning"),
]

QUESTION = "How much is 2 + 3 + 4?"
FILES: dict[str, Any] = {
    "type": "function",
    "function": {
        "name": "open",
        "description": "opens a file, even “Füße.ods”",
        "parameters": {"type": "object", "properties": {"path": {"type": "string"}}, "required": ["path"]},
    },
}
# Its arguments, its tool and its message have other keys than those of the others.
SILENT: dict[str, Any] = {"content": None, "name": "open", "arguments": '{"path": "Füße.ods", "how": {"read": true}}'}
BROKEN: dict[str, Any] = {"content": "I try.", "name": "open", "arguments": '{"path": "Fü'}


def say(recorder: TrajectoryRecorder, said: dict[str, Any], *, tools: list[dict[str, Any]]) -> None:
    """An episode of one call of a model, whose answer is not right."""
    recorder.reset(seed=7)
    messages = [{"role": "system", "content": SYSTEM}, {"role": "user", "content": QUESTION}]
    call = {"id": "c", "type": "function", "function": {"name": said["name"], "arguments": said["arguments"]}}
    recorder.bus.publish(ModelRequest(call_id="r", messages=messages, provider="openai", model="m", tools=tools))
    recorder.bus.publish(
        ModelResponse(
            call_id="r", id="a", model="m", content=said["content"], tool_calls=[call], finish_reason="tool_calls"
        )
    )
    recorder.step({"name": "answer", "arguments": {"numbers": [7]}, "id": "c"})


def record(path: Path) -> Dataset:
    recorder = TrajectoryRecorder(Adding(), path)
    for plan in (SOLVES, STUMBLES):
        for _ in play(recorder, Talker(recorder.bus, plan)):
            pass
    say(recorder, SILENT, tools=[FILES])
    recorder.close()
    return Dataset(path)


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return record(tmp_path_factory.mktemp("trl") / "data")


def rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def tokenizer(model: str) -> Any:
    """A token for each byte, and the template that TRL trains a model with."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast
    from trl import chat_template_utils

    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    bytewise = Tokenizer(models.BPE(vocab={letter: number for number, letter in enumerate(letters)}, merges=[]))
    bytewise.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    bytewise.decoder = decoders.ByteLevel()
    return PreTrainedTokenizerFast(
        tokenizer_object=bytewise,
        eos_token="<|im_end|>",
        pad_token="<|pad|>",
        additional_special_tokens=["<|im_start|>"],
        chat_template=getattr(chat_template_utils, f"{model}_training_chat_template"),
        clean_up_tokenization_spaces=False,
    )


def tiny_model(path: Path, tokens: Any) -> str:
    """A Llama of some thousand weights, by chance, in a folder as a user has it."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(0)
    config = LlamaConfig(
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
    LlamaForCausalLM(config).save_pretrained(path)
    return str(path)


def settings(out: Path) -> dict[str, Any]:
    return {
        "output_dir": str(out),
        "max_steps": 2,
        "per_device_train_batch_size": 2,
        "learning_rate": 1e-2,
        "logging_steps": 1,
        "max_length": None,
        "save_strategy": "no",
        "report_to": "none",
        "use_cpu": True,
        "bf16": False,
        "disable_tqdm": True,
        "dataloader_pin_memory": False,
    }


def losses(trainer: Any) -> list[float]:
    trainer.train()
    return [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]


def spoken(message: dict[str, Any]) -> str:
    """What the template of Qwen2.5 has a model say for a message with calls."""
    content = f"\n{message['content']}" if message.get("content") else ""
    calls = [json.dumps(call["function"], ensure_ascii=False) for call in message["tool_calls"]]
    return "".join([content, *(f"\n<tool_call>\n{call}\n</tool_call>" for call in calls), "<|im_end|>\n"])


def test_sft_trainer_learns_what_the_model_said_and_nothing_else(dataset: Dataset, tmp_path: Path) -> None:
    from trl import SFTConfig, SFTTrainer

    exporters["sft"](dataset, tmp_path / "chat.jsonl", arguments="object")
    written = rows(tmp_path / "chat.jsonl")
    tokens = tokenizer("qwen2_5")
    trainer = SFTTrainer(
        tiny_model(tmp_path / "model", tokens),
        SFTConfig(**settings(tmp_path / "out"), assistant_only_loss=True),
        train_dataset=load(tmp_path / "chat.jsonl", tmp_path),
        processing_class=tokens,
    )
    assert len(trainer.train_dataset) == len(written) == 3
    for row, taken in zip(written, trainer.train_dataset, strict=True):
        whole = tokens.decode(taken["input_ids"])
        learned = tokens.decode([token for token in taken["labels"] if token != -100])
        assert all(f"\n{json.dumps(tool, ensure_ascii=False)}" in whole for tool in row["tools"])
        assert all(message["content"] in whole for message in row["messages"] if message["role"] != "assistant")
        assert "null" not in whole
        assert learned == "".join(spoken(message) for message in row["messages"] if message["role"] == "assistant")
    first, second = losses(trainer)
    # A model that knows nothing yet finds each token as likely as the others.
    assert first == pytest.approx(math.log(len(tokens)), rel=0.05)
    assert second < first


def test_dpo_trainer_tells_the_better_attempt_from_the_worse(dataset: Dataset, tmp_path: Path) -> None:
    from trl import DPOConfig, DPOTrainer

    exporters["preference"](dataset, tmp_path / "pairs.jsonl")
    (row,) = rows(tmp_path / "pairs.jsonl")
    tokens = tokenizer("qwen2_5")
    trainer = DPOTrainer(
        tiny_model(tmp_path / "model", tokens),
        args=DPOConfig(**settings(tmp_path / "out")),
        train_dataset=load(tmp_path / "pairs.jsonl", tmp_path),
        processing_class=tokens,
    )
    (taken,) = trainer.train_dataset
    prompt, chosen, rejected = (tokens.decode(taken[f"{name}_ids"]) for name in ("prompt", "chosen", "rejected"))
    assert all(json.dumps(tool) in prompt for tool in TOOLS)
    assert SYSTEM in prompt
    assert prompt.endswith(f"{QUESTION}<|im_end|>\n<|im_start|>assistant\n")
    for side, text in (("chosen", chosen), ("rejected", rejected)):
        # The prompt ends with the line that an answer begins with.
        assert f"\n{text}".startswith(spoken(row[side][0]))
        assert all(spoken(said) in text for said in row[side][1:] if said["role"] == "assistant")
        assert all(told["content"] in text for told in row[side] if told["role"] == "tool")
    assert '{"name": "answer", "arguments": {"numbers": [9]}}' in chosen
    assert '{"name": "answer", "arguments": {"numbers": [9]}}' not in rejected
    assert '{"name": "add", "arguments": {"numbers": ["two", 3]}}' in rejected
    first, second = losses(trainer)
    # Before the first step the model is its own reference: -log sigmoid(0).
    assert first == pytest.approx(math.log(2), rel=1e-3)
    assert second < first


def test_rows_come_out_of_datasets_as_they_were_written(tmp_path: Path) -> None:
    recorder = TrajectoryRecorder(Adding(), tmp_path / "data")
    for said, tools in ((SILENT, [FILES, *TOOLS]), (BROKEN, TOOLS), (SILENT, [])):
        say(recorder, said, tools=tools)
    recorder.close()
    exporters["sft"](Dataset(tmp_path / "data"), tmp_path / "chat.jsonl", arguments="object")
    written = rows(tmp_path / "chat.jsonl")
    assert [row["messages"][-1]["tool_calls"][0]["function"]["arguments"] for row in written] == [
        json.loads(SILENT["arguments"]),
        BROKEN["arguments"],
        json.loads(SILENT["arguments"]),
    ]
    loaded = list(load(tmp_path / "chat.jsonl", tmp_path))
    assert [{key: value for key, value in row.items() if value is not None} for row in loaded] == written


@pytest.mark.parametrize("model", ["qwen2_5", "gptoss", "glm4moe", "lfm2_v2"])
def test_chat_templates_want_objects(model: str, dataset: Dataset, tmp_path: Path) -> None:
    tokens = tokenizer(model)
    render: Callable[..., str] = tokens.apply_chat_template
    found: dict[str, str] = {}
    for form in ("text", "object"):
        exporters["sft"](dataset, tmp_path / form, arguments=form)
        row = rows(tmp_path / form)[-1]
        try:
            found[form] = render(row["messages"], tools=row["tools"], tokenize=False)
        except (jinja2.TemplateError, TypeError) as error:
            found[form] = f"refused: {error}"
    assert "Füße.ods" in found["object"]
    assert '\\"path' not in found["object"]
    assert found["text"].startswith("refused") or '\\"path' in found["text"]
