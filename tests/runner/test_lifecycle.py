"""What becomes of an episode that breaks, where, and who is told."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from agentgym.agents import Emit
from agentgym.errors import BackendError, Refused, TaskError, UsageError
from agentgym.events import Bus, Call, Failed, Note, Record, Reward, RunCompleted, Step, current_run
from agentgym.families import Observation
from agentgym.runner import Episode, EpisodeResult
from agentgym.tasks import Task
from agentgym.wrappers import TrajectoryRecorder
from tests.runner.countdown import Countdown, Counting

Proceed = Callable[[Call], Any]


class Breaking(Counting):
    """Raises in one of its methods."""

    def __init__(self, where: str, error: BaseException) -> None:
        self._where, self._error = where, error
        self.results: list[EpisodeResult] = []

    def reset(self, task: Task, emit: Emit) -> None:
        super().reset(task, emit)
        self._break("reset")

    def act(self, observation: Observation) -> int:
        if observation["left"][0] == 2:
            self._break("act")
        return 1

    def read_info(self, info: Mapping[str, Any]) -> None:
        if info.get("left") == 2:
            self._break("read_info")

    def finish(self, result: EpisodeResult) -> None:
        self.results.append(result)
        self._break("finish")

    def _break(self, where: str) -> None:
        if where == self._where:
            raise self._error


def heard(bus: Bus, *kinds: str) -> list[Record]:
    seen: list[Record] = []
    bus.subscribe(seen.append, *kinds)
    return seen


@pytest.mark.parametrize(("where", "steps"), [("reset", 0), ("act", 1), ("read_info", 1)])
def test_an_error_of_the_agent_is_told_as_its_own_and_ends_the_episode(where: str, steps: int) -> None:
    agent = Breaking(where, KeyError("plan"))
    episode = Episode(Countdown(), agent, agent_id="planner")
    failures, ends = heard(episode.bus, "failed"), heard(episode.bus, "run_completed")
    with pytest.raises(KeyError, match="plan"):
        episode.run()
    (failure,) = [record.payload for record in failures]
    assert isinstance(failure, Failed)
    assert (failure.during, failure.type, failure.agent_id) == (f"agent.{where}", "KeyError", "planner")
    assert not failure.infrastructure
    (end,) = [record.payload for record in ends]
    assert isinstance(end, RunCompleted)
    assert (end.status, end.error) == ("error", "KeyError: 'plan'")
    (result,) = agent.results
    assert (result.steps, result.score, result.error) == (steps, None, "KeyError: 'plan'")
    assert episode.over


def test_an_error_of_the_agent_is_in_the_recording_even_if_the_environment_is_closed_later(tmp_path: Path) -> None:
    env = TrajectoryRecorder(Countdown(), tmp_path / "data")
    seen = heard(env.bus, "failed", "run_completed")
    with pytest.raises(KeyError):
        Episode(env, Breaking("act", KeyError("plan"))).run()
    env.close()
    assert [record.event_type for record in seen] == ["failed", "run_completed"]
    end = seen[-1].payload
    assert isinstance(end, RunCompleted)
    assert end.status == "error"


def test_a_broken_machine_is_told_once_and_as_infrastructure() -> None:
    agent = Breaking("", KeyError())
    episode = Episode(Countdown(faults=1), agent)
    failures = heard(episode.bus, "failed")
    with pytest.raises(BackendError, match="display died"):
        episode.run()
    (failure,) = [record.payload for record in failures]
    assert isinstance(failure, Failed)
    assert (failure.during, failure.kind, failure.infrastructure) == ("step", "display", True)
    assert agent.results[0].error == "BackendError: the display died"


def test_an_error_in_finish_after_all_went_well_is_raised() -> None:
    episode = Episode(Countdown(), Breaking("finish", KeyError("diary")))
    failures = heard(episode.bus, "failed")
    with pytest.raises(KeyError, match="diary"):
        episode.run()
    assert [record.payload.during for record in failures if isinstance(record.payload, Failed)] == ["agent.finish"]


def test_an_agent_that_was_never_reset_is_not_told_how_it_went() -> None:
    class Unready(Countdown):
        def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> Any:
            raise BackendError("no display")

    agent = Breaking("", KeyError())
    episode = Episode(Unready(), agent)
    kinds = heard(episode.bus)
    with pytest.raises(BackendError, match="no display"):
        episode.run()
    assert agent.results == []
    assert [record.event_type for record in kinds] == ["run_started", "failed", "run_completed"]


def test_a_hook_that_cannot_be_closed_keeps_no_other_from_leaving() -> None:
    class Stuck:
        def __call__(self, call: Call, proceed: Proceed) -> Any:
            return proceed(call)

        def close(self) -> None:
            raise OSError("stuck")

    bus = Bus()
    hooks: list[Any] = ["step=time", {"point": "step", "hook": Stuck()}, "step=time"]
    with pytest.raises(OSError, match="stuck"):
        Episode(Countdown(), Counting(), bus=bus, hooks=hooks).run()
    assert not bus.interceptions("step")


def test_a_step_that_a_hook_makes_twice_is_two_in_the_stream_and_what_is_paid_adds_up() -> None:
    def twice(call: Call, proceed: Proceed) -> Any:
        proceed(call)
        return proceed(call)

    episode = Episode(Countdown(steps=4), Counting(), hooks=[{"point": "step", "hook": twice}])
    seen = heard(episode.bus, "step", "reward")
    for _ in episode:
        episode.add_reward("tidy", 0.25)
    assert (episode.steps, episode.total_return) == (2, 2.5)
    steps = [record.payload.step for record in seen if isinstance(record.payload, Step)]
    added = [(one.step, one.name, one.value) for one in (r.payload for r in seen) if isinstance(one, Reward)]
    assert steps == [1, 2, 3, 4]
    assert added == [(2, "step_hook", -1.0), (2, "tidy", 0.25), (4, "step_hook", -1.0), (4, "tidy", 0.25)]


def test_an_error_in_finish_after_another_does_not_hide_that_one() -> None:
    class Twice(Breaking):
        def finish(self, result: EpisodeResult) -> None:
            raise OSError("diary")

    with pytest.raises(KeyError) as caught:
        Episode(Countdown(), Twice("act", KeyError("plan"))).run()
    assert caught.value.__notes__ == ["and then agent.finish raised OSError: diary"]


def test_an_interrupt_ends_the_episode_and_the_run_is_cancelled() -> None:
    agent = Breaking("act", KeyboardInterrupt())
    episode = Episode(Countdown(), agent)
    ends = heard(episode.bus, "run_completed")
    with pytest.raises(KeyboardInterrupt):
        episode.run()
    (end,) = [record.payload for record in ends]
    assert isinstance(end, RunCompleted)
    assert end.status == "cancelled"
    assert len(agent.results) == 1


def stumble(over: Episode) -> None:
    with over as episode:
        episode.step()
        raise ZeroDivisionError("mine")


def test_an_error_in_the_body_of_with_is_told_to_the_agent() -> None:
    agent = Breaking("", KeyError())
    with pytest.raises(ZeroDivisionError, match="mine"):
        stumble(Episode(Countdown(), agent))
    assert agent.results[0].error == "ZeroDivisionError: mine"


def test_an_observer_that_raises_ends_the_episode_and_says_who_it_is() -> None:
    def watch(record: Record) -> None:
        raise KeyError("column")

    episode = Episode(Countdown(), Counting(), hooks=[{"point": "observe:step", "hook": watch}])
    failures = heard(episode.bus, "failed")
    with pytest.raises(KeyError) as caught:
        episode.run()
    assert caught.value.__notes__[0].startswith("raised by the hook ")
    assert "watch" in caught.value.__notes__[0]
    assert [record.payload.type for record in failures if isinstance(record.payload, Failed)] == ["KeyError"]


def test_an_observer_that_raises_may_be_noted_and_the_episode_goes_on() -> None:
    def watch(record: Record) -> None:
        raise KeyError("column")

    episode = Episode(Countdown(), Counting(), hooks=[{"point": "observe", "hook": watch, "on_error": "note"}])
    failures = heard(episode.bus, "failed")
    assert episode.run().steps == 3
    told = {record.payload.during for record in failures if isinstance(record.payload, Failed)}
    assert told == {f"hook {watch.__qualname__} at observe"}
    assert len(failures) == 10, "one for each record but those of its own"


def test_an_interceptors_error_is_told_once() -> None:
    def broken(call: Call, proceed: Proceed) -> Any:
        raise KeyError("form")

    episode = Episode(Countdown(), Counting(), hooks=[{"point": "step", "hook": broken}])
    failures = heard(episode.bus, "failed")
    with pytest.raises(KeyError):
        episode.run()
    told = [record.payload.during for record in failures if isinstance(record.payload, Failed)]
    assert told == [f"hook {broken.__qualname__} at step"]


def test_hooks_are_there_from_the_reset_to_the_end_and_then_gone() -> None:
    points: list[str] = []

    def pass_on(call: Call, proceed: Proceed) -> Any:
        points.append(call.point)
        return proceed(call)

    bus = Bus()
    hooks = [{"point": point, "hook": pass_on} for point in ("reset", "step")]
    Episode(Countdown(), Counting(), bus=bus, hooks=hooks).run()
    assert points == ["reset", "step", "step", "step"]
    assert not bus.interceptions("step")
    Episode(Countdown(), Counting(), bus=bus).run()
    assert len(points) == 4


def test_the_reset_can_be_changed() -> None:
    seeds: list[Any] = []

    class Seeded(Countdown):
        def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> Any:
            seeds.append((seed, options))
            return super().reset(seed=seed, options=options)

    def other(call: Call, proceed: Proceed) -> Any:
        return proceed(replace(call, value={**call.value, "seed": 7}))

    Episode(Seeded(), Counting(), seed=1, task="t", hooks=[{"point": "reset", "hook": other}]).run()
    assert seeds == [(7, {"task": "t"})]


def test_a_step_can_be_changed_and_the_transition_has_what_was_done() -> None:
    def idle(call: Call, proceed: Proceed) -> Any:
        return proceed(replace(call, value=0))

    episode = Episode(Countdown(), Counting(), hooks=[{"point": "step", "hook": idle}])
    notes, steps = heard(episode.bus, "note"), heard(episode.bus, "step")
    assert episode.step().action == 0
    assert steps[0].payload.action == 0  # type: ignore[union-attr]  # a step
    assert Note(kind="action_replaced", value={"asked": 1}, step=1) in [record.payload for record in notes]


def test_a_refused_step_counts_and_the_agent_is_told_why() -> None:
    class Told(Counting):
        def __init__(self) -> None:
            self.errors: list[Any] = []

        def read_info(self, info: Mapping[str, Any]) -> None:
            self.errors.append(info.get("action_error"))

    def once(call: Call, proceed: Proceed) -> Any:
        if env.left == 2:
            env.left = 1
            raise Refused("not there")
        return proceed(call)

    env, agent = Countdown(), Told()
    episode = Episode(env, agent, hooks=[{"point": "step", "hook": once}])
    steps = heard(episode.bus, "step")
    result = episode.run()
    assert agent.errors == [None, None, "refused: not there", None]
    assert (result.steps, result.total_return) == (3, 2.0)
    assert [record.payload.reward for record in steps if isinstance(record.payload, Step)] == [1.0, 0.0, 1.0]


def test_a_refusal_after_the_step_was_made_ends_the_episode() -> None:
    def late(call: Call, proceed: Proceed) -> Any:
        proceed(call)
        raise Refused("too late")

    with pytest.raises(Refused) as caught:
        Episode(Countdown(), Counting(), hooks=[{"point": "step", "hook": late}]).run()
    assert caught.value.__notes__ == ["the step had been made: refuse before calling proceed"]


def test_a_reward_that_a_hook_changes_adds_up_in_the_stream() -> None:
    def double(call: Call, proceed: Proceed) -> Any:
        observation, reward, *rest = proceed(call)
        return observation, 2 * reward, *rest

    episode = Episode(Countdown(), Counting(), hooks=[{"point": "step", "hook": double}])
    seen = heard(episode.bus, "step", "reward")
    assert episode.run().total_return == 6.0
    told = [
        record.payload.reward if isinstance(record.payload, Step) else record.payload.value
        for record in seen
        if isinstance(record.payload, Step | Reward)
    ]
    assert sum(told) == 6.0


def test_a_step_that_a_hook_answers_is_in_the_stream_as_it_answered() -> None:
    def answer(call: Call, proceed: Proceed) -> Any:
        return "dreamt", 0.5, True, False, {"dream": True}

    env = Countdown()
    episode = Episode(env, Counting(), hooks=[{"point": "step", "hook": answer}])
    steps = heard(episode.bus, "step")
    result = episode.run()
    assert (env.left, result.steps, result.total_return) == (3, 1, 0.5)
    assert [record.payload.observation for record in steps if isinstance(record.payload, Step)] == ["dreamt"]


def test_a_tasks_hooks_join_after_its_reset_and_leave_with_the_episode() -> None:
    env = Countdown(hooks=[{"point": "step", "hook": "time"}])
    bus = Bus()
    seen = heard(bus, "note")
    Episode(env, Counting(), bus=bus).run()
    times = [
        record.payload.value for record in seen if isinstance(record.payload, Note) and record.payload.kind == "time"
    ]
    assert [(value["point"], value["ok"]) for value in times] == [("step", True)] * 3
    assert not bus.interceptions("step")


def count(call: Call, proceed: Proceed) -> Any:
    bus = current_run()
    assert bus is not None
    bus.publish(Note(kind="counted"))
    return proceed(call)


def test_a_tasks_function_of_a_module_runs_only_if_the_task_is_trusted() -> None:
    hooks = [{"point": "step", "hook": f"{__name__}:count"}]
    with pytest.raises(TaskError, match=r"--trust-task-hooks.* at \$\.hooks\[0\]\.hook"):
        Episode(Countdown(hooks=hooks), Counting()).run()
    episode = Episode(Countdown(hooks=hooks), Counting(), trust_task_hooks=True)
    seen = heard(episode.bus, "note")
    episode.run()
    counted = [one for one in seen if isinstance(one.payload, Note) and one.payload.kind == "counted"]
    assert len(counted) == 3


def test_a_tasks_hook_that_cannot_be_is_said_with_its_place() -> None:
    with pytest.raises(TaskError, match=r"no hook named 'tme'.* at \$\.hooks\[1\]\.hook"):
        Episode(
            Countdown(hooks=[{"point": "step", "hook": "time"}, {"point": "step", "hook": "tme"}]), Counting()
        ).run()


def test_a_hook_of_pythons_that_cannot_be_is_said_when_the_episode_is_made() -> None:
    with pytest.raises(UsageError, match="no point named 'stp'"):
        Episode(Countdown(), Counting(), hooks=["stp=time"])
