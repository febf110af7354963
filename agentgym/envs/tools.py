"""Tools as a Gymnasium environment: text in, calls out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, cast

import msgspec
from gymnasium.error import ResetNeeded

from agentgym import spaces
from agentgym.actions import Action, Done, Fail, ToolCall
from agentgym.actions.quoting import cut
from agentgym.backends.base import Backend, BackendOptions
from agentgym.display import element
from agentgym.envs.arguments import backend_named, longest_result
from agentgym.envs.calling import Caller, shown, told_of
from agentgym.envs.choice import TaskSource
from agentgym.envs.judged import JudgedEnv
from agentgym.envs.machines import MachineWhenNeeded, SavedMachine
from agentgym.envs.refusals import check_not_refused
from agentgym.envs.shown import Standing, standing_html
from agentgym.envs.snapshot import brief
from agentgym.envs.toolbox import Toolbox
from agentgym.envs.toolset import EpisodeToolSource
from agentgym.errors import ActionError, BackendError, UsageError
from agentgym.evaluators import Score
from agentgym.families import Split
from agentgym.tasks import Task
from agentgym.tools import Tool, ToolContext, ToolResult, Workspace, read_calls
from agentgym.tools.keeping import KeptContext, keep_context

__all__ = ["ToolEnv", "ToolSnapshot"]

_LONGEST_ERROR = 1000
_MOST_DRAWN = 3

Asked = ToolCall | Done | Fail


class ToolSnapshot(msgspec.Struct, frozen=True):
    """Where an episode stood.

    ``machine`` and ``context`` are copies of what it held; where something cannot be copied they are None, ``replayed``
    says what, and the episode so far is played again, which leads to the same place.
    """

    task: Task
    seed: int
    actions: tuple[tuple[Asked, ...], ...]
    results: tuple[ToolResult, ...] = ()
    error: str | None = None
    machine: SavedMachine | None = None
    context: KeptContext | None = None
    replayed: str | None = None

    @property
    def lost(self) -> Mapping[str, str]:
        """Variables of the machine's interpreter that could not be copied, and why; a restored one is without them."""
        return {} if self.machine is None else self.machine.lost

    def __repr__(self) -> str:
        return brief(self, len(self.actions))


