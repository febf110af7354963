"""An agent that asks a language model, through the `openai` package: chat completions or the responses API."""

from agentgym.agents.openai.agent import OpenAIAgent
from agentgym.agents.openai.asking import sent_body
from agentgym.agents.openai.options import Options

__all__ = ["OpenAIAgent", "Options", "sent_body"]
