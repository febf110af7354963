"""What a call of `agentgym run` is told, as one frozen value that Python, files, variables and flags make alike."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from agentgym.registry import suggestion

__all__ = ["IDENTITY", "RunConfig"]

Positive: TypeAlias = Annotated[int, Field(ge=1)]
Natural: TypeAlias = Annotated[int, Field(ge=0)]
Seconds: TypeAlias = Annotated[float, Field(ge=0, le=3600)]

_SAFE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*\Z")


class RunConfig(BaseModel):
    """What to run, by whom, where, and where it is kept.

    Attributes:
        tasks: a suite, ``"suite/task"``, a file or a folder of tasks; None for a policy's own.
        agent: a name of `agentgym.agents.agents` with its argument behind a colon, or ``"module:Class"``.
        agent_options: for the agent.
        model: an option of the agent, where it takes one.
        base_url: an option of the agent: where the model is served.
        episodes: how many seeds each task is run with.
        seed: the first.
        group: how often each task is attempted with each seed, each time by another seed of the agent:
            `agentgym.results.groups`.
        split: the half of what a suite's families can draw; None for what the environment takes by itself.
        max_steps: after which an episode is cut off; None for what the task says, or with a ``result_root`` else 15.
        observation: names of what is shown; empty for what the environment shows by itself.
        observation_type: of OSWorld's, as what the screen and its parts are shown:
            `agentgym.wrappers.ObservationType`.
        backend: the machine; None for the usual one.
        sandbox: ``"none"`` to run applications without protection.
        env_options: for the environment.
        wrappers: put around it, from the inside: ``"module:Class"``, or that under ``wrapper`` in a dict of options.
        hooks: ``"tool_call=module:function"``, or the same as a dict.
        trust_task_hooks: whether the hooks that tasks name are loaded.
        engine: where episodes run; None for ``processes``, or ``serial`` for a policy on widgets in the process, and
            where a person is asked at this terminal.
        workers: how many run at a time; None for one, or what is usual for the engine.
        engine_options: for the engine.
        timeout: seconds after which an episode is ended; None or 0 for never.
        retries: how often an episode is tried again at once after a machine fault.
        max_failures: ends the session when so many episodes have failed.
        initial_wait: seconds after a reset, before the first look, beside waiting for the screen to settle.
        settle_wait: seconds before an episode is scored.
        pause: seconds after each action, before the look at what came of it.
        result_root: below which the folder is instead, in OSWorld's layout: `agentgym.results.tree`.
        film: whether each episode is filmed there; None to do so with a ``result_root``.
        out: the folder of results, and of the dataset; None for ``runs/<session>``.
        session: the name of the session; None for a new one, or for that of the folder that is continued.
        trace: whether episodes are recorded.
        trace_dir: the folder of the dataset; None for ``out``.
        sinks: where records go besides.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    tasks: str | None = None
    agent: str = "oracle"
    agent_options: dict[str, Any] = {}
    model: str | None = None
    base_url: str | None = None
    episodes: Positive = 1
    seed: Natural = 0
    group: Positive = 1
    split: Literal["train", "test"] | None = None
    max_steps: Positive | None = None
    observation: tuple[str, ...] = ()
    observation_type: Literal["screenshot", "a11y_tree", "screenshot_a11y_tree", "som"] | None = None
    backend: str | None = None
    sandbox: Literal["bwrap", "none"] = "bwrap"
    env_options: dict[str, Any] = {}
    wrappers: tuple[str | dict[str, Any], ...] = ()
    hooks: tuple[str | dict[str, Any], ...] = ()
    trust_task_hooks: bool = False
    engine: str | None = None
    workers: Positive | None = None
    engine_options: dict[str, Any] = {}
    timeout: Annotated[float, Field(ge=0)] | None = 600.0
    retries: Natural = 2
    max_failures: Positive | None = None
    initial_wait: Seconds = 0.0
    settle_wait: Seconds = 0.0
    pause: Seconds = 0.0
    result_root: str | None = None
    film: bool | None = None
    out: str | None = None
    session: str | None = None
    trace: bool = True
    trace_dir: str | None = None
    sinks: tuple[str, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _known(cls, given: Any) -> Any:
        if isinstance(given, Mapping):
            for name in given:
                if name not in cls.model_fields:
                    raise ValueError(f"no setting {name!r}; {suggestion(str(name), cls.model_fields)}")
        return given

    @field_validator("session")
    @classmethod
    def _may_be_a_folder(cls, session: str | None) -> str | None:
        if session is not None and _SAFE.match(session) is None:
            raise ValueError(f"a session is named by letters, digits, '.', '_' and '-', not {session!r}")
        return session

    @field_validator("timeout")
    @classmethod
    def _never(cls, timeout: float | None) -> float | None:
        return timeout or None

    @model_validator(mode="after")
    def _one_folder(self) -> RunConfig:
        if self.result_root is not None and self.out is not None:
            raise ValueError("result_root and out both say where the folder is: give one of them")
        if self.film and self.result_root is None:
            raise ValueError("films lie in the folders of the tasks: film needs result_root")
        return self

    @property
    def films(self) -> bool:
        """Whether episodes are filmed."""
        return self.result_root is not None and self.film is not False

    def waits(self) -> dict[str, float]:
        """What an environment with a desktop is told to wait; empty for nothing."""
        waits = {"reset": self.initial_wait, "action": self.pause, "evaluate": self.settle_wait}
        return waits if any(waits.values()) else {}

    def agent_arguments(self) -> dict[str, Any]:
        """The options of the agent, its model's included."""
        model = {"model": self.model, "base_url": self.base_url}
        return {**self.agent_options, **{name: value for name, value in model.items() if value is not None}}


IDENTITY = (
    "agent",
    "agent_options",
    "model",
    "base_url",
    "split",
    "max_steps",
    "observation",
    "observation_type",
    "initial_wait",
    "settle_wait",
    "pause",
    "backend",
    "sandbox",
    "env_options",
    "wrappers",
    "hooks",
    "trust_task_hooks",
)
"""What must be the same for results to stand side by side; the rest says which tasks, where, and how many at a time."""
