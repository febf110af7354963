"""The orders that a `RunConfig` comes to, and the engine that they run on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from agentgym.actions.desktop_call import DESKTOP_ACTION
from agentgym.engines import Engine, make_engine
from agentgym.envs.homes import HOME_REMEDY, home_named_at
from agentgym.errors import UsageError
from agentgym.families import DESKTOP, TOOLS, load_tasks
from agentgym.registration import small_task_ids
from agentgym.results.config import RunConfig
from agentgym.results.groups import group_specs
from agentgym.results.observed import observed_as
from agentgym.results.people import asks_a_person, refuse_crowd
from agentgym.results.planning import for_policy, plan
from agentgym.runner import RolloutSpec
from agentgym.wrappers.observation_type import OBSERVED_FOR

__all__ = ["OSWORLDS_SCREEN", "engine_for", "orders"]

_DESKTOP: Mapping[str, Any] = {"backend": "x11", "observation": ("screenshot",)}
"""Of the environment, where nothing else is asked for and the agent does not know better."""

OSWORLDS_SCREEN = (1920, 1080)

_OF_THE_SESSION = {
    "workers": "workers",
    "timeout_s": "timeout",
    "retries": "retries",
    "max_failures": "max-failures",
}

_OSWORLDS_STEPS = 15
"""As OSWorld's runners have it."""


def orders(config: RunConfig, *, keep_screen: bool = False) -> Sequence[RolloutSpec]:
    """An order for each task and seed, or as many as a group is to have.

    Raises:
        UsageError: if there are no such tasks, or they cannot be played as asked for.
        TaskError: if one is malformed.
    """
    template = RolloutSpec(
        agent=config.agent,
        agent_options=config.agent_arguments(),
        seed=config.seed,
        env_kwargs=_env_kwargs(config),
        wrappers=(*_shown_as(config), *config.wrappers),
        keep_screen=keep_screen,
        hooks=config.hooks,
        trust_task_hooks=config.trust_task_hooks,
        sinks=config.sinks,
    )
    specs = _without_screen(_planned(config, template), config)
    if config.result_root is not None:
        specs = [_as_osworld_would(_limited(spec), config) for spec in specs]
    _check_homes(specs)
    return specs if config.group == 1 else [one for spec in specs for one in group_specs(spec, config.group)]


def engine_for(config: RunConfig, specs: Sequence[RolloutSpec]) -> Engine:
    """The engine, told what it takes of workers, time-out and its own options.

    Raises:
        UsageError: if there is no such engine, or it does not take what was asked for.
    """
    name = config.engine or _usual_engine(config, specs[0])
    refuse_crowd(config, name)
    workers = config.workers or (1 if name in ("processes", "serial") else None)
    if name == "serial" and workers != 1:
        raise UsageError("the engine 'serial' runs one environment at a time: drop --num-envs or --engine")
    # What runs in this process cannot be ended from here: only who asks for it is told so.
    timeout_s = config.timeout if name != "serial" or "timeout" in config.model_fields_set else None
    for option, flag in _OF_THE_SESSION.items():
        if option in config.engine_options:
            raise UsageError(f"the engine's {option} is said by --{flag}, not as an engine's option")
    usual = {"workers": workers} if workers is not None else {}
    return make_engine(name, **{**usual, "timeout_s": timeout_s, **config.engine_options})


def _is_policy(config: RunConfig) -> bool:
    """Whether it brings the environment along that it was trained on."""
    return config.agent.startswith("policy:")


def _usual_engine(config: RunConfig, spec: RolloutSpec) -> str:
    """A policy is loaded once where all episodes run in one process; to load its library takes seconds each time.

    A process of an episode's own has no terminal to ask at.
    """
    if asks_a_person(config) and config.workers in (None, 1):
        return "serial"
    in_process = spec.env in small_task_ids().values() and spec.env_kwargs.get("backend", "qt") == "qt"
    return "serial" if _is_policy(config) and in_process and config.workers in (None, 1) else "processes"


def _given(config: RunConfig) -> dict[str, Any]:
    """What any environment may be told."""
    given = {"backend": config.backend, "max_steps": config.max_steps, "split": config.split}
    return {name: value for name, value in given.items() if value is not None} | config.env_options


def _env_kwargs(config: RunConfig) -> dict[str, Any]:
    kinds = dict.fromkeys((*OBSERVED_FOR.get(config.observation_type or "", ()), *config.observation))
    shown = {"observation": tuple(kinds)} if kinds else {}
    usual = {} if _is_policy(config) else {**_DESKTOP, **_screen(config), **_action(config)}
    waits = {"waits": config.waits()} if config.waits() else {}
    return {**usual, "sandbox": config.sandbox, **shown, **waits, **_given(config)}


def _screen(config: RunConfig) -> dict[str, Any]:
    """OSWorld's, where its results are to stand beside others, and of its machines; else what the environment takes."""
    is_osworlds = config.result_root is not None or _given(config).get("backend") == "guest"
    return {"screen": OSWORLDS_SCREEN} if is_osworlds else {}