class ToolEnv(JudgedEnv[str]):
    """Tools, a task, and its score as the last step's reward.

    The observation is text: the instruction, what came of the last action, and how many steps are left. An action is
    what `agentgym.tools.read_calls` reads: one call or several, as JSON text, as a dict, as a `ToolCall`, or as the
    object that OpenAI's client returned. The episode ends by a tool that submits, or by ``Done`` or ``Fail``.

    ``info`` of every step has ``tool_results``, a list of ``{"call_id", "name", "ok", "content"}``; ``action_error``
    (why the action was not read, or None); ``failure`` (what kept the episode from being scored, or None); and, in the
    last step, ``score`` (None without an evaluator or after a failure). That of a reset has ``tools``, their
    definitions as OpenAI's API takes them, as has that of a step after which other tools are offered. It holds nothing
    that differs between two runs.

    Args:
        task: a `Task`, a dict in OSWorld's form, a path, or ``"suite/name"``.
        tasks: a suite's name, a path or a list, from which ``reset`` draws with its seed.
        split: ``"train"`` or ``"test"``: two halves of what the families of suites can draw; None for all of it.
        tools: what `agentgym.tools.resolve_tools` takes, and `agentgym.tools.mcp.McpServer`; None for those that the
            task names.
        backend: a name of `agentgym.backends.base.backends`, or a machine of one's own. It is started when a task's
            setup, a tool or the judging first needs it.
        max_steps: truncates the episode; None takes the task's own number.
        max_result: characters of a result that are shown; a longer one is an error, which shows its beginning.
        render_mode: ``"ansi"`` or None.
        strict: judges rightly where OSWorld's metrics reward what was not done; otherwise as they do.

    Raises:
        UsageError: if an argument cannot work.
    """

    metadata = {"render_modes": ["ansi"], "render_fps": 10}  # noqa: RUF012 - as Gymnasium declares it

    def __init__(
        self,
        task: TaskSource | None = None,
        *,
        tasks: str | Sequence[TaskSource] | None = None,
        split: Split | None = "train",
        tools: Iterable[EpisodeToolSource] | None = None,
        backend: str | Backend = "sandbox",
        max_steps: int | None = None,
        max_result: int = 20_000,
        render_mode: str | None = None,
        strict: bool = False,
    ) -> None:
        super().__init__(task, tasks, max_steps=max_steps, render_mode=render_mode, split=split, strict=strict)
        options = BackendOptions(accessibility=False)
        if not isinstance(backend, str):
            options = msgspec.structs.replace(options, screen=backend.screen)
        backend_named(backend, options.screen)
        self._machine = MachineWhenNeeded(backend, options)
        # Whether a machine has what a tool asks of it shows when the tool asks.
        workspace = cast("Callable[[], Workspace]", self._machine.running)
        self._toolbox = Toolbox(tools, longest_result(max_result), workspace, always=True)
        self.observation_space = spaces.UnicodeText()
        # To draw a task of each of a hundred families may take many seconds.
        self._calls = spaces.ToolCallText(self._toolbox.sets.definitions(self._choice.some_samples(_MOST_DRAWN)))
        self.action_space = self._calls
        self._actions: list[tuple[Asked, ...]] = []
        self._results: tuple[ToolResult, ...] = ()
        self._error: str | None = None

    @property
    def tools(self) -> Mapping[str, Tool]:
        """The tools of the present episode that are offered by now, by name.

        Raises:
            ResetNeeded: before the first ``reset``.
        """
        return self._calling.tools

    @property
    def context(self) -> ToolContext:
        """What the tools of the present episode are given.

        Raises:
            ResetNeeded: before the first ``reset``.
        """
        return self._calling.context

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[str, dict[str, Any]]:
        """Starts an episode.

        Args:
            seed: draws the task and what varies in it, and what the tools draw.
            options: ``{"task": …}`` picks one, in any form that the constructor takes.

        Raises:
            BackendError: if the machine did not start.
            TaskError: if the task cannot be set up, or names a tool that there is not.
            UsageError: if the options are not understood.
        """
        self._take(self._draw(seed, options))
        self._begin(self.task)
        told = {"tools": self._offered()}
        return self._observation(), {**told, "tool_results": [], "action_error": None, "failure": None}

    def step(self, action: Any) -> tuple[str, float, bool, bool, dict[str, Any]]:
        """Makes the calls that the action asks for, in their order.

        An action that cannot be read is a step in which nothing happens; ``info["action_error"]`` says why. A call
        that fails, for whatever reason, is a result that says so.

        Raises:
            BackendError: if the machine broke; it names what died. The next ``reset`` starts anew.
            ResetNeeded: if there is no episode to act in.
        """
        if not self._running:
            raise ResetNeeded("the episode is over or has not begun: call reset")
        self.timing = {}
        self._scored = None
        asked: tuple[Asked, ...] = ()
        self._error = None
        try:
            check_not_refused(action)
            asked = read_calls(action)
        except ActionError as refused:
            self._error = cut(str(refused), _LONGEST_ERROR)
        before = self.tools
        with self._timed("tools"):
            self._make(asked)
        terminated = self._toolbox.over or any(isinstance(one, Done | Fail) for one in asked)
        truncated = not terminated and self.max_steps is not None and len(self._actions) >= self.max_steps
        info: dict[str, Any] = {"tool_results": told_of(self._results), "action_error": self._error, "failure": None}
        if self.tools.keys() != before.keys():
            info["tools"] = self._offered()
        reward = self._finish(info) if terminated or truncated else 0.0
        return self._observation(), reward, terminated, truncated, info

    def snapshot(self) -> ToolSnapshot:
        """A token of where the episode stands, for `restore`, which it can be given any number of times."""
        if not self._running:
            raise ResetNeeded("there is no running episode to take a snapshot of")
        token = ToolSnapshot(self.task, self._seed, tuple(self._actions), self._results, self._error)
        machine = self._machine.save()
        if machine.started and machine.token is None:
            return msgspec.structs.replace(token, replayed="this kind of machine cannot be saved")
        try:
            context = keep_context(self.context, apart=self._machine.parts())
        except UsageError as error:
            return msgspec.structs.replace(token, replayed=str(error))
        return msgspec.structs.replace(token, machine=machine, context=context)

    def restore(self, token: ToolSnapshot) -> str:
        """Brings the episode back to where it stood, and returns the observation there.

        The task becomes the token's, which may be another than the present one.

        Raises:
            BackendError: if the machine broke on the way.
            UsageError: if it is no token.
        """
        self._check_token(token, ToolSnapshot)
        self._task, self._seed, self._scored = token.task, token.seed, None
        with self._ending_on_fault():
            if token.machine is None or token.context is None:
                self._begin(token.task)
                for asked in token.actions:
                    self._make(asked, quietly=True)
            else:
                self._toolbox.begin(token.task, token.seed, kept=token.context)
                self._machine.restore(token.task, token.seed, token.machine)
        self._actions, self._results, self._error = list(token.actions), token.results, token.error
        self._running = True
        self._offered()
        return self._observation()

    def render(self) -> str | None:
        """The last action and what came of it, as text; None without a render mode."""
        if self.render_mode != "ansi":
            return None
        asked = self._actions[-1] if self._actions else ()
        calls = [f"> {_written(one)}" for one in asked]
        return "\n".join([f"step {len(self._actions)}", *calls, self._observation()])

    def standing(self) -> Standing:
        """Where the environment stands, for a notebook; nothing is scored for it."""
        name = self.spec.id if self.spec is not None else type(self).__name__
        if self._task is None or self._toolbox.caller is None:
            return Standing(name, "No episode has begun: call reset.")
        scored = self._scored if isinstance(self._scored, Score) else None
        shown_last = element("pre", shown(self._results), style="white-space:pre-wrap;margin:6px 0 0")
        return Standing(
            name,
            shown_last,
            self._task,
            len(self._actions),
            self.max_steps,
            not self._running,
            action=self._last_action,
            error=self._error,
            score=scored,
        )

    def _repr_html_(self) -> str:
        return standing_html(self.standing())

    def close(self) -> None:
        """Ends the machine and everything in it. May be called twice."""
        self._running = False
        try:
            self._toolbox.close()
        finally:
            self._machine.close()

    @property
    def _calling(self) -> Caller:
        if self._toolbox.caller is None:
            raise ResetNeeded("there is no episode: call reset")
        return self._toolbox.caller

    @property
    def _judged(self) -> Backend:
        if self._toolbox.caller is None:
            raise ResetNeeded("there is no episode: call reset")
        return self._machine.when_needed()

    @property
    def _last_action(self) -> Action | None:
        return _last_of(self._actions[-1]) if self._actions else None

    @property
    def _evidence(self) -> Mapping[str, bytes]:
        return {**self._machine.kept, **self.context.evidence()}

    def _offered(self) -> list[dict[str, Any]]:
        """The definitions of the tools that there are now, of which the action space's samples are calls."""
        definitions = [tool.definition() for tool in self.tools.values()]
        self._calls.offer(definitions)
        return definitions

    def _begin(self, task: Task) -> None:
        self.timing = {}
        self._running = False
        self._scored = None
        self._actions, self._results, self._error = [], (), None
        with self._timed("reset"):
            self._toolbox.begin(task, self._seed)
            self._machine.begin(task, self._seed, packages=self._toolbox.needs_packages)
            self._toolbox.open()
        self._running = True

    def _make(self, asked: tuple[Asked, ...], *, quietly: bool = False) -> None:
        self._actions.append(asked)
        try:
            calls = self._calling.make(asked, len(self._actions), quietly=quietly)
        except BackendError:
            self._running = False
            raise
        self._results = tuple(calls.results)
        self._actions[-1] = tuple(calls.made)

    def _observation(self) -> str:
        parts = [self.task.instruction]
        if self._error is not None:
            parts.append(f"Not done: {self._error}")
        if self._results:
            parts.append(shown(self._results))
        limit = self.max_steps
        if limit is not None:
            parts.append(f"Steps left: {limit - len(self._actions)}")
        return "\n\n".join(parts)


def _last_of(asked: Sequence[Asked]) -> Asked | None:
    """What ends the episode, or was called last."""
    ending = [one for one in asked if isinstance(one, Done | Fail)]
    return ending[0] if ending else (asked[-1] if asked else None)


def _written(asked: Asked) -> str:
    if isinstance(asked, ToolCall):
        return f"{asked.name} {msgspec.json.encode(asked.arguments).decode()}"
    return type(asked).__name__.upper()
