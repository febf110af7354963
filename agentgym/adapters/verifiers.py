"""Our environments as one of verifiers': a taskset, how an episode is played, and what talks to the model."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Literal

from agentgym.adapters.episodes import Came, Episodes, maker
from agentgym.errors import BackendError
from agentgym.extras import needed

# Says what to install, before the next line fails.
needed("verifiers.v1", extra="verifiers")
import verifiers.v1 as vf  # noqa: E402
from verifiers.v1.dialects.chat import message_to_wire  # noqa: E402

__all__ = ["AgentGymEnv", "AgentGymHarness", "AgentGymTaskset"]

_PLUGIN = "agentgym"
_PLACES = ("verifiers.v1.tasksets", "verifiers.v1.harnesses", "verifiers.v1.envs")


class AgentGymTasksetConfig(vf.TasksetConfig):
    """Which environment, made with what, and how many episodes of it, each with a seed of its own.

    ``calls`` are ``native``, where the program that asks the model tells it of the tools, as ours does; or ``text``,
    which any program can pass on: the system prompt tells of the tools, and calls are read from ``<tool_call>`` tags.
    """

    environment: str = "agentgym/Tools-v0"
    arguments: dict[str, Any] = {}  # noqa: RUF012  # pydantic copies it
    episodes: int = 100
    seed: int = 0
    calls: Literal["native", "text"] = "native"


class AgentGymData(vf.TaskData):
    """An episode: what its environment is made with, its seed, and the tools that the model's API is told of."""

    environment: str
    arguments: dict[str, Any]
    seed: int
    tools: list[dict[str, Any]] = []  # noqa: RUF012  # pydantic copies it


class AgentGymTask(vf.Task[AgentGymData, vf.State, vf.TaskConfig]):
    """An episode; the environment opens the conversation."""


class AgentGymTaskset(vf.Taskset[AgentGymTask, AgentGymTasksetConfig]):
    """Episodes of one environment, by their seeds."""

    def load(self) -> Iterator[AgentGymTask]:
        config = self.config
        told = _told(config)
        for seed in range(config.seed, config.seed + config.episodes):
            data = AgentGymData(
                name=f"{config.environment}#{seed}",
                **told,
                environment=config.environment,
                arguments=config.arguments,
                seed=seed,
            )
            yield AgentGymTask(data, config.task)


class AgentGymEnvConfig(vf.EnvConfig):
    """The one seat is the agent's; its program runs here, because it only asks the model."""

    player: vf.AgentConfig = vf.AgentConfig(runtime=vf.SubprocessConfig())


class AgentGymEnv(vf.Env[AgentGymEnvConfig]):
    """Plays an episode: what the model says goes to the environment, and what came of it back as the user's turn.

    The reward ``score`` is the score of the state in which it ends. An episode that could not be scored is a failed
    one, which verifiers tries again, and not a 0.
    """

    async def run(self, task: AgentGymTask, agents: vf.Agents) -> None:
        loop = asyncio.get_running_loop()
        # One thread, because what it starts ends with it.
        with ThreadPoolExecutor(max_workers=1, thread_name_prefix="agentgym") as thread:

            async def do(function: Any, *arguments: Any) -> Any:
                return await loop.run_in_executor(thread, lambda: function(*arguments))

            episodes: Episodes = await do(lambda: Episodes(maker(task.data.environment, task.data.arguments)()))
            try:
                came = await do(lambda: episodes.begin(seed=task.data.seed))
                async with agents.player.interaction(task) as interaction:
                    segment = await interaction.turn(came.text)
                    while not segment.terminated and not came.over:
                        calls = _calls(segment)
                        came = await do(episodes.answer, calls) if calls else await do(episodes.say, segment.last_reply)
                        if not came.over:
                            segment = await interaction.turn(_results(came) if calls else came.text)
                score = await do(episodes.score)
            finally:
                await do(episodes.close)
        if score is None:
            raise BackendError(f"{task.data.name} has no score: {came.text}")
        interaction.trace.record_reward("score", score)


class AgentGymHarnessConfig(vf.HarnessConfig):
    """Nothing beyond what every harness has."""


class AgentGymHarness(vf.Harness[AgentGymHarnessConfig]):
    """Asks the model for one reply a turn, from this process: nothing is installed and nothing run for it."""

    APPENDS_SYSTEM_PROMPT = True
    SUPPORTS_RESUME = True
    EXECUTES_CODE = False
    NEEDS_CONTAINER = False

    async def launch(
        self,
        ctx: vf.ModelContext,
        trace: vf.Trace,
        runtime: vf.Runtime,
        endpoint: str,
        secret: str,
        mcp_urls: dict[str, str],
        data: vf.TaskData,
    ) -> vf.ProgramResult:
        from openai import AsyncOpenAI

        system, prompt = self.resolve_prompt(data)
        messages: list[Any] = [{"role": "system", "content": system}] if system else []
        if isinstance(prompt, str):
            messages.append({"role": "user", "content": prompt})
        else:
            messages += [message_to_wire(message) for message in prompt or ()]
        tools: dict[str, Any] = {"tools": data.tools} if isinstance(data, AgentGymData) and data.tools else {}
        async with AsyncOpenAI(base_url=endpoint, api_key=secret, max_retries=0) as client:
            await client.chat.completions.create(model=ctx.model, messages=messages, **tools)
        return vf.ProgramResult(exit_code=0, stdout="", stderr="")


def register(name: str = _PLUGIN) -> None:
    """Makes the taskset, its environment and its program known to verifiers, in this process, under one id.

    verifiers finds what it is asked for by importing a module of that name; docs/others-tasks.md has one to install for
    other processes, such as its command line.
    """
    for place in _PLACES:
        sys.modules.setdefault(f"{place}.{name.replace('-', '_')}", sys.modules[__name__])


def environment(
    id: str = "agentgym/Tools-v0",  # noqa: A002  # as Gymnasium calls it
    *,
    episodes: int = 100,
    seed: int = 0,
    calls: Literal["native", "text"] = "native",
    **arguments: Any,
) -> AgentGymEnv:
    """An environment of ours as verifiers' own, with so many episodes from a seed on.

    Args:
        id: of the environment.
        episodes: how many tasks its taskset has.
        seed: of the first; each has the next.
        calls: how tools are called: see `AgentGymTasksetConfig`.
        arguments: what the environment is made with.
    """
    register()
    taskset = AgentGymTasksetConfig(
        id=_PLUGIN, environment=id, arguments=arguments, episodes=episodes, seed=seed, calls=calls
    )
    loaded = vf.load_environment(AgentGymEnvConfig(taskset=taskset))
    assert isinstance(loaded, AgentGymEnv), "it is what this module exports"
    return loaded


def _told(config: AgentGymTasksetConfig) -> dict[str, Any]:
    """How the model is told of the tools, where there are any."""
    episodes = Episodes(maker(config.environment, config.arguments)())
    try:
        written = episodes.manual()
        if config.calls == "text" or written is None:
            return {"system_prompt": written}
        return {"tools": [dict(tool) for tool in episodes.tools()]}
    finally:
        episodes.close()


def _calls(segment: vf.Segment) -> list[dict[str, Any]]:
    """The calls of the last reply, as the model wrote them."""
    replies = [message for message in segment.messages if message.role == "assistant"]
    made = (replies[-1].tool_calls or []) if replies else []
    return [{"id": call.id, "name": call.name, "arguments": call.arguments} for call in made]


def _results(came: Came) -> list[Any]:
    return [vf.ToolMessage(tool_call_id=call_id, content=text) for call_id, text in came.results.items()]
