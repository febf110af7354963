"""Our environments as one of skyrl-gym's: messages in and out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agentgym.adapters.episodes import Episodes, maker
from agentgym.errors import UsageError
from agentgym.extras import needed

# Says what to install, before the next line fails.
needed("skyrl_gym", extra="skyrl")
from skyrl_gym.envs.base_text_env import BaseTextEnv, BaseTextEnvStepOutput  # noqa: E402

__all__ = ["NAME", "AgentGymTextEnv", "register"]

NAME = "agentgym"
_DEFAULT = "agentgym/Tools-v0"


class AgentGymTextEnv(BaseTextEnv):
    """An environment of ours in skyrl-gym's form.

    ``init`` appends the observation of a reset to the prompt, and how tools are called to its system message; it begins
    a new episode each time. ``step`` reads calls in ``<tool_call>`` tags, or the whole text, and gives what came of
    them. The last step pays the score, 0 without one; whether there was one is ``scored`` in its metadata.

    Args:
        env_config: ``{"id": …, "arguments": {…}}``: which environment, by default ``agentgym/Tools-v0``.
        extras: of the dataset's row: ``id`` and ``arguments`` in place of the configured, ``seed``, ``task``, and
            ``max_turns``, after which the episode is cut short and scored.
    """

    def __init__(self, env_config: Any = None, extras: Mapping[str, Any] | None = None) -> None:
        super().__init__()
        row = dict(extras or {})
        made = row.get("id") or _entry(env_config, "id") or _DEFAULT
        arguments = row.get("arguments") or _entry(env_config, "arguments") or {}
        self.max_turns = row.get("max_turns")
        self._begin = {"seed": row.get("seed"), "task": row.get("task")}
        self._episodes = Episodes(maker(made, dict(arguments))())
        self._manual = self._episodes.manual()
        self._over = True

    def init(self, prompt: list[dict[str, str]]) -> tuple[list[dict[str, str]], dict[str, Any]]:
        """Begins an episode; returns the prompt with the first observation."""
        self.turns = 0
        self._over = False
        opening = self._episodes.begin(**self._begin).text
        messages = [dict(message) for message in prompt]
        if self._manual is not None:
            _add(messages, "system", self._manual, at=0)
        _add(messages, "user", opening, at=len(messages))
        return messages, {}

    def step(self, action: str) -> BaseTextEnvStepOutput:
        """Does what a reply of the model says.

        Raises:
            UsageError: if the episode is over or has not begun.
        """
        if self._over:
            raise UsageError("the episode is over or has not begun: call init")
        self.turns += 1
        came = self._episodes.say(action)
        self._over = came.over or (self.max_turns is not None and self.turns >= self.max_turns)
        score = self._episodes.score() if self._over else None
        return BaseTextEnvStepOutput(
            observations=[] if self._over else [{"role": "user", "content": came.text}],
            reward=0.0 if score is None else score,
            done=self._over,
            metadata={"ok": came.ok, **({"scored": score is not None} if self._over else {})},
        )

    def get_metrics(self) -> dict[str, Any]:
        """Of the episode: its score, if it has one, and its turns."""
        score = self._episodes.score()
        return {"turns": self.turns, **({} if score is None else {"score": score})}

    def close(self) -> None:
        self._episodes.close()


def register(name: str = NAME) -> None:
    """Makes the environment known to skyrl-gym under a name, so that rows with that ``env_class`` are played in it."""
    from skyrl_gym.envs import registration

    if name not in registration.registry:
        registration.register(id=name, entry_point=f"{__name__}:{AgentGymTextEnv.__name__}")


def _entry(config: Any, name: str) -> Any:
    """Of a dict, or of what SkyRL passes, which has keys as attributes."""
    return config.get(name) if isinstance(config, Mapping) else getattr(config, name, None)


def _add(messages: list[dict[str, str]], role: str, text: str, *, at: int) -> None:
    """Appends to the first message of the system, or the last of the user, or makes one."""
    place = 0 if role == "system" else -1
    if messages and messages[place]["role"] == role:
        said = messages[place]["content"]
        messages[place]["content"] = f"{said}\n\n{text}" if said else text
    else:
        messages.insert(at, {"role": role, "content": text})
