"""A desktop as a Gymnasium environment."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from typing import Any, ClassVar, Literal, TypeAlias, cast

import msgspec
import numpy as np
import numpy.typing as npt
from gymnasium.error import ResetNeeded

from agentgym import spaces
from agentgym.actions import Action, Done, Fail
from agentgym.backends.base import Backend, BackendOptions, CapturesInto
from agentgym.backends.checks import screen_size
from agentgym.envs.acting import Acted, Acting, last_of
from agentgym.envs.arguments import backend_named, kinds_of, longest_result, patience
from agentgym.envs.calling import shown
from agentgym.envs.choice import TaskSource, observed_by
from agentgym.envs.desktopcalls import DesktopCalls, Outcome
from agentgym.envs.filming import Filmed
from agentgym.envs.held import HoldsMachine
from agentgym.envs.homes import check_home
from agentgym.envs.judged import JudgedEnv
from agentgym.envs.refusals import check_not_refused
from agentgym.envs.shown import Standing, standing_html
from agentgym.envs.snapshot import Snapshot
from agentgym.envs.toolbox import Toolbox
from agentgym.envs.toolset import EpisodeToolSource
from agentgym.envs.waits import waits_of
from agentgym.envs.weakly import Weakly
from agentgym.errors import BackendError, EvaluationError, UsageError
from agentgym.evaluators import Score, check_needs, fetch_ahead
from agentgym.setup import run_steps
from agentgym.tasks import Task
from agentgym.tools import Tool, ToolContext, ToolResult, Workspace
from agentgym.tools.calling import MAX_RESULT

__all__ = ["DesktopEnv", "Snapshot"]

ObservationKind: TypeAlias = Literal["screenshot", "accessibility_tree", "terminal", "instruction", "tool_result"]

_RESET_PATIENCE_S = 30.0
_SCORE_PATIENCE_S = 10.0
_ACCESSIBLE = frozenset({"accessibility_tree", "terminal"})
_WITH_THEIR_OWN_NETWORK = frozenset({"guest", "host"})
_NOT_OF_THE_MACHINE = frozenset({"instruction", "tool_result"})


class DesktopEnv(Filmed, HoldsMachine, JudgedEnv[dict[str, Any]]):
    """Applications on a desktop, a task, and its score as the last step's reward.

    Observations are a dict of what ``observation`` names: ``screenshot`` is uint8 (height, width, 3) RGB with the
    pointer in it; ``accessibility_tree`` (XML in the form of OSWorld's server), ``terminal``, ``instruction`` and
    ``tool_result`` (what came of the last action's calls) are text.

    ``info`` of every step has ``settled`` (whether the screen came to rest within ``settle_timeout``),
    ``action_error`` (why the action, or the rest of a sequence, was not done, or None), ``failure`` (what kept the
    episode from being scored, or None) and, in the last step, ``score`` (None without an evaluator or after a failure).
    It holds nothing that differs between two runs; milliseconds by phase are in ``env.unwrapped.timing``.

    Where there are tools, an action may call them, in every form that `agentgym.tools.read_calls` takes, alone or among
    others; they work in the desktop itself. ``info`` has ``tool_results`` then, and that of a reset ``tools``, as in
    `agentgym.envs.ToolEnv`. A tool that submits an answer ends the episode.

    Where many share one array, ``env.unwrapped.frame`` is this one's part of it: uint8 of the screenshot's shape, into
    which every screenshot is written.

    Args:
        task: a `Task`, a dict in OSWorld's form, a path, or ``"suite/name"``.
        tasks: a suite's name, a path or a list, from which ``reset`` draws with its seed.
        backend: a name of `agentgym.backends.base.backends`, or a machine of one's own.
        screen: (width, height) in pixels; that of ``backend``, if it is a machine.
        observation: what is observed.
        action: how actions are written: ``"pyautogui"`` text, ``"computer_13"`` dicts as OSWorld has them,
            ``"desktop_action"``, calls of one tool, or ``"discrete"`` for `MultiDiscrete`. `step` takes every form that
            `agentgym.actions.parse_action` takes besides.
        settle_timeout: seconds after which ``step`` looks at the screen though it still changes. Before a score, what
            has not come to rest is waited for up to 10 s more.
        max_steps: truncates the episode; None takes the task's own number.
        render_mode: ``"rgb_array"`` or None.
        allow_code: whether ``Python`` actions run, inside the sandbox, and text that is Python but more than literal
            calls of pyautogui.
        sandbox: ``"bwrap"``, or ``"none"``, with which a task that names ``/home/user`` is refused.
        network: whether applications see the machine's network.
        waits: seconds to wait besides, where settling is not enough: ``{"reset": …, "action": …, "evaluate": …}``,
            after a reset, after each action, before the score.
        tools: what `agentgym.tools.resolve_tools` takes, and `agentgym.tools.mcp.McpServer`; None for those that the
            task names.
        max_result: characters of a tool's result that are shown; a longer one is an error, which shows its beginning.
        strict: judges rightly where OSWorld's metrics reward what was not done; otherwise as they do.

    Raises:
        UsageError: if an argument cannot work.
    """

    metadata = {"render_modes": ["rgb_array"], "render_fps": 10}  # noqa: RUF012 - as Gymnasium declares it
    _has_desktop = True
    _scores_at_rest: ClassVar[bool] = True
    """Whether a score waits until the desktop rests."""

    def __init__(
        self,
        task: TaskSource | None = None,
        *,
        tasks: str | Sequence[TaskSource] | None = None,
        backend: str | Backend = "x11",
        screen: tuple[int, int] = (1280, 720),
        observation: Sequence[ObservationKind] = ("screenshot",),
        action: spaces.ActionFormName = "pyautogui",
        settle_timeout: float = 2.0,
        max_steps: int | None = None,
        render_mode: str | None = None,
        allow_code: bool = False,
        sandbox: Literal["bwrap", "none"] = "bwrap",
        network: bool = False,
        waits: Mapping[str, float] | None = None,
        tools: Iterable[EpisodeToolSource] | None = None,
        max_result: int = MAX_RESULT,
        strict: bool = False,
    ) -> None:
        self._backend: Backend | None = None
        super().__init__(task, tasks, max_steps=max_steps, render_mode=render_mode, strict=strict)
        self._kinds = kinds_of(observation)
        self._acting = Acting(patience(settle_timeout), allow_code, Weakly(self._timed))
        self._toolbox = Toolbox(tools, longest_result(max_result), Weakly(self._workspace))
        self._options = BackendOptions(
            screen=screen_size(screen),
            sandbox=sandbox,
            network=network,
            accessibility=bool(_ACCESSIBLE & {*self._kinds, *self._choice.needs}),
        )
        self._backend_name = backend_named(backend, self._options.screen)
        self._backend = None if isinstance(backend, str) else backend
        self._form = spaces.action_form(action, self._options.screen, code=allow_code)
        self._waits = waits_of(waits)
        self._called = DesktopCalls(self._options.screen, offered=action == "desktop_action", code=allow_code)
        self.observation_space = spaces.observation_space(self._kinds, self._options.screen)
        self.action_space = self._form.space
        self.frame: npt.NDArray[np.uint8] | None = None
        self._actions: list[Action] = []
        self._begun = False
        self._rests = False
        self._acted: Acted | None = None
        self._paid = 0.0
        self._kept: Mapping[str, bytes] = {}
        self._results: tuple[ToolResult, ...] = ()

    @property
    def tools(self) -> Mapping[str, Tool]:
        """The tools of the present episode that are offered by now, by name."""
        return self._toolbox.caller.tools if self._toolbox.caller is not None else {}

    @property
    def context(self) -> ToolContext:
        """What the tools of the present episode are given.

        Raises:
            ResetNeeded: if there are none.
        """
        if self._toolbox.caller is None:
            raise ResetNeeded("there is no episode with tools: call reset, with tools= or a task that names some")
        return self._toolbox.caller.context

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Starts an episode on a fresh machine.

        Args:
            seed: draws the task and what varies in it.
            options: ``{"task": …}`` picks one, in any form that the constructor takes.

        Raises:
            BackendError: if the machine did not start.
            MissingDependencyError: if a library that the task is judged with is not installed.
            TaskError: if the task cannot be set up.
            UsageError: if the options are not understood, or the task needs another kind of machine, a network that
                this one is not given, or an account.
        """
        task = self._draw(seed, options)
        check_needs(task, network=self._has_network)
        fetch_ahead(task)
        check_home(task, self.backend)
        self._take(task)
        self._actions = []
        settled = self._begin(task)
        info = {"settled": settled, "action_error": None, "failure": None}
        observation = self._observe()
        self._show_film(observation)
        return observation, {**info, **self._called.told(self._toolbox.told_at_reset(), at_reset=True)}

    def step(self, action: Any) -> tuple[dict[str, Any], float, bool, bool, dict[str, Any]]:
        """Does one action, waits until the screen has settled, and looks.

        An action that cannot be parsed or done is a step in which nothing happens; ``info["action_error"]`` says why.
        Only what shows while it is done, as when ``Python`` code raises, leaves the parts before it done.

        Raises:
            BackendError: if the machine broke; it names what died. The next ``reset`` starts anew.
            ResetNeeded: if there is no episode to act in.
        """
        if not self._running:
            raise ResetNeeded("the episode is over or has not begun: call reset")
        self.timing = {}
        self._scored = None
        self._called.begin()
        try:
            calls = self._toolbox.calls_of(len(self._actions) + 1)
            acted = self._acting.act(lambda: self._read(action), self._machine, calls)
            self._waits.after_action()
            self._actions.append(acted.done)
            if not isinstance(acted.done, Done | Fail):
                self._rests = acted.settled
            self._acted, self._paid, self._results = acted, 0.0, acted.results
            observation = self._observe()
            self._show_film(observation)
            screen = self._called.look(self._machine, observation)
            ended = self._ended() or self._toolbox.over
        except BackendError:
            self._running = False
            raise
        terminated = ended or isinstance(last_of(acted.done), Done | Fail)
        truncated = not terminated and self.max_steps is not None and len(self._actions) >= self.max_steps
        info = self._info(acted)
        if terminated or truncated:
            self._waits.before_score()
            self._paid = self._finish(info)
        outcome = Outcome(observation, self._paid, terminated or truncated, info)
        self._results = self._called.answer(acted, outcome, screen)
        return observation, self._paid, terminated, truncated, info

    def snapshot(self) -> Snapshot:
        """A token of where the episode stands, for `restore`."""
        if not self._running:
            raise ResetNeeded("there is no running episode to take a snapshot of")
        token = Snapshot(self.task, self._seed, tuple(self._actions), kept=dict(self._kept), results=self._results)
        try:
            machine = self._machine.snapshot()
        except UsageError:
            return msgspec.structs.replace(token, replayed="this kind of machine cannot be saved")
        try:
            context = self._toolbox.keep(apart=(self, self._machine))
        except UsageError as error:
            return msgspec.structs.replace(token, replayed=str(error))
        return msgspec.structs.replace(token, machine=machine, context=context)

    def restore(self, token: Snapshot) -> dict[str, Any]:
        """Brings the episode back to where it stood, and returns the observation there.

        The task becomes the token's, which may be another than the present one.

        Raises:
            BackendError: if the machine broke on the way.
            UsageError: if the task needs another kind of machine, or it is no token.
        """
        self._check_token(token, Snapshot)
        check_home(token.task, self.backend)
        self._task, self._seed, self._actions = token.task, token.seed, list(token.actions)
        self._scored = self._acted = None
        self._kept = token.kept
        if token.machine is not None:
            with self._ending_on_fault():
                self._toolbox.begin(token.task, token.seed, kept=token.context)
                self.backend.restore(token.machine)
            self._running = self._begun = True
        else:
            self._begin(token.task)
            with self._ending_on_fault():
                for step, action in enumerate(token.actions, 1):
                    self._acting.do(action, self._machine, self._toolbox.calls_of(step, quietly=True))
        self._results = token.results
        self._rests = False
        return self._observe()

    def render(self) -> npt.NDArray[np.uint8] | None:
        """The screen as uint8 (height, width, 3) RGB; None without a render mode."""
        return self._screen() if self.render_mode == "rgb_array" else None

    def close(self) -> None:
        """Ends the machine and everything in it. May be called twice."""
        self._running = self._begun = False
        with ExitStack() as stack:
            stack.callback(self._give_up_machine)
            stack.callback(self._toolbox.close)
            self._drop_film()

    def standing(self) -> Standing:
        """Where the environment stands, for a notebook; nothing is scored for it."""
        name = self.spec.id if self.spec is not None else type(self).__name__
        if self._task is None:
            return Standing(name, "No episode has begun: call reset.")
        try:
            screen = self._screen() if self._begun else "No machine is running: call reset."
        except BackendError as error:
            screen = str(error)
        scored = self._scored if isinstance(self._scored, Score) else None
        standing = Standing(
            name, screen, self._task, len(self._actions), self.max_steps, not self._running, score=scored
        )
        if self._acted is None:
            return standing
        return replace(standing, action=self._acted.done, error=self._acted.error, reward=self._paid)

    def _repr_html_(self) -> str:
        return standing_html(self.standing())

    def _begin(self, task: Task) -> bool:
        self.timing = {}
        self._running = self._begun = False
        self._scored = self._acted = None
        self._results = ()
        with self._timed("reset"):
            # A machine that cannot show what the task's evaluator looks at is given up; the next one can.
            if _ACCESSIBLE & observed_by(task):
                self.show_accessibility()
            self._toolbox.begin(task, self._seed)
            if self._toolbox.needs_packages:
                self._remake(packages=True)
            self.backend.reset(seed=self._seed)
            self._begin_film(self.backend)
            self._kept = run_steps(task.setup, self.backend)
            self._begun = True
            self._toolbox.open()
        with self._timed("settle"):
            settled = self.backend.settle(_RESET_PATIENCE_S)
        self._waits.after_reset()
        self._running, self._rests = True, settled
        return settled

    @property
    def _has_network(self) -> bool:
        """Whether applications see a network, as far as is known."""
        # Of a machine of one's own, and of those that are elsewhere, it is not known.
        return self._options.network or self._backend_name is None or self._backend_name in _WITH_THEIR_OWN_NETWORK

    @property
    def _machine(self) -> Backend:
        """The machine of an episode, which may be over.

        Raises:
            ResetNeeded: before the first ``reset`` and after ``close``.
        """
        if self._backend is None or not self._begun:
            raise ResetNeeded("no machine is running: call reset")
        return self._backend

    def _observe(self) -> dict[str, Any]:
        machine = self._machine
        asked = [kind for kind in self._kinds if kind not in _NOT_OF_THE_MACHINE]
        with self._timed("observe"):
            if self.frame is None or "screenshot" not in asked:
                seen = machine.observe(asked)
            elif isinstance(machine, CapturesInto):
                machine.capture_into(self.frame)
                seen = machine.observe([kind for kind in asked if kind != "screenshot"])
                seen["screenshot"] = self.frame
            else:
                seen = machine.observe(asked)
                np.copyto(self.frame, seen["screenshot"])
                seen["screenshot"] = self.frame
        if "instruction" in self._kinds:
            seen["instruction"] = self.task.instruction
        if "tool_result" in self._kinds:
            seen["tool_result"] = shown(self._results)
        return {kind: seen[kind] for kind in self._kinds}

    def _decode(self, action: Any) -> Action:
        return self._form.decode(action)

    def _read(self, action: Any) -> Action:
        check_not_refused(action)
        step = len(self._actions) + 1
        return self._called.read(action, lambda given: self._toolbox.read(given, self._decode), step=step)

    def _workspace(self) -> Workspace:
        # Whether a machine has what a tool asks of it shows when the tool asks.
        return cast("Workspace", self._machine)

    def _ended(self) -> bool:
        """Whether the task is over though nobody said so."""
        return False

    def _screen(self) -> npt.NDArray[np.uint8]:
        return cast("npt.NDArray[np.uint8]", self._machine.observe(["screenshot"])["screenshot"])

    def _evaluated(self, machine: Backend) -> Score | EvaluationError:
        # A step looks at what still moves in time; a score of what an action has not done yet would be wrong.
        if self._scores_at_rest and not self._rests:
            with self._timed("settle"):
                self._rests = machine.settle(_SCORE_PATIENCE_S)
        return super()._evaluated(machine)

    def _info(self, acted: Acted) -> dict[str, Any]:
        info = {"settled": acted.settled, "action_error": acted.error, "failure": None}
        return {**info, **self._called.told(self._toolbox.told(acted.results))}

    @property
    def _judged(self) -> Backend:
        return self._machine

    @property
    def _last_action(self) -> Action | None:
        return last_of(self._actions[-1]) if self._actions else None

    @property
    def _evidence(self) -> Mapping[str, bytes]:
        return {**self._kept, **self._toolbox.evidence()}
