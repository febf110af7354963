"""The agent that a model is, at any address that speaks OpenAI's protocol."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import gymnasium as gym

from agentgym.agents.base import Emit
from agentgym.agents.openai.asking import Dialect, Model
from agentgym.agents.openai.chat import Chat
from agentgym.agents.openai.clients import check_key
from agentgym.agents.openai.options import options_from, system_text, tokenizer_of
from agentgym.agents.openai.playing import Play
from agentgym.agents.openai.prompts import USUAL, checked_template
from agentgym.agents.openai.responses import Responses
from agentgym.errors import UsageError
from agentgym.tasks import Task

__all__ = ["OpenAIAgent"]


class OpenAIAgent:
    """Asks a model what to do, by the `openai` package, at any server that speaks one of OpenAI's APIs.

    The model is told the task and what is seen, turn by turn; tools where there are any, with the result of each call
    under its own id. Each request is published as `ModelRequest` as it was sent, each reply as `ModelResponse`.

    Args:
        model: its name at the server.
        seed: of the server's sampling.
        options: everything else; the fields of `agentgym.agents.openai.Options`.

    Raises:
        UsageError: if an option cannot work, or there is no key for a server that needs one.
    """

    def __init__(self, model: str, *, seed: int | None = None, **options: Any) -> None:
        self.options = options_from({**options, "model": model, "seed": seed})
        system = self.options.system
        self._template = checked_template(USUAL if system is None else system_text(system))
        self._tokenizer = tokenizer_of(self.options.tokenizer)
        check_key(self.options)
        self._dialect: Dialect = Chat(self.options) if self.options.api == "chat" else Responses(self.options)
        self._model = Model(self.options, self._dialect)
        self._space: gym.Space[Any] | None = None
        self._play: Play | None = None

    def __repr__(self) -> str:
        return f"OpenAIAgent({self.options.model!r}, api={self.options.api!r}, base_url={self.options.base_url!r})"

    def draw_from(self, space: gym.Space[Any]) -> None:
        """Is told what actions are here."""
        self._space = space

    def reset(self, task: Task, emit: Emit) -> None:
        """Begins an episode, of which the model remembers nothing from before."""
        self._model.begin(emit)
        self._play = Play(
            self.options,
            self._model,
            self._dialect,
            task=task,
            emit=emit,
            space=self._space,
            template=self._template,
            tokenizer=self._tokenizer,
        )

    def read_info(self, info: Mapping[str, Any]) -> None:
        """Is told what the environment's ``info`` has: tools, results of calls, why an action was not done."""
        self._playing.read_info(info)

    def act(self, observation: Any) -> Any:
        """What the model does: an action, a `Batch` of several, or what the model wrote, if it is no action.

        Raises:
            BackendError: of kind ``"network"``, if the server cannot be asked.
            Refused: if an interceptor of ``model_call`` refused.
            UsageError: if the server refuses the request or the key.
        """
        return self._playing.act(observation)

    def close(self) -> None:
        """Lets the server go; whoever acts again connects again."""
        self._model.close()

    @property
    def _playing(self) -> Play:
        if self._play is None:
            raise UsageError("an agent is asked for an action before its first reset")
        return self._play

    def __getstate__(self) -> dict[str, Any]:
        # An episode goes on where it was begun.
        return {**self.__dict__, "_play": None}
