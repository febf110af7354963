"""An agent that asks a language model, through the `openai` package: chat completions or the responses API."""

from agentgym.agents.openai.agent import OpenAIAgent
from agentgym.agents.openai.options import Options
from agentgym.agents.openai.telling import sent_body

__all__ = ["OpenAIAgent", "Options", "sent_body"]
