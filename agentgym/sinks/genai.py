"""Events as the attributes of OpenTelemetry's conventions for generative AI."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from agentgym.events import ModelRequest, ModelResponse, RunStarted, Scored, Step, ToolCalled, ToolReturned
from agentgym.events.actiontext import action_text
from agentgym.events.chat import text_of, tool
from agentgym.events.plain import plain, plain_text
from agentgym.events.usage import Usage
from agentgym.sinks.genai_messages import input_messages, output_messages, system_instructions

__all__ = [
    "Attributes",
    "evaluation",
    "request_attributes",
    "response_attributes",
    "reward_attributes",
    "score_attributes",
    "tool_attributes",
]

Attributes: TypeAlias = dict[str, Any]
"""By name; None for what is unknown, which is not written."""

_SAMPLING = {
    "temperature": "temperature",
    "top_p": "top_p",
    "top_k": "top_k",
    "max_tokens": "max_tokens",
    "max_completion_tokens": "max_tokens",
    "seed": "seed",
    "frequency_penalty": "frequency_penalty",
    "presence_penalty": "presence_penalty",
    "n": "choice.count",
    "stop": "stop_sequences",
    "stream": "stream",
}


def request_attributes(request: ModelRequest | None, run: RunStarted, *, content: bool) -> Attributes:
    """What a model was asked, and how.

    Args:
        request: None if only its answer is known.
        run: has the sampling that all its requests share.
        content: whether with the messages and the tools' definitions.
    """
    parameters = {**run.sampling, **(request.parameters if request else {})}
    attributes: Attributes = {
        f"gen_ai.request.{name}": [parameters[key]]
        if key == "stop" and isinstance(parameters[key], str)
        else parameters[key]
        for key, name in _SAMPLING.items()
        if parameters.get(key) is not None
    }
    if content and request is not None:
        told = system_instructions(request.messages)
        attributes["gen_ai.input.messages"] = plain_text(input_messages(request.messages))
        attributes["gen_ai.system_instructions"] = plain_text(told) if told else None
        if request.tools:
            attributes["gen_ai.tool.definitions"] = plain_text([_definition(one) for one in request.tools])
    return attributes


def response_attributes(response: ModelResponse, *, content: bool) -> Attributes:
    """What a model answered, and what that took."""
    usage = Usage.read(response.usage)
    first = response.first_token_ms
    said = content and response.error is None
    return {
        "gen_ai.response.id": response.id,
        "gen_ai.response.model": response.model,
        "gen_ai.response.finish_reasons": [response.finish_reason] if response.finish_reason else None,
        "gen_ai.response.time_to_first_chunk": None if first is None else first / 1000,
        "gen_ai.usage.input_tokens": usage.all_input_tokens,
        "gen_ai.usage.output_tokens": usage.output_tokens,
        "gen_ai.usage.cache_creation.input_tokens": usage.cache_creation_input_tokens,
        "gen_ai.usage.cache_read.input_tokens": usage.cache_read_input_tokens,
        "gen_ai.usage.reasoning.output_tokens": usage.reasoning_tokens,
        "gen_ai.output.messages": plain_text(output_messages(response)) if said else None,
    }


def tool_attributes(called: ToolCalled | None, returned: ToolReturned | None, *, content: bool) -> Attributes:
    """A tool's call and what came of it; either may be unknown."""
    known = called or returned
    attributes: Attributes = {
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": known and known.name,
        "gen_ai.tool.call.id": known and known.call_id,
        "gen_ai.tool.type": "function",
    }
    if content and called is not None:
        attributes["gen_ai.tool.call.arguments"] = plain_text(called.arguments)
    if content and returned is not None and returned.ok:
        attributes["gen_ai.tool.call.result"] = text_of(plain(returned.result))
    return attributes


def evaluation(name: str, value: float | None) -> Attributes:
    """An event ``gen_ai.evaluation.result``: the one place that the conventions have for rewards and scores."""
    return {"gen_ai.evaluation.name": name, "gen_ai.evaluation.score.value": value}


def reward_attributes(step: Step, late: float, *, content: bool) -> Attributes:
    """A step's reward, with what was added to it afterwards."""
    return {
        **evaluation("reward", step.reward + late),
        "agentgym.step": step.step,
        "agentgym.action": action_text(step.action) if content else None,
        "agentgym.terminated": step.terminated,
        "agentgym.truncated": step.truncated,
    }


def score_attributes(scored: Scored) -> Attributes:
    return {
        **evaluation(scored.name, float(scored.value)),
        "gen_ai.evaluation.score.label": scored.label,
        "gen_ai.evaluation.explanation": scored.explanation,
    }


def _definition(raw: Mapping[str, Any]) -> Attributes:
    """A tool as the conventions have it: flat."""
    form = tool(raw)
    return {"type": "function", **form["function"]}
