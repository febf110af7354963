"""A call of `agentgym run`: what is missing is done, and each attempt written as it ends."""

from __future__ import annotations

import functools
from collections import Counter, deque
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from agentgym.engines import Engine, Outcome
from agentgym.results.attempting import Attempted, attempt, failed
from agentgym.results.attempts import Attempt, Place
from agentgym.results.comparing import without_secrets
from agentgym.results.config import RunConfig
from agentgym.results.faults import RETRIED
from agentgym.results.folder import Results, RunFolder
from agentgym.results.items import Item, line_of
from agentgym.results.summaries import Summary, summarise
from agentgym.results.tree import ResultTree
from agentgym.runner import RolloutSpec

__all__ = ["Finished", "Report", "Session"]


@dataclass(frozen=True)
class Finished:
    """An attempt that ended.

    Attributes:
        is_last: False if the item will be tried again at once.
        screen: what was shown last, uint8 (height, width, 3), RGB, if that was asked for.
    """

    attempt: Attempt
    is_last: bool = True
    screen: Any = None


@dataclass(frozen=True)
class Report:
    """What a session came to.

    Attributes:
        out: the folder of the results; None if none are kept.
        dataset: the folder of the recording; None if there is none.
        attempts: what stands of each task and seed that was asked for, in their order; none of what was not reached.
        planned: how many were asked for.
        before: how many of them had finished before.
        stopped: why it was ended early.
    """

    session_id: str
    out: Path | None
    dataset: Path | None
    attempts: Sequence[Attempt]
    summary: Summary
    planned: int
    before: int
    stopped: str | None = None


class Session:
    """The items of a plan, the results so far, and the engine that does the rest; made by `open_session`.

    Attributes:
        aside: where a folder is now that was in the way.
    """

    def __init__(
        self,
        config: RunConfig,
        session_id: str,
        items: Sequence[Item],
        results: Results,
        engine: Engine,
        *,
        dataset: Path | None,
        todo: Sequence[Item],
        skipped: Mapping[Place, str],
        aside: Path | None = None,
        tree: ResultTree | None = None,
    ) -> None:
        self.session_id = session_id
        self.items = items
        self.todo = todo
        self.dataset = dataset
        self.aside = aside
        self.stopped: str | None = None
        self._config = config
        self._results = results
        self._engine = engine
        self._skipped = skipped
        self._tree = tree
        self._line = functools.partial(line_of, config=config, session_id=session_id)
        self._redact = without_secrets(config)
        self._failures = 0

    @property
    def before(self) -> int:
        """How many had finished before."""
        return len(self.items) - len(self.todo)

    def work(self) -> Generator[Finished, None, None]:
        """Does what is to be done, and gives each attempt when it is written.

        What broke on a machine goes to the end of the queue, so that there is a rest before it is tried again.
        Leaving it early ends what is running.
        """
        queue = deque(self.todo)
        yield from self._skip(queue)
        tried: Counter[Place] = Counter()
        while queue and self.stopped is None:
            given: list[Item] = []
            with _closing(self._engine.map(attempt, self._specs(queue, given))) as outcomes:
                for outcome in outcomes:
                    item = given[outcome.index]
                    tried[item.place] += 1
                    finished = self._finished(item, outcome, may_retry=tried[item.place] <= self._config.retries)
                    if not finished.is_last:
                        queue.append(item)
                    yield finished
                    if self._has_failed_too_often(finished):
                        break

    def report(self) -> Report:
        stand = [self._results.standing[item.place] for item in self.items if item.place in self._results.standing]
        return Report(
            session_id=self.session_id,
            out=self._results.path if isinstance(self._results, RunFolder) else None,
            dataset=self.dataset,
            attempts=stand,
            summary=summarise(stand),
            planned=len(self.items),
            before=self.before,
            stopped=self.stopped,
        )

    def _specs(self, queue: deque[Item], given: list[Item]) -> Iterator[RolloutSpec]:
        """The orders, made as the engine takes them: what was queued meanwhile is among them."""
        while queue:
            item = queue.popleft()
            given.append(item)
            yield replace(
                item.spec,
                record=None if self.dataset is None else str(self.dataset),
                session_id=self.session_id,
                first_attempt=self._results.attempts_at(item.place) + 1,
                metadata={**item.spec.metadata, "item": item.key},
                **({} if self._tree is None else self._tree.told(item)),
            )

    def _skip(self, queue: deque[Item]) -> Iterator[Finished]:
        for item in list(queue):
            reason = self._skipped.get(item.place)
            if reason is None:
                continue
            queue.remove(item)
            line = self._line(item, attempt=0, status="skipped", skipped=reason)
            stands = self._results.standing.get(item.place)
            if stands is None or stands.skipped != reason:
                self._results.add(line)
            yield Finished(line)

    def _finished(self, item: Item, outcome: Outcome[Attempted], *, may_retry: bool) -> Finished:
        done = outcome.value if outcome.value is not None else failed(outcome.error or RuntimeError("no outcome"))
        number = self._results.attempts_at(item.place) + 1
        line = self._line(item, attempt=number, **self._figures(done))
        self._results.add(line)
        if self._tree is not None:
            self._tree.add(line)
        again = may_retry and line.error_kind in RETRIED
        return Finished(line, is_last=not again, screen=None if done.result is None else done.result.screen)

    def _figures(self, done: Attempted) -> dict[str, Any]:
        times = {"started": done.started, "duration_s": done.duration_s, "run_id": done.run_id}
        if done.result is None:
            said, where = self._redact(done.error or ""), self._redact(done.traceback or "")
            return {"status": "error", "error": said, "error_kind": done.kind, "traceback": where, **times}
        result = done.result
        return {
            "status": "unscored" if result.score is None else "scored",
            "score": result.score,
            "total_return": result.total_return,
            "steps": result.steps,
            "steps_per_s": result.steps / result.steps_s if result.steps else None,
            "terminated": result.terminated,
            "truncated": result.truncated,
            "episode": result.episode,
            "usage": dict(result.usage),
            "cost_usd": result.usage.get("cost_usd"),
            **times,
        }

    def _has_failed_too_often(self, finished: Finished) -> bool:
        most = self._config.max_failures
        self._failures += finished.is_last and finished.attempt.status == "error"
        if most is None or self._failures < most:
            return False
        self.stopped = f"{self._failures} episodes failed, and --max-failures is {most}"
        return True


@contextmanager
def _closing(outcomes: Iterator[Outcome[Attempted]]) -> Iterator[Iterator[Outcome[Attempted]]]:
    """Ends what is running when the block is left early; an engine whose iterator has no ``close`` ends by itself."""
    try:
        yield outcomes
    finally:
        close = getattr(outcomes, "close", None)
        if close is not None:
            close()