def _action(config: RunConfig) -> dict[str, Any]:
    """How actions are written, if a model is to act by the tool `desktop_action`, or by OSWorld's dicts.

    The tool is what OSWorld's runs have, usually; marks are named in code alone.
    """
    asked = config.agent_options.get("actions")
    is_run_of_osworlds = config.result_root is not None and observed_as(config) != "som"
    is_usual = is_run_of_osworlds and _is_openai(config) and asked in (None, "auto")
    if is_usual:
        return {"action": DESKTOP_ACTION}
    return {"action": asked} if asked in (DESKTOP_ACTION, "computer_13") else {}


def _as_osworld_would(spec: RolloutSpec, config: RunConfig) -> RolloutSpec:
    """The order, where Python runs and a model knows its way around, if nothing else is asked for.

    Python runs in machines that hold it, in which an agent can open a terminal anyway.
    """
    if spec.env != DESKTOP or _is_policy(config):
        return spec
    backend, sandbox = spec.env_kwargs.get("backend"), spec.env_kwargs.get("sandbox")
    is_held = (backend, sandbox) == ("x11", "bwrap") or backend == "guest"
    code = {"allow_code": True} if is_held else {}
    system = {"system": "osworld"} if (backend, sandbox) == ("x11", "bwrap") and _is_openai(config) else {}
    return replace(spec, env_kwargs={**code, **spec.env_kwargs}, agent_options={**system, **spec.agent_options})


def _is_openai(config: RunConfig) -> bool:
    return config.agent.partition(":")[0] == "openai"


def _shown_as(config: RunConfig) -> Sequence[Mapping[str, Any]]:
    """The wrapper that makes OSWorld's observation type of what the environment shows.

    Raises:
        UsageError: if the agent needs what the environment shows by itself.
    """
    if config.observation_type is None:
        return ()
    if config.agent == "oracle" or _is_policy(config):
        raise UsageError(
            f"the agent {config.agent!r} reads what the environment shows by itself: drop --observation-type"
        )
    return ({"wrapper": "agentgym.wrappers:ObservationType", "kind": config.observation_type},)


def _planned(config: RunConfig, template: RolloutSpec) -> Sequence[RolloutSpec]:
    if _is_policy(config):
        if config.observation:
            raise UsageError("a policy is shown what it learned on: drop --observation")
        return for_policy(template, config.tasks, episodes=config.episodes)
    if config.tasks is None:
        raise UsageError("agentgym run takes tasks: a suite, suite/task, a file or a folder; only a policy has its own")
    return plan(config.tasks, template, episodes=config.episodes)


def _limited(spec: RolloutSpec) -> RolloutSpec:
    """The order, with OSWorld's number of steps where neither the order nor the task says one."""
    if spec.task is None or all(task.max_steps is not None for task in load_tasks(spec.task)):
        return spec
    return replace(spec, env_kwargs={"max_steps": _OSWORLDS_STEPS, **spec.env_kwargs})


def _without_screen(specs: Sequence[RolloutSpec], config: RunConfig) -> Sequence[RolloutSpec]:
    """The orders, of which those that are played with tools alone are told nothing of a desktop."""
    if all(spec.env != TOOLS for spec in specs):
        return specs
    given = {
        "observation": bool(config.observation),
        "observation-type": config.observation_type is not None,
        "sandbox": config.sandbox != "bwrap",
        "initial-wait, --settle-wait and --pause": bool(config.waits()),
    }
    for flag, is_given in given.items():
        if is_given:
            raise UsageError(f"tasks with tools alone have no screen and always a sandbox: drop --{flag}")
    return [replace(spec, env_kwargs=_told_tools(spec, config)) if spec.env == TOOLS else spec for spec in specs]


def _told_tools(spec: RolloutSpec, config: RunConfig) -> dict[str, Any]:
    """What is given, and what a policy's environment was made with for its training."""
    known = {name: value for name, value in spec.env_kwargs.items() if name != "sandbox"} if _is_policy(config) else {}
    return {**known, **_given(config)}


def _check_homes(specs: Sequence[RolloutSpec]) -> None:
    """Says once, before anything is started, how many tasks can only be done in a sandbox, where there is none."""
    env_kwargs = specs[0].env_kwargs
    if (env_kwargs.get("sandbox"), env_kwargs.get("backend")) != ("none", "x11"):
        return
    tasks = {task.id: task for spec in specs if spec.task is not None for task in load_tasks(spec.task)}
    places = {name: place for name, task in tasks.items() if (place := home_named_at(task)) is not None}
    if places:
        first, place = next(iter(places.items()))
        raise UsageError(
            f"{len(places)} of {len(tasks)} tasks name the home inside a sandbox, the first of them {first!r} at "
            f"{place}; with --sandbox none a desktop's home is a folder of its own: {HOME_REMEDY}"
        )
